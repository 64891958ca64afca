"""Composite sorted splats tile by tile, front to back.

Each splat is scattered row by row, 16 pixels at a time, into a small planar buffer of the tile:
transmittance first, then one plane per colour channel. A constant trip count, unsigned offsets and a
single buffer let LLVM turn the inner loop into vector code without alias checks.
"""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_binning import INDEX_MASK, TILE, sort_entries, tiles_by_work
from studio.core.render.numba_projection import (
    ALPHA_MAX,
    ALPHA_MIN,
    BLUE,
    CONIC_A,
    CONIC_B,
    CONIC_C,
    GREEN,
    LOG_OPACITY,
    RED,
    SPLAT_WIDTH,
    X0,
    X1,
    Y0,
    Y1,
    U,
    V,
)
from studio.core.render.numba_runtime import KERNEL

LANES = 16
"""px handled at once; a row of the tile buffer has this many spare pixels at its end."""
ROW = TILE + LANES
PLANE = TILE * ROW + LANES
HALF_LANES = LANES // 2
"""px; enough for small splats and for the last few columns of wide ones."""
BLOCK = 8
"""px; side of the sub-blocks that stop taking splats once nothing shines through them."""
BLOCKS = TILE // BLOCK
BATCH = 64
"""Splats composited between two looks at what is covered."""
OPAQUE = 1e-4
"""Transmittance below which a sub-block counts as covered (gsplat's limit per pixel)."""

u64 = np.uint64
f32 = np.float32
_LANES, _HALF_LANES, _ROW, _PLANE = u64(LANES), u64(HALF_LANES), u64(ROW), u64(PLANE)
_SPLAT_WIDTH = u64(SPLAT_WIDTH)


@numba.njit(inline="always")
def splat_alpha(exponent):
    """Return min(exp(exponent), `ALPHA_MAX`); exponents under −5.6 (alpha 1/270) count as −5.6.

    exp(x) is p(x/8)^8 with p the minimax polynomial over [-0.7, 0]. Degree 5 would do, but LLVM then
    unrolls the loop over 8 lanes before it gets to vectorise it, which is ten times slower.
    """
    y = max(exponent, f32(-5.6)) * f32(1 / 8)
    p = f32(0.000974991837) * y + f32(0.007949696001)
    p = p * y + f32(0.041483567159)
    p = p * y + f32(0.166620880414)
    p = p * y + f32(0.499994455806)
    p = p * y + f32(0.999999743550)
    p = p * y + f32(0.999999998016)
    p = p * p
    p = p * p
    return min(p * p, f32(ALPHA_MAX))


@numba.njit(inline="always")
def row_polynomial(splat, px, py):
    """Expand the exponent of a splat along pixel rows from pixel (px, py) on.

    Returns
    -------
    q0, q1, q2
        exponent at lane l is ``q0 + q1 l + q2 l²``.
    dq0, dq1, ddq0
        from one row to the next: ``q0 += dq0; dq0 += ddq0; q1 += dq1``.
    """
    half = f32(0.5)
    a, b, c = splat[CONIC_A], splat[CONIC_B], splat[CONIC_C]
    dx, dy = f32(px) + half - splat[U], f32(py) + half - splat[V]
    q0 = splat[LOG_OPACITY] - half * (a * dx * dx + c * dy * dy) - b * dx * dy
    return q0, -a * dx - b * dy, -half * a, -c * (dy + half) - b * dx, -b, -c


def _rgb_kernel(lanes: np.uint64):
    """Build the function that composites `lanes` columns of one splat (planes T, R, G, B)."""

    @numba.njit(**KERNEL)
    def splat_rgb(tile, offset, rows, polynomial, red, green, blue):
        q0, q1, q2, dq0, dq1, ddq0 = polynomial
        for _ in range(rows):
            for lane in range(lanes):
                x = f32(lane)
                p = offset + lane
                alpha = splat_alpha(q0 + x * (q1 + q2 * x))
                transmittance = tile[p]
                weight = alpha * transmittance if alpha >= f32(ALPHA_MIN) else f32(0)
                tile[p] = transmittance - weight
                tile[p + _PLANE] += weight * red
                tile[p + u64(2) * _PLANE] += weight * green
                tile[p + u64(3) * _PLANE] += weight * blue
            q0 += dq0
            dq0 += ddq0
            q1 += dq1
            offset += _ROW

    return splat_rgb


splat_rgb = _rgb_kernel(_LANES)
splat_rgb_half = _rgb_kernel(_HALF_LANES)


@numba.njit(**KERNEL)
def splat_channels(tile, offset, rows, polynomial, colors, channels, weights):
    """Composite 16 columns of one splat with any number of channels (planes T, 0, 1, ...).

    `weights` is the offset of 16 spare values of the buffer.
    """
    q0, q1, q2, dq0, dq1, ddq0 = polynomial
    for _ in range(rows):
        for lane in range(_LANES):
            x = f32(lane)
            alpha = splat_alpha(q0 + x * (q1 + q2 * x))
            weight = alpha * tile[offset + lane] if alpha >= f32(ALPHA_MIN) else f32(0)
            tile[offset + lane] -= weight
            tile[weights + lane] = weight
        plane = offset
        for c in range(channels):
            plane += _PLANE
            color = colors[c]
            for lane in range(_LANES):
                tile[plane + lane] += tile[weights + lane] * color
        q0 += dq0
        dq0 += ddq0
        q1 += dq1
        offset += _ROW


