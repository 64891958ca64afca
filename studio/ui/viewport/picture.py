"""`PictureView`: a still picture to look at while the head is being built, and to pick a face on."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.ui import theme
from studio.ui.viewport.view import to_image

MAX_SIDE = 1600  # px kept for showing


class PictureView(QWidget):
    """Shows a picture as large as fits; with boxes on it, one of them can be chosen."""

    chosen = Signal(int)
    """Index of a box, or -1 for none (Escape)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = None
        self._boxes = np.zeros((0, 4))
        self._current = -1
        self._step = 1
        self._mark: NDArray | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Picture"))

    def show_picture(self, rgb: NDArray[np.float32], boxes: NDArray | None = None) -> None:
        """Show ``[H,W,3]`` 0..1 and boxes ``[B,4]`` x0 y0 x1 y1 px to choose from."""
        step = self._step = max(1, -(-max(rgb.shape[:2]) // MAX_SIDE))
        self._mark = None
        self._image = to_image((np.clip(rgb[::step, ::step], 0, 1) * 255).astype(np.uint8))
        self._boxes = np.zeros((0, 4)) if boxes is None else np.asarray(boxes, np.float64) / step
        self._current = 0 if len(self._boxes) else -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if len(self._boxes) else Qt.FocusPolicy.NoFocus)
        if len(self._boxes):
            self.setFocus()
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.update()

    def mark(self, box: NDArray) -> None:
        """Draw a frame around one thing, x0 y0 x1 y1 px of the picture."""
        self._mark = np.asarray(box, np.float64) / self._step
        self.update()

    def box(self, index: int) -> QRectF:
        """Return a box in this widget's coordinates."""
        return self._placed(self._boxes[index])

    def _placed(self, box: NDArray) -> QRectF:
        area, scale = self._area()
        x0, y0, x1, y1 = box * scale
        return QRectF(area.left() + x0, area.top() + y0, x1 - x0, y1 - y0)

    def _area(self) -> tuple[QRectF, float]:
        if self._image is None:
            return QRectF(), 1.0
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height), scale

    def _at(self, point: QPointF) -> int:
        hits = [i for i in range(len(self._boxes)) if self.box(i).contains(point)]
        return hits[0] if hits else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture; what is not a face is dimmed while one is to be chosen."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        colors = theme.current()
        painter.fillRect(self.rect(), QColor(colors.stage))
        if self._image is None:
            return
        area, _ = self._area()
        painter.drawImage(area, self._image)
        if self._mark is not None:
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.drawRoundedRect(self._placed(self._mark), 6, 6)
        if not len(self._boxes):
            return
        painter.fillRect(area, QColor(0, 0, 0, 110))
        for i in range(len(self._boxes)):
            box = self.box(i)
            painter.save()
            painter.setClipRect(box)
            painter.drawImage(area, self._image)
            painter.restore()
            current = i == self._current
            painter.setPen(QPen(QColor(colors.accent if current else "#ffffff"), 3 if current else 1.5))
            painter.drawRoundedRect(box, 6, 6)
            label = QRectF(box.left(), box.top() - 26, 26, 22)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.accent if current else colors.control))
            painter.drawRoundedRect(label, 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colors.onAccent if current else colors.text))
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, str(i + 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the face under the pointer."""
        hit = self._at(event.position())
        shape = Qt.CursorShape.PointingHandCursor if hit >= 0 else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        if hit >= 0 and hit != self._current:
            self._current = hit
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the face under the pointer."""
        hit = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and hit >= 0:
            self.chosen.emit(hit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move between faces, Enter takes one, Escape none."""
        key, count = event.key(), len(self._boxes)
        if count and key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self._current = (self._current + 1) % count
        elif count and key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self._current = (self._current - 1) % count
        elif count and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self._current)
        elif count and key == Qt.Key.Key_Escape:
            self.chosen.emit(-1)
        else:
            super().keyPressEvent(event)
            return
        self.update()
