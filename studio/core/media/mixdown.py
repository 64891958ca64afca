"""Recordings laid on one clock, heard together."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.media.audio import Recording, read_channels


@dataclass(frozen=True)
class Laid:
    """A stretch of a recording: its seconds `begin` to `end` are heard from second `start` on.

    Attributes
    ----------
    gain
        By what its samples are multiplied.
    fade
        s at both ends over which it comes and goes: a cut in the middle of a wave would click.
    """

    recording: Recording
    start: float
    begin: float
    end: float
    gain: float = 1.0
    fade: float = 0.0

    @property
    def stop(self) -> float:
        """Second at which it ends."""
        return self.start + self.end - self.begin


def channels_of(laid: Sequence[Laid]) -> int:
    """Return 2 where any of them is stereo, else 1."""
    return max((item.recording.clip_channels for item in laid), default=1)


def mixdown(laid: Sequence[Laid], rate: int, begin: float, end: float) -> Generator[NDArray[np.float32], None, None]:
    """Yield what is heard from second `begin` to `end`: ``[S,C]`` −1..1 at `rate` Hz, a second or less at a time.

    Where nothing lies there is silence; what is too loud together is cut off.

    Raises
    ------
    UserError
        If a file is no longer what was surveyed.
    """
    channels = channels_of(laid)
    voices: dict[int, _Voice] = {}
    first, last = round(begin * rate), round(end * rate)
    for at in range(first, last, rate):
        block = np.zeros((min(rate, last - at), channels), np.float32)
        for number, item in enumerate(laid):
            start, stop = round(item.start * rate), round(item.stop * rate)
            low, high = max(start, at), min(stop, at + len(block))
            if low >= high:
                continue
            if number not in voices:
                voices[number] = _Voice(item, rate, low - start)
            heard = voices[number].read(high - low)
            if item.gain != 1 or item.fade:
                heard = heard * _loudness(item, low - start, len(heard), stop - start, rate)[:, None]
            block[low - at : low - at + len(heard)] += heard
        yield np.clip(block, -1, 1)


def _loudness(item: Laid, first: int, count: int, length: int, rate: int) -> NDArray[np.float32]:
    """Return the gain ``[count]`` of samples of a stretch of `length`, from number `first` on."""
    place = np.arange(first, first + count, dtype=np.float32)
    ramp = np.minimum(place + 1, length - place) / max(item.fade * rate, 1)
    return (item.gain * np.clip(ramp, 0, 1)).astype(np.float32)


class _Voice:
    """One recording, read from front to end."""

    def __init__(self, laid: Laid, rate: int, skipped: int) -> None:
        self._blocks: Iterator[NDArray[np.float32]] = read_channels(laid.recording, rate)
        self._left = np.zeros((0, laid.recording.clip_channels), np.float32)
        skip = round(laid.begin * rate) + skipped
        while skip > 0 and (block := next(self._blocks, None)) is not None:
            self._left, skip = block[skip:], skip - len(block)

    def read(self, count: int) -> NDArray[np.float32]:
        """Return up to `count` more samples; fewer at the recording's end."""
        pieces = [self._left]
        have = len(self._left)
        while have < count and (block := next(self._blocks, None)) is not None:
            pieces.append(block)
            have += len(block)
        joined = np.concatenate(pieces)
        self._left = joined[count:]
        return joined[:count]
