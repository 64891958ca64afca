"""Composite sorted splats tile by tile, front to back.

Each splat is scattered row by row, 8 or 16 pixels at a time (see `numba_lanes`), into a small planar buffer of the
tile: transmittance first, then one plane per colour channel, and one of depth if it is wanted. Nothing is gathered by
pixel, so a tile costs what its splats cover.
"""

import numba
import numpy as np

from studio.core.render.numba_binning import INDEX_MASK
from studio.core.render.numba_lanes import (
    WIDTH,
    exp_of,
    greater,
    iota,
    lesser,
    load,
    select_less,
    splat,
    store,
)
from studio.core.render.numba_projection import (
    ALPHA_MAX,
    ALPHA_MIN,
    BLUE,
    CONIC_A,
    CONIC_B,
    CONIC_C,
    DEPTH,
    GREEN,
    LOG_OPACITY,
    RED,
    ROW_RATIO,
    SPLAT_WIDTH,
    TILE,
    X0,
    X1,
    Y0,
    Y1,
    U,
    V,
)
from studio.core.render.numba_runtime import KERNEL

LANES = 2 * WIDTH
"""px handled at once. Those beyond a row's end fall into the next row, where they change nothing."""
ROW = TILE
PLANE = TILE * ROW + 40
"""Room for the lanes beyond the last row, and such that the same pixels of two planes, or of neighbouring rows
of them, differ in the last 12 bits of their addresses: else the processor takes them for one another."""
BLOCK = 8
"""px; side of the sub-blocks that stop taking splats once nothing shines through them."""
BLOCKS = TILE // BLOCK
BATCH = 64
"""Splats composited between two looks at what is covered."""
OPAQUE = 1e-4
"""Transmittance below which a sub-block counts as covered (gsplat's limit per pixel)."""

u64 = np.uint64
f32 = np.float32
_STEEP = f32(80)  # exp of more is near the end of what float32 holds
_ROW, _PLANE = u64(ROW), u64(PLANE)


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


@numba.njit(inline="always")
def lane_alpha(exponent, x, width):
    """Return min(exp(exponent), `ALPHA_MAX`) at lanes `x`, 0 from `width` on."""
    alpha = lesser(exp_of(greater(exponent, splat(-_STEEP))), splat(f32(ALPHA_MAX)))
    return select_less(x, splat(width), alpha, splat(f32(0)))


@numba.njit(inline="always")
def cover(tile, offset, alpha, channels):
    """Put eight pixels of a splat behind what is there already (planes T, then one for each of its channels)."""
    transmittance = load(tile, offset)
    weight = select_less(alpha, splat(f32(ALPHA_MIN)), splat(f32(0)), alpha * transmittance)
    store(tile, offset, transmittance - weight)
    for channel in channels:
        offset += _PLANE
        store(tile, offset, load(tile, offset) + weight * channel)


@numba.njit(inline="always")
def first_rows(polynomial, x, width):
    """Return alpha in a splat's first row of pixels at lanes `x`, 0 from `width` on, and the next row's over it."""
    q0, q1, q2, dq0, dq1, _ = polynomial
    low, high = splat(-_STEEP), splat(_STEEP)
    alpha = exp_of(greater(splat(q0) + x * (splat(q1) + splat(q2) * x), low))
    ratio = exp_of(lesser(greater(splat(dq0) + splat(dq1) * x, low), high))
    return select_less(x, splat(width), alpha, splat(f32(0))), ratio


@numba.njit(**KERNEL)
def one_column(tile, offset, height, polynomial, width, row_ratio, channels):
    """Composite up to 8 columns of one splat.

    From one row to the next, alpha changes by a ratio, and the ratio by a constant one: two products
    instead of an exponential.
    """
    alpha, ratio = first_rows(polynomial, iota(), width)
    for _ in range(height):
        cover(tile, offset, lesser(alpha, splat(f32(ALPHA_MAX))), channels)
        alpha = alpha * ratio
        ratio = ratio * splat(row_ratio)
        offset += _ROW


