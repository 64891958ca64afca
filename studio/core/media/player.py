"""Sound out: what is fed ahead is played, and the clock that pictures follow tells which sample is heard now."""

import time
from collections import deque
from contextlib import nullcontext
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media import pulse
from studio.core.media.audio_clock import AudioClock
from studio.core.media.portaudio import lock, port_audio, running
from studio.core.media.ring import RingBuffer
from studio.core.media.sound_devices import find_output, portaudio_index

LATENCY = 0.1  # s; what is fed is known in advance, so sound that never breaks off is worth more than a quick start
_RING_SECONDS = 2.0
_LONGEST_DELAY = 2.0  # s between program and ear; what claims more does not know it


class Output(Protocol):
    """What takes sound and says how far it was heard; samples are counted from the first that was put in."""

    def put(self, block: NDArray[np.float32]) -> None:
        """Queue samples ``[S,2]``."""
        ...

    def drop(self) -> int:
        """Forget what is queued; return the number of the next sample to be put in."""
        ...

    @property
    def queued(self) -> int:
        """Samples that wait to be taken."""
        ...

    @property
    def room(self) -> int:
        """Samples that can be put in now."""
        ...

    @property
    def heard(self) -> float:
        """Number of the sample being heard now; never less than before, but for waiting."""
        ...

    def stop(self) -> None:
        """Fall silent at once."""
        ...


class Player:
    """Plays what `put` queues; where nothing is queued there is silence and `heard` waits.

    One thread feeds it and asks.

    Parameters
    ----------
    rate
        Hz.
    name
        Of the output, as `output_devices` gives it; None is the system's.
    """

    def __init__(self, rate: int, name: str | None = None) -> None:
        self._rate = rate
        self._name = name
        self._ring = RingBuffer(round(_RING_SECONDS * rate), 2)
        self._put = self._taken = 0
        self._keep_from = 0  # what was put in before is not played any more
        self._clock = AudioClock(rate)
        self._played = 0  # by the device, silence included
        # Of the newest blocks: the device's sample, ours, and how many of ours there are.
        self._blocks: deque[tuple[int, int, int]] = deque(maxlen=512)
        self._heard = 0.0
        self._stream: Any = None

    def start(self) -> None:
        """Begin to play.

        Raises
        ------
        UserError
            If there is no sound output, that one is missing, or it cannot be opened.
        """
        with lock:
            sounddevice, index, routed = self._find()
            try:
                with pulse.routed("sink", routed) if routed else nullcontext():
                    self._stream = sounddevice.OutputStream(
                        device=index,
                        samplerate=self._rate,
                        channels=2,
                        dtype="float32",
                        callback=self._fill,
                        latency=LATENCY,
                    )
                    self._stream.start()
                running.add(self)
            except sounddevice.PortAudioError as error:
                self._stream = None
                if self._name is not None:
                    raise UserError(
                        f"The output '{self._name}' cannot be opened; close other programs that use it, or choose "
                        "another one under Preferences."
                    ) from error
                raise UserError(
                    "No sound output could be opened; connect one or choose it in the system's sound settings."
                ) from error

    def _find(self) -> tuple[ModuleType, int | None, str]:
        """Return PortAudio, its number of the output, and where the sound server is to lead what plays there."""
        if self._name is None:
            return port_audio(), None, ""
        device = find_output(self._name)
        sounddevice = port_audio(anew=not device.routed)
        index = portaudio_index(sounddevice, "sink", device)
        if index is None:
            raise UserError(f"The output '{self._name}' was just connected; switch the microphone off and play again.")
        return sounddevice, index, device.routed

    def stop(self) -> None:
        """Fall silent at once."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with lock:
                running.discard(self)
                stream.abort()
                stream.close()

    def put(self, block: NDArray[np.float32]) -> None:
        """Queue samples ``[S,2]``, no more than `room`."""
        if not self._ring.put(block):
            raise ValueError(f"{len(block)} samples do not fit behind {self.queued} that are queued")
        self._put += len(block)

    def drop(self) -> int:
        """Forget what is queued; return the number of the next sample to be put in."""
        self._keep_from = self._put
        return self._put

    @property
    def queued(self) -> int:
        """Samples that wait to be taken."""
        return self._put - max(self._taken, self._keep_from)

    @property
    def room(self) -> int:
        """Samples that can be put in now."""
        return round(_RING_SECONDS * self._rate) - (self._put - self._taken)

    @property
    def heard(self) -> float:
        """Number of the sample being heard now."""
        device = self._clock.sample_at(time.monotonic())
        here = self._heard
        for start, ours, count in reversed(list(self._blocks)):
            if device >= start:
                here = ours + min(device - start, count)
                break
        self._heard = max(self._heard, here)
        return self._heard

    def _fill(self, out: NDArray[np.float32], frames: int, timing: Any, status: Any) -> None:
        now = time.monotonic()
        ahead = timing.outputBufferDacTime - timing.currentTime
        if not 0 <= ahead < _LONGEST_DELAY:
            ahead = LATENCY
        self._clock.update(self._played, now + ahead)
        if (skipped := self._keep_from - self._taken) > 0:
            self._taken += len(self._ring.take(skipped))
        block = self._ring.take(frames)
        out[: len(block)] = block
        out[len(block) :] = 0
        if len(block):
            self._blocks.append((self._played, self._taken, len(block)))
            self._taken += len(block)
        self._played += frames


class SilentOutput:
    """Stands for the sound output where there is none: the computer's clock takes what is queued."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._put = 0
        self._at, self._since = 0.0, time.monotonic()

    def put(self, block: NDArray[np.float32]) -> None:
        """Queue samples ``[S,2]``."""
        self._settle()
        self._put += len(block)

    def drop(self) -> int:
        """Forget what is queued; return the number of the next sample to be put in."""
        self._settle()
        self._at = float(self._put)
        return self._put

    @property
    def queued(self) -> int:
        """Samples that wait to be taken."""
        return self._put - int(self.heard)

    @property
    def room(self) -> int:
        """Samples that can be put in now."""
        return round(_RING_SECONDS * self._rate) - self.queued

    @property
    def heard(self) -> float:
        """Number of the sample whose turn it is."""
        self._settle()
        return self._at

    def stop(self) -> None:
        """Do nothing: it makes no sound."""

    def _settle(self) -> None:
        now = time.monotonic()
        self._at = min(self._at + (now - self._since) * self._rate, float(self._put))
        self._since = now