@numba.njit(**KERNEL)
def cover_blocks(tile, covered):
    """Mark the sub-blocks nothing shines through any more; returns how many there are in all."""
    count = 0
    for by in range(BLOCKS):
        for bx in range(BLOCKS):
            if not covered[by, bx]:
                most = f32(0)
                for y in range(by * BLOCK, (by + 1) * BLOCK):
                    for x in range(bx * BLOCK, (bx + 1) * BLOCK):
                        most = max(most, tile[y * ROW + x])
                covered[by, bx] = most < f32(OPAQUE)
            count += covered[by, bx]
    return count


@numba.njit(**KERNEL)
def is_covered(covered, x0, x1, y0, y1):
    """Tell whether the sub-blocks under a box of tile pixels are all covered."""
    for by in range(y0 // BLOCK, y1 // BLOCK + 1):
        for bx in range(x0 // BLOCK, x1 // BLOCK + 1):
            if not covered[by, bx]:
                return False
    return True


@numba.njit(**KERNEL)
def composite_tile(splats, colors, packed, entries, left, top, tile, batch, covered):
    """Composite one tile's sorted entries into the tile buffer.

    Splats are fetched a batch at a time: the loads of a batch run side by side, while loads between the
    compositing of one splat and the next would each wait for memory.
    """
    channels = colors.shape[1]
    tile[:PLANE] = 1
    tile[PLANE:] = 0
    covered[:] = False
    covered_count = 0
    for first in range(0, entries.shape[0], BATCH):
        if first:
            covered_count = cover_blocks(tile, covered)
            if covered_count == BLOCKS * BLOCKS:
                return
        size = min(BATCH, entries.shape[0] - first)
        for k in range(size):
            i = np.int64(entries[first + k] & INDEX_MASK)
            for column in range(_SPLAT_WIDTH):
                batch[k, column] = splats[i, column]
        for k in range(size):
            splat = batch[k]
            x0, x1 = max(np.int64(splat[X0]) - left, 0), min(np.int64(splat[X1]) - left, TILE - 1)
            y0, y1 = max(np.int64(splat[Y0]) - top, 0), min(np.int64(splat[Y1]) - top, TILE - 1)
            if covered_count and is_covered(covered, x0, x1, y0, y1):
                continue
            rows = y1 - y0 + 1
            x = x0
            while x <= x1:
                offset = u64(y0 * ROW + x)
                polynomial = row_polynomial(splat, left + x, top + y0)
                if not packed:
                    i = np.int64(entries[first + k] & INDEX_MASK)
                    spare = u64((channels + 1) * PLANE)
                    splat_channels(tile, offset, rows, polynomial, colors[i], channels, spare)
                    x += LANES
                elif x1 - x < HALF_LANES:
                    splat_rgb_half(tile, offset, rows, polynomial, splat[RED], splat[GREEN], splat[BLUE])
                    x += HALF_LANES
                else:
                    splat_rgb(tile, offset, rows, polynomial, splat[RED], splat[GREEN], splat[BLUE])
                    x += LANES


@numba.njit(parallel=True, **KERNEL)
def composite_tiles(splats, colors, packed, entries, tile_starts, tiles_x, workers, color, alpha):
    """Sort and composite every tile and write the image.

    Parameters
    ----------
    splats
        Of `project`.
    colors
        ``[N,C]`` float32.
    packed
        Whether C=3 and the colours are those in `splats`, which is faster.
    entries, tile_starts
        Of `bin_splats`; each tile's entries are left sorted.
    color, alpha
        ``[H,W,C]`` and ``[H,W,1]`` float32, written.
    """
    height, width, channels = color.shape
    order = tiles_by_work(tile_starts)
    longest = 0
    for t in range(order.shape[0]):
        longest = max(longest, tile_starts[t + 1] - tile_starts[t])
    for w in prange(workers):
        scratch = np.empty(longest, np.uint64)
        histogram = np.empty(256, np.int64)
        tile = np.empty((channels + 1) * PLANE + LANES, np.float32)
        batch = np.empty((BATCH, SPLAT_WIDTH), np.float32)
        covered = np.empty((BLOCKS, BLOCKS), np.bool_)
        for k in range(w, order.shape[0], workers):
            t = order[k]
            left, top = (t % tiles_x) * TILE, (t // tiles_x) * TILE
            tile_entries = entries[tile_starts[t] : tile_starts[t + 1]]
            sort_entries(tile_entries, scratch, histogram)
            composite_tile(splats, colors, packed, tile_entries, left, top, tile, batch, covered)
            for y in range(min(TILE, height - top)):
                for x in range(min(TILE, width - left)):
                    p = y * ROW + x
                    alpha[top + y, left + x, 0] = f32(1) - tile[p]
                    for c in range(channels):
                        color[top + y, left + x, c] = tile[p + (c + 1) * PLANE]
