"""`LiveOut`: the head as it is now, for other programs: as a camera, and as motion by VMC; and their motion for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.errors import UserError
from studio.core.motion.motion import Motion
from studio.ui.viewport.drive_loop import DriveLoop
from studio.ui.viewport.frame_loop import Frame

if TYPE_CHECKING:
    from studio.core.media.virtual_camera import VirtualCamera
    from studio.core.motion.vmc import VmcReceiver, VmcSender

CAMERA = (1280, 720)
"""px; what programs that take a camera are sure to take."""
CAMERA_FPS = 30


@dataclass(frozen=True, eq=False)
class _Shown:
    motion: Motion
    rgba: NDArray[np.uint8] | None
    """Only where a camera shows it."""


class LiveOut(QObject):
    """Hands frames on from a thread of its own: nobody waits for a program that is slow."""

    camera_changed = Signal(bool, str)
    """Whether the camera shows the head, and the sentence for people."""
    _told = Signal(int, bool, str)
    """From a camera's thread: its number, and what it says."""
    sending_changed = Signal(bool)
    hearing_changed = Signal(bool)

    def __init__(self, drive: DriveLoop, say: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drive, self._say = drive, say
        self._camera: VirtualCamera | None = None
        self._sender: VmcSender | None = None
        self._receiver: VmcReceiver | None = None
        self._newest: Queue[_Shown | None] = Queue(1)
        self._thread: threading.Thread | None = None
        self._cameras = 0  # how many there were
        self._told.connect(self._camera_told)

    def give(self, frame: Frame) -> None:
        """Hand on a frame that is being shown; it is copied where a camera needs it."""
        if self._camera is None and self._sender is None:
            return
        rgba: Any = None
        if self._camera is not None:
            rgba = frame.rgba if isinstance(frame.rgba, np.ndarray) else frame.rgba.cpu().numpy()
            rgba = np.array(rgba)
        self._put(_Shown(frame.scene.motion, rgba))

    def show_camera(self, on: bool) -> None:
        """Let other programs see the head as a camera, or no more."""
        from studio.core.media import virtual_camera

        camera, self._camera = self._camera, None
        self._cameras += 1
        if camera is not None:
            threading.Thread(target=camera.close, name="virtual camera", daemon=True).start()
        if not on:
            self.camera_changed.emit(False, "")
        elif reason := virtual_camera.missing():
            self.camera_changed.emit(False, self.tr("No virtual camera: {reason}.").format(reason=reason))
        else:
            self._begin()
            told = partial(self._told.emit, self._cameras)
            self._camera = virtual_camera.VirtualCamera(*CAMERA, CAMERA_FPS, told)

    def _camera_told(self, number: int, shows: bool, sentence: str) -> None:
        if number == self._cameras:  # not one that was turned off meanwhile
            self._say(sentence)
            self.camera_changed.emit(shows, sentence)

    def send(self, on: bool, host: str, port: int) -> None:
        """Send how the head moves to a program that listens for VMC, or no more."""
        from studio.core.motion.vmc import VmcSender

        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
        if on:
            try:
                self._sender = VmcSender(host, port)
            except UserError as error:
                self._say(str(error))
            else:
                self._begin()
                self._say(self.tr("Sending VMC to {host}, port {port}.").format(host=host, port=port))
        self.sending_changed.emit(self._sender is not None)

    def hear(self, on: bool, port: int, network: bool) -> None:
        """Let a program that sends VMC move the head, or no more; of this computer, or of the whole network."""
        from studio.core.motion.vmc import VmcDriver, VmcReceiver

        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.close()
        driver = VmcDriver()
        if on:
            try:
                self._receiver = VmcReceiver(driver, "0.0.0.0" if network else "127.0.0.1", port)
            except UserError as error:
                self._say(str(error))
            else:
                self._say(self.tr("Listening for VMC on port {port}.").format(port=self._receiver.port))
        self._drive.hear_vmc(driver if self._receiver is not None else None)
        self.hearing_changed.emit(self._receiver is not None)

    def stop(self) -> None:
        """End what runs."""
        self._cameras += 1
        camera, self._camera = self._camera, None
        self._put(None)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if camera is not None:
            camera.close()
        if self._sender is not None:
            self._sender.close()
            self._sender = None
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="live out", daemon=True)
            self._thread.start()

    def _put(self, shown: _Shown | None) -> None:
        """Leave the newest; what was not taken yet is late."""
        while True:
            try:
                self._newest.put_nowait(shown)
                return
            except Full:
                try:
                    self._newest.get_nowait()
                except Empty:
                    continue

    def _run(self) -> None:
        while (shown := self._newest.get()) is not None:
            sender, camera = self._sender, self._camera
            if sender is not None:
                sender.send(shown.motion)
            if camera is not None and shown.rgba is not None:
                camera.show(letterboxed(shown.rgba, *CAMERA))


def letterboxed(rgba: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture ``[H,W,4]`` over black, as large as fits into the middle of ``[height,width,3]``."""
    factor = min(width / rgba.shape[1], height / rgba.shape[0])
    size = round(rgba.shape[1] * factor), round(rgba.shape[0] * factor)
    small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    out = np.zeros((height, width, 3), np.uint8)
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    rgb = small[..., :3]
    if small[..., 3].min() < 255:
        rgb = (rgb.astype(np.uint16) * small[..., 3:] // 255).astype(np.uint8)
    out[y : y + size[1], x : x + size[0]] = rgb
    return out
