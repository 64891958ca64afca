"""Webcams: their names, and the pictures of one.

OpenCV opens them by number, and numbers follow the order in which they were plugged in; Linux tells names in `/sys`,
elsewhere a number has to do as a name.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError

WIDTH, HEIGHT, FPS = 640, 480, 30
"""What is asked of a camera; more costs time and shows the tracker nothing."""
LARGEST = 1280
"""px, long side; a camera that insists on more is shrunk."""

_SYSTEM = Path("/sys/class/video4linux")
_PROBED = 4  # cameras looked for where no list of names exists
_MISSED = 5  # pictures in a row without which a camera is gone
_OLDEST = 1.0  # s; a driver whose time of a picture lies further back counts from somewhere else


def webcams() -> list[str]:
    """Return the names of the cameras present now, in the order they were plugged in."""
    return [name for name, _ in _cameras()]


class Webcam:
    """One camera, from start to stop.

    Parameters
    ----------
    name
        As `webcams` gives it; None is the first.

    Attributes
    ----------
    name
        The camera in use; known from `start` on where None was asked for.
    """

    def __init__(self, name: str | None = None) -> None:
        self._wanted = name
        self.name = name or ""
        self._capture: Any = None

    def start(self) -> None:
        """Open the camera; it may take seconds.

        Raises
        ------
        UserError
            If it is not there, may not be used, or another program has it.
        """
        present = _cameras()
        if not present:
            raise UserError("No camera is connected; plug one in.")
        chosen = present[0] if self._wanted is None else next((p for p in present if p[0] == self._wanted), None)
        if chosen is None:
            raise UserError(f"The camera '{self._wanted}' is not there; plug it in.")
        self.name, number = chosen
        _check_access(self.name, number)
        capture = _quietly_opened(number)
        if not capture.isOpened():
            raise UserError(f"The camera '{self.name}' is taken by another program; close that one.")
        # MJPG first: uncompressed, a USB camera gives full size only at a few frames a second.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        for what, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, WIDTH),
            (cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT),
            (cv2.CAP_PROP_FPS, FPS),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            capture.set(what, value)
        self._capture = capture
        if self.read() is None:  # a camera that streams to somebody else may open and give nothing
            self.stop()
            raise UserError(
                f"The camera '{self.name}' gives no picture; another program may have it: close that one, or plug the "
                "camera in again."
            )

    def read(self) -> tuple[NDArray[np.uint8], float] | None:
        """Wait for the next picture; return it ``[H,W,3]`` with its time, s of `time.monotonic`; None: it is gone."""
        for _ in range(_MISSED):
            there, bgr = self._capture.read()
            if there:
                arrived = time.monotonic()
                # Video4Linux tells when the picture was taken, on the same clock; other systems may tell anything.
                told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                taken = told if arrived - _OLDEST < told <= arrived else arrived
                shrink = LARGEST / max(bgr.shape[:2])
                if shrink < 1:
                    bgr = cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
                return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), taken
        return None

    def stop(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _cameras() -> list[tuple[str, int]]:
    """Return names, made unlike where two cameras share one, and numbers."""
    found = list(_listed() if sys.platform == "linux" else _probed())
    total, seen = Counter(name for name, _ in found), Counter[str]()
    out = []
    for name, number in found:
        seen[name] += 1
        out.append((f"{name} {seen[name]}" if total[name] > 1 else name, number))
    return out


def _listed() -> Iterator[tuple[str, int]]:
    for node in sorted(_SYSTEM.glob("video*"), key=lambda path: int(path.name[5:])):
        # A camera has further nodes for what is not pictures.
        if (node / "index").read_text().strip() == "0":
            yield (node / "name").read_text().strip(), int(node.name[5:])


def _probed() -> Iterator[tuple[str, int]]:
    for number in range(_PROBED):
        capture = _quietly_opened(number)
        if capture.isOpened():
            yield f"Camera {number + 1}", number
        capture.release()


def _quietly_opened(number: int) -> cv2.VideoCapture:
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)  # what it says on the console is said better by whoever asks
    try:
        return cv2.VideoCapture(number, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
    finally:
        cv2.setLogLevel(level)


def _check_access(name: str, number: int) -> None:
    node = Path(f"/dev/video{number}")
    if sys.platform == "linux" and not os.access(node, os.R_OK | os.W_OK):
        raise UserError(f"The camera '{name}' may not be used; add yourself to the group 'video' and log in again.")
