"""`Pyramid`: the least and the most of ever longer stretches of a track, so that any zoom is drawn from few numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.jobs import Job, Progress

FIRST, FACTOR = 16, 4
"""Samples per number of the finest level, and how much coarser each further level is."""


@dataclass(frozen=True, eq=False)
class Pyramid:
    """A track ``[S,C]`` of C channels with its mip levels.

    Attributes
    ----------
    rate
        Samples per s; the first lies at 0 s.
    samples
        ``[S,C]``; not copied.
    levels
        Samples per row, least ``[M,C]`` and most ``[M,C]`` of each such stretch; finest first.
    """

    rate: float
    samples: NDArray[np.float32]
    levels: tuple[tuple[int, NDArray[np.float32], NDArray[np.float32]], ...]

    @property
    def seconds(self) -> float:
        """How long the track is."""
        return len(self.samples) / self.rate

    def is_dense(self, column: float) -> bool:
        """Return whether columns of so many s hold several samples each, and are better drawn as bands."""
        return column * self.rate > 2

    def columns(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the least and the most ``[P,C]`` between neighbours of `edges` ``[P+1]``, evenly spaced s.

        Reads the coarsest level whose stretches are at most half as long as a column, so that no edge is more than
        half a column off. Columns beyond the track repeat its first or last value.
        """
        width = (edges[1] - edges[0]) * self.rate
        stride, lows, highs = 1, self.samples, self.samples
        for level in self.levels:
            if level[0] <= width / 2:
                stride, lows, highs = level
        at = np.clip(np.floor(edges * self.rate / stride).astype(np.int64), 0, len(lows) - 1)
        first, last = at[0], at[-1]
        starts = at[:-1] - first
        return (
            np.minimum.reduceat(lows[first : last + 1], starts, axis=0),
            np.maximum.reduceat(highs[first : last + 1], starts, axis=0),
        )

    def stretch(self, begin: float, end: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the times ``[N]`` s and samples ``[N,C]`` from `begin` to `end`, with one more on either side."""
        first = max(int(begin * self.rate), 0)
        last = min(int(end * self.rate) + 2, len(self.samples))
        return np.arange(first, last) / self.rate, self.samples[first:last]


def build_pyramid(samples: NDArray[np.float32], rate: float) -> Job[Pyramid]:
    """Build the levels of a track, ``[S]`` or ``[S,C]``, of at least one sample.

    Raises
    ------
    ValueError
        If there is no sample.
    """
    if not len(samples):
        raise ValueError("a pyramid needs at least one sample")
    track = samples[:, None] if samples.ndim == 1 else samples
    levels = []
    lows = highs = track
    stride = FIRST
    while len(track) > stride:
        yield Progress(min(0.9, 0.3 * len(levels)), "drawing the sound")
        step = FIRST if not levels else FACTOR
        starts = np.arange(0, len(lows), step)
        lows, highs = np.minimum.reduceat(lows, starts, axis=0), np.maximum.reduceat(highs, starts, axis=0)
        levels.append((stride, lows, highs))
        stride *= FACTOR
    return Pyramid(rate, track, tuple(levels))
