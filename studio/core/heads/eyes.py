"""Eyeballs behind lids: where they sit, and the rims by which lids turn in to meet them.

Lengths are interocular distances in the face frame.
"""

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import LOWER_LID, UPPER_LID

EYE_RADIUS = 0.215
"""Of an eyeball with the lining of the lids: 27 mm across."""

LID_CLEARANCE = 0.012
"""Least distance of a lid's edge from the eyeball."""


def lid_ring(side: str) -> list[int]:
    """Return the landmarks around one eye's opening, from one corner over the upper lid."""
    return UPPER_LID[side] + LOWER_LID[side][-2:0:-1]


def eye_centre(margin: NDArray, radius: float = EYE_RADIUS) -> NDArray[np.float64]:
    """Return the centre ``[3]`` of the eyeball behind a lid margin ``[n,3]``: as far forward as its edge allows."""
    middle = 0.5 * (margin[:, :2].min(0) + margin[:, :2].max(0))
    off = ((margin[:, :2] - middle) ** 2).sum(1)
    reach = (radius + LID_CLEARANCE) ** 2
    # Corners lie beside the ball, not on it.
    on_ball = off < 0.8 * reach
    return np.array([*middle, (margin[on_ball, 2] - np.sqrt(reach - off[on_ball])).min()])


def lid_rims(margin: NDArray, centre: NDArray, radius: float = EYE_RADIUS) -> NDArray[np.float64]:
    """Return rings ``[3,n,3]`` that lead from a lid margin ``[n,3]`` in: its thickness, then twice behind the lid."""
    towards = margin - centre
    distance = np.linalg.norm(towards, axis=1, keepdims=True)
    edge = centre + towards / distance * np.maximum(distance - 0.03, 1.01 * radius)
    out = margin - margin.mean(0)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    rings = [edge]
    for aside, level in ((0.05, 1.003), (0.10, 0.985)):
        behind = edge - centre + aside * out
        rings.append(centre + behind * (level * radius / np.linalg.norm(behind, axis=1, keepdims=True)))
    return np.stack(rings)


def pushed_out(points: NDArray, centre: NDArray, radius: float) -> NDArray[np.float64]:
    """Return points ``[n,3]`` moved out of the ball where they lie in its front half."""
    away = points - centre
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    scale = np.where((distance < radius) & (away[:, 2:] > 0), radius / np.maximum(distance, 1e-9), 1.0)
    return np.asarray(centre + away * scale, np.float64)
