"""Gradients of compositing: from the picture back to every splat.

The tiles are walked front to back exactly as in `numba_compositing`. Along the way each pixel keeps its
transmittance T and what is still to come, D = Σ w_j (g · c_j) over the splats not yet passed, so that

    dL/dalpha_i = T_i (g · c_i) - D_i / (1 - alpha_i)

Sums over pixels go to one slot per splat and tile and are added up later in a fixed order, so gradients
do not depend on the number of threads.
"""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_binning import INDEX_MASK, TILE, tiles_by_work
from studio.core.render.numba_compositing import (
    BATCH,
    BLOCKS,
    LANES,
    PLANE,
    ROW,
    cover_blocks,
    is_covered,
    row_polynomial,
    splat_alpha,
)
from studio.core.render.numba_projection import (
    ALPHA_MAX,
    ALPHA_MIN,
    BLUE,
    GREEN,
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

# Columns of a slot: moments of v = alpha dL/dalpha over the pixels, then the gradient of each channel.
SUM_V, SUM_VX, SUM_VY, SUM_VXX, SUM_VXY, SUM_VYY, SUM_COLOR = range(7)

# Rows of the 16-lane sums from which a slot is filled.
_V, _VY, _VYY, _COLOR = range(4)

# Planes of the tile buffer: transmittance, still to come, gradient of alpha, gradient of each channel.
TO_COME, ALPHA_GRADIENT, COLOR_GRADIENT = 1, 2, 3

u64 = np.uint64
f32 = np.float32
_LANES, _ROW, _PLANE = u64(LANES), u64(ROW), u64(PLANE)
_SPLAT_WIDTH = u64(SPLAT_WIDTH)


@numba.njit(**KERNEL)
def gradient_rgb(tile, sums, offset, rows, polynomial, dy, red, green, blue):
    """Add up the gradients of 16 columns of one splat, C=3."""
    q0, q1, q2, dq0, dq1, ddq0 = polynomial
    for _ in range(rows):
        for lane in range(_LANES):
            x = f32(lane)
            p = offset + lane
            alpha = splat_alpha(q0 + x * (q1 + q2 * x))
            seen = alpha >= f32(ALPHA_MIN)
            transmittance = tile[p]
            weight = alpha * transmittance if seen else f32(0)
            g0, g1 = tile[p + u64(3) * _PLANE], tile[p + u64(4) * _PLANE]
            g2 = tile[p + u64(5) * _PLANE]
            gain = tile[p + u64(2) * _PLANE] + g0 * red + g1 * green + g2 * blue
            to_come = tile[p + _PLANE] - weight * gain
            tile[p] = transmittance - weight
            tile[p + _PLANE] = to_come
            v = alpha * (transmittance * gain - to_come / (f32(1) - alpha))
            v = v if seen & (alpha < f32(ALPHA_MAX)) else f32(0)
            sums[lane] += v
            sums[lane + _LANES] += v * dy
            sums[lane + u64(2) * _LANES] += v * dy * dy
            sums[lane + u64(3) * _LANES] += weight * g0
            sums[lane + u64(4) * _LANES] += weight * g1
            sums[lane + u64(5) * _LANES] += weight * g2
        q0 += dq0
        dq0 += ddq0
        q1 += dq1
        offset += _ROW
        dy += f32(1)


@numba.njit(**KERNEL)
def gradient_channels(tile, sums, offset, rows, polynomial, dy, colors, channels, spare):
    """Add up the gradients of 16 columns of one splat with any number of channels.

    `spare` is the offset of 16 unused values of the tile buffer.
    """
    q0, q1, q2, dq0, dq1, ddq0 = polynomial
    for _ in range(rows):
        first = offset + u64(COLOR_GRADIENT) * _PLANE
        for lane in range(_LANES):
            tile[spare + lane] = tile[offset + lane + u64(ALPHA_GRADIENT) * _PLANE]
        plane = first
        for c in range(channels):
            color = colors[c]
            for lane in range(_LANES):
                tile[spare + lane] += tile[plane + lane] * color
            plane += _PLANE
        for lane in range(_LANES):
            x = f32(lane)
            p = offset + lane
            alpha = splat_alpha(q0 + x * (q1 + q2 * x))
            seen = alpha >= f32(ALPHA_MIN)
            transmittance = tile[p]
            weight = alpha * transmittance if seen else f32(0)
            gain = tile[spare + lane]
            to_come = tile[p + _PLANE] - weight * gain
            tile[p] = transmittance - weight
            tile[p + _PLANE] = to_come
            tile[spare + lane] = weight
            v = alpha * (transmittance * gain - to_come / (f32(1) - alpha))
            v = v if seen & (alpha < f32(ALPHA_MAX)) else f32(0)
            sums[lane] += v
            sums[lane + _LANES] += v * dy
            sums[lane + u64(2) * _LANES] += v * dy * dy
        plane = first
        row = u64(_COLOR) * _LANES
        for _c in range(channels):
            for lane in range(_LANES):
                sums[row + lane] += tile[spare + lane] * tile[plane + lane]
            plane += _PLANE
            row += _LANES
        q0 += dq0
        dq0 += ddq0
        q1 += dq1
        offset += _ROW
        dy += f32(1)


@numba.njit(**KERNEL)
def add_to_slot(slot, sums, dx, channels):
    """Add the lane sums of columns dx, dx+1, ... (px from the splat's centre) to its slot."""
    for lane in range(LANES):
        x = dx + f32(lane)
        v, vy = sums[_V * LANES + lane], sums[_VY * LANES + lane]
        slot[SUM_V] += v
        slot[SUM_VX] += v * x
        slot[SUM_VY] += vy
        slot[SUM_VXX] += v * x * x
        slot[SUM_VXY] += vy * x
        slot[SUM_VYY] += sums[_VYY * LANES + lane]
    for c in range(channels):
        total = f32(0)
        for lane in range(LANES):
            total += sums[(_COLOR + c) * LANES + lane]
        slot[SUM_COLOR + c] += total


@numba.njit(**KERNEL)
def tile_gradients(splats, colors, entries, left, top, tile, sums, batch, covered, slot_starts, slots):
    """Walk one tile's sorted entries as `composite_tile` does and fill their slots."""
    channels = colors.shape[1]
    spare = u64((channels + COLOR_GRADIENT) * PLANE)
    half = f32(0.5)
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
            i = np.int64(entries[first + k] & INDEX_MASK)
            splat = batch[k]
            box_x0, box_x1 = np.int64(splat[X0]), np.int64(splat[X1])
            box_y0, box_y1 = np.int64(splat[Y0]), np.int64(splat[Y1])
            x0, x1 = max(box_x0 - left, 0), min(box_x1 - left, TILE - 1)
            y0, y1 = max(box_y0 - top, 0), min(box_y1 - top, TILE - 1)
            if covered_count and is_covered(covered, x0, x1, y0, y1):
                continue
            tiles_wide = box_x1 // TILE - box_x0 // TILE + 1
            number = (top // TILE - box_y0 // TILE) * tiles_wide + left // TILE - box_x0 // TILE
            slot = slots[slot_starts[i] + number]
            rows = y1 - y0 + 1
            dy = f32(top + y0) + half - splat[V]
            for x in range(x0, x1 + 1, LANES):
                offset = u64(y0 * ROW + x)
                polynomial = row_polynomial(splat, left + x, top + y0)
                sums[:] = 0
                if channels == 3:
                    red, green, blue = splat[RED], splat[GREEN], splat[BLUE]
                    gradient_rgb(tile, sums, offset, rows, polynomial, dy, red, green, blue)
                else:
                    gradient_channels(tile, sums, offset, rows, polynomial, dy, colors[i], channels, spare)
                add_to_slot(slot, sums, f32(left + x) + half - splat[U], channels)


@numba.njit(parallel=True, **KERNEL)
def composite_gradients(
    splats,
    colors,
    entries,
    tile_starts,
    tiles_x,
    workers,
    color,
    alpha,
    grad_color,
    grad_alpha,
    slot_starts,
    slots,
):
    """Fill the slots of every splat from the gradient of the picture.

    Parameters
    ----------
    splats, colors, entries, tile_starts, tiles_x, workers, color, alpha
        What `composite_tiles` read and wrote.
    grad_color, grad_alpha
        ``[H,W,C]`` and ``[H,W,1]`` float32.
    slot_starts
        ``[N+1]`` int64 of `number_slots`.
    slots
        ``[M,6+C]`` float32, written.
    """
    height, width, channels = color.shape
    order = tiles_by_work(tile_starts)
    for w in prange(workers):
        tile = np.empty((channels + COLOR_GRADIENT) * PLANE + LANES, np.float32)
        sums = np.empty((_COLOR + channels) * LANES, np.float32)
        batch = np.empty((BATCH, SPLAT_WIDTH), np.float32)
        covered = np.empty((BLOCKS, BLOCKS), np.bool_)
        for k in range(w, order.shape[0], workers):
            t = order[k]
            left, top = (t % tiles_x) * TILE, (t // tiles_x) * TILE
            tile[:PLANE] = 1
            tile[PLANE:] = 0
            for y in range(min(TILE, height - top)):
                for x in range(min(TILE, width - left)):
                    p = y * ROW + x
                    g = grad_alpha[top + y, left + x, 0]
                    to_come = g * alpha[top + y, left + x, 0]
                    tile[p + ALPHA_GRADIENT * PLANE] = g
                    for c in range(channels):
                        g = grad_color[top + y, left + x, c]
                        to_come += g * color[top + y, left + x, c]
                        tile[p + (COLOR_GRADIENT + c) * PLANE] = g
                    tile[p + TO_COME * PLANE] = to_come
            tile_entries = entries[tile_starts[t] : tile_starts[t + 1]]
            tile_gradients(splats, colors, tile_entries, left, top, tile, sums, batch, covered, slot_starts, slots)


@numba.njit(**KERNEL)
def number_slots(boxes, slot_starts):
    """Give every splat one slot per tile its box touches, row by row; writes ``[N+1]`` int64."""
    total = 0
    for i in range(boxes.shape[0]):
        slot_starts[i] = total
        if boxes[i, 0] <= boxes[i, 1]:
            across = boxes[i, 1] // TILE - boxes[i, 0] // TILE + 1
            down = boxes[i, 3] // TILE - boxes[i, 2] // TILE + 1
            total += across * down
    slot_starts[boxes.shape[0]] = total
