"""Put a raster over a background, as floats or straight into the bytes a screen or a clip takes.

Every kernel walks rows of packed values: indexed as ``[H,W,C]``, LLVM does not vectorise them.
"""

from typing import Any, TypeAlias

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from studio.core.render import torch_composite
from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_array, kernel_threads
from studio.core.render.raster import Raster

Picture: TypeAlias = NDArray[Any]
"""``[H,W,4]``, straight alpha: float32 0..1, or the bytes it rounds to."""

f32 = np.float32
_OPAQUE = np.int32(-(1 << 24))  # 255 in the highest byte


def composite(
    raster: Raster,
    background: tuple[float, float, float] | NDArray[np.float32] | None,
    out: Picture | None = None,
) -> Picture:
    """Composite a raster over a background, on the device where the raster lies.

    Parameters
    ----------
    raster
        With three colour channels.
    background
        An RGB colour 0..1, a picture ``[H,W,3]`` float32 0..1, or None for transparency.
    out
        ``[H,W,4]`` float32 or uint8, contiguous, to be written and returned; bytes are rounded as by
        `to_bytes`, in the same pass.

    Returns
    -------
    ``[H,W,4]``, float32 unless `out` says otherwise; straight alpha: 1 everywhere, or the raster's own if
    transparent, with black where nothing was drawn.

    Raises
    ------
    ValueError
        If the raster is not RGB, or the background or `out` does not fit it.
    """
    if not isinstance(raster.color, np.ndarray):
        return torch_composite.composite(raster, background, out)
    height, width, channels = raster.color.shape
    if channels != 3:
        raise ValueError(f"only RGB rasters can be composited, this one has {channels} channels")
    out = np.empty((height, width, 4), np.float32) if out is None else out
    if out.shape != (height, width, 4) or out.dtype not in (np.float32, np.uint8) or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} {out.shape}, expected contiguous float32 or uint8 {(height, width, 4)}")
    in_bytes = out.dtype == np.uint8
    color = kernel_array(raster.color).reshape(height, -1)
    alpha = kernel_array(raster.alpha).reshape(height, -1)
    # Four bytes of a pixel are written as one little-endian number.
    rows = out.reshape(height, -1).view(np.int32) if in_bytes else out.reshape(height, -1)
    if background is None:
        with kernel_threads():
            (_unpremultiply_bytes if in_bytes else _unpremultiply)(color, alpha, rows)
        return out
    behind = kernel_array(np.asarray(background))
    if behind.shape == (3,):
        behind = np.tile(behind, (1, width))
    elif behind.shape == (height, width, 3):
        behind = behind.reshape(height, -1)
    else:
        raise ValueError(f"background has shape {behind.shape}, expected {(height, width, 3)}")
    with kernel_threads():
        (_over_bytes if in_bytes else _over)(color, alpha, behind, rows)
    return out


def empty_bytes(raster: Raster) -> NDArray[np.uint8]:
    """Return memory ``[H,W,4]`` for the bytes of a raster's picture, on the device where the raster lies."""
    if not isinstance(raster.color, np.ndarray):
        return torch_composite.empty_bytes(raster)
    return np.empty((*raster.color.shape[:2], 4), np.uint8)


def to_bytes(picture: NDArray[np.float32], out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Round a picture ``[H,W,C]`` 0..1 to bytes; what lies outside 0..1 is clipped, NaN is 0.

    `out` is a contiguous array of the same shape to be written and returned.
    """
    if not isinstance(picture, np.ndarray):
        return torch_composite.to_bytes(picture, out)
    picture = kernel_array(picture)
    out = np.empty(picture.shape, np.uint8) if out is None else out
    if out.shape != picture.shape or not out.flags.c_contiguous:
        raise ValueError(f"out has shape {out.shape}, expected contiguous {picture.shape}")
    with kernel_threads():
        _to_bytes(picture.reshape(picture.shape[0], -1), out.reshape(picture.shape[0], -1))
    return out


@numba.njit(inline="always")
def _byte(value):
    value = value if value > f32(0) else f32(0)
    value = value if value < f32(1) else f32(1)
    return np.int32(value * f32(255) + f32(0.5))


@numba.njit(parallel=True, **SAFE_KERNEL)
def _over(color, alpha, background, out):
    """Write ``[H,4W]`` from ``[H,3W]``, ``[H,W]`` and a background ``[H,3W]`` or ``[1,3W]``."""
    step = min(len(background) - 1, 1)
    for y in prange(len(alpha)):
        c, a, b, o = color[y], alpha[y], background[y * step], out[y]
        for x in range(len(a)):
            shine = f32(1) - a[x]
            o[4 * x] = c[3 * x] + shine * b[3 * x]
            o[4 * x + 1] = c[3 * x + 1] + shine * b[3 * x + 1]
            o[4 * x + 2] = c[3 * x + 2] + shine * b[3 * x + 2]
            o[4 * x + 3] = f32(1)


@numba.njit(parallel=True, **SAFE_KERNEL)
def _over_bytes(color, alpha, background, out):
    """As `_over`, into ``[H,W]`` int32 that hold four bytes each."""
    step = min(len(background) - 1, 1)
    for y in prange(len(alpha)):
        c, a, b, o = color[y], alpha[y], background[y * step], out[y]
        for x in range(len(a)):
            shine = f32(1) - a[x]
            red = _byte(c[3 * x] + shine * b[3 * x])
            green = _byte(c[3 * x + 1] + shine * b[3 * x + 1])
            blue = _byte(c[3 * x + 2] + shine * b[3 * x + 2])
            o[x] = red | (green << 8) | (blue << 16) | _OPAQUE


@numba.njit(parallel=True, **SAFE_KERNEL)
def _unpremultiply(color, alpha, out):
    for y in prange(len(alpha)):
        c, a, o = color[y], alpha[y], out[y]
        for x in range(len(a)):
            scale = f32(1) / a[x] if a[x] > f32(0) else f32(0)
            o[4 * x] = c[3 * x] * scale
            o[4 * x + 1] = c[3 * x + 1] * scale
            o[4 * x + 2] = c[3 * x + 2] * scale
            o[4 * x + 3] = a[x]


@numba.njit(parallel=True, **SAFE_KERNEL)
def _unpremultiply_bytes(color, alpha, out):
    for y in prange(len(alpha)):
        c, a, o = color[y], alpha[y], out[y]
        for x in range(len(a)):
            scale = f32(1) / a[x] if a[x] > f32(0) else f32(0)
            red, green, blue = _byte(c[3 * x] * scale), _byte(c[3 * x + 1] * scale), _byte(c[3 * x + 2] * scale)
            o[x] = red | (green << 8) | (blue << 16) | (_byte(a[x]) << 24)


@numba.njit(parallel=True, **SAFE_KERNEL)
def _to_bytes(rows, out):
    for y in prange(len(rows)):
        row, o = rows[y], out[y]
        for x in range(len(row)):
            o[x] = _byte(row[x])
