"""What every synthesiser gives: sound, and which sound of speech lies where."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Phone(NamedTuple):
    """One IPA letter, or silence where the symbol is empty, from `start` to `end` in seconds."""

    start: float
    end: float
    symbol: str


@dataclass(frozen=True)
class Utterance:
    """Mono ``samples [S]`` float32 −1..1 at `rate` Hz, its phones in order, and the voice that said it."""

    samples: NDArray[np.float32]
    rate: int
    phones: list[Phone]
    voice: str
