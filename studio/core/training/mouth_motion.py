"""`Scene.extra`'s ``mouth_motion``: where what lies about the mouth goes from each view of a take to each other.

Clips cannot say it, made heads can. ``[V,V,h,w,3]`` int8: how far, at the moment of view b, the surface has gone that
view a shows in a pixel of `mouth_rectangle`; in `STEP` along the axes of camera a (OpenCV), the face's own doing alone.
"""

import numpy as np
from numpy.typing import NDArray

MOUTH_MOTION = "mouth_motion"
"""Its name in `Scene.extra`."""
STEP = 2.5e-4
"""m: what 1 stands for."""
UNKNOWN = -128
"""Where a view shows no solid surface."""
# The part of a standard crop that is looked at, in eighths of its side: cheeks, lips and chin, but not the neck.
_LEFT, _TOP, _RIGHT, _BOTTOM = 2, 3.5, 6, 7


def mouth_rectangle(side: int) -> tuple[slice, slice]:
    """Return the rows and columns that it tells of, of a standard crop `side` px wide."""
    top, bottom, left, right = (round(side * eighths / 8) for eighths in (_TOP, _BOTTOM, _LEFT, _RIGHT))
    return slice(top, bottom), slice(left, right)


def stored_motion(metres: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return motion ``[...,3]`` m in steps, `UNKNOWN` where ``[...]`` is not known."""
    steps = np.clip(np.round(metres / STEP), -127, 127).astype(np.int8)
    return np.where(known[..., None], steps, np.int8(UNKNOWN))


def motion_in_metres(motion: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return it in m; NaN where unknown."""
    return np.where(motion == UNKNOWN, np.float32(np.nan), motion * np.float32(STEP))


def mirrored_motion(motion: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return it ``[...,h,w,3]`` with left and right exchanged."""
    turned = motion[..., ::-1, :].copy()
    turned[..., 0] = np.where(turned[..., 0] == UNKNOWN, turned[..., 0], -turned[..., 0])
    return turned


def unknown_motion(side: int, moments: int) -> NDArray[np.int8]:
    """Return what a view knows whose scene does not say it ``[moments,h,w,3]``."""
    rows, columns = mouth_rectangle(side)
    return np.full((moments, rows.stop - rows.start, columns.stop - columns.start, 3), UNKNOWN, np.int8)
