"""`TextureView`: the picture as an OpenGL texture on a Qt canvas, drawn by vispy."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QOffscreenSurface, QOpenGLContext, QOpenGLFunctions, QSurfaceFormat
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget
from shiboken6 import VoidPtr, isValid

from studio.ui import theme
from studio.ui.viewport.gl_interop import Cuda, CudaCore, Interop, Pixels, on_card, on_host

log = logging.getLogger(__name__)

CHECKER = 8  # logical px of one square behind transparent pictures
CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1))

GL_TEXTURE_2D, GL_RGBA, GL_UNSIGNED_BYTE, GL_RGBA8, GL_FRAMEBUFFER_SRGB = 0x0DE1, 0x1908, 0x1401, 0x8058, 0x8DB9

VERTEX = """
attribute vec2 corner;
varying vec2 place;
void main() {
    place = vec2(0.5 + 0.5 * corner.x, 0.5 - 0.5 * corner.y);
    gl_Position = vec4(corner, 0.0, 1.0);
}
"""

FRAGMENT = """
uniform sampler2D picture;
uniform float squares;
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


class TextureView(QOpenGLWidget):
    """Shows a square picture as large as fits, at whole pixels of the screen.

    Values reach the screen as they are stored: neither texture nor framebuffer is an sRGB one, so that
    nothing is converted on the way. What lies in the OpenGL context is made anew, and the picture shown
    again, when Qt replaces the context: another screen's card, another window, a lost device.
    """

    said = Signal(str)
    """A sentence: frames of the graphics card take another way than before."""

    def __init__(self, parent: QWidget | None = None, connect: Callable[[], Cuda] = CudaCore) -> None:
        super().__init__(parent)
        wanted = QSurfaceFormat.defaultFormat()
        wanted.setSwapInterval(1)
        wanted.setDepthBufferSize(0)
        wanted.setStencilBufferSize(0)
        wanted.setSamples(0)
        self.setFormat(wanted)
        self.setTextureFormat(GL_RGBA8)
        self.widget: QWidget = self
        self._connect = connect
        self._canvas: Canvas | None = None
        self._picture: Pixels | None = None
        self._waiting = False

    def show_frame(self, rgba: Pixels, opaque: bool = True) -> None:
        """Keep the picture for the next draw; it must not change until another one was given."""
        self._picture, self._waiting = rgba, True
        self.update()

    def initializeGL(self) -> None:
        """Take hold of a new OpenGL context."""
        # Not self.context(): what that returns goes invalid with the widget, before its context is gone.
        self._canvas = Canvas(QOpenGLContext.currentContext(), self._connect)
        self._waiting = self._picture is not None

    def paintGL(self) -> None:
        """Bring a new picture into the texture and draw it."""
        if (canvas := self._canvas) is None:
            return
        canvas.begin()
        if self._waiting and self._picture is not None:
            self._waiting = False
            before = canvas.interop.why_not
            canvas.take(self._picture)
            if canvas.interop.why_not != before:
                self.said.emit(canvas.interop.why_not)
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio  # rounded as Qt rounds its framebuffer, which Python's `round` does not
        canvas.draw(size.width(), size.height(), ratio)

    def let_go(self) -> None:
        """Free what lies on the card, before the interpreter takes Qt's objects apart in an order of its own."""
        self._picture = None
        canvas, self._canvas = self._canvas, None
        if canvas is not None:
            canvas.close()


