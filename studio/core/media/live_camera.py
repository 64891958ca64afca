"""`LiveCamera`: the newest picture of a webcam that may be unplugged and come back."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.webcam import Webcam

log = logging.getLogger(__name__)

_LOOK_FOR_DEVICE = 1.0  # s between two looks whether the camera is back
_CLOSING = 0.5  # s that `stop` waits for the device

State = Literal["opening", "seeing", "waiting", "failed"]


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture of a camera.

    Attributes
    ----------
    rgb
        ``[H,W,3]`` uint8.
    taken
        `time.monotonic` s.
    number
        Counts up; not every number is ever seen.
    """

    rgb: NDArray[np.uint8]
    taken: float
    number: int


class LiveCamera:
    """Keeps a camera open on a thread of its own; whoever asks gets the newest picture, and nobody queues.

    When the camera goes, the same one is waited for; no other is ever taken in its place.

    Parameters
    ----------
    wanted
        As `webcams` gives it. None is the first at the time it is first opened, and that one from then on.
    report
        Gets sentences about the camera, on any thread.

    Attributes
    ----------
    state
        "opening", "seeing", "waiting" for the camera, or "failed" for good.
    name
        Of the camera; known from the first "seeing" on where None was asked for.
    failure
        A sentence that says why it failed.
    """

    def __init__(self, wanted: str | None, report: Callable[[str], None]) -> None:
        self.state: State = "opening"
        self.name = wanted or ""
        self.failure = ""
        self._wanted = wanted
        self._report = report
        self._slot = threading.Condition()
        self._newest: Shot | None = None
        self._count = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="camera", daemon=True)
        self._thread.start()

    def newer(self, than: int, timeout: float) -> Shot | None:
        """Wait up to `timeout` s for a picture whose number is greater than this; None where none came."""
        with self._slot:
            self._slot.wait_for(lambda: self._over.is_set() or self._count > than, timeout)
            return self._newest if self._count > than else None

    def stop(self) -> None:
        """Let go of the camera; one that hangs is not waited for."""
        self._over.set()
        with self._slot:
            self._slot.notify_all()
        self._thread.join(_CLOSING)

    def _keep(self) -> None:
        try:
            while not self._over.is_set():
                camera = self._open()
                if camera is not None:
                    self._stay(camera)
                else:
                    self._over.wait(_LOOK_FOR_DEVICE)
        except Exception as error:
            log.exception("the camera could not be kept")
            self.failure = f"The camera stopped on a fault in the program ({error}); see Help > Log."
            self.state = "failed"

    def _open(self) -> Webcam | None:
        camera = Webcam(self._wanted)
        try:
            camera.start()
        except UserError as error:
            if self.state != "waiting":
                self.state = "waiting"
                self._say(str(error))
            return None
        before = self.state
        self._wanted = self.name = camera.name
        self.state = "seeing"
        self._say(f"The camera '{self.name}' is back." if before == "waiting" else f"Watching {self.name}.")
        return camera

    def _stay(self, camera: Webcam) -> None:
        try:
            while not self._over.is_set():
                picture = camera.read()
                if picture is None:
                    self.state = "waiting"
                    self._say(f"The camera '{self.name}' is gone; waiting for it.")
                    return
                with self._slot:
                    self._count += 1
                    self._newest = Shot(*picture, self._count)
                    self._slot.notify_all()
        finally:
            camera.stop()

    def _say(self, sentence: str) -> None:
        if not self._over.is_set():
            self._report(sentence)
