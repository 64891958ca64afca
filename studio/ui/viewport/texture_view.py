"""`TextureView`: the picture as an OpenGL texture on a Qt canvas."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import (
    QColor,
    QOffscreenSurface,
    QOpenGLContext,
    QOpenGLFunctions,
    QSurfaceFormat,
    QVector3D,
)
from PySide6.QtOpenGL import QOpenGLBuffer, QOpenGLShader, QOpenGLShaderProgram, QOpenGLTexture
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget
from shiboken6 import VoidPtr, isValid

from studio.ui import theme
from studio.ui.viewport.gl_interop import Cuda, CudaCore, Interop, Pixels, on_card, on_host

CHECKER = 8  # logical px of one square behind transparent pictures

GL_TRIANGLE_STRIP, GL_TEXTURE_2D, GL_RGBA, GL_UNSIGNED_BYTE, GL_FLOAT = 0x0005, 0x0DE1, 0x1908, 0x1401, 0x1406
GL_COLOR_BUFFER_BIT, GL_RGBA8, GL_BLEND, GL_FRAMEBUFFER_SRGB = 0x4000, 0x8058, 0x0BE2, 0x8DB9

VERTEX = """
attribute vec2 corner;
varying vec2 place;
void main() {
    place = vec2(0.5 + 0.5 * corner.x, 0.5 - 0.5 * corner.y);
    gl_Position = vec4(corner, 0.0, 1.0);
}
"""

FRAGMENT = """
#ifdef GL_ES
precision highp float;
#endif
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
        if self._waiting and self._picture is not None:
            self._waiting = False
            before = canvas.interop.why_not
            canvas.take(self._picture)
            if canvas.interop.why_not != before:
                self.said.emit(canvas.interop.why_not)
        ratio = self.devicePixelRatioF()
        canvas.draw(round(self.width() * ratio), round(self.height() * ratio), ratio)

    def let_go(self) -> None:
        """Free what lies on the card, before the interpreter takes Qt's objects apart in an order of its own."""
        self._picture = None
        canvas, self._canvas = self._canvas, None
        if canvas is not None:
            canvas.close()


class Canvas:
    """What lies in one OpenGL context: shader, texture and its way from CUDA."""

    def __init__(self, context: QOpenGLContext, connect: Callable[[], Cuda]) -> None:
        self.interop = Interop(connect)
        self._context = context
        self._gl: QOpenGLFunctions = context.functions()
        # The widget may be half gone when its context goes; a surface of our own makes it current then.
        self._surface = QOffscreenSurface()
        self._surface.setFormat(context.format())
        self._surface.create()
        context.aboutToBeDestroyed.connect(self.close)
        self._closed = False
        self._texture: QOpenGLTexture | None = None
        self._program = QOpenGLShaderProgram()
        self._program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Vertex, VERTEX)
        self._program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Fragment, FRAGMENT)
        self._program.bindAttributeLocation("corner", 0)
        if not self._program.link():
            raise RuntimeError(f"the shader of the view does not link: {self._program.log()}")
        corners = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self._corners = QOpenGLBuffer(QOpenGLBuffer.Type.VertexBuffer)
        self._corners.create()
        self._corners.bind()
        self._corners.allocate(corners.tobytes(), corners.nbytes)  # pyright: ignore[reportCallIssue]
        self._corners.release()
        if not context.isOpenGLES():
            self._gl.glDisable(GL_FRAMEBUFFER_SRGB)

    def take(self, picture: Pixels) -> None:
        """Fill the texture, which is made anew for another size; the context must be current."""
        height, width = picture.shape[:2]
        if self._texture is not None and (self._texture.width(), self._texture.height()) != (width, height):
            self._texture.destroy()
            self._texture = None
        if self._texture is None:
            self._texture = rgba_texture(width, height)
        self._texture.bind()
        bound = on_card(picture) and self.interop.bind(picture)
        # While a pixel buffer is bound the address is an offset into it.
        pixels = VoidPtr(0) if bound else np.ascontiguousarray(on_host(picture))
        self._gl.glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels)  # pyright: ignore
        if bound:
            self.interop.release()

    def draw(self, width: int, height: int, ratio: float) -> None:
        """Draw onto a framebuffer of this size, px; `ratio` of them are one logical pixel."""
        gl, colors = self._gl, theme.current()
        gl.glClearColor(*rgb(colors.stage), 1.0)
        gl.glClear(GL_COLOR_BUFFER_BIT)
        if self._texture is None:
            return
        side = min(width, height)
        gl.glViewport((width - side) // 2, (height - side) // 2, side, side)
        gl.glDisable(GL_BLEND)
        program = self._program
        program.bind()
        program.setUniformValue("picture", 0)  # pyright: ignore
        program.setUniformValue1f("squares", side / ratio / CHECKER)  # pyright: ignore
        program.setUniformValue("light", QVector3D(*rgb(colors.hover)))  # pyright: ignore
        program.setUniformValue("dark", QVector3D(*rgb(colors.control)))  # pyright: ignore
        self._texture.bind()
        self._corners.bind()
        program.enableAttributeArray(0)
        program.setAttributeBuffer(0, GL_FLOAT, 0, 2)
        gl.glDrawArrays(GL_TRIANGLE_STRIP, 0, 4)
        program.disableAttributeArray(0)
        self._corners.release()
        self._texture.release()
        program.release()

    def close(self) -> None:
        """Free everything while the context is still there."""
        if self._closed or not (isValid(self._surface) and self._context.makeCurrent(self._surface)):
            return
        self._closed = True
        self.interop.drop()
        if self._texture is not None:
            self._texture.destroy()
            self._texture = None
        self._corners.destroy()
        self._program.removeAllShaders()
        self._context.doneCurrent()


def rgba_texture(width: int, height: int) -> QOpenGLTexture:
    """Make a texture of 8-bit RGBA without mipmaps, interpolated; stored values are not taken for sRGB."""
    texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
    texture.setFormat(QOpenGLTexture.TextureFormat.RGBA8_UNorm)
    texture.setSize(width, height)
    texture.setMipLevels(1)
    texture.setMinMagFilters(QOpenGLTexture.Filter.Linear, QOpenGLTexture.Filter.Linear)
    texture.setWrapMode(QOpenGLTexture.WrapMode.ClampToEdge)
    texture.allocateStorage(QOpenGLTexture.PixelFormat.RGBA, QOpenGLTexture.PixelType.UInt8)
    return texture


def rgb(color: str) -> tuple[float, float, float]:
    """Return a ``#rrggbb`` colour as 0..1."""
    parsed = QColor(color)
    return parsed.redF(), parsed.greenF(), parsed.blueF()
