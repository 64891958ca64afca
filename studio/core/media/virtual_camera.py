"""A camera that other programs see, showing the head: frames go to a process of its own; see there why."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from queue import Empty, Full, Queue

import numpy as np
from numpy.typing import NDArray

PROCESS = "studio.virtual_camera_process"
_PATIENCE = 5.0  # s for the process to end
INSTALL = "install it with: pip install pyvirtualcam (GPL; it runs as a process of its own)"
_DRIVERS = {
    "linux": "load v4l2loopback (sudo modprobe v4l2loopback exclusive_caps=1)",
    "win32": "install OBS Studio, which brings a virtual camera",
    "darwin": "install OBS Studio, start its virtual camera once, and stop it",
}


def missing() -> str:
    """Return why there is no virtual camera as far as this process can know, "" where there may be one."""
    return "" if find_spec("pyvirtualcam") else f"pyvirtualcam is missing; {INSTALL}"


def driver_advice() -> str:
    """Return what to do where no driver is found."""
    return _DRIVERS.get(sys.platform, "see the documentation of pyvirtualcam for a driver")


class VirtualCamera:
    """Shows the newest of the frames it is given; never makes their giver wait.

    Parameters
    ----------
    width, height
        px.
    fps
        What programs that see it are told.
    said
        Called on a thread of its own: with whether it shows, and the sentence for people.
    """

    def __init__(self, width: int, height: int, fps: float, said: Callable[[bool, str], None]) -> None:
        self.width, self.height = width, height
        self._said = said
        self._newest: Queue[bytes | None] = Queue(1)
        command = [sys.executable, "-m", PROCESS, str(width), str(height), str(fps)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._shows = threading.Event()
        self._threads = [
            threading.Thread(target=work, name="virtual camera", daemon=True) for work in (self._hear, self._feed)
        ]
        for thread in self._threads:
            thread.start()

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a frame ``[H,W,3]`` or ``[H,W,4]`` of the camera's size; an older one not yet shown is dropped.

        Raises
        ------
        ValueError
            If it is of another size.
        """
        if picture.shape[:2] != (self.height, self.width):
            raise ValueError(f"a frame has shape {picture.shape}, expected {(self.height, self.width)} and 3 or 4")
        if self._shows.is_set():
            self._put(np.ascontiguousarray(picture[..., :3]).tobytes())

    def close(self) -> None:
        """End the process and its threads."""
        self._put(None)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _put(self, data: bytes | None) -> None:
        while True:
            try:
                self._newest.put_nowait(data)
                return
            except Full:
                try:
                    if self._newest.get_nowait() is None:
                        data = None  # it ends; nothing comes after that
                except Empty:
                    pass

    def _feed(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            while (data := self._newest.get()) is not None:
                pipe.write(data)
                pipe.flush()
        except OSError:
            pass  # the process has ended; `_hear` says so
        finally:
            with suppress(OSError):
                pipe.close()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        sentence = "The virtual camera stopped; turn it on again."
        for line in self._process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # a library's own words
            if "device" in told:
                self._shows.set()
                self._said(True, f"Other programs see the head as the camera “{told['device']}”.")
            elif "missing" in told:
                sentence = f"{told['missing']} is missing; {INSTALL}."
            elif "refused" in told:
                sentence = f"No virtual camera ({told['refused'].strip().rstrip('.')}); {driver_advice()}."
        self._shows.clear()
        self._said(False, sentence)
        self._put(None)
