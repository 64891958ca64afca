"""The render thread: one slot holds the newest wish, and the newest frame is all anybody gets."""

import logging
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.avatar import (
    Avatar,
    Background,
    DeviceAvatar,
    FrameBuffers,
    SeenUnknownError,
    on_fastest_device,
    render_bytes,
)
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.ui.loading import loading
from studio.ui.viewport.gl_interop import Pixels, finish, on_card

log = logging.getLogger(__name__)

MAX_FPS = 60.0
SHORTEST = 0.012  # s between two frames
WINDOW = 1.0  # s over which frames per second are counted


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything one frame depends on."""

    avatar: Avatar | None = None
    motion: Motion = field(default_factory=Motion.neutral)
    orbit: Orbit = field(default_factory=Orbit)
    background: Background = "plate"
    show_guessed: bool = False
    size: int = 512
    captured: float = math.nan
    """`time.monotonic` when the sound that `motion` shows was at the microphone; NaN where there is none."""
    filmed: float = math.nan
    """The same of the camera's picture that `motion` shows."""
    stamp: float = 0.0
    """`time.monotonic` of the wish."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A finished picture ``[H,W,4]`` uint8, straight alpha, and how it came about."""

    rgba: Pixels
    """Stays as it is until the next frame is taken; then its memory may be drawn on again."""
    scene: Scene
    ms: float
    """Milliseconds spent posing, rasterising and shading it."""
    begun: float
    """`time.monotonic` before the first of these steps."""
    guessed: float | None = None
    """Where the scene asks to show it: the share of the Gaussians that were guessed; None if nobody knows."""

    @property
    def opaque(self) -> bool:
        """Whether alpha is 255 everywhere."""
        return not (isinstance(self.scene.background, str) and self.scene.background == "transparent")


@dataclass(frozen=True)
class Pace:
    """What the live indicator shows."""

    ms: float
    fps: float
    rendered: int
    superseded: int
    """Wishes replaced by a newer one before they were rendered."""
    untaken: int
    """Frames replaced by a newer one before they were taken."""


