"""`LaneActions`: menu and keyboard of the timeline."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.project.snapping import FRAME
from studio.ui import commands
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.editing import Editing
from studio.ui.timeline.view import LanesView

ZOOM_STEP = 1.6
SECOND = 1.0
RISE = 0.02  # by which a key of a curve goes up at a time
NEED_SELECTION = ("cut_items", "copy_items", "duplicate", "delete", "ripple", "trim_start", "trim_stop", "separate")
NEED_KEYS = ("smooth", "linear", "flat")


class LaneActions(QObject):
    """Connects the commands of the Timeline menu, and takes their keys before the window does.

    Ctrl+V pastes a picture anywhere else in the window; while the lanes have the focus it pastes what was cut.
    """

    def __init__(
        self,
        owner: QWidget,
        actions: Mapping[str, QAction],
        editing: Editing,
        lanes: LanesView,
        axis: TimeAxis,
        seek: Callable[[float], None],
        rename: Callable[[float], None],
    ) -> None:
        super().__init__(owner)
        self._editing, self._lanes, self._axis, self._seek, self._rename = editing, lanes, axis, seek, rename
        self._actions = {c.name: actions[c.name] for c in commands.COMMANDS if c.menu == "Timeline"}
        for name, slot in {
            "cut_items": editing.cut,
            "copy_items": editing.copy,
            "paste_items": editing.paste,
            "duplicate": editing.duplicate,
            "delete": editing.delete,
            "ripple": editing.ripple_delete,
            "select_all": editing.select_all,
            "split": editing.split,
            "trim_start": lambda: editing.trim("start"),
            "trim_stop": lambda: editing.trim("stop"),
            "separate": editing.separate,
            "marker": editing.add_marker,
            "rename_marker": self._rename_selected,
            "key": self._add_keys,
            "smooth": lambda: editing.set_tangents("smooth"),
            "linear": lambda: editing.set_tangents("linear"),
            "flat": lambda: editing.set_tangents("flat"),
            "zoom_in": lambda: self._zoom(ZOOM_STEP),
            "zoom_out": lambda: self._zoom(1 / ZOOM_STEP),
            "fit": axis.fit,
        }.items():
            self._actions[name].triggered.connect(lambda _, slot=slot: slot())
        self._actions["snap"].toggled.connect(self._snap)
        self._actions["snap"].setChecked(editing.snapping)
        owner.addActions(list(self._actions.values()))
        self._keys: dict[QKeySequence, Callable[[], object]] = {
            QKeySequence(keys): slot
            for keys, slot in {
                "Left": lambda: self._go(-FRAME),
                "Right": lambda: self._go(FRAME),
                "Shift+Left": lambda: self._go(-SECOND),
                "Shift+Right": lambda: self._go(SECOND),
                "Ctrl+Left": lambda: editing.nudge(-FRAME),
                "Ctrl+Right": lambda: editing.nudge(FRAME),
                "Ctrl+Shift+Left": lambda: editing.nudge(-SECOND),
                "Ctrl+Shift+Right": lambda: editing.nudge(SECOND),
                "Ctrl+Up": lambda: editing.nudge(0.0, RISE),
                "Ctrl+Down": lambda: editing.nudge(0.0, -RISE),
                "PgDown": lambda: self._next(1),
                "PgUp": lambda: self._next(-1),
                "Home": lambda: seek(0.0),
                "End": lambda: seek(editing.timeline.duration),
                "Escape": lambda: editing.select(frozenset()),
            }.items()
        }
        lanes.installEventFilter(self)
        editing.selection_changed.connect(self._enable)
        self._enable()

    def menu(self) -> QMenu:
        """Return a menu of all of them, for where the pointer is."""
        menu = QMenu(self._lanes)
        for command in commands.COMMANDS:
            if command.menu == "Timeline":
                if command.separated:
                    menu.addSeparator()
                menu.addAction(self._actions[command.name])
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the keys of the timeline, and act on them."""
        kind = event.type()
        if isinstance(event, QKeyEvent) and kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            slot = self._slot(QKeySequence(event.keyCombination()))
            if slot is not None:
                event.accept()
                if kind == QEvent.Type.KeyPress:
                    slot()
                return True
        return super().eventFilter(watched, event)

    def _slot(self, keys: QKeySequence) -> Callable[[], object] | None:
        for action in self._actions.values():
            if keys in action.shortcuts():
                return action.trigger
        return self._keys.get(keys)

    def _enable(self) -> None:
        selected = self._editing.selected
        for name in NEED_SELECTION:
            self._actions[name].setEnabled(bool(selected))
        for name in NEED_KEYS:
            self._actions[name].setEnabled(any(item.kind == "key" for item in selected))
        self._actions["rename_marker"].setEnabled(any(item.kind == "marker" for item in selected))

    def _snap(self, on: bool) -> None:
        self._editing.snapping = on
        commands.refresh_icons(self._actions)

    def _zoom(self, factor: float) -> None:
        """Zoom about the playhead if it is in sight, or else about the middle."""
        x = self._axis.x(self._editing.position)
        self._axis.zoom(factor, x if 0 <= x <= self._axis.width else self._axis.width / 2)

    def _go(self, by: float) -> None:
        self._seek(max(self._editing.position + by, 0.0))
        self._axis.reveal(self._editing.position)

    def _next(self, way: int) -> None:
        item = self._lanes.select_next(way)
        if item is not None:
            blocks = {
                block.id: block.start for block in (*self._editing.timeline.sounds, *self._editing.timeline.takes)
            }
            self._axis.reveal(blocks[item.name] if item.kind == "block" else item.time)

    def _add_keys(self) -> None:
        """Put a key where each opened curve runs already."""
        for lane in self._lanes.opened:
            channel, at = self._lanes.channels[lane], self._editing.position
            curve = self._editing.timeline.curve(channel)
            self._editing.add_key(channel, at, curve.at(at) if curve is not None else 0.0)

    def _rename_selected(self) -> None:
        marker = next((item for item in self._editing.selected if item.kind == "marker"), None)
        if marker is not None:
            self._rename(marker.time)
