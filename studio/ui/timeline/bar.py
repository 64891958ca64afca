"""`TransportBar`: microphone, play, record, loop and the time, above the lanes."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from studio.ui import theme
from studio.ui.panels.controls import ElidedLabel
from studio.ui.timeline.axis import timecode

TRANSPORT, TOOL = 20, 16  # px of an icon


class TransportBar(QWidget):
    """Buttons of actions: what moves the head at the left, what shows the lanes at the right."""

    def __init__(self, transport: Sequence[QAction], tools: Sequence[QAction]) -> None:
        super().__init__()
        self._time = QLabel()
        self._time.setAccessibleName(self.tr("Time"))
        self._hint = ElidedLabel(self.tr("Press the microphone and speak, or drop a sound file here"))
        self._hint.setProperty("role", "dim")
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.GRID, 6, theme.GRID, 6)
        self._line.setSpacing(theme.GRID // 2)  # all of it fits into a window of the least width
        for action in transport:
            self._add(action, TRANSPORT)
        self._line.addWidget(self._time)
        self._line.addWidget(self._hint, 1000)
        self._line.addStretch(1)
        for action in tools:
            self._add(action, TOOL)
        self._shown = (0.0, 0.0)
        self.show_time(0.0, 0.0)

    def _add(self, action: QAction, side: int) -> None:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setIconSize(QSize(side, side))
        button.setAccessibleName(action.text())
        if side < TRANSPORT:
            button.setProperty("role", "flat")
        self._line.addWidget(button)

    def show_time(self, position: float, duration: float) -> None:
        """Show where the playhead is, and how long everything is."""
        self._time.setText(f"{timecode(position)} / {timecode(duration)}")
        self._time.setVisible(duration > 0)
        self._hint.setVisible(duration == 0)
