"""Composite sorted splats with any number of channels, such as features or depth.

The tile buffer of many channels is larger than the nearest cache. So a batch of splats is first composited into
transmittance alone, its weights written down; then these are added up a few channels at a time.
"""

import numba
import numpy as np

from studio.core.render.numba_compositing import (
    BATCH,
    BLOCKS,
    PLANE,
    ROW,
    box_in_tile,
    cover_blocks,
    fetch_batch,
    first_rows,
    is_covered,
    is_steep,
    lane_alpha,
    row_polynomial,
)
from studio.core.render.numba_lanes import WIDTH, iota, lesser, load, select_less, splat, store
from studio.core.render.numba_projection import ALPHA_MAX, ALPHA_MIN, INDEX, ROW_RATIO, TILE
from studio.core.render.numba_runtime import KERNEL

GROUP = 4
"""Channels added up in one go: their planes of the tile buffer fit the nearest cache."""
MOST_WEIGHTS = BATCH * TILE * (TILE + WIDTH)
"""Weights a batch can have."""

# Columns of a strip: 8 columns of one splat in the tile.
OFFSET, HEIGHT, SPLAT, FIRST_WEIGHT = range(4)
STRIP_WIDTH = 4
MOST_STRIPS = BATCH * TILE // WIDTH

f32, u64 = np.float32, np.uint64
_WIDTH, _ROW, _PLANE = u64(WIDTH), u64(ROW), u64(PLANE)


@numba.njit(inline="always")
def take_weight(tile, offset, alpha, weights, at):
    """Take what a splat covers of eight pixels' transmittance, and write it down."""
    transmittance = load(tile, offset)
    weight = select_less(alpha, splat(f32(ALPHA_MIN)), splat(f32(0)), alpha * transmittance)
    store(tile, offset, transmittance - weight)
    store(weights, at, weight)


@numba.njit(**KERNEL)
def weigh_strip(tile, offset, height, polynomial, width, row_ratio, weights, at):
    """Composite up to 8 columns of one splat into transmittance; writes 8 weights per row."""
    if is_steep(polynomial, width):
        q0, q1, q2, dq0, dq1, ddq0 = polynomial
        x = iota()
        for _ in range(height):
            alpha = lane_alpha(splat(q0) + x * (splat(q1) + splat(q2) * x), x, width)
            take_weight(tile, offset, alpha, weights, at)
            q0 += dq0
            dq0 += ddq0
            q1 += dq1
            offset += _ROW
            at += _WIDTH
        return
    alpha, ratio = first_rows(polynomial, iota(), width)
    for _ in range(height):
        take_weight(tile, offset, lesser(alpha, splat(f32(ALPHA_MAX))), weights, at)
        alpha = alpha * ratio
        ratio = ratio * splat(row_ratio)
        offset += _ROW
        at += _WIDTH


@numba.njit(inline="always")
def add_channel(tile, offset, weight, color):
    """Add eight weights times a colour to a plane."""
    store(tile, offset, load(tile, offset) + weight * color)


@numba.njit(**KERNEL)
def add_group(tile, strips, weights, colors, channel):
    """Add the weights of all strips to `GROUP` channels."""
    for s in range(strips.shape[0]):
        offset, at = u64(strips[s, OFFSET] + (channel + 1) * PLANE), u64(strips[s, FIRST_WEIGHT])
        color = colors[strips[s, SPLAT], channel : channel + GROUP]
        if color[0] == 0 and color[1] == 0 and color[2] == 0 and color[3] == 0:
            continue
        a, b, c, d = splat(color[0]), splat(color[1]), splat(color[2]), splat(color[3])
        for _ in range(strips[s, HEIGHT]):
            weight = load(weights, at)
            add_channel(tile, offset, weight, a)
            add_channel(tile, offset + _PLANE, weight, b)
            add_channel(tile, offset + u64(2) * _PLANE, weight, c)
            add_channel(tile, offset + u64(3) * _PLANE, weight, d)
            offset += _ROW
            at += _WIDTH


@numba.njit(**KERNEL)
def add_one(tile, strips, weights, colors, channel):
    """Add the weights of all strips to one channel."""
    for s in range(strips.shape[0]):
        offset, at = u64(strips[s, OFFSET] + (channel + 1) * PLANE), u64(strips[s, FIRST_WEIGHT])
        color = splat(colors[strips[s, SPLAT], channel])
        for _ in range(strips[s, HEIGHT]):
            add_channel(tile, offset, load(weights, at), color)
            offset += _ROW
            at += _WIDTH


@numba.njit(**KERNEL)
def composite_tile_features(rows, first_row, entries, colors, left, top, tile, batch, covered, strips, weights):
    """Composite one tile's sorted entries with colours ``[N,C]`` into the tile buffer.

    `strips` ``[MOST_STRIPS,4]`` int64 and `weights` ``[MOST_WEIGHTS]`` float32 are scratch.
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
        fetch_batch(rows, first_row, entries[first : first + size], batch)
        count = 0
        at = 0
        for k in range(size):
            row = batch[k]
            x0, x1, y0, y1 = box_in_tile(row, left, top)
            if covered_count and is_covered(covered, x0, x1, y0, y1):
                continue
            height = y1 - y0 + 1
            for x in range(x0, x1 + 1, WIDTH):
                strips[count, OFFSET] = y0 * ROW + x
                strips[count, HEIGHT] = height
                strips[count, SPLAT] = np.int64(row[INDEX])
                strips[count, FIRST_WEIGHT] = at
                polynomial = row_polynomial(row, left + x, top + y0)
                width = f32(min(x1 - x + 1, WIDTH))
                weigh_strip(tile, u64(y0 * ROW + x), height, polynomial, width, row[ROW_RATIO], weights, u64(at))
                count += 1
                at += height * WIDTH
        grouped = channels // GROUP * GROUP
        for channel in range(0, grouped, GROUP):
            add_group(tile, strips[:count], weights, colors, channel)
        for channel in range(grouped, channels):
            add_one(tile, strips[:count], weights, colors, channel)
