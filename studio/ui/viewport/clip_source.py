"""`ClipSource`: an opened sound as what drives the head, in step with what is heard of it."""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.ui.session import RATE, Clip

log = logging.getLogger(__name__)

STALLED = 4.0  # s; a sound server that wakes up takes two
_SPARE = 1 / 30  # s of sound that the driver knows beyond its look-ahead


def abandon(stop: Callable[[], None]) -> None:
    """Close a lost device on a thread that nobody waits for: PortAudio may never return from it."""

    def close() -> None:
        try:
            stop()
        except Exception as error:  # it hangs in a device lost before; there is nothing left to do
            log.warning("a lost device could not be closed: %s", error)

    threading.Thread(target=close, name="lost device", daemon=True).start()


class ClipSource:
    """Plays a clip; it is known in advance, so the mouth is exactly in step with what is heard."""

    def __init__(self, clip: Clip, at: float, look_ahead: float) -> None:
        from studio.core.media.player import Player

        self._clip = clip
        self._ahead = look_ahead
        self._begin = self._read = round(at * RATE)
        self._player: Player | None = Player(clip.samples, RATE)
        self.silent_because = ""
        self._started = time.monotonic()
        self._moved = (at, self._started)
        try:
            self._player.start(at)
        except UserError as error:
            self._player = None
            self.silent_because = str(error)

    @property
    def position(self) -> float:
        """Second of the clip being heard."""
        if self._player is not None:
            return self._player.position
        here = self._begin / RATE + time.monotonic() - self._started
        return min(here, self._clip.seconds)

    @property
    def ended(self) -> bool:
        """True once the last sample was heard."""
        return self.position >= self._clip.seconds

    @property
    def lost(self) -> bool:
        """True when the sound output has not gone on for `STALLED` s."""
        return time.monotonic() - self._moved[1] > STALLED

    def read(self) -> NDArray[np.float32]:
        """Return what the driver needs to know for the present position."""
        if self.position > self._moved[0]:
            self._moved = (self.position, time.monotonic())
        end = max(self._read, round((self.position + self._ahead + _SPARE) * RATE))
        known = self._clip.samples[self._read : end]
        # Silence after the end makes the last sound final.
        chunk = np.concatenate([known, np.zeros(end - self._read - len(known), np.float32)])
        self._read = end
        return chunk

    def time(self) -> float:
        """Return the position, on the driver's clock."""
        return self.position - self._begin / RATE

    def stop(self) -> None:
        """Fall silent."""
        if self._player is not None and self.lost:
            abandon(self._player.stop)
        elif self._player is not None:
            self._player.stop()
