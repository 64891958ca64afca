"""`Scene.extra`'s ``mouth_motion``: where what lies about the mouth goes from each view of a take to each other.

Clips cannot say it, made heads can. ``[V,V,h,w,3]`` int8: how far, at the moment of view b, the surface has gone that
view a shows in a pixel of `mouth_rectangle`; in `STEP` along the axes of camera a (OpenCV), the face's own doing alone.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.render.numba_runtime import EXACT_KERNEL

MOUTH_MOTION = "mouth_motion"
"""Its name in `Scene.extra`."""
STEP = 2.5e-4
"""m: what 1 stands for."""
UNKNOWN = -128
"""Where a view shows no solid surface."""
_SOLID, _STEP = np.float32(0.9), np.float32(STEP)  # covered so far, a surface can be followed
# The part of a standard crop that is looked at, in eighths of its side: cheeks, lips and chin, but not the neck.
_LEFT, _TOP, _RIGHT, _BOTTOM = 2, 3.5, 6, 7


def mouth_rectangle(side: int) -> tuple[slice, slice]:
    """Return the rows and columns that it tells of, of a standard crop `side` px wide."""
    top, bottom, left, right = (round(side * eighths / 8) for eighths in (_TOP, _BOTTOM, _LEFT, _RIGHT))
    return slice(top, bottom), slice(left, right)


def stored_motion(motion: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return motion in steps ``[V,h,w,3]``, `UNKNOWN` where no surface is solid.

    Parameters
    ----------
    motion
        ``[h,w,V*3]`` m, weighted by what covers a pixel.
    alpha
        ``[h,w,1]``: how far it is covered.
    """
    height, width, channels = motion.shape
    steps = np.full((channels // 3, height, width, 3), UNKNOWN, np.int8)
    _fill_steps(motion, alpha, steps)
    return steps


@njit(**EXACT_KERNEL)
def _fill_steps(motion, alpha, steps):
    for moment in range(len(steps)):
        for y in range(len(motion)):
            for x in range(motion.shape[1]):
                if alpha[y, x, 0] > _SOLID:
                    for axis in range(3):
                        metres = motion[y, x, 3 * moment + axis] / alpha[y, x, 0]
                        steps[moment, y, x, axis] = min(max(np.rint(metres / _STEP), -127), 127)


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
