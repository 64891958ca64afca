"""A microphone without a device, in place of `studio.core.media.microphone.Microphone`."""

import time
from typing import ClassVar

import numpy as np

from studio.core.errors import UserError
from studio.core.media.audio import load_audio
from studio.core.media.audio_clock import AudioClock
from studio.core.media.microphone import RATE
from studio.core.sample import sample_speech


class FakeMicrophone:
    """Speaks, goes and comes back as a test wants.

    Attributes
    ----------
    there
        Whether it is plugged in.
    speed
        Of its clock, as a multiple of time.
    made
        Every one that was opened.
    """

    there = True
    words = load_audio(sample_speech(), RATE)[: 6 * RATE]
    speed = 1.0
    made: ClassVar[list["FakeMicrophone"]] = []

    def __init__(self, name: str | None = None) -> None:
        self.name, self.rate, self.overflows, self.level = name or "Desk", RATE, 0, -20.0
        self.clock = AudioClock(RATE)
        self.listener = None
        self._opened = self._read = 0.0
        self.made.append(self)

    def start(self) -> None:
        if not self.there:
            raise UserError(f"The microphone '{self.name}' is not there; plug it in.")
        self._opened = self._read = time.monotonic()

    def read(self) -> np.ndarray:
        now = time.monotonic()
        count = round((now - self._read) * self.speed * RATE) if self.there else 0
        first = round((self._read - self._opened) * self.speed * RATE)
        self._read += count / self.speed / RATE
        if count:
            self.clock.update(first, self._opened + first / self.speed / RATE)
        return np.take(self.words, range(first, first + count), mode="wrap")

    def remarks(self) -> list[str]:
        return []

    def follow(self) -> str:
        return ""

    @property
    def lost(self) -> bool:
        return not self.there

    def stop(self) -> None:
        pass
