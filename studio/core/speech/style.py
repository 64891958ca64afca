"""How one person speaks: how far, how tightly and how late the mouth goes, against the one that sound alone moves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.speech.ranges import check_ranges

_OPENING = ("jawOpen", "mouthClose", "mouthLowerDown", "mouthUpperUp")
_WIDTH = ("mouthPucker", "mouthFunnel", "mouthStretch", "mouthSmile")

RANGES: dict[str, tuple[float, float]] = {
    "opening": (0.6, 1.6),
    "width": (0.6, 1.6),
    "closure": (0.6, 1.6),
    "lag": (-0.08, 0.08),
    "agreement": (0.0, 1.0),
}
"""Lowest and highest value of every part of a style."""


@dataclass(frozen=True)
class SpeakingStyle:
    """What sets a person's way of speaking apart; the defaults change nothing.

    Attributes
    ----------
    opening
        How far jaw and lips open, times what the sound alone gives.
    width
        How far the lips go round and wide, in the same way.
    closure
        How readily the lips shut, in the same way.
    lag
        s by which the mouth comes after the sound.
    agreement
        0..1: the correlation of sound and lips from which this was learnt; 0 where nothing was.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    opening: float = 1.0
    width: float = 1.0
    closure: float = 1.0
    lag: float = 0.0
    agreement: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)

    def applied(self, code: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return an ARKit code ``[52]`` of the mouth as this person's mouth shows it."""
        if self == _PLAIN:
            return code
        return np.minimum(code * _gains(self.opening, self.width), np.float32(1))

    def told(self) -> dict[str, float]:
        """Return the values by name, for files and for machines."""
        return asdict(self)

    def in_words(self) -> str:
        """Return the style in half a sentence."""
        return (
            f"opens {self.opening:.2f} ×, widens {self.width:.2f} ×, shuts {self.closure:.2f} ×, "
            f"{1e3 * self.lag:+.0f} ms after the sound (sound and lips agree to {self.agreement:.2f})"
        )

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "SpeakingStyle":
        """Return what a file keeps; heads that learnt nothing speak as the sound alone does.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is incomplete or out of range.
        """
        kept = meta.get("speaking_style")
        return cls() if kept is None else cls(**{field.name: float(kept[field.name]) for field in fields(cls)})


_PLAIN = SpeakingStyle()


@cache
def _gains(opening: float, width: float) -> NDArray[np.float32]:
    gains = np.ones(len(ARKIT_NAMES), np.float32)
    for i, name in enumerate(ARKIT_NAMES):
        gains[i] = opening if name.startswith(_OPENING) else width if name.startswith(_WIDTH) else 1.0
    return gains
