"""`FrameView`: one RGBA picture on screen, as a texture where OpenGL works and painted where it does not."""

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QOffscreenSurface,
    QOpenGLContext,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QWidget

from studio.ui import theme
from studio.ui.viewport.gl_interop import Pixels, on_host
from studio.ui.viewport.texture_view import CHECKER, TextureView

GL_RENDERER = 0x1F01
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "basic render")


class FrameView(Protocol):
    """What both views offer."""

    widget: QWidget

    def show_frame(self, rgba: Pixels, opaque: bool = True) -> None:
        """Show a square picture ``[H,W,4]``, straight alpha, as large as fits.

        It must not change until another one was given. `opaque` says that its alpha is 255 everywhere.
        """
        ...

    def let_go(self) -> None:
        """Free everything; nothing is shown afterwards."""
        ...


def square_within(width: float, height: float) -> tuple[float, float, float]:
    """Return left, top and side of the largest centred square."""
    side = min(width, height)
    return (width - side) / 2, (height - side) / 2, side


def opengl_renderer() -> str:
    """Return what OpenGL calls its renderer on this display, "" where there is no OpenGL."""
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not (context.create() and context.makeCurrent(surface)):
        return ""
    name = context.functions().glGetString(GL_RENDERER)
    context.doneCurrent()
    return str(name)


def make_view(parent: QWidget | None = None) -> tuple[FrameView, str]:
    """Return the best view for this display and, where it is not a texture, the sentence that says why.

    OpenGL drawn by the processor costs six times what painting costs, on cores that the renderer needs.
    ``AVATAR_STUDIO_VIEW`` = ``texture`` or ``painted`` decides otherwise.
    """
    renderer = opengl_renderer()
    wanted = os.environ.get("AVATAR_STUDIO_VIEW", "")
    software = any(word in renderer.lower() for word in SOFTWARE)
    if renderer and (wanted == "texture" or (not software and wanted != "painted")):
        return TextureView(parent), ""
    tr = QCoreApplication.translate
    if not renderer:
        why = tr("view", "There is no OpenGL here, so the processor paints the head.")
    elif software:
        why = tr("view", "OpenGL is emulated here ({name}), so the head is painted without it.")
    else:
        why = tr("view", "AVATAR_STUDIO_VIEW asks for a painted head.")
    return PaintedView(parent), why.format(name=renderer.split(" (")[0])


class PaintedView(QWidget):
    """Paints the picture with the processor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.widget: QWidget = self
        self._image: QImage | None = None
        self._opaque = True
        # Every pixel is painted here, so Qt need not paint the window behind it first.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_frame(self, rgba: Pixels, opaque: bool = True) -> None:
        """Show a picture."""
        pixels = np.ascontiguousarray(on_host(rgba))
        height, width = pixels.shape[:2]
        kind = QImage.Format.Format_RGBX8888 if opaque else QImage.Format.Format_RGBA8888
        # In the window's own format a scaled picture is painted in half the time.
        own = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
        self._image = QImage(pixels.data, width, height, 4 * width, kind).convertToFormat(own)
        self._opaque = opaque
        self.update(self._square().toAlignedRect())

    def let_go(self) -> None:
        """Free the picture."""
        self._image = None

    def _square(self) -> QRectF:
        """Return the largest centred square of whole pixels of the screen, in logical pixels."""
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio  # rounded as Qt rounds, which Python's `round` does not
        width, height = size.width(), size.height()
        side = min(width, height)
        return QRectF((width - side) // 2 / ratio, (height - side) // 2 / ratio, side / ratio, side / ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture over the checker, and what of its surroundings is asked for."""
        painter = QPainter(self)
        square = self._square()
        stage = QColor(theme.current().stage)
        if self._image is None:
            painter.fillRect(event.rect(), stage)
            return
        painter.setClipRegion(event.region().subtracted(square.adjusted(1, 1, -1, -1).toRect()))
        painter.fillRect(event.rect(), stage)
        painter.setClipping(False)
        if not self._opaque:
            painter.fillRect(square, checker())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(square, self._image)


def checker() -> QBrush:
    """Return the pattern behind transparent pictures."""
    colors = theme.current()
    tile = QPixmap(2 * CHECKER, 2 * CHECKER)
    tile.fill(QColor(colors.control))
    painter = QPainter(tile)
    for place in (0, CHECKER):
        painter.fillRect(place, place, CHECKER, CHECKER, QColor(colors.hover))
    painter.end()
    return QBrush(tile)


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Copy ``[H,W,3]`` or ``[H,W,4]`` uint8 into a QImage."""
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(np.ascontiguousarray(pixels).data, width, height, channels * width, kind).copy()


def thumbnail_image(pixels: NDArray[np.uint8], side: int) -> QImage:
    """Return the centred square of a picture at `side` px."""
    image = to_image(pixels)
    edge = min(image.width(), image.height())
    square = image.copy((image.width() - edge) // 2, (image.height() - edge) // 2, edge, edge)
    return square.scaled(
        QSize(side, side), Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
