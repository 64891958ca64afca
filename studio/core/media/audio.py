"""Recordings in: surveyed once, then read block by block as mono or as a clip's sound, at any rate."""

import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from os import PathLike
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress, run
from studio.core.media.sound_track import SoundTrack

# −80 dBFS: below the noise of any recorder, above the dither of a muted track.
_SILENCE_PEAK = 1e-4
_DEAD = 0.01  # of the loudest channel: crosstalk of an unused input lies below
_CANCELLED = 0.1  # of the loudest channel: what is left of channels in opposite phase
_FULL_SCALE = 0.99  # 8-bit sound reaches 0.992
_CLIPPED = 1e-3  # share of samples; a few knocks on the table are not worth a word
_OFFSET = 0.01  # of full scale
_TELEPHONE = 11_025  # Hz: what lies above half of it, most of s and f, is not in the recording
_TELL_EVERY = 0.25  # s
# `load_audio` holds all samples.
_MAX_LOADED_SECONDS = 2 * 3600.0


@dataclass(frozen=True, eq=False)
class Recording:
    """What a first pass over a file found; it holds no sound.

    Attributes
    ----------
    rate
        Hz, the file's own.
    samples
        Of one channel, counted rather than believed from a header.
    mix
        ``[C]`` float32: the share of each channel in the mono sum.
    notes
        Sentences about what is wrong with it, and what to do, though it can be used.
    """

    path: Path
    rate: int
    samples: int
    mix: NDArray[np.float32]
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long it is, s."""
        return self.samples / self.rate

    @property
    def clip_channels(self) -> int:
        """Channels of `read_channels`: 2 for stereo whose sides both carry sound, else 1."""
        return 2 if len(self.mix) == 2 and self.mix.all() else 1


def survey(path: str | PathLike[str]) -> Job[Recording]:
    """Decode a recording from end to end and find its length, its live channels and its faults, as a job.

    Raises
    ------
    UserError
        If the file cannot be read, holds no sound or only silence, holds samples that are not numbers, or
        is out of the bounds of `SoundTrack`.
    """
    track, count = SoundTrack(path), _Statistics()
    told = time.monotonic()
    yield Progress(0.0, "reading the recording")
    for block in track:
        if not np.isfinite(block).all():
            raise UserError(f"'{track.path.name}' holds damaged samples; export the recording again.")
        count.add(block)
        if time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            yield Progress(track.share_read, "reading the recording")
    if count.peak < _SILENCE_PEAK:
        raise UserError(f"'{track.path.name}' holds only silence; choose a recording of speech.")
    mix = mix_of(count.covariance)
    return Recording(track.path, track.rate, count.samples, mix, tuple(_notes(track, count, mix)))


def read_audio_blocks(recording: Recording, rate: int = 16_000) -> Generator[NDArray[np.float32], None, None]:
    """Yield a surveyed recording as mono samples ``[S]`` at `rate` Hz, a second or less at a time.

    Raises
    ------
    UserError
        If the file is no longer what was surveyed.
    """
    yield from _resampled((block @ recording.mix for block in _again(recording)), recording.rate, rate)


def read_channels(recording: Recording, rate: int) -> Generator[NDArray[np.float32], None, None]:
    """Yield a surveyed recording as a clip carries it: ``[S,C]`` −1..1 at `rate` Hz, stereo where both sides live.

    Raises
    ------
    UserError
        If the file is no longer what was surveyed.
    """
    blocks: Iterable[NDArray[np.float32]] = _again(recording)
    if recording.clip_channels == 1:
        blocks = ((block @ recording.mix)[:, None] for block in blocks)
    for block in _resampled(blocks, recording.rate, rate):
        yield np.clip(block, -1, 1)


def load_audio(path: str | PathLike[str], rate: int = 16_000) -> NDArray[np.float32]:
    """Read the first sound track of a file as mono samples ``[S]`` at `rate` Hz.

    Raises
    ------
    UserError
        As `survey`, or if it is longer than two hours.
    """
    return load_recording(run(survey(path)), rate)


def load_recording(recording: Recording, rate: int = 16_000) -> NDArray[np.float32]:
    """Read all of a surveyed recording as mono samples ``[S]`` at `rate` Hz.

    Raises
    ------
    UserError
        As `read_audio_blocks`, or if it is longer than two hours.
    """
    if recording.seconds > _MAX_LOADED_SECONDS:
        raise UserError(f"'{recording.path.name}' is longer than two hours; cut it into shorter pieces.")
    return np.concatenate(list(read_audio_blocks(recording, rate)))


def mix_of(covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the share ``[C]`` of each channel in the mean of those that carry sound.

    Empty channels would only make a lone microphone quieter. Where the channels cancel each other
    (a track in opposite phase) the loudest stands for all.

    Parameters
    ----------
    covariance
        ``[C,C]`` of the channels.
    """
    loudness, alive = np.sqrt(np.diag(covariance)), _alive(covariance)
    mix = (alive / alive.sum()).astype(np.float32)
    if np.sqrt(max(mix @ covariance @ mix, 0.0)) < _CANCELLED * loudness.max():
        mix = np.zeros_like(mix)
        mix[loudness.argmax()] = 1
    return mix


