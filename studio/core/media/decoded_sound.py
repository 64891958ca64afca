"""A recording decoded once into a scratch file, so that any place of it can be heard at once, in little memory."""

import errno
import secrets
import time
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import read_channels, survey

RATE = 48_000
"""Hz, of everything that is mixed and played."""
MAX_SECONDS = 4 * 3600.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SURVEYED = 0.3  # of the whole
_TELL_EVERY = 0.25  # s


@dataclass(frozen=True)
class DecodedSound:
    """Sound at `RATE` in a file of 16-bit samples.

    Attributes
    ----------
    samples
        Of one channel.
    channels
        1 or 2.
    notes
        Sentences about what is wrong with the recording, though it can be used.
    """

    path: Path
    samples: int
    channels: int
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it is, s."""
        return self.samples / RATE

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        """Return samples ``[count,2]`` −1..1 from number `first` on; silence before the first and after the last."""
        out = np.zeros((count, 2), np.float32)
        begin, end = max(first, 0), min(first + count, self.samples)
        if begin < end:
            offset, wanted = 2 * begin * self.channels, (end - begin) * self.channels
            found = np.fromfile(self.path, np.int16, wanted, offset=offset).reshape(-1, self.channels)
            out[begin - first : begin - first + len(found)] = found * np.float32(1 / 32768)
        return out


def decode_sound(path: str | PathLike[str], folder: Path) -> Job[DecodedSound]:
    """Decode a recording into a file of `folder`, as a job; what it wrote is removed where it does not finish.

    Raises
    ------
    UserError
        As `studio.core.media.audio.survey`, if the recording is longer than four hours, or the disk is full.
    """
    path = Path(path)
    watch = Stopwatch()
    recording = yield from share(survey(path), watch, 0.0, _SURVEYED)
    if recording.seconds > MAX_SECONDS:
        raise UserError(f"'{path.name}' is longer than {MAX_SECONDS / 3600:g} hours; cut it into shorter pieces.")
    scratch, count, done, told = folder / f"{secrets.token_hex(8)}.pcm", 0, False, time.monotonic()
    try:
        with closing(read_channels(recording, RATE)) as blocks, scratch.open("wb") as file:
            for block in blocks:
                file.write(np.round(np.clip(block, -1, 1) * 32767).astype(np.int16).tobytes())
                count += len(block)
                if time.monotonic() - told > _TELL_EVERY:
                    told = time.monotonic()
                    part = min(count / RATE / max(recording.seconds, 1e-9), 1.0)
                    yield watch.progress(_SURVEYED + (1 - _SURVEYED) * part, "decoding the sound")
        done = True
    except OSError as error:
        if error.errno in _FULL:
            needed = 2 * recording.clip_channels * RATE * recording.seconds / 1e6
            raise UserError(
                f"The disk is full; '{path.name}' needs {needed:.0f} MB of scratch space, free some."
            ) from error
        raise
    finally:
        if not done:
            scratch.unlink(missing_ok=True)
    return DecodedSound(scratch, count, recording.clip_channels, recording.notes)
