"""The microphone's sound played again, as late as the picture, so that sound and lips leave together."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media import pulse
from studio.core.media.audio_clock import AudioClock
from studio.core.media.microphone import Microphone
from studio.core.media.portaudio import lock, port_audio, running
from studio.core.media.sound_devices import SoundDevice, find_output, portaudio_index, stream_device

_KEPT = 4.0  # s
_SETTLE = 1.0  # s in which a wrong delay is mended by playing faster or slower
_BEND = 0.005  # of the speed: a twelfth of a semitone, which nobody hears
_JUMP = 0.06  # s of wrong delay, beyond which sound is left out or repeated instead
_FADE = 0.01  # s of crossfade then
_LOST_AFTER = 1.0
_STARTING = 5.0
_LONGEST_DELAY = 2.0  # s between program and ear; what claims more does not know it


class DelayedSound:
    """Sound written by the clock of one device and read by that of another.

    The reader says which sample should be heard now; small errors are mended by a slightly different speed, large
    ones by a crossfade to the right place.

    Parameters
    ----------
    rate
        Hz, of both devices by their own account.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._kept = np.zeros(int(_KEPT * rate), np.float32)
        self._written = 0  # number of the sample after the newest
        self._at = math.nan  # number of the sample to read next
        self._last = 0.0

    def write(self, first: int, samples: NDArray[np.float32]) -> None:
        """Keep samples ``[S]``, the first of them with this number; one thread only."""
        length = len(self._kept)
        samples = samples[-length:]
        index = (first + np.arange(len(samples))) % length
        self._kept[index] = samples
        self._written = first + len(samples)

    def read(self, count: int, wanted: float) -> NDArray[np.float32]:
        """Return `count` samples, of which the first should be the one numbered `wanted`; one thread only."""
        error = wanted - self._at
        if not abs(error) <= _JUMP * self._rate:  # also the first time
            before = self._take(self._at + np.arange(count)) if math.isfinite(self._at) else np.zeros(count)
            self._at = wanted
            fade = np.clip(np.arange(count) / (_FADE * self._rate), 0, 1)
            sound = self._take(wanted + np.arange(count)) * fade + before * (1 - fade)
            self._at += count
        else:
            step = 1 + float(np.clip(error / (_SETTLE * self._rate), -_BEND, _BEND))
            sound = self._take(self._at + step * np.arange(count))
            self._at += step * count
        self._last = float(sound[-1]) if count else self._last
        return sound.astype(np.float32)

    def _take(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate at numbers between samples, by Catmull and Rom's cubic; what is not there fades to silence."""
        whole = np.floor(place).astype(np.int64)
        t = place - whole
        length = len(self._kept)
        a, b, c, d = (self._kept[(whole + k) % length] for k in (-1, 0, 1, 2))
        sound = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        there = (whole - 1 >= self._written - length) & (whole - 1 >= 0) & (whole + 2 < self._written)
        if there.all():
            return sound
        held = self._last * np.clip(1 - np.arange(len(place)) / (_FADE * self._rate), 0, 1)
        return np.where(there, sound, held if not there.any() else 0.0)


class Monitor:
    """Plays a running microphone on the system's output.

    Parameters
    ----------
    microphone
        Must have been started; its `listener` is used.
    delay
        Returns by how many s the sound leaves after it reached the microphone.
    name
        Of the output, as `output_devices` gives it; None is the system's.
    """

    def __init__(self, microphone: Microphone, delay: Callable[[], float], name: str | None = None) -> None:
        self._wanted = name
        self.name = name or ""
        self._microphone = microphone
        self._delay = delay
        self._finished = False
        self._lost_at = 0.0
        self._device: SoundDevice | None = None
        self._stream: Any = None

    def start(self) -> None:
        """Open the output.

        Raises
        ------
        StaleListError
            If the output was connected after PortAudio listed the devices, and streams are running.
        UserError
            If it is missing or cannot be opened.
        """
        with lock:
            self.stop()
            self._open(find_output(self.name or self._wanted))

    def stop(self) -> None:
        """Fall silent."""
        self._microphone.listener = None
        stream, self._stream = self._stream, None
        if stream is not None:
            with lock:
                running.discard(self)
                stream.close()

    @property
    def running(self) -> bool:
        """Whether the output is open."""
        return self._stream is not None

    @property
    def lost(self) -> bool:
        """Whether the output stopped taking sound."""
        return self._stream is not None and (self._finished or time.monotonic() > self._lost_at)

    def follow(self) -> str:
        """Look whether the sound server moved the stream to another output; see `Microphone.follow`."""
        if self._stream is None or self._device is None:
            return ""
        now = stream_device("sink", self._device)
        if now is None:
            self._finished = True
        if now is None or now == self._device:
            return ""
        before, self.name, self._device = self.name, now.name, now
        return f"The system's sound settings moved the monitor from '{before}' to '{self.name}'."

    def _open(self, device: SoundDevice) -> None:
        sounddevice = port_audio(anew=not device.routed)
        self.name, self._device = device.name, device
        index = portaudio_index(sounddevice, "sink", device)
        if index is None:
            raise StaleListError(f"The output '{device.name}' was just connected; switch the microphone off and on.")
        rate = self._microphone.rate
        self._sound = DelayedSound(rate)
        self._clock, self._played = AudioClock(rate), 0
        self._finished = False
        self._lost_at = time.monotonic() + _STARTING
        try:
            with pulse.routed("sink", device.routed) if device.routed else nullcontext():
                self._stream = sounddevice.OutputStream(
                    device=index,
                    samplerate=rate,
                    channels=1,
                    dtype="float32",
                    blocksize=rate // 100,
                    latency="low",
                    callback=self._fill,
                    finished_callback=self._finish,
                )
                self._stream.start()
        except sounddevice.PortAudioError as error:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
            raise UserError(
                f"The output '{self.name}' cannot be opened for the monitor; close other programs that use it."
            ) from error
        running.add(self)
        self._microphone.listener = self._sound.write

    def _fill(self, out: NDArray[np.float32], frames: int, timing: Any, status: Any) -> None:
        now = time.monotonic()
        self._lost_at = max(self._lost_at, now + _LOST_AFTER)
        ahead = timing.outputBufferDacTime - timing.currentTime
        if not 0 <= ahead < _LONGEST_DELAY:
            ahead = 0.0
        self._clock.update(self._played, now + ahead)
        leaves = self._clock.time_of(self._played)
        self._played += frames
        out[:, 0] = self._sound.read(frames, self._microphone.clock.sample_at(leaves - self._delay()))

    def _finish(self) -> None:
        self._finished = True


class StaleListError(UserError):
    """PortAudio's frozen list lacks a device that is there; every stream must be closed to list anew."""
