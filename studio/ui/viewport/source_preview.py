"""`SourcePreview`: what drives the head, small beside it: the camera's picture or the clip's, with its landmarks."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from studio.core.heads.anatomy import (
    BROW,
    FACE_OVAL,
    LIPS_OUTER,
    LOWER_LID,
    LOWER_LIP_INNER,
    UPPER_LID,
    UPPER_LIP_INNER,
)
from studio.ui import theme

LONG_SIDE = 224  # px
_RADIUS = 6


class SourcePreview(QWidget):
    """Shows one picture after the other; a click on a camera's says whom to follow, through others it reaches."""

    pointed = Signal(object)
    """Where a camera's picture was clicked: parts (x, y) of its width and height, as it was taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("What drives the head"))
        self.setToolTip(self.tr("Click on the face that is to be followed"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._image: QImage | None = None
        self._rgb: NDArray[np.uint8] | None = None
        self._points: NDArray | None = None
        self._mirrored = False
        self.hide()

    def show_picture(self, rgb: NDArray[np.uint8], landmarks: NDArray | None, mirrored: bool) -> None:
        """Show a picture ``[H,W,3]`` and the landmarks ``[478,2+]`` px found in it, or None."""
        if rgb is self._rgb:
            return
        # The picture is not changed any more by whoever took it; the image only points into it.
        self._rgb = np.ascontiguousarray(rgb)
        height, width = rgb.shape[:2]
        self._image = QImage(self._rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._points, self._mirrored = landmarks, mirrored
        # Only a camera's picture is mirrored, and only there may another face be chosen while it is shown.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not mirrored)
        size = QSize(width, height).scaled(LONG_SIDE, LONG_SIDE, Qt.AspectRatioMode.KeepAspectRatio)
        if size != self.size():
            self.resize(size)
            self.place()
        self.setVisible(True)
        self.update()

    def place(self) -> None:
        """Lie in the lower left corner of what this lies on."""
        margin, stage = 2 * theme.GRID, self.parentWidget()
        assert stage is not None
        self.move(margin, stage.height() - self.height() - margin)

    def clear(self) -> None:
        """Show nothing."""
        self._image = self._rgb = self._points = None
        self.hide()

    @property
    def landmarks_shown(self) -> bool:
        """Whether landmarks lie on the picture."""
        return self._points is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say which face is meant."""
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            event.ignore()
            return
        x, y = event.position().x() / self.width(), event.position().y() / self.height()
        self.pointed.emit((1 - x if self._mirrored else x, y))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture, landmarks and a frame."""
        if self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(whole, _RADIUS, _RADIUS)
        painter.setClipPath(shape)
        painter.save()
        if self._mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(whole, self._image)
        if self._points is not None:
            self._paint_landmarks(painter, self._points, self.width() / self._image.width())
        painter.restore()
        painter.setPen(QColor(theme.current().line))
        painter.drawRoundedRect(whole.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)

    def _paint_landmarks(self, painter: QPainter, points: NDArray, scale: float) -> None:
        color = QColor(theme.THEMES["dark"].accent)  # on a picture, whatever the theme
        painter.setPen(color)
        for line, closed in _LINES:
            places = [QPointF(*(scale * points[i, :2])) for i in line]
            painter.drawPolyline(QPolygonF(places + places[:1] if closed else places))


_LINES: list[tuple[list[int], bool]] = [(list(FACE_OVAL), True), (list(LIPS_OUTER), True)]
_LINES += [(list(UPPER_LIP_INNER) + list(LOWER_LIP_INNER)[::-1], True)]
for _side in ("Left", "Right"):
    _LINES += [(list(UPPER_LID[_side]) + list(LOWER_LID[_side])[::-1], True), (list(BROW[_side]), False)]
