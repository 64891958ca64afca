"""Sound out: a clip played from memory, and the clock that pictures follow."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.portaudio import lock, port_audio, running

LATENCY = 0.1  # s; a clip is known in advance, so sound that never breaks off is worth more than a quick start


class Player:
    """Plays mono samples ``[S]`` float32 on the system's output.

    `position` is what is being heard now, so a picture made for it is in step with the sound.
    """

    def __init__(self, samples: NDArray[np.float32], rate: int) -> None:
        self._samples = np.ascontiguousarray(samples, np.float32)
        self._rate = rate
        self._next = 0
        self._anchor = (0, 0.0)  # sample that starts a block, and when the block was handed over
        self._heard = 0.0
        self._stream: Any = None

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return len(self._samples) / self._rate

    def start(self, at: float = 0.0) -> None:
        """Play from `at` s.

        Raises
        ------
        UserError
            If there is no sound output or it cannot be opened.
        """
        self.stop()
        with lock:
            self._open(at)

    def _open(self, at: float) -> None:
        sounddevice = port_audio()
        self._next = round(min(max(at, 0.0), self.seconds) * self._rate)
        self._anchor = (self._next, time.monotonic())
        self._heard = self._next / self._rate
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=self._rate, channels=1, dtype="float32", callback=self._fill, latency=LATENCY
            )
            self._stream.start()
            running.add(self)
        except sounddevice.PortAudioError as error:
            self._stream = None
            raise UserError(
                "No sound output could be opened; connect one or choose it in the system's sound settings."
            ) from error

    def stop(self) -> None:
        """Fall silent at once; `position` stays where it was."""
        if self._stream is not None:
            here = self.position
            with lock:
                running.discard(self)
                self._stream.abort()
                self._stream.close()
            self._stream = None
            self._anchor = (round(here * self._rate), 0.0)

    @property
    def playing(self) -> bool:
        """True until the clip was heard to its end or stopped."""
        return self._stream is not None and self.position < self.seconds

    @property
    def position(self) -> float:
        """Seconds into the clip that are being heard now; it waits while the device does, and never goes back."""
        sample, handed_over = self._anchor
        if self._stream is None:
            return sample / self._rate
        heard = sample / self._rate + time.monotonic() - handed_over - self._stream.latency
        # A device that stalls, as a waking sound server does, has been handed nothing beyond `_next`.
        self._heard = max(self._heard, min(heard, self._next / self._rate, self.seconds))
        return self._heard

    def _fill(self, out: NDArray[np.float32], frames: int, timing: Any, status: Any) -> None:
        chunk = self._samples[self._next : self._next + frames]
        out[: len(chunk), 0] = chunk
        out[len(chunk) :] = 0
        # Past the end the anchor still advances, so that the tail in the device's buffer is heard.
        self._anchor = (self._next, time.monotonic())
        self._next += frames
