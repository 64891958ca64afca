"""Causal level control: brings quiet and hot inputs to one level, and tells sound from steady noise.

The network was trained on speech at about −20 dBFS ± 15 dB. Noise it heard only under speech, so it takes
a fan alone for a voice: what does not rise above the noise floor is therefore kept from the mouth.
"""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

# Sum of mel power of speech whose samples have an RMS of 1 (measured; the filters' gain is in it).
_FULL_SCALE_DB = 45.8

TARGET_DB = -26.0  # mean level of active hops, dBFS, that speech at an RMS of −20 dBFS has
GAIN_LIMITS_DB = (-15.0, 30.0)
_PRIOR_HOPS = 30  # trust put in TARGET_DB before anything was heard
_KNOWN_HOPS = 130  # a second of vowels beyond the prior
_MEMORY_HOPS = 400  # active hops over which the level is averaged, then forgotten

_FLOOR_BLOCK_HOPS = 50
_FLOOR_RANK = 2  # a block counts by its third-quietest hop: one gap is not a quiet room
_FLOOR_BLOCKS = 10  # the floor is the quietest block of the last 5 s
_UNSETTLED_HOPS = 5  # the first windows reach back before the stream and look too quiet
_FLOOR_LIMITS_DB = (-75.0, -25.0)
_STARTING_FLOOR_DB = -48.0  # no sound is known yet: assume a quiet room for the first block
_ACTIVE_DB = 9.0  # above the floor: loud enough to learn the speaker's level from
_PRESENT_DB = (2.0, 5.0)  # above the floor: from none to all of it may move the mouth
# Power is averaged over so many hops: one that decays would take 200 ms to sink from speech into a silent room.
_AVERAGED_HOPS = 6
_HOLD_HOPS = 10  # stop closures and word ends do not shut the gate, and the end of speech does within 150 ms
_RELEASE = 0.7  # per hop, after the hold


class InputLevel:
    """Follows the level of a stream hop by hop, and never looks ahead.

    Parameters
    ----------
    gain_db, floor_db
        What a calibration knows before the first hop; None assumes an average voice in a quiet room.

    Attributes
    ----------
    presence
        0..1: how surely the input stands above its noise floor, held through short pauses.
    above_speech_db
        The newest hop relative to the speaker's mean level, dB.
    """

    def __init__(self, gain_db: float | None = None, floor_db: float | None = None) -> None:
        self.presence = 0.0
        self.above_speech_db = GAIN_LIMITS_DB[0]
        self._speech_db = TARGET_DB - (gain_db or 0.0)
        self._heard = float(_PRIOR_HOPS if gain_db is None else _MEMORY_HOPS)
        self._newest: deque[float] = deque(maxlen=_AVERAGED_HOPS)
        self._floor = _STARTING_FLOOR_DB if floor_db is None else float(np.clip(floor_db, *_FLOOR_LIMITS_DB))
        self._quietest: deque[float] = deque(maxlen=_FLOOR_BLOCKS)
        self._block: list[float] = []
        self._unsettled = _UNSETTLED_HOPS
        self._quiet_hops = 0

    @property
    def floor_db(self) -> float:
        """The noise floor, dBFS."""
        return self._floor

    @property
    def known(self) -> bool:
        """Whether the speaker's level was heard and not only assumed."""
        return self._heard >= _KNOWN_HOPS

    @property
    def gain_db(self) -> float:
        """What to add to the input so that its speech lies near `TARGET_DB`.

        Moves only while someone speaks, so silence is never turned up.
        """
        low, high = GAIN_LIMITS_DB
        return min(max(TARGET_DB - self._speech_db, low), high)

    def push(self, power: NDArray[np.float32], speech: bool) -> None:
        """Take one hop of mel power ``[MELS]`` and whether the hops before it were speech."""
        total = float(power.sum())
        self._newest.append(total)
        level, smooth = _decibel(total), _decibel(sum(self._newest) / len(self._newest))
        floor = self._follow_floor(smooth)

        if level > floor + _ACTIVE_DB and speech:
            self._heard = min(self._heard + 1, _MEMORY_HOPS)
            self._speech_db += (level - self._speech_db) / self._heard
        self.above_speech_db = level - self._speech_db

        low, high = _PRESENT_DB
        present = min(max((smooth - floor - low) / (high - low), 0.0), 1.0)
        if present >= self.presence:
            self.presence, self._quiet_hops = present, 0
        else:
            self._quiet_hops += 1
            if self._quiet_hops > _HOLD_HOPS:
                self.presence = max(present, self.presence * _RELEASE)

    def _follow_floor(self, smooth_db: float) -> float:
        if self._unsettled:
            self._unsettled -= 1
            return self._floor
        self._block.append(smooth_db)
        if len(self._block) == _FLOOR_BLOCK_HOPS:
            self._quietest.append(sorted(self._block)[_FLOOR_RANK])
            self._block.clear()
            self._floor = float(np.clip(min(self._quietest), *_FLOOR_LIMITS_DB))
        return self._floor


def _decibel(power: float) -> float:
    return 10 * math.log10(power + 1e-12) - _FULL_SCALE_DB