@numba.njit(**KERNEL)
def two_columns(tile, offset, height, polynomial, width, row_ratio, channels):
    """Composite up to 16 columns of one splat, as `one_column`."""
    alpha, ratio = first_rows(polynomial, iota(), width)
    alpha8, ratio8 = first_rows(polynomial, iota() + splat(f32(WIDTH)), width)
    for _ in range(height):
        cover(tile, offset, lesser(alpha, splat(f32(ALPHA_MAX))), channels)
        cover(tile, offset + u64(WIDTH), lesser(alpha8, splat(f32(ALPHA_MAX))), channels)
        alpha = alpha * ratio
        alpha8 = alpha8 * ratio8
        ratio = ratio * splat(row_ratio)
        ratio8 = ratio8 * splat(row_ratio)
        offset += _ROW


@numba.njit(**KERNEL)
def steep_columns(tile, offset, height, polynomial, width, channels):
    """Composite up to 16 columns of a splat whose alpha is too small in some corner for `first_rows`."""
    q0, q1, q2, dq0, dq1, ddq0 = polynomial
    x = iota()
    x8 = x + splat(f32(WIDTH))
    for _ in range(height):
        cover(tile, offset, lane_alpha(splat(q0) + x * (splat(q1) + splat(q2) * x), x, width), channels)
        alpha8 = lane_alpha(splat(q0) + x8 * (splat(q1) + splat(q2) * x8), x8, width)
        cover(tile, offset + u64(WIDTH), alpha8, channels)
        q0 += dq0
        dq0 += ddq0
        q1 += dq1
        offset += _ROW


@numba.njit(inline="always")
def is_steep(polynomial, width):
    """Tell whether an exponent of `first_rows` leaves the range of float32 within `width` columns.

    Both are concave along the row, so the ends tell.
    """
    q0, q1, q2, dq0, dq1, _ = polynomial
    end = width - f32(1)
    q_end, dq_end = q0 + end * (q1 + q2 * end), dq0 + end * dq1
    return min(q0, q_end, dq0, dq_end) < -_STEEP or max(dq0, dq_end) > _STEEP


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
def fetch_batch(rows, first_row, entries, batch):
    """Copy the rows of some entries: the loads of a batch run side by side.

    Between the compositing of one splat and the next, each would wait for memory.
    """
    source, target = rows.reshape(-1), batch.reshape(-1)
    for k in range(entries.shape[0]):
        place = (first_row + np.int64(entries[k] & INDEX_MASK)) * SPLAT_WIDTH
        store(target, u64(k * SPLAT_WIDTH), load(source, u64(place)))
        store(target, u64(k * SPLAT_WIDTH + WIDTH), load(source, u64(place + WIDTH)))


@numba.njit(**KERNEL)
def box_in_tile(row, left, top):
    """Return first and last column, first and last row of a splat's box in pixels of the tile."""
    x0, x1 = max(np.int64(row[X0]) - left, 0), min(np.int64(row[X1]) - left, TILE - 1)
    y0, y1 = max(np.int64(row[Y0]) - top, 0), min(np.int64(row[Y1]) - top, TILE - 1)
    return x0, x1, y0, y1


@numba.njit(inline="always")  # called, it would cost an eighth of a picture's time
def composite_splat(tile, row, box, left, top, channels):
    """Composite one splat, at most 16 of its columns at a time."""
    x0, x1, y0, y1 = box
    height = y1 - y0 + 1
    for x in range(x0, x1 + 1, LANES):
        offset = u64(y0 * ROW + x)
        polynomial = row_polynomial(row, left + x, top + y0)
        width = f32(min(x1 - x + 1, LANES))
        if is_steep(polynomial, width):
            steep_columns(tile, offset, height, polynomial, width, channels)
        elif width <= WIDTH:
            one_column(tile, offset, height, polynomial, width, row[ROW_RATIO], channels)
        else:
            two_columns(tile, offset, height, polynomial, width, row[ROW_RATIO], channels)


@numba.njit(**KERNEL)
def composite_tile(rows, first_row, entries, left, top, tile, batch, covered, deep):
    """Composite one tile's sorted entries into the tile buffer: the colours in their rows, if `deep` the depths too."""
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
        fetch_batch(rows, first_row, entries[first : first + size], batch)
        for k in range(size):
            row = batch[k]
            box = box_in_tile(row, left, top)
            if covered_count and is_covered(covered, *box):
                continue
            if deep:
                channels = (splat(row[RED]), splat(row[GREEN]), splat(row[BLUE]), splat(row[DEPTH]))
                composite_splat(tile, row, box, left, top, channels)
            else:
                composite_splat(tile, row, box, left, top, (splat(row[RED]), splat(row[GREEN]), splat(row[BLUE])))