class FrameLoop(QObject):
    """Renders the newest `Scene` on a thread of its own.

    `show` may be called from any thread; `take` belongs to the thread that connected to `ready`.
    """

    ready = Signal()
    """A frame waits to be taken; not repeated until it was."""
    prepared = Signal(str, str)
    """The renderer can draw: backend name, and why it was chosen."""
    message = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wish = threading.Condition()
        self._scene = Scene()
        self._dirty = False
        self._running = False
        self._frame: Frame | None = None
        self._taken: Frame | None = None
        # With one picture being drawn, one waiting and one on screen, the memory of three goes round.
        self._free: list[NDArray[np.uint8]] = []
        self._buffers = FrameBuffers()
        # The avatar drawn last, and what stands for it where it is drawn fastest.
        self._avatar: Avatar | None = None
        self._drawn: Any = None
        self._on_device = False
        self._knows_seen = True
        self._rendered = self._superseded = self._untaken = 0
        self._finished: deque[tuple[float, float]] = deque(maxlen=240)
        self._thread: threading.Thread | None = None
        self._may_prepare = threading.Event()
        self._may_prepare.set()

    def start(self) -> None:
        """Start rendering; the renderer prepares itself first."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)
        self._thread.start()

    def hold(self) -> None:
        """Have the renderer wait for `release` before it prepares itself."""
        self._may_prepare.clear()

    def release(self) -> None:
        """Let the renderer prepare itself; from any thread."""
        self._may_prepare.set()

    def stop(self) -> None:
        """Finish the frame in hand and end the thread."""
        with self._wish:
            self._running = False
            self._wish.notify()
        self.release()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def show(self, **changes: Any) -> None:
        """Wish for the current scene with these fields of `Scene` changed."""
        with self._wish:
            self._superseded += self._dirty
            self._scene = replace(self._scene, stamp=time.monotonic(), **changes)
            self._dirty = self._scene.avatar is not None
            self._wish.notify()

    def take(self) -> Frame | None:
        """Return the newest frame once; None if it was taken already or shows another avatar than is wished for.

        The frame taken before may be drawn on from now on.
        """
        with self._wish:
            frame, self._frame = self._frame, None
            if frame is not None and frame.scene.avatar is not self._scene.avatar:
                self._let_go(frame)
                return None
            if frame is not None:
                self._let_go(self._taken)
                self._taken = frame
            return frame

    def _let_go(self, frame: Frame | None) -> None:
        if frame is not None and isinstance(frame.rgba, np.ndarray):
            self._free.append(frame.rgba)

    def _blank(self, size: int) -> NDArray[np.uint8]:
        with self._wish:
            while self._free:
                rgba = self._free.pop()
                if rgba.shape[0] == size:
                    return rgba
        return np.empty((size, size, 4), np.uint8)

    def pace(self) -> Pace:
        """Return what was measured over the last second."""
        with self._wish:
            newest = time.monotonic() - WINDOW
            recent = [ms for at, ms in self._finished if at >= newest]
            return Pace(
                float(np.median(recent)) if recent else 0.0,
                len(recent) / WINDOW,
                self._rendered,
                self._superseded,
                self._untaken,
            )

    def _run(self) -> None:
        self._may_prepare.wait()
        if not self._running:
            return
        try:
            self._prepare()
        except Exception as error:
            log.exception("the renderer could not be prepared")
            self.failed.emit(f"The renderer could not be prepared ({error}); run avatar-studio doctor.")
            return
        earliest = 0.0
        while True:
            with self._wish:
                while self._running and not self._dirty:
                    self._wish.wait()
                if not self._running:
                    return
                # Newer wishes that arrive while we keep the frame rate down replace this one.
                while self._running and (pause := earliest - time.monotonic()) > 0:
                    self._wish.wait(pause)
                scene, self._dirty = self._scene, False
            if scene.avatar is None or not self._running:
                continue
            start = time.monotonic()
            # A wish that comes a little early, as every other one does, need not wait for its predecessor's delay.
            earliest = max(earliest + 1 / MAX_FPS, start + SHORTEST)
            try:
                rgba = self._draw(scene, scene.avatar)
            except Exception as error:
                log.exception("a frame could not be drawn")
                self._avatar = None  # what stood for it on a device may be broken
                self.failed.emit(f"This view cannot be drawn ({error}); press Home to go back to the front.")
                continue
            end = time.monotonic()
            guessed = self._buffers.tint.share if scene.show_guessed and self._knows_seen else None
            with self._wish:
                self._rendered += 1
                self._finished.append((end, (end - start) * 1000))
                waiting = self._frame is not None
                self._untaken += waiting
                self._let_go(self._frame)
                self._frame = Frame(rgba, scene, (end - start) * 1000, start, guessed)
            if not waiting:
                self.ready.emit()

    def _prepare(self) -> None:
        # Imported here: numba and the backends would cost the window a second before it is shown.
        self.message.emit(self.tr("Preparing the renderer…"))
        with loading():
            from studio.core.render.numba_runtime import thread_count
            from studio.core.render.rasterize import choose_backend, warm_up

            warm_up(self.message.emit)
        choice = choose_backend()
        name = choice.name
        if name == "numba":
            name = self.tr("numba · {count} threads").format(count=thread_count())
        self.prepared.emit(name, choice.reason)

    def _draw(self, scene: Scene, avatar: Avatar) -> Pixels:
        if avatar is not self._avatar:
            self._avatar, self._drawn = avatar, on_fastest_device(avatar)
            self._on_device = isinstance(self._drawn, DeviceAvatar)
            self._knows_seen = True
        camera = scene.orbit.camera(avatar, scene.size)
        blank = None if self._on_device else self._blank(scene.size)
        draw = partial(
            render_bytes, self._drawn, scene.motion, camera, scene.background, buffers=self._buffers, out=blank
        )
        rgba: Pixels
        try:
            rgba = draw(show_guessed=scene.show_guessed and self._knows_seen)
        except SeenUnknownError:  # the legend says so instead
            self._knows_seen = False
            rgba = draw()
        if on_card(rgba):
            finish(rgba)
        return rgba