def _alive(covariance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which channels ``[C]`` carry sound."""
    loudness = np.sqrt(np.diag(covariance))
    return loudness >= _DEAD * loudness.max()


class _Statistics:
    """What is known of the samples so far, without keeping them."""

    def __init__(self) -> None:
        self.samples = 0
        self._sum = self._products = np.zeros(0)
        self._low = self._high = np.zeros(0)
        self._cut = np.zeros(0)

    def add(self, block: NDArray[np.float32]) -> None:
        if self.samples == 0:
            channels = block.shape[1]
            self._sum, self._cut = np.zeros(channels), np.zeros(channels)
            self._products = np.zeros((channels, channels))
            self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self.samples += len(block)
        exact = block.astype(np.float64)
        self._sum += exact.sum(axis=0)
        self._products += exact.T @ exact
        self._low = np.minimum(self._low, block.min(axis=0))
        self._high = np.maximum(self._high, block.max(axis=0))
        full = np.abs(block) >= _FULL_SCALE
        # Three in a row: a wave that was cut off, not one that just reached the top.
        self._cut += (full[2:] & full[1:-1] & full[:-2]).sum(axis=0)

    @property
    def peak(self) -> float:
        """Half the range of the widest channel: a constant is no sound."""
        return float((self._high - self._low).max()) / 2

    @property
    def offset(self) -> NDArray[np.float64]:
        return self._sum / self.samples

    @property
    def covariance(self) -> NDArray[np.float64]:
        return self._products / self.samples - np.outer(self.offset, self.offset)

    @property
    def clipped(self) -> NDArray[np.float64]:
        """``[C]`` share of samples at full scale."""
        return self._cut / self.samples


def _notes(track: SoundTrack, count: _Statistics, mix: NDArray[np.float32]) -> Iterator[str]:
    name, live, alive = f"'{track.path.name}'", mix > 0, _alive(count.covariance)
    if track.missing:
        yield f"{name} {track.missing}; get a whole copy of it to have the rest."
    if not alive.all():
        which = f"{alive.sum()} of the {len(mix)} channels"
        if len(mix) == 2:
            which = "the left channel" if alive[0] else "the right channel"
        yield f"Only {which} of {name} {'carry' if alive.sum() > 1 else 'carries'} sound; the rest is left out."
    elif not live.all():
        yield f"The channels of {name} cancel each other; only the loudest is used."
    if track.rate <= _TELEPHONE:
        yield f"{name} is telephone sound ({track.rate} Hz): s and f are guessed; record at 16000 Hz or more."
    clipped = count.clipped[live].max()
    if clipped > _CLIPPED:
        yield f"{name} is overdriven: {100 * clipped:.1f} % of it is cut off at full scale; record it more quietly."
    offset = np.abs(count.offset[live]).max()
    if offset > _OFFSET:
        yield (
            f"{name} has a constant offset of {100 * offset:.0f} % of full scale, which the lips ignore; "
            "check the recorder's input."
        )


def _again(recording: Recording) -> Iterator[NDArray[np.float32]]:
    """Decode a surveyed recording once more, and make sure that it is still the same."""
    read, shape = 0, (recording.rate, len(recording.mix))
    track = SoundTrack(recording.path)
    changed = UserError(f"'{recording.path.name}' changed while it was read; start again when it is finished.")
    for block in track:
        read += len(block)
        if read > recording.samples or (track.rate, block.shape[1]) != shape:
            raise changed
        yield block
    if read < recording.samples:
        raise changed


def _resampled(
    blocks: Iterable[NDArray[np.float32]], rate: int, new_rate: int
) -> Generator[NDArray[np.float32], None, None]:
    """Yield blocks ``[S]`` or ``[S,C]`` at another rate, Hz, as if they were one."""
    stream: soxr.ResampleStream | None = None
    shape: tuple[int, ...] = ()
    for block in blocks:
        shape = block.shape[1:]
        if rate == new_rate:
            yield block
            continue
        if stream is None:
            stream = soxr.ResampleStream(rate, new_rate, prod(shape), dtype="float32")
        resampled = stream.resample_chunk(np.ascontiguousarray(block))
        if len(resampled):
            yield resampled
    if stream is not None:
        yield stream.resample_chunk(np.zeros((0, *shape), np.float32), last=True)
