"""Where the eyes look, from the irises between the lids."""

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import INTEROCULAR, IRIS, SIDES
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.eyes import EYE_RADIUS
from studio.core.heads.full import GAZE

_WAYS = ("Down", "In", "Out", "Up")
LOOK_CHANNELS = tuple(f"eyeLook{way}{side}" for side in ("Left", "Right") for way in _WAYS)
"""In the order of `look_code`."""
LOOK_INDEX = np.array([ARKIT_INDEX[name] for name in LOOK_CHANNELS])

# An eye shut beyond this shows no iris.
_SHUT = 0.6
_FURTHEST = np.radians(40)


def gaze_angles(
    irises: NDArray, rest: NDArray, rotation: NDArray, px_per_m: float, shut: NDArray
) -> tuple[float, float] | None:
    """Return how far both eyes look to the head's left and down, rad, from where they look at rest.

    Eyes turn together, so the open ones are averaged.

    Parameters
    ----------
    irises, rest
        ``[2,2]`` px, the irises' centres (right, left) as found, and as the head at rest has them, projected.
    rotation
        ``[3,3]`` head space to camera space.
    shut
        ``[2]`` 0..1: how far each eye (right, left) is shut.

    Returns
    -------
    None while neither eye is open.
    """
    weights = np.clip(1 - shut / _SHUT, 0, 1)
    if weights.sum() < 1e-3:
        return None
    # Of the eyeball's front only its motion along the face shows in the picture.
    along = np.linalg.solve(rotation[:2, :2] + 1e-6 * np.eye(2), (irises - rest).T / px_per_m)
    left, up = along @ weights / weights.sum() / (EYE_RADIUS * INTEROCULAR)
    yaw, pitch = np.arcsin(np.clip([left, -up], -0.95, 0.95))
    return float(np.clip(yaw, -_FURTHEST, _FURTHEST)), float(np.clip(pitch, -_FURTHEST, _FURTHEST))


def look_code(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Return the channels `LOOK_CHANNELS` ``[8]`` of eyes that look to the head's left and down by rad."""
    out = []
    for side in ("Left", "Right"):
        outwards = yaw * SIDES[side]
        ways = {"Down": pitch, "Up": -pitch, "Out": outwards, "In": -outwards}
        out += [np.clip(ways[way] / GAZE[way], 0, 1) for way in _WAYS]
    return np.array(out)


def iris_centres(landmarks: NDArray) -> NDArray:
    """Return the right and left iris's centre ``[2,K]`` of landmarks ``[478,K]``."""
    return np.stack([landmarks[IRIS[side][0]] for side in SIDES])
