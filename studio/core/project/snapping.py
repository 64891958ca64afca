"""Where things that are moved along the timeline come to rest."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from studio.core.project.edits import Items, items_of
from studio.core.project.timeline import Timeline

FRAME = 1 / 60
"""s of the grid where nothing else is near."""


def edges_of(timeline: Timeline, items: Items) -> NDArray[np.float64]:
    """Return the seconds at which items begin and end, in order."""
    ids = {item.name for item in items if item.kind == "block"}
    times = [item.time for item in items if item.kind != "block"]
    for block in (*timeline.sounds, *timeline.takes):
        if block.id in ids:
            times += [block.start, block.stop]
    return np.unique(times)


def targets(timeline: Timeline, moving: Items, others: Iterable[float] = ()) -> NDArray[np.float64]:
    """Return the seconds at which moving items may rest: edges and keys of all others, the loop, `others` and 0."""
    loop = timeline.loop or ()
    return np.unique([0.0, *edges_of(timeline, items_of(timeline) - frozenset(moving)), *loop, *others])


def snapped(edges: NDArray[np.float64], by: float, rests: NDArray[np.float64], within: float) -> float:
    """Return a shift near `by` s that brings one of `edges` onto one of `rests`, or else the first onto a frame.

    Parameters
    ----------
    within
        s over which `rests` attract.
    """
    wanted = edges + by
    above = np.clip(np.searchsorted(rests, wanted), 0, len(rests) - 1)
    near = np.stack([rests[np.maximum(above - 1, 0)], rests[above]]) - wanted
    best = near.flat[np.abs(near).argmin()]
    if abs(best) <= within:
        return by + float(best)
    return by + float(np.round(wanted[0] / FRAME) * FRAME - wanted[0])
