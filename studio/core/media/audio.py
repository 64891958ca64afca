"""Speech files in: any sound track becomes mono float32 at one rate, or one clear sentence."""

from os import PathLike
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.video import decode_audio

# −80 dBFS: below the noise of any recorder, above the dither of a muted track.
_SILENCE_PEAK = 1e-4


def load_audio(path: str | PathLike[str], rate: int = 16000) -> NDArray[np.float32]:
    """Read the first sound track of a file as mono samples ``[S]`` at `rate` Hz.

    Raises
    ------
    UserError
        As `load_recording`.
    """
    channels, source_rate = load_recording(path)
    return resample(downmix(channels), source_rate, rate)


def load_recording(path: str | PathLike[str]) -> tuple[NDArray[np.float32], int]:
    """Read the first sound track of a file as it is: ``[S,C]`` −1..1 and its rate, Hz.

    Raises
    ------
    UserError
        If the file cannot be read, holds no sound or only silence, holds samples that are not numbers,
        or is longer than two hours.
    """
    name = Path(path).name
    channels, rate = decode_audio(path)
    if not np.isfinite(channels).all():
        raise UserError(f"'{name}' holds damaged samples; export the recording again.")
    if np.abs(channels).max(initial=0) < _SILENCE_PEAK:
        raise UserError(f"'{name}' holds only silence; choose a recording of speech.")
    return channels, rate


def resample(samples: NDArray[np.float32], rate: int, new_rate: int) -> NDArray[np.float32]:
    """Return ``[S]`` or ``[S,C]`` at another rate, Hz."""
    if rate != new_rate:
        samples = soxr.resample(samples, rate, new_rate)
    return np.ascontiguousarray(samples, np.float32)


def downmix(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean ``[S]`` of those channels of ``[S,C]`` that carry sound.

    Empty channels would only make a lone microphone quieter. Where the channels cancel each other
    (a track in opposite phase) the loudest stands for all.
    """
    loudness = np.sqrt(np.mean(np.square(channels, dtype=np.float32), axis=0))
    loudest = float(loudness.max())
    mono = channels[:, loudness >= 0.01 * loudest].mean(axis=1, dtype=np.float32)
    if np.sqrt(np.mean(np.square(mono))) < 0.1 * loudest:
        return channels[:, int(loudness.argmax())]
    return mono
