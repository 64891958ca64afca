"""How strongly a filmed face moves a head: gains of parts of the face, and of single channels.

Light to import: settings of the window are made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES

GAINS: Mapping[str, float] = {"eyeBlink": 1.15}
"""What channels are multiplied with, by how their names begin: trackers see lids that are not quite shut."""

MOST_GAIN = 2.0
_LIPS = ("jaw", "mouth", "tongue", "cheekPuff")


def _channels(*starts: str) -> NDArray[np.bool_]:
    return np.array([name.startswith(starts) for name in ARKIT_NAMES])


LIPS, BROWS = _channels(*_LIPS), _channels("brow")
"""``[52]``: the channels that speech moves, and those of the brows."""
EYES = ~(LIPS | BROWS)
"""``[52]``: all others: lids, gaze, and what goes with them."""


@dataclass(frozen=True)
class FaceGains:
    """How much of a filmed face reaches the head; 1 is as it was filmed, 0 nothing.

    Attributes
    ----------
    head, eyes, brows, lips
        0..`MOST_GAIN`, of head motion and of the channels `EYES`, `BROWS` and `LIPS`.
    channels
        Further gains by how names of channels begin; they multiply.
    """

    head: float = 1.0
    eyes: float = 1.0
    brows: float = 1.0
    lips: float = 1.0
    channels: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(0 <= gain <= MOST_GAIN for gain in (self.head, self.eyes, self.brows, self.lips)):
            raise ValueError(f"gains must lie within 0..{MOST_GAIN}")

    def with_head(self, gain: float) -> "FaceGains":
        """Return the same with another gain of the head's motion.

        Raises
        ------
        UserError
            If it is out of range.
        """
        if not 0 <= gain <= MOST_GAIN:
            raise UserError(f"The gain {gain:g} of 'head' cannot be used; use one from 0 to {MOST_GAIN:g}.")
        return replace(self, head=gain)

    def of_channels(self, lips: bool = True) -> NDArray[np.float32]:
        """Return the gain of each channel ``[52]``; without `lips` those stay with somebody else.

        Raises
        ------
        UserError
            If `channels` names none, or one of its gains is out of range.
        """
        gain = np.where(LIPS, self.lips if lips else 0.0, np.where(BROWS, self.brows, self.eyes))
        return (gain * channel_gains({**GAINS, **self.channels})).astype(np.float32)


def channel_gains(gains: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the gain of each channel ``[52]`` of gains by how names begin; of two that fit the longer name counts.

    Raises
    ------
    UserError
        If no channel begins so, or a gain is out of range.
    """
    out = np.ones(len(ARKIT_NAMES))
    for start, gain in sorted(gains.items(), key=lambda item: len(item[0])):
        chosen = _channels(start)
        if not start or not chosen.any():
            raise UserError(f"No channel's name begins with '{start}'; use one like jawOpen, mouth or eyeBlinkLeft.")
        if not 0 <= gain <= MOST_GAIN:
            raise UserError(f"The gain {gain:g} of '{start}' cannot be used; use one from 0 to {MOST_GAIN:g}.")
        out[chosen] = gain
    return out
