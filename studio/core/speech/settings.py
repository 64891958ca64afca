"""What a person may adjust about how sound moves a mouth."""

import math
from dataclasses import dataclass

from studio.core.speech.features import HOP_SECONDS
from studio.core.speech.network import DELAYS
from studio.core.speech.ranges import check_ranges

LOOK_AHEADS = tuple(delay * HOP_SECONDS for delay in DELAYS)
"""s: 0.02, 0.05 and 0.08."""

RANGES: dict[str, tuple[float, float]] = {
    "gain": (0.0, 2.0),
    "closure": (0.0, 2.0),
    "emphasis": (0.0, 2.0),
    "smoothing": (0.0, 1.0),
    "sensitivity": (0.0, 1.0),
}
"""Lowest and highest value of every slider."""


@dataclass(frozen=True)
class SpeechSettings:
    """How a `SpeechDriver` answers to sound; the defaults are a relaxed speaker in a quiet room.

    Attributes
    ----------
    look_ahead
        s: one of `LOOK_AHEADS`. More hears the mouth better and shows it later.
    gain
        0..2: how far the mouth moves. Lips that close still close.
    closure
        0..2: how readily lips shut on p, b and m; 0 never shuts them.
    emphasis
        0..2: how much more the mouth opens, and head and brows move, on loud and stressed syllables; 0 not at all.
    smoothing
        0..1: how much slower jaw and lip shapes may change; closures stay as quick as they are.
    sensitivity
        0..1: how little sound counts as a voice. Lower it in a noisy room, raise it for a soft voice.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    look_ahead: float = 0.08
    gain: float = 1.0
    closure: float = 1.0
    emphasis: float = 1.0
    smoothing: float = 0.0
    sensitivity: float = 0.5

    def __post_init__(self) -> None:
        known = [value for value in LOOK_AHEADS if math.isclose(value, self.look_ahead)]
        if not known:
            raise ValueError(f"look_ahead is {self.look_ahead} s; choose one of {LOOK_AHEADS}")
        object.__setattr__(self, "look_ahead", known[0])
        check_ranges(self, RANGES)
