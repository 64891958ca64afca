"""Microphones.

PortAudio calls back on a thread of its own that must never wait, so the callback only copies into a ring.
Down-mixing, resampling and metering happen in `Microphone.read`, on the thread that calls it.
"""

import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.portaudio import lock, port_audio, running

RATE = 16000
MAX_CHANNELS = 2
_RING_SECONDS = 4.0
# Callbacks come every few milliseconds; a second without one means that the device is gone. The first may
# take longer: a Bluetooth headset, or PulseAudio waking an idle source, needs two.
_LOST_AFTER = 1.0
_STARTING = 5.0
SILENCE_DB = -90.0
_METER_DECAY_DB = 24.0  # per second of sound


@dataclass(frozen=True)
class InputDevice:
    """A microphone by the name the system gives it."""

    name: str
    default: bool


def input_devices() -> list[InputDevice]:
    """Return the microphones present now, the default one first.

    Raises
    ------
    UserError
        If PortAudio is not installed.
    """
    with lock:
        sounddevice = port_audio()
        default = _default_index(sounddevice)
        found = {
            device["name"]: InputDevice(device["name"], device["index"] == default)
            for device in sounddevice.query_devices()
            if device["max_input_channels"] > 0
        }
    return sorted(found.values(), key=lambda device: not device.default)


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
    overflows
        How often sound was dropped: the system did, or nobody read for `_RING_SECONDS`.
    """

    def __init__(self, name: str | None = None) -> None:
        self._wanted = name
        self.name = name or ""
        self.overflows = 0
        self._stream: Any = None
        self._level_db = SILENCE_DB

    def start(self) -> None:
        """Open the device at its own rate and begin to capture; starting again reopens it.

        Raises
        ------
        UserError
            If PortAudio, the named device or any microphone is missing, or the device cannot be opened.
        """
        with lock:
            self.stop()
            self._open(port_audio())

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
        mono = captured.mean(axis=1)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono)
        self._meter(mono)
        return mono

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

    def _capture(self, block: NDArray[np.float32], frames: int, clock: Any, status: Any) -> None:
        self._lost_at = time.monotonic() + _LOST_AFTER
        if status.input_overflow or not self._ring.put(block):
            self.overflows += 1

    def _finish(self) -> None:
        self._finished = True

    def _meter(self, mono: NDArray[np.float32]) -> None:
        if len(mono) == 0:
            return
        loudness = 10 * float(np.log10(np.mean(np.square(mono)) + 1e-12))
        fallen = self._level_db - _METER_DECAY_DB * len(mono) / RATE
        self._level_db = max(loudness, fallen, SILENCE_DB)

    def _open(self, sounddevice: ModuleType) -> None:
        device = self._find(sounddevice)
        rate = int(device["default_samplerate"])
        channels = min(device["max_input_channels"], MAX_CHANNELS)
        self.name = device["name"]
        self._level_db = SILENCE_DB
        self._ring = RingBuffer(int(_RING_SECONDS * rate), channels)
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None
        self._finished = False
        self._lost_at = time.monotonic() + _STARTING
        try:
            self._stream = sounddevice.InputStream(
                device=device["index"],
                samplerate=rate,
                channels=channels,
                dtype="float32",
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

    def _find(self, sounddevice: ModuleType) -> dict[str, Any]:
        devices = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
        if not devices:
            raise UserError("No microphone was found; plug one in, or open a recording instead.")
        if self._wanted is None:
            default = _default_index(sounddevice)
            return next((device for device in devices if device["index"] == default), devices[0])
        for device in devices:
            if device["name"] == self._wanted:
                return device
        names = ", ".join(f"'{device['name']}'" for device in devices)
        raise UserError(f"The microphone '{self._wanted}' is not there; choose one of {names}.")

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class RingBuffer:
    """A fixed block of sound between one writer thread and one reader thread, without a lock.

    Each side moves only its own counter, and only after the samples are copied.
    """

    def __init__(self, length: int, channels: int) -> None:
        self._samples = np.zeros((length, channels), np.float32)
        self._written = 0
        self._read = 0

    def put(self, block: NDArray[np.float32]) -> bool:
        """Copy a block ``[S,C]`` in; return False, and drop it, where it does not fit."""
        length = len(self._samples)
        if len(block) > length - (self._written - self._read):
            return False
        start = self._written % length
        head = min(len(block), length - start)
        self._samples[start : start + head] = block[:head]
        self._samples[: len(block) - head] = block[head:]
        self._written += len(block)
        return True

    def take(self) -> NDArray[np.float32]:
        """Return a copy ``[S,C]`` of everything put in since the last take."""
        length, written = len(self._samples), self._written
        start, count = self._read % length, written - self._read
        head = min(count, length - start)
        block = np.concatenate([self._samples[start : start + head], self._samples[: count - head]])
        self._read = written
        return block


def _default_index(sounddevice: ModuleType) -> int:
    return int(sounddevice.default.device[0])
