"""`ProjectMenu`: the project in the window's menus, its title and on the stage."""

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from studio.ui.dialogs import FileDialogs
from studio.ui.director import Director
from studio.ui.viewport.stage import Stage

if TYPE_CHECKING:
    from studio.core.project.recovery import Left


class ProjectMenu(QObject):
    """Connects the actions of a project with its `ProjectDesk`, and shows how it is."""

    def __init__(
        self,
        window: QMainWindow,
        director: Director,
        actions: dict[str, QAction],
        recent: QMenu,
        files: FileDialogs,
        stage: Stage,
    ) -> None:
        super().__init__(window)
        self._window, self._director, self._actions, self._recent, self._stage = (
            window,
            director,
            actions,
            recent,
            stage,
        )
        self._desk = desk = director.project
        for name, slot in {
            "new_project": desk.new,
            "open_project": files.open_project,
            "save_project": desk.save,
            "save_project_as": files.save_project,
            "collect": partial(files.save_project, collect=True),
            "undo": desk.undo,
            "redo": desk.redo,
        }.items():
            actions[name].triggered.connect(lambda _, slot=slot: slot())
        desk.name_wanted.connect(files.save_project)
        desk.changed.connect(self.refresh)
        desk.recovery_offered.connect(self._offer)
        stage.recovery.answered.connect(self._answered)
        director.recent_changed.connect(self.refresh_recent)
        self._shown: tuple[str, bool] | None = None
        self._left: list[Left] = []
        self.refresh()
        self.refresh_recent()

    def refresh(self) -> None:
        """Show name and state of the project, and what can be undone."""
        document, desk = self._director.document, self._desk
        title = desk.name, desk.unsaved
        if title != self._shown:
            self._shown = title
            self._window.setWindowTitle(self.tr("{name}[*] — Avatar Studio").format(name=desk.name))
            self._window.setWindowModified(desk.unsaved)
        for name, label, word in (
            ("undo", document.undo_label, self.tr("Undo {what}")),
            ("redo", document.redo_label, self.tr("Redo {what}")),
        ):
            action = self._actions[name]
            text = word.format(what=label).strip().replace("&", "&&")
            if action.text() != text:
                action.setText(text)
            action.setEnabled(bool(label))
        if self._left != desk.left:
            self.refresh_recent()

    def refresh_recent(self) -> None:
        """List what was opened last, and the projects that have no file."""
        menu, self._left = self._recent, self._desk.left
        menu.clear()
        for path in self._director.recent():
            action = menu.addAction(path.name.replace("&", "&&"), partial(self._director.open_paths, [path]))
            action.setToolTip(str(path))
        if self._left:
            menu.addSeparator()
        for left in self._left:
            when = self.tr("Project without a file, {when}").format(when=told_time(left.changed))
            menu.addAction(when, partial(self._desk.open_left, left.folder))
        menu.setEnabled(not menu.isEmpty())

    def _offer(self, name: str, changed: float) -> None:
        self._stage.offer_recovery(name, told_time(changed))

    def _answered(self, recover: bool) -> None:
        self._stage.withdraw_recovery()
        if recover:
            self._desk.recover()
        else:
            self._desk.start_fresh()


def told_time(when: float) -> str:
    """Return a moment, s since the epoch, as people say it: the time of today, or the day."""
    then = time.localtime(when)
    today = time.strftime("%Y-%m-%d", then) == time.strftime("%Y-%m-%d")
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then)
