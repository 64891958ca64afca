"""Microphones.

PortAudio calls back on a thread of its own that must never wait, so the callback only copies into a ring and notes
the time. Down-mixing, resampling and metering happen in `Microphone.read`, on the thread that calls it.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media import pulse
from studio.core.media.audio_clock import AudioClock
from studio.core.media.input_health import InputHealth
from studio.core.media.portaudio import lock, port_audio, running
from studio.core.media.ring import RingBuffer
from studio.core.media.sound_devices import SoundDevice, find_input, portaudio_index, stream_device

RATE = 16000
_RING_SECONDS = 4.0
# Callbacks come every few milliseconds; a second without one means that the device is gone. The first may
# take longer: a Bluetooth headset, or PulseAudio waking an idle source, needs two.
_LOST_AFTER = 1.0
_STARTING = 5.0
_BLOCKS_PER_SECOND = 200
_LONGEST_DELAY = 2.0  # s between microphone and program; what claims more does not know it
SILENCE_DB = -90.0
_METER_DECAY_DB = 24.0  # per second of sound


class Microphone:
    """One microphone, from start to stop, as 16 kHz mono.

    Parameters
    ----------
    name
        As `input_devices` gives it; None is the system's default.

    Attributes
    ----------
    name
        The device in use; known from `start` on where None was asked for.
    rate
        Hz, of the device itself; known from `start` on.
    clock
        Of the device's samples, at its own rate.
    overflows
        How often sound was dropped: the system did, or nobody read for `_RING_SECONDS`.
    listener
        Gets what is read, mono ``[S]`` at the device's own rate, and the number of its first sample, on the thread
        that reads.
    """

    def __init__(self, name: str | None = None) -> None:
        self._wanted = name
        self.name = name or ""
        self.rate = RATE
        self.clock = AudioClock(RATE)
        self.overflows = 0
        self.listener: Callable[[int, NDArray[np.float32]], None] | None = None
        self._stream: Any = None
        self._device: SoundDevice | None = None
        self._level_db = SILENCE_DB
        self._remarks: list[str] = []

    def start(self) -> None:
        """Open the device at its own rate and begin to capture; starting again reopens it.

        Raises
        ------
        UserError
            If PortAudio, the named device or any microphone is missing, or the device cannot be opened.
        """
        with lock:
            self.stop()
            self._open(find_input(self._wanted))

    def stop(self) -> None:
        """Release the device; what was not read is gone."""
        with lock:
            running.discard(self)
            self._close()

    def read(self) -> NDArray[np.float32]:
        """Return everything captured since the last read, mono ``[S]`` at 16 kHz; empty if nothing."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        captured = self._ring.take()
        if len(captured) == 0:
            return np.zeros(0, np.float32)
        self._remarks += self._health.push(captured, self.overflows)
        mono = self._health.mix(captured)
        if self.listener is not None:
            self.listener(self._read, mono)
        self._read += len(captured)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono)
        self._meter(mono)
        return mono

    def remarks(self) -> list[str]:
        """Return what is wrong with the sound read since the last call, one sentence each; mostly none."""
        said, self._remarks = self._remarks, []
        return said

    @property
    def level(self) -> float:
        """Loudness of what was read last, dBFS: rises at once, falls slowly, never below −90."""
        return self._level_db

    @property
    def lost(self) -> bool:
        """Whether the device stopped delivering, unplugged for instance; `start` tries it again."""
        if self._stream is None:
            return False
        return self._finished or time.monotonic() > self._lost_at

    def follow(self) -> str:
        """Look whether the sound server moved the stream to another microphone; it never says so.

        Returns
        -------
        A sentence if a person did that in the system's settings. If it happened because the device went, `lost` is
        true from now on, and "" is returned.
        """
        if self._stream is None or self._device is None:
            return ""
        now = stream_device("source", self._device)
        if now is None:
            self._finished = True
            self._ring.take()  # it may hold what the other one heard
        if now is None or now == self._device:
            return ""
        before, self.name, self._device = self.name, now.name, now
        return f"The system's sound settings replaced the microphone '{before}' by '{self.name}'."

    def _capture(self, block: NDArray[np.float32], frames: int, timing: Any, status: Any) -> None:
        now = time.monotonic()
        self._lost_at = max(self._lost_at, now + _LOST_AFTER)
        if status.input_overflow or not self._ring.put(block):
            self.overflows += 1
        delay = timing.currentTime - timing.inputBufferAdcTime
        if not 0 < delay < _LONGEST_DELAY:
            delay = frames / self.rate
        self.clock.update(self._captured, now - delay)
        self._captured += frames

    def _finish(self) -> None:
        self._finished = True

    def _meter(self, mono: NDArray[np.float32]) -> None:
        if len(mono) == 0:
            return
        loudness = 10 * float(np.log10(np.mean(np.square(mono)) + 1e-12))
        fallen = self._level_db - _METER_DECAY_DB * len(mono) / RATE
        self._level_db = max(loudness, fallen, SILENCE_DB)

    def _open(self, device: SoundDevice) -> None:
        sounddevice = port_audio(anew=not device.routed)
        rate = self.rate = device.rate
        self.name, self._device = device.name, device
        self._level_db = SILENCE_DB
        self._ring = RingBuffer(int(_RING_SECONDS * rate), device.channels)
        self._health = InputHealth(f"the microphone '{device.name}'", rate, device.channels)
        # Of soxr's resamplers only the one with a variable rate gives out as much as it takes in; the others give
        # 30 ms at a time, which would come as so much delay.
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32", vr=True) if rate != RATE else None
        self.clock, self._captured, self._read = AudioClock(rate), 0, 0
        self._finished = False
        self._lost_at = time.monotonic() + _STARTING
        try:
            with pulse.routed("source", device.routed) if device.routed else nullcontext():
                self._stream = sounddevice.InputStream(
                    device=portaudio_index(sounddevice, "source", device),
                    samplerate=rate,
                    channels=device.channels,
                    dtype="float32",
                    blocksize=rate // _BLOCKS_PER_SECOND,
                    latency="low",
                    callback=self._capture,
                    finished_callback=self._finish,
                )
                self._stream.start()
        except sounddevice.PortAudioError as error:
            self._close()
            raise UserError(
                f"The microphone '{self.name}' cannot be opened; close other programs that use it, "
                "or choose another one."
            ) from error
        running.add(self)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
