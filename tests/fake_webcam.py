"""A camera without a device, in place of `studio.core.media.webcam.Webcam`: it plays pictures over and over."""

import threading
import time
from itertools import islice
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.image import load_picture
from studio.core.media.video import read_frames
from studio.core.sample import sample_portrait

SIZE = (320, 240)


def nobody(width: int = SIZE[0], height: int = SIZE[1]) -> NDArray[np.uint8]:
    """Return an empty room ``[H,W,3]``."""
    return np.full((height, width, 3), 90, np.uint8)


def swaying(count: int = 30, furthest: float = 20.0) -> list[NDArray[np.uint8]]:
    """Return the sample portrait, swaying to both sides by so many px."""
    whole = np.round(load_picture(sample_portrait()).rgb * 255).astype(np.uint8)
    bust = np.ascontiguousarray(whole[:240, 60:380])
    out = []
    for i in range(count):
        move = np.array([[1, 0, furthest * np.sin(2 * np.pi * i / count)], [0, 1, 0]], np.float32)
        out.append(np.asarray(cv2.warpAffine(bust, move, SIZE, borderMode=cv2.BORDER_REPLICATE), np.uint8))
    return out


def played(clip: Path, frames: int) -> list[NDArray[np.uint8]]:
    """Return the first frames of a clip as a camera would show them."""
    return [frame for _, frame in islice(read_frames(clip, long_side=640), frames)]


class FakeWebcam:
    """Sees, goes and comes back as a test wants.

    Attributes
    ----------
    there, taken
        Whether it is plugged in, and whether another program has it.
    pictures
        What it sees, over and over.
    fps
        Pictures per second.
    made
        Every one that was opened.
    """

    there = True
    taken = False
    pictures: ClassVar[list[NDArray[np.uint8]]] = []
    fps = 30.0
    made: ClassVar[list["FakeWebcam"]] = []

    def __init__(self, name: str | None = None) -> None:
        self.name = name or "Desk camera"
        self.open = False
        self._clock = threading.Event()  # nobody sets it: it only waits
        self._count = 0
        self.made.append(self)

    def start(self) -> None:
        if not self.there:
            raise UserError(f"The camera '{self.name}' is not there; plug it in.")
        if self.taken:
            raise UserError(f"The camera '{self.name}' is taken by another program; close that one.")
        self.open = True

    def read(self) -> tuple[NDArray[np.uint8], float] | None:
        self._clock.wait(1 / self.fps)
        if not self.there:
            return None
        picture = self.pictures[self._count % len(self.pictures)]
        self._count += 1
        return picture, time.monotonic()

    def stop(self) -> None:
        self.open = False
