"""`Pages`: opens pages over the stage by name; none is made, or imported, before it is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from studio.ui.director import Director
    from studio.ui.pages.page import Page

PAGES = {
    "preferences": "studio.ui.pages.preferences:PreferencesPage",
    "machine": "studio.ui.pages.machine:MachinePage",
    "figures": "studio.ui.pages.figures:FiguresPage",
    "log": "studio.ui.pages.log:LogPage",
    "shortcuts": "studio.ui.pages.shortcuts:ShortcutsPage",
}
"""Each is made with the `Director`."""


class Pages(QObject):
    """At most one page is open; opening it again closes it."""

    theme_wanted = Signal(str)

    def __init__(self, place: QWidget, director: "Director") -> None:
        super().__init__(place)
        self._place = place
        self._director = director
        self._made: dict[str, Page] = {}

    @property
    def open(self) -> "Page | None":
        """The page on show."""
        return next((page for page in self._made.values() if page.isVisible()), None)

    def show(self, name: str) -> "Page":
        """Open a page of `PAGES`, or close it if it is open."""
        page = self._made.get(name)
        if page is None:
            module, _, kind = PAGES[name].partition(":")
            page = self._made[name] = getattr(import_module(module), kind)(self._director)
            if hasattr(page, "theme_wanted"):
                page.theme_wanted.connect(self.theme_wanted)
        before = self.open
        if before is not None:
            before.leave()
        if before is not page:
            page.cover(self._place)
        return page

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        for page in self._made.values():
            page.refresh()
