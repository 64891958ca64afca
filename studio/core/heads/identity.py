"""One person's head from the mean one: a warp that follows the landmarks, and a prior for what they do not see.

Lengths are interocular distances in the face frame.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from studio.core.heads.anatomy import CHIN

N_MESH_LANDMARKS = 468
"""The first landmarks, those of skin; irises follow."""

_TEMPLE_RIGHT, _TEMPLE_LEFT, _NOSE_TIP = 127, 356, 4

# Stiffness against noise: one landmark astray among good ones moves the skin by six tenths of the way, and landmarks of
# real portraits are followed to 0.003 on average (0.2 mm).
_SMOOTHING = 0.03
# A face this far from the mean is no human one, and says nothing more about a human skull.
_LIMIT = 0.5

# Places that no landmark shows, and how x, y and z there go with the face: per width between the temples, height from
# eyes to chin, depth of the nose, and depth of the temples. Regression over 800 random heads of ICT-FaceKit (MIT),
# rounded; of the variance they explain from a fifth (height of the nape) to nine tenths (depth of the sides).
_PRIOR: list[tuple[tuple[float, float, float], tuple, tuple, tuple]] = [
    ((0.00, -1.63, -1.33), (), (0.1, -0.2, -0.6, 0.1), (-0.4, -0.2, 0.5, 0.9)),
    ((0.00, -0.30, -2.66), (), (0.2, 0.1, -0.8, 0.2), (-0.1, -0.8, -0.2, 0.8)),
    ((0.00, 1.15, -2.18), (), (0.2, 0.3, -0.6, -0.2), (-0.2, -0.6, -0.5, 0.6)),
    ((0.00, 1.90, -0.56), (), (0.3, 0.8, 0.4, -0.1), (0.4, -0.3, 0.2, 0.2)),
    ((1.18, -0.40, -1.38), (0.4, 0.1, 0.2, 0.1), (0.1, 0.1, -0.5, 0.1), (-0.2, -0.1, 0.1, 1.1)),
    ((1.00, 0.15, -2.00), (0.3, 0.1, 0.2, 0.0), (0.1, 0.1, -0.5, 0.1), (-0.1, -0.4, 0.0, 1.0)),
    ((1.36, -0.05, -1.50), (0.5, 0.1, 0.2, 0.2), (0.2, 0.1, -0.5, 0.3), (-0.1, 0.0, 0.0, 1.5)),
    ((1.34, 0.30, -1.52), (0.5, 0.2, 0.3, 0.2), (0.3, 0.0, -0.5, 0.2), (-0.1, 0.0, 0.0, 1.5)),
    ((1.14, 0.78, -1.15), (0.2, 0.2, 0.0, -0.1), (0.4, 0.2, 0.0, 0.1), (0.0, -0.1, -0.1, 1.1)),
    ((0.84, 1.58, -1.28), (0.1, 0.3, 0.2, -0.2), (0.2, 0.5, -0.2, -0.1), (0.2, -0.3, -0.4, 0.7)),
]
# The bust goes with the neck: its own places and the number of the prior's that they follow.
_BUST = [
    ((0.00, 2.60, -0.70), 3), ((0.00, 4.02, -0.08), 3), ((0.00, 2.40, -2.45), 2), ((0.00, 4.02, -2.88), 2),
    ((1.00, 2.34, -1.50), 9), ((2.78, 3.10, -1.58), 9), ((3.10, 4.02, -1.55), 9),
]  # fmt: skip


class Identity:
    """The warp from the mean head to one person's.

    Parameters
    ----------
    landmarks, mean
        ``[478,3]`` of the person and of the mean head.
    placed
        ``[468,3]`` where the mean head's mesh has its landmarks; smoothing moved them a little.
    """

    def __init__(self, landmarks: NDArray, mean: NDArray, placed: NDArray) -> None:
        seen = (landmarks - mean)[:N_MESH_LANDMARKS]
        places, unseen = unseen_displacements(landmarks, mean)
        # Where a landmark moves against all its neighbours, the warp goes between them.
        self._warp = RBFInterpolator(
            np.concatenate([placed, places]), np.concatenate([seen, unseen]), smoothing=_SMOOTHING
        )

    def __call__(self, points: NDArray) -> NDArray[np.float64]:
        """Return where the mean head's points ``[n,3]`` are on this person."""
        return points + self._warp(points)


def unseen_displacements(landmarks: NDArray, mean: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places ``[n,3]`` on the mean head that no landmark shows, and how far they are off for this face."""
    change = np.clip(_proportions(landmarks) - _proportions(mean), -_LIMIT, _LIMIT)
    rows = [[np.dot(axis, change) if axis else 0.0 for axis in (x, y, z)] for _, x, y, z in _PRIOR]
    places = [place for place, *_ in _PRIOR] + [place for place, _ in _BUST]
    off = np.array(rows + [rows[follow] for _, follow in _BUST])
    at = np.array(places)
    beside = at[:, 0] > 0
    mirror = np.array([-1.0, 1, 1])
    both = [np.concatenate([what, what[beside] * mirror]).astype(np.float64) for what in (at, off)]
    return both[0], both[1]


def _proportions(landmarks: NDArray) -> NDArray[np.float64]:
    """Return width between the temples, height to the chin, depth of the nose and of the temples ``[4]``."""
    right, left = landmarks[_TEMPLE_RIGHT], landmarks[_TEMPLE_LEFT]
    return np.array([left[0] - right[0], landmarks[CHIN, 1], landmarks[_NOSE_TIP, 2], 0.5 * (left[2] + right[2])])
