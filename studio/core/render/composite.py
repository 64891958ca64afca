"""Put a raster over a background, and turn pictures into bytes."""

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_array, kernel_threads
from studio.core.render.raster import Raster

f32 = np.float32


def composite(
    raster: Raster, background: tuple[float, float, float] | NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """Composite a raster over a background.

    Parameters
    ----------
    raster
        With three colour channels.
    background
        An RGB colour 0..1, a picture ``[H,W,3]`` float32 0..1, or None for transparency.

    Returns
    -------
    ``[H,W,4]`` float32, straight alpha: 1 everywhere, or the raster's own if transparent, with black
    where nothing was drawn.

    Raises
    ------
    ValueError
        If the raster is not RGB or the picture has another size.
    """
    height, width, channels = raster.color.shape
    if channels != 3:
        raise ValueError(f"only RGB rasters can be composited, this one has {channels} channels")
    rgba = np.empty((height, width, 4), np.float32)
    color, alpha = kernel_array(raster.color), kernel_array(raster.alpha)
    with kernel_threads():
        if background is None:
            _unpremultiply(color, alpha, rgba)
        else:
            over = kernel_array(np.asarray(background))
            if over.shape == (3,):
                over = over[None, None]
            elif over.shape != (height, width, 3):
                raise ValueError(f"background has shape {over.shape}, expected {(height, width, 3)}")
            _over(color, alpha, kernel_array(over), rgba)
    return rgba


def to_bytes(rgba: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round a picture ``[H,W,C]`` 0..1 to bytes; what lies outside 0..1 is clipped, NaN is 0."""
    picture = kernel_array(rgba)
    out = np.empty(picture.shape, np.uint8)
    with kernel_threads():
        _to_bytes(picture.reshape(picture.shape[0], -1), out.reshape(picture.shape[0], -1))
    return out


@numba.njit(parallel=True, **SAFE_KERNEL)
def _over(color, alpha, background, rgba):
    height, width, _ = color.shape
    step_y, step_x = min(background.shape[0] - 1, 1), min(background.shape[1] - 1, 1)
    for y in prange(height):
        for x in range(width):
            shine = f32(1) - alpha[y, x, 0]
            by, bx = y * step_y, x * step_x
            rgba[y, x, 0] = color[y, x, 0] + shine * background[by, bx, 0]
            rgba[y, x, 1] = color[y, x, 1] + shine * background[by, bx, 1]
            rgba[y, x, 2] = color[y, x, 2] + shine * background[by, bx, 2]
            rgba[y, x, 3] = f32(1)


@numba.njit(parallel=True, **SAFE_KERNEL)
def _unpremultiply(color, alpha, rgba):
    height, width, _ = color.shape
    for y in prange(height):
        for x in range(width):
            a = alpha[y, x, 0]
            scale = f32(1) / a if a > f32(0) else f32(0)
            rgba[y, x, 0] = color[y, x, 0] * scale
            rgba[y, x, 1] = color[y, x, 1] * scale
            rgba[y, x, 2] = color[y, x, 2] * scale
            rgba[y, x, 3] = a


@numba.njit(parallel=True, **SAFE_KERNEL)
def _to_bytes(rows, out):
    height, width = rows.shape
    for y in prange(height):
        for x in range(width):
            value = rows[y, x]
            value = value if value > f32(0) else f32(0)
            value = value if value < f32(1) else f32(1)
            out[y, x] = np.uint8(value * f32(255) + f32(0.5))
