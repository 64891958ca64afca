"""`Ruler`: timecode above the lanes; a drag along it scrubs."""

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis, timecode
from studio.ui.timeline.editing import Editing
from studio.ui.timeline.hits import EDGE

HEIGHT = 24  # px
LABEL = 88  # px that a time needs
PARTS = {1 / 60: 1, 0.05: 3, 0.25: 5, 2: 4, 15: 3, 30: 6, 120: 4}
"""Small ticks per labelled one, where it is not 5."""
HEAD = 6.0  # px from the middle of the playhead to its corners


class Ruler(QWidget):
    """Shows which seconds an axis shows, the loop and the head of the playhead."""

    sought = Signal(float)
    """s under the pointer while it is pressed."""
    wheeled = Signal(QWheelEvent)

    def __init__(self, editing: Editing, axis: TimeAxis) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Ruler"))
        self.setToolTip(self.tr("Drag to scrub; drag with Shift to loop a stretch"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._editing = editing
        self._axis = axis
        self._position = 0.0
        self._fixed: float | None = None  # the edge of the loop that stays while the other is dragged
        self._drag = ""
        self._rests = np.zeros(1)
        self.setMouseTracking(True)
        axis.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(400, HEIGHT)

    def show_position(self, seconds: float) -> None:
        """Move the head of the playhead."""
        self.update(self._around())
        self._position = seconds
        self.update(self._around())

    def _around(self) -> QRect:
        return QRect(round(self._axis.x(self._position) - HEAD) - 1, 0, round(2 * HEAD) + 3, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ticks, times, the loop and the head of the playhead."""
        axis, colors = self._axis, theme.current()
        painter = QPainter(self)
        loop = self._editing.timeline.loop
        if loop is not None:
            left, right = (axis.x(time) for time in loop)
            tint = QColor(colors.accent)
            tint.setAlphaF(0.35)
            painter.fillRect(QRectF(left, 0, right - left, HEIGHT), tint)
            for x in (left, right):
                painter.fillRect(QRectF(round(x) - 1, 0, 2, HEIGHT), QColor(colors.accent))
        step = axis.tick(LABEL)
        parts = PARTS.get(step, 5)
        first, last = int(max(axis.begin / step, 0)) * parts, int(np.ceil(axis.end / step)) * parts
        for i in range(first, last + 1):
            x = round(axis.x(i * step / parts))
            long = i % parts == 0
            painter.fillRect(QRectF(x, HEIGHT - (8 if long else 4), 1, 8), QColor(colors.dim if long else colors.faint))
            if long:
                painter.setPen(QColor(colors.dim))
                painter.drawText(
                    QRectF(x + 4, 0, LABEL, HEIGHT - 4), Qt.AlignmentFlag.AlignVCenter, timecode(i * step / parts)
                )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.accent))
        x = round(axis.x(self._position))
        top, bottom = HEIGHT - 12, HEIGHT
        corners = [(x - HEAD, top), (x + HEAD, top), (x + HEAD, top + 5), (x, bottom), (x - HEAD, top + 5)]
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there; hold an edge of the loop, or begin a loop with Shift."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self._axis.time(event.position().x())
        edge = self._loop_edge(event.position().x())
        loop = self._editing.timeline.loop
        self._drag, self._rests = self._editing.begin_drag(), self._editing.rests(frozenset())
        self._axis.hold()
        if loop is not None and edge is not None:
            self._fixed = loop[1 - edge]
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._fixed = self._rest(at)
        else:
            self._fixed = None
            self.sought.emit(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub, or span the loop."""
        x = event.position().x()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            over = self._loop_edge(x) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
        elif self._fixed is None:
            self.sought.emit(self._axis.time(x))
        else:
            self._editing.loop(self._fixed, self._rest(self._axis.time(x)), self._drag)

    def _rest(self, time: float) -> float:
        return time + self._editing.snap(np.array([time]), 0.0, self._rests, self._axis.scale)

    def _loop_edge(self, x: float) -> int | None:
        """Return which edge of the loop is at a px."""
        loop = self._editing.timeline.loop or ()
        return next((i for i, time in enumerate(loop) if abs(self._axis.x(time) - x) <= EDGE), None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll and zoom as over the lanes."""
        self.wheeled.emit(event)
