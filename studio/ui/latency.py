"""How long the sound of the microphone takes to the screen, measured on the frames that were painted."""

import math
from collections import deque

import numpy as np

WINDOW = 4.0  # s
FEWEST = 10


class LatencyMeter:
    """Keeps what was measured lately; every moment of sound counts once, when it is first seen."""

    def __init__(self) -> None:
        self._measured: deque[tuple[float, float]] = deque()
        self._newest = -math.inf

    def note(self, captured: float, painted: float) -> None:
        """Take a frame that was on screen at `painted` and shows sound `captured` at the microphone, both s."""
        if not captured > self._newest:  # NaN neither
            return
        self._newest = captured
        self._measured.append((painted, painted - captured))
        while self._measured[0][0] < painted - WINDOW:
            self._measured.popleft()

    def median(self, now: float) -> float:
        """Return the median of the last seconds, s; NaN where too little was measured."""
        recent = [seconds for at, seconds in self._measured if at >= now - WINDOW]
        return float(np.median(recent)) if len(recent) >= FEWEST else math.nan
