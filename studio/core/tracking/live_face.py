"""`LiveFace`: the face before a camera, tracked on a thread of its own; whoever asks gets the newest result."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.live_camera import LiveCamera
from studio.core.motion.motion import Motion

if TYPE_CHECKING:
    from studio.core.tracking.live import LiveTracker

log = logging.getLogger(__name__)

_STILL_COMING = 0.1  # s without a picture, after which the face counts as out of sight
_TELL_LOST = 1.0  # s
_RATE_OVER = 1.0  # s
_POINTED = {
    True: "The face you pointed at is followed.",
    False: "There is no face where you pointed; the one before stays followed.",
}
_CLOSING = 2.0  # s that `stop` waits for the frame in hand


@dataclass(frozen=True, eq=False)
class Sight:
    """What was found in one picture.

    Attributes
    ----------
    motion
        T=1, ``arkit``.
    presence
        0..1: how far the face has taken over from rest.
    taken
        `time.monotonic` s of the picture; NaN where none came.
    rgb
        ``[H,W,3]`` uint8, or None.
    landmarks
        ``[478,3]`` px of it; None while no face is seen.
    """

    motion: Motion
    presence: float
    taken: float
    rgb: NDArray[np.uint8] | None
    landmarks: NDArray[np.float32] | None


NOTHING = Sight(Motion.neutral(), 0.0, math.nan, None, None)


class LiveFace:
    """Tracks the newest picture of a camera, and then the newest again; what comes meanwhile is left out.

    Parameters
    ----------
    camera
        As `webcams` gives it; None is the first.
    report
        Gets sentences about camera and face, on any thread.

    Attributes
    ----------
    newest
        The newest result; replaced as a whole.
    """

    def __init__(self, camera: str | None, report: Callable[[str], None]) -> None:
        self.newest = NOTHING
        self._failure = ""
        self._report = report
        self._camera = LiveCamera(camera, report)
        self._over = False
        self._calibrate = False
        self._calibrating = False
        self._place: tuple[float, float] | None = None
        self._done: deque[float] = deque(maxlen=120)
        self._thread = threading.Thread(target=self._run, name="face", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Of the camera; "" until it is known."""
        return self._camera.name

    @property
    def failure(self) -> str:
        """A sentence that says why there will be no more pictures, or ""."""
        return self._failure or self._camera.failure

    @property
    def waiting(self) -> bool:
        """Whether the camera is gone and waited for."""
        return self._camera.state == "waiting"

    @property
    def calibrating(self) -> bool:
        """Whether a calibration goes on."""
        return self._calibrate or self._calibrating

    @property
    def rate(self) -> float:
        """Pictures tracked in the last second."""
        newest = time.monotonic() - _RATE_OVER
        return sum(at >= newest for at in tuple(self._done)) / _RATE_OVER

    def calibrate(self) -> None:
        """Take the face of the next second for its rest: look straight and relax."""
        self._calibrate = True

    def point_at(self, place: tuple[float, float]) -> None:
        """Follow the face at a place of the picture, parts of its width and height, from now on."""
        self._place = place

    def stop(self) -> None:
        """Let go of the camera."""
        self._over = True
        self._camera.stop()
        self._thread.join(_CLOSING)

    def _run(self) -> None:
        try:
            from studio.core.tracking.live import LiveTracker

            tracker = LiveTracker()
        except Exception as error:
            log.exception("the face tracker could not be loaded")
            self._failure = f"The face tracker could not be loaded ({error}); see Help > Log."
            return
        try:
            self._track(tracker)
        except UserError as error:
            self._failure = str(error)
        except Exception as error:
            log.exception("a face could not be tracked")
            self._failure = f"The face tracker stopped on a fault in the program ({error}); see Help > Log."
        finally:
            tracker.close()

    def _track(self, tracker: "LiveTracker") -> None:
        number, seen_at, told = 0, time.monotonic(), True
        while not self._over:
            shot = self._camera.newer(number, _STILL_COMING)
            if self._calibrate:
                self._calibrate, self._calibrating = False, True
                tracker.calibrate()
            if shot is None:
                now, rgb, taken = time.monotonic(), None, math.nan
                tracker.lose(now)
            else:
                number, now, rgb, taken = shot.number, shot.taken, shot.rgb, shot.taken
                place, self._place = self._place, None
                if place is not None:
                    tracker.point_at(place)
                tracker.push(rgb, now)
                if place is not None:
                    self._say(_POINTED[_holds(tracker.landmarks, place, rgb)])
                self._done.append(time.monotonic())
            landmarks = tracker.landmarks
            self.newest = Sight(tracker.read(now), tracker.presence, taken, rgb, landmarks)
            tracker.forget(now)
            if self._calibrating and not tracker.calibrating:
                self._calibrating = False
                self._say("This is now the face at rest.")
            if landmarks is not None:
                seen_at = now
                if told:
                    told = False
                    self._say("The face is seen.")
            elif not told and rgb is not None and now - seen_at > _TELL_LOST:
                told = True
                self._say("No face is seen; the head rests until one is.")

    def _say(self, sentence: str) -> None:
        if not self._over:
            self._report(sentence)


def _holds(landmarks: NDArray[np.float32] | None, place: tuple[float, float], rgb: NDArray[np.uint8]) -> bool:
    """Return whether a place, parts of a picture's width and height, lies in the box of landmarks."""
    if landmarks is None:
        return False
    at, points = np.multiply(place, rgb.shape[1::-1]), landmarks[:, :2]
    return bool((points.min(0) <= at).all() and (at <= points.max(0)).all())
