"""`FrameView`: one RGBA picture on screen, as a texture where OpenGL works and painted where it does not."""

import os
from typing import Any, Protocol

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

GL_RENDERER = 0x1F01
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "basic render")
CHECKER = 8  # logical px of one square behind transparent pictures

VERTEX = """
attribute vec2 corner;
uniform vec2 reach;
varying vec2 place;
void main() {
    place = vec2(0.5 + 0.5 * corner.x, 0.5 - 0.5 * corner.y);
    gl_Position = vec4(corner * reach, 0.0, 1.0);
}
"""

FRAGMENT = """
uniform sampler2D picture;
uniform vec2 squares;
uniform vec3 light;
uniform vec3 dark;
varying vec2 place;
void main() {
    vec4 pixel = texture2D(picture, place);
    vec2 square = floor(place * squares);
    vec3 behind = mod(square.x + square.y, 2.0) < 0.5 ? light : dark;
    gl_FragColor = vec4(mix(behind, pixel.rgb, pixel.a), 1.0);
}
"""


class FrameView(Protocol):
    """What both views offer."""

    widget: QWidget

    def show_frame(self, rgba: NDArray[np.uint8]) -> None:
        """Show a square picture ``[H,W,4]``, straight alpha, as large as fits."""
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
        self._rgba: NDArray[np.uint8] | None = None

    def show_frame(self, rgba: NDArray[np.uint8]) -> None:
        """Show a picture."""
        self._rgba = rgba
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the checker and the picture over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().stage))
        if self._rgba is None:
            return
        height, width = self._rgba.shape[:2]
        left, top, side = square_within(self.width(), self.height())
        target = QRectF(left, top, side, side)
        opaque = bool(self._rgba[..., 3].min() == 255)
        if not opaque:
            painter.fillRect(target, checker())
        kind = QImage.Format.Format_RGBX8888 if opaque else QImage.Format.Format_RGBA8888
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, QImage(self._rgba.data, width, height, 4 * width, kind))


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


class TextureView:
    """Shows the picture as an OpenGL texture through vispy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        # Imported here so that a display without OpenGL needs no vispy.
        from vispy import app, gloo

        self._gloo = gloo
        self._canvas: Any = app.Canvas(app=app.use_app("pyside6"), parent=parent, autoswap=True)
        self._canvas.measure_fps = lambda *_: None
        self.widget: QWidget = self._canvas.native
        self._program = gloo.Program(VERTEX, FRAGMENT)
        self._program["corner"] = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self._shape: tuple[int, ...] = ()
        self._texture: Any = None
        self._waiting: NDArray[np.uint8] | None = None
        self._canvas.events.draw.connect(self._draw)
        self._canvas.events.close.connect(self._close)

    def show_frame(self, rgba: NDArray[np.uint8]) -> None:
        """Keep the picture for the next draw, which uploads it."""
        self._waiting = rgba
        self._canvas.update()

    def _close(self, event: Any) -> None:
        self._texture = self._waiting = None

    def _draw(self, event: Any) -> None:
        gloo, colors = self._gloo, theme.current()
        width, height = self._canvas.physical_size
        gloo.set_viewport(0, 0, width, height)
        gloo.clear(color=(*rgb(colors.stage), 1.0))
        if self._waiting is not None:
            if self._waiting.shape != self._shape:
                self._shape = self._waiting.shape
                self._texture = gloo.Texture2D(self._waiting, interpolation="linear")
                self._program["picture"] = self._texture
            else:
                self._texture.set_data(self._waiting)
            self._waiting = None
        if self._texture is None:
            return
        side = min(width, height)
        scale = self.widget.devicePixelRatioF()
        self._program["reach"] = (side / width, side / height)
        self._program["squares"] = (side / scale / CHECKER, side / scale / CHECKER)
        self._program["light"] = rgb(colors.hover)
        self._program["dark"] = rgb(colors.control)
        gloo.set_state(blend=False, depth_test=False, cull_face=False)
        self._program.draw("triangle_strip")


def rgb(color: str) -> tuple[float, float, float]:
    """Return a ``#rrggbb`` colour as 0..1."""
    parsed = QColor(color)
    return parsed.redF(), parsed.greenF(), parsed.blueF()


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
