"""`Ruler`: timecode above the lanes; a drag along it scrubs."""

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.project.document import Document
from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis, timecode

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

    def __init__(self, document: Document, axis: TimeAxis) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Ruler"))
        self.setToolTip(self.tr("Drag to scrub"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._document = document
        self._axis = axis
        self._position = 0.0
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
        loop = self._document.state.timeline.loop
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
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(self._axis.time(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self._axis.time(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll and zoom as over the lanes."""
        self.wheeled.emit(event)
