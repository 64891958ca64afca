"""What handing a finished picture to the view costs."""

import os
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext
from PySide6.QtWidgets import QApplication

from studio.ui.viewport.gl_interop import CudaCore
from studio.ui.viewport.texture_view import Canvas
from studio.ui.viewport.view import PaintedView, opengl_renderer


class Handing:
    """Hands pictures to what the window would show them on, without drawing the window.

    With OpenGL, `Canvas.take` fills the texture as `TextureView` does when it paints, and the time ends when the
    texture is filled. Without, `PaintedView` takes the picture and paints it at once. With neither there is no time.

    Attributes
    ----------
    means
        A sentence that names what was measured, or says why nothing was.
    """

    def __init__(self) -> None:
        self._canvas: Canvas | None = None
        self._view: PaintedView | None = None
        no_display = sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
        )
        if no_display:
            self.means = "no upload: there is no display; run it under xvfb-run -a"
            return
        self._app = QApplication.instance() or QApplication([])
        renderer = opengl_renderer()
        if not renderer:
            self._view = PaintedView()
            self.means = "upload: painted by the processor, for there is no OpenGL on this display"
            return
        self._context, self._surface = QOpenGLContext(), QOffscreenSurface()
        self._surface.create()
        if not (self._context.create() and self._context.makeCurrent(self._surface)):
            raise RuntimeError(f"{renderer} gave a context once, but not again")
        self._canvas = Canvas(self._context, CudaCore)
        self.means = f"upload: into the window's texture; OpenGL is {renderer}"

    def seconds(self, pictures: list[NDArray[np.uint8]], repeats: int) -> list[float]:
        """Return the seconds that each of so many pictures took, in turn; none where nothing can be measured.

        Parameters
        ----------
        pictures
            ``[side,side,4]``, shown pixel by pixel.
        """
        hand = self._hand(len(pictures[0]))
        if hand is None:
            return []
        times = []
        for k in range(repeats + 2):
            start = time.perf_counter()
            hand(pictures[k % len(pictures)])
            times.append(time.perf_counter() - start)
        return times[2:]  # the first ones make the texture

    def _hand(self, side: int) -> Callable[[NDArray[np.uint8]], None] | None:
        if (canvas := self._canvas) is not None:
            self._context.makeCurrent(self._surface)
            finish = self._context.functions().glFinish

            def upload(picture: NDArray[np.uint8]) -> None:
                canvas.begin()
                canvas.take(picture)
                finish()

            return upload
        if (view := self._view) is not None:

            def paint(picture: NDArray[np.uint8]) -> None:
                view.show_frame(picture)
                view.repaint()

            view.resize(QSize(side, side) / view.devicePixelRatioF())
            view.show()
            deadline = time.monotonic() + 5
            while not view.windowHandle().isExposed():  # until then nothing is painted
                if time.monotonic() > deadline:
                    raise RuntimeError("this display does not show windows")
                QApplication.processEvents()
            return paint
        return None

    def close(self) -> None:
        """Free what lies in the OpenGL context."""
        if self._canvas is not None:
            self._canvas.close()
        if self._view is not None:
            self._view.close()
            self._view.let_go()