class Canvas:
    """What lies in one OpenGL context: vispy's program and texture, and the texture's way from CUDA.

    A canvas in vispy's sense: `vispy.gloo` finds the queue of GL commands in `context`, and in `_backend` the
    framebuffer to draw on. `vispy.app.Canvas` has one such queue for good and does not hear that Qt replaces
    the OpenGL context below it; here each OpenGL context has its own.
    """

    def __init__(self, current: QOpenGLContext, connect: Callable[[], Cuda]) -> None:
        # Imported when a head is first shown: the window opens without it.
        from vispy import gloo

        self._gloo: Any = gloo
        gloo.gl.use_gl("es2" if current.isOpenGLES() else "gl2")
        self.interop = Interop(connect)
        self._current = current
        self._gl: QOpenGLFunctions = current.functions()
        # The widget may be half gone when its context goes; a surface of our own makes it current then.
        self._surface = QOffscreenSurface()
        self._surface.setFormat(current.format())
        self._surface.create()
        current.aboutToBeDestroyed.connect(self.close)
        self._closed = False
        self.context: Any = gloo.context.GLContext()
        self._backend = Backend(current)
        self._texture: Any = None
        self._corners = gloo.VertexBuffer(np.array(CORNERS, np.float32))
        self._program: Any = gloo.Program(VERTEX, FRAGMENT)
        self._program["corner"] = self._corners
        self.context.glir.associate(self._program.glir)
        if not current.isOpenGLES():
            self._gl.glDisable(GL_FRAMEBUFFER_SRGB)

    def begin(self) -> None:
        """Let vispy forget what it takes for bound: Qt made the context current and uses it as well."""
        self._gloo.context.set_current_canvas(self)

    def take(self, picture: Pixels) -> None:
        """Fill the texture, which stays the same one. After `begin`."""
        height, width = picture.shape[:2]
        texture = self._fitting(height, width)
        if on_card(picture) and self.interop.bind(picture):
            self.context.shared.parser.get_object(texture.id).activate()
            # While a pixel buffer is bound the address is an offset into it; vispy takes arrays only.
            self._gl.glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, VoidPtr(0))  # pyright: ignore
            self.interop.release()
        else:
            texture.set_data(on_host(picture))
            self.context.flush_commands()

    def _fitting(self, height: int, width: int) -> Any:
        """Return the texture at a size: 8-bit RGBA, interpolated; stored values are not taken for sRGB."""
        if self._texture is not None and self._texture.shape[:2] == (height, width):
            return self._texture
        if self._texture is None:
            # OpenGL ES 2 takes no sized formats; with bytes its "rgba" means the same.
            kind = "rgba" if self._current.isOpenGLES() else "rgba8"
            self._texture = self._gloo.Texture2D(
                shape=(height, width, 4), format="rgba", internalformat=kind, interpolation="linear"
            )
            self._program["picture"] = self._texture
        else:
            self._texture.resize((height, width, 4))
        # At once: while a pixel buffer is bound the texture's memory would be filled from it.
        self.context.flush_commands()
        return self._texture

    def draw(self, width: int, height: int, ratio: float) -> None:
        """Draw onto a framebuffer of this size, px; `ratio` of them are one logical pixel. After `begin`."""
        try:
            self._gloo.gl.check_error("before a frame")
        except RuntimeError as error:  # what Qt or the way from CUDA left behind, for which vispy would not draw
            log.debug("%s", error)
        context, program, colors = self.context, self._program, theme.current()
        context.clear(color=(*rgb(colors.stage), 1.0), depth=False, stencil=False)
        if self._texture is None:
            context.flush_commands()
            return
        side = min(width, height)
        below = -(-(height - side) // 2)  # of an odd number of pixels the one over lies below, as in `PaintedView`
        context.set_viewport((width - side) // 2, below, side, side)
        context.set_state(blend=False)
        program["squares"] = side / ratio / CHECKER
        program["light"] = rgb(colors.hover)
        program["dark"] = rgb(colors.control)
        program.draw("triangle_strip")

    def close(self) -> None:
        """Free everything while the context is still there."""
        if self._closed or not (isValid(self._surface) and self._current.makeCurrent(self._surface)):
            return
        self._closed = True
        self.interop.drop()
        for what in (self._texture, self._corners, self._program):
            if what is not None:
                what.delete()
        self.context.flush_commands()
        self._texture = None
        self._gloo.context.forget_canvas(self)
        self._current.doneCurrent()


class Backend:
    """What vispy asks of the widget below a canvas."""

    def __init__(self, current: QOpenGLContext) -> None:
        self._current = current

    def _vispy_get_fb_bind_location(self) -> int:
        """Return the framebuffer of the widget, which is not 0."""
        return self._current.defaultFramebufferObject()


def rgb(color: str) -> tuple[float, float, float]:
    """Return a ``#rrggbb`` colour as 0..1."""
    parsed = QColor(color)
    return parsed.redF(), parsed.greenF(), parsed.blueF()
