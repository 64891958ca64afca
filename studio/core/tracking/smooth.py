"""Smoothing that lets go when something moves: live without a frame of delay, offline from both sides.

Source: Casiez, Roussel and Vogel, 1€ Filter, CHI 2012. The cut-off rises with the speed, so noise is taken out of a
face at rest and a blink or a closing mouth passes. Offline the filter runs in both directions and the two are averaged,
which cancels what delay is left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SPEED_CUTOFF = 8.0  # Hz


@dataclass(frozen=True)
class Smoothness:
    """How a signal is smoothed.

    Attributes
    ----------
    cutoff
        Hz at rest.
    rise
        Hz more for each unit a second.
    """

    cutoff: float
    rise: float


EXPRESSION = Smoothness(5.0, 25.0)
TURN = Smoothness(5.0, 60.0)
"""Of the head, rad."""
PLACE = Smoothness(8.0, 800.0)
"""Of the head in the picture, parts of the focal length; landmarks show it to a fraction of a pixel."""
SHIFT = Smoothness(6.0, 300.0)
"""Of the head, m."""
SIZE = Smoothness(5.0, 120.0)
"""Of the logarithm of the head's distance."""


class OneEuro:
    """The filter of one signal ``[K]``, frame after frame."""

    def __init__(self, how: Smoothness) -> None:
        self._how = how
        self._value: NDArray | None = None
        self._speed: NDArray | float = 0.0
        self._time = 0.0

    def reset(self) -> None:
        """Forget everything."""
        self._value = None

    def __call__(self, value: NDArray, time: float) -> NDArray[np.float64]:
        """Return the smoothed value at `time` s, which is later than the last."""
        value = np.asarray(value, np.float64)
        if self._value is None or time <= self._time:
            self._value, self._speed, self._time = value.copy(), np.zeros_like(value), time
            return self._value
        step = time - self._time
        speed = (value - self._value) / step
        self._speed = self._speed + _share(_SPEED_CUTOFF, step) * (speed - self._speed)
        share = _share(self._how.cutoff + self._how.rise * np.abs(self._speed), step)
        self._value = self._value + share * (value - self._value)
        self._time = time
        return self._value


def _share(cutoff: NDArray | float, step: float) -> NDArray | float:
    return 1 / (1 + 1 / (2 * np.pi * cutoff * step))


def two_sided(values: NDArray, times: NDArray, how: Smoothness) -> NDArray[np.float64]:
    """Return a signal ``[T,K]`` smoothed from both sides."""
    forth, back = OneEuro(how), OneEuro(how)
    ahead = [forth(value, time) for value, time in zip(values, times, strict=True)]
    behind = [back(value, -time) for value, time in zip(values[::-1], times[::-1], strict=True)]
    return 0.5 * (np.stack(ahead) + np.stack(behind)[::-1])
