"""`SoundMix`: all sounds of a timeline as one, from any sample on."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from studio.core.media.decoded_sound import RATE, DecodedSound
from studio.core.project.timeline import Block, Timeline

FADE = 0.003  # s at both ends of a block: a cut in the middle of a wave would click


class SoundMix:
    """What a timeline sounds like. It never changes; what it gives out depends on nothing but the place asked for.

    Parameters
    ----------
    sounds
        By their key in the document's media. A block whose sound is not among them is silent.

    Attributes
    ----------
    missing
        Keys of such sounds.
    """

    def __init__(self, timeline: Timeline, sounds: Mapping[str, DecodedSound]) -> None:
        heard = timeline.sounds if timeline.heard("audio") else ()
        self._blocks = [(block, sounds[block.source]) for block in heard if block.source in sounds]
        self.missing = tuple({block.source: None for block in heard if block.source not in sounds})

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        """Return samples ``[count,2]`` −1..1 at `RATE` from the timeline's sample `first` on."""
        out = np.zeros((count, 2), np.float32)
        for block, sound in self._blocks:
            start, stop = round(block.start * RATE), round(block.stop * RATE)
            begin, end = max(first, start), min(first + count, stop)
            if begin >= end or not block.gain:
                continue
            piece = sound.read(round(block.begin * RATE) + begin - start, end - begin)
            piece *= _loudness(block, begin - start, end - begin, stop - start)[:, None]
            out[begin - first : end - first] += piece
        return np.clip(out, -1, 1, out=out)


def _loudness(block: Block, first: int, count: int, length: int) -> NDArray[np.float32]:
    """Return the gain ``[count]`` of samples of a block of `length`, from number `first` on."""
    place = np.arange(first, first + count, dtype=np.float32)
    fade = np.float32(1 / (FADE * RATE))
    return block.gain * np.clip(np.minimum((place + 1) * fade, (length - place) * fade), 0, 1)
