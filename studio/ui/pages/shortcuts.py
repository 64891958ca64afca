"""The cheat sheet: every command with its shortcut, from `commands.COMMANDS`, and what the pointer does."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from studio.ui import commands, theme
from studio.ui.fuzzy import match
from studio.ui.pages.page import Page
from studio.ui.panels.controls import dim, heading

if TYPE_CHECKING:
    from studio.ui.director import Director


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("shortcuts", text)


def gestures() -> tuple[tuple[str, str], ...]:
    """Return what pointer and keys do without being a command: keys, meaning."""
    return (
        (tr("Drag on the head"), tr("Turn around it")),
        (tr("Wheel on the head"), tr("Zoom about the pointer")),
        (tr("Middle button on the head"), tr("Move it in the picture")),
        (tr("Double click on the head"), tr("Back to the portrait's view")),
        (tr("Double click or right click on a slider"), tr("Back to its rest")),
        (tr("Wheel on the timeline, with Ctrl"), tr("Scroll in time, zoom about the pointer")),
        (tr("Drag on the ruler, with Shift"), tr("Scrub, loop a stretch")),
        (tr("Alt while dragging on the timeline"), tr("Do not snap; break a tangent")),
        (tr("←, →, with Shift, with Ctrl"), tr("A frame, a second on the timeline; move the selection")),
        (tr("Ctrl+↑, Ctrl+↓ on the timeline"), tr("Raise or lower the selected keys of a curve")),
        (tr("PgUp, PgDown on the timeline"), tr("Select what comes before, what comes next")),
        (tr("Tab, Shift+Tab"), tr("To the next control, to the one before")),
        (tr("Enter"), tr("Press the button with the focus, since Space plays")),
        (tr("Esc"), tr("Close a page or a card")),
        (tr("Click on the status line"), tr("What was said before")),
    )


class ShortcutsPage(Page):
    """A list that a search narrows down."""

    def __init__(self, director: "Director") -> None:
        super().__init__(tr("Keyboard shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search commands and keys"))
        self.search.setAccessibleName(tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.body.addWidget(self.search)
        self._nothing = dim(tr("No command has these words; try fewer letters."))
        self.body.addWidget(self._nothing)
        self._rows: list[tuple[str, tuple[QWidget, QWidget], QWidget]] = []
        for menu in dict.fromkeys(command.menu for command in commands.COMMANDS):
            title = heading(commands.tr(menu))
            rows = [
                (commands.tr(command.text).rstrip("…"), _keys(command), commands.tr(command.tip))
                for command in commands.COMMANDS
                if command.menu == menu
            ]
            self._add(title, rows)
        self._add(heading(tr("Pointer and keys")), [(what, keys, "") for keys, what in gestures()])
        self.body.addStretch()
        self._narrow("")

    def first(self) -> QWidget:
        """Begin with the search."""
        return self.search

    def shown(self) -> None:
        """Begin with everything."""
        self.search.clear()

    @property
    def listed(self) -> list[str]:
        """What is shown now."""
        return [text for text, (name, _), _ in self._rows if not name.isHidden()]

    def _add(self, title: QWidget, rows: list[tuple[str, str, str]]) -> None:
        self.body.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 2)
        grid.setColumnStretch(0, 1)
        for row, (name, keys, tip) in enumerate(rows):
            left, right = QLabel(name), QLabel(keys or "—")
            left.setToolTip(tip)
            left.setWordWrap(True)
            right.setProperty("role", "dim")
            right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)
            self._rows.append((f"{name} {keys} {tip}", (left, right), title))
        self.body.addLayout(grid)

    def _narrow(self, query: str) -> None:
        titles: dict[QWidget, bool] = {}
        for text, widgets, title in self._rows:
            found = match(query, text) is not None
            for widget in widgets:
                widget.setVisible(found)
            titles[title] = titles.get(title, False) or found
        for title, found in titles.items():
            title.setVisible(found)
        self._nothing.setVisible(not any(titles.values()))


def _keys(command: commands.Command) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(keys).toString(native) for keys in (command.keys, command.also) if keys)
