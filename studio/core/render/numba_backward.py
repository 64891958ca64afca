"""Gradients of compositing: from the picture back to every splat.

The tiles are walked front to back as in `numba_compositing`. Along the way each pixel keeps its
transmittance T and what is still to come, D = Σ w_j (g · c_j) over the splats not yet passed, so that

    dL/dalpha_i = T_i (g · c_i) - D_i / (1 - alpha_i)

Sums over pixels go to one slot per splat and tile and are added up later in a fixed order, so gradients
do not depend on the number of threads.
"""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_binning import INDEX_MASK, tiles_by_work
from studio.core.render.numba_compositing import BATCH, BLOCKS, cover_blocks, is_covered, row_polynomial
from studio.core.render.numba_gradient_rows import (
    ALPHA_GRADIENT,
    COLOR_GRADIENT,
    DDQ0,
    DQ0,
    DQ1,
    DX,
    DY,
    EIGHT,
    HALF_LANES,
    LANES,
    PLAN_BLUE,
    PLAN_GREEN,
    PLAN_RED,
    PLANE,
    Q0,
    Q1,
    Q2,
    SUM_COLOR,
    TO_COME,
    gradient_channels,
    gradient_rgb,
    gradient_rgb_half,
)
from studio.core.render.numba_projection import BLUE, GREEN, RED, TILE, X0, X1, Y0, Y1, U, V
from studio.core.render.numba_runtime import KERNEL

# Columns of a plan after those of `numba_gradient_rows`, and its width: one cache line.
_SLOT_FIRST, _SLOT_LAST, _PLAN_WIDTH = 11, 12, 16
# Columns of the places: offset in a plane, rows, lanes, slot, splat.
_OFFSET, _ROWS, _WIDE, _SLOT, _SPLAT, _PLACE_WIDTH = range(6)

u64 = np.uint64
f32 = np.float32


@numba.njit(**KERNEL)
def plan_batch(splats, rgb, entries, left, top, covered, any_covered, slot_starts, slots, plan, places):
    """Prepare what the kernels need to walk a batch of splats; returns how many column groups that is.

    Splats and slots lie far apart in memory: here the waits for them overlap, while between the walk of
    one splat and of the next each would be waited for on its own. Touching the slots is enough.
    """
    half = f32(0.5)
    count = 0
    for k in range(entries.shape[0]):
        i = np.int64(entries[k] & INDEX_MASK)
        splat, slot = splats[i], slot_starts[i]
        box_x0, box_x1 = np.int64(splat[X0]), np.int64(splat[X1])
        box_y0, box_y1 = np.int64(splat[Y0]), np.int64(splat[Y1])
        x0, x1 = max(box_x0 - left, 0), min(box_x1 - left, TILE - 1)
        y0, y1 = max(box_y0 - top, 0), min(box_y1 - top, TILE - 1)
        if any_covered and is_covered(covered, x0, x1, y0, y1):
            continue
        tiles_wide = box_x1 // TILE - box_x0 // TILE + 1
        slot += (top // TILE - box_y0 // TILE) * tiles_wide + left // TILE - box_x0 // TILE
        # Columns left of the box are as transparent as those right of it, so groups may begin early to fit in.
        step = HALF_LANES if rgb else LANES
        columns = (x1 - x0 + step) // step * step
        x = min(x0, TILE - columns)
        end = x + columns
        while x < end:
            row, place = plan[count], places[count]
            row[Q0], row[Q1], row[Q2], row[DQ0], row[DQ1], row[DDQ0] = row_polynomial(splat, left + x, top + y0)
            row[DX] = f32(left + x) + half - splat[U]
            row[DY] = f32(top + y0) + half - splat[V]
            if rgb:
                row[PLAN_RED], row[PLAN_GREEN], row[PLAN_BLUE] = splat[RED], splat[GREEN], splat[BLUE]
            row[_SLOT_FIRST], row[_SLOT_LAST] = slots[slot, 0], slots[slot, SUM_COLOR]
            wide = LANES if end - x >= LANES else HALF_LANES
            place[_OFFSET] = y0 * TILE + x
            place[_ROWS] = y1 - y0 + 1
            place[_WIDE] = wide
            place[_SLOT] = slot
            place[_SPLAT] = i
            x += wide
            count += 1
    return count


@numba.njit(**KERNEL)
def tile_gradients(splats, colors, entries, left, top, tile, color, weights, plan, places, covered, slot_starts, slots):
    """Walk one tile's sorted entries as `composite_tiles` does and fill their slots."""
    channels = colors.shape[1]
    rgb = channels == 3
    covered[:] = False
    covered_count = 0
    for first in range(0, entries.shape[0], BATCH):
        if first:
            covered_count = cover_blocks(tile, covered)
            if covered_count == BLOCKS * BLOCKS:
                return
        batch = entries[first : first + BATCH]
        any_covered = covered_count > 0
        count = plan_batch(splats, rgb, batch, left, top, covered, any_covered, slot_starts, slots, plan, places)
        for k in range(count):
            row, slot = plan[k], slots[places[k, _SLOT]]
            offset, rows = u64(places[k, _OFFSET]), places[k, _ROWS]
            if not rgb:
                for c in range(channels):
                    color[c] = colors[places[k, _SPLAT], c]
                gradient_channels(tile, slot, offset, rows, row, color, channels, weights)
            elif places[k, _WIDE] == LANES:
                gradient_rgb(tile, slot, offset, rows, row)
            else:
                gradient_rgb_half(tile, slot, offset, rows, row)


@numba.njit(**KERNEL)
def fill_tile(tile, color, alpha, grad_color, grad_alpha, left, top):
    """Start a tile: full transmittance, everything to come, and the gradient of the picture plane by plane."""
    height, width, channels = color.shape
    tile[:PLANE] = 1
    tile[PLANE:] = 0
    for y in range(min(TILE, height - top)):
        for x in range(min(TILE, width - left)):
            p = y * TILE + x
            g = grad_alpha[top + y, left + x, 0]
            to_come = g * alpha[top + y, left + x, 0]
            tile[p + ALPHA_GRADIENT * PLANE] = g
            for c in range(channels):
                g = grad_color[top + y, left + x, c]
                to_come += g * color[top + y, left + x, c]
                tile[p + (COLOR_GRADIENT + c) * PLANE] = g
            tile[p + TO_COME * PLANE] = to_come


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
        What compositing read and wrote; each tile's entries are sorted.
    grad_color, grad_alpha
        ``[H,W,C]`` and ``[H,W,1]`` float32.
    slot_starts
        ``[N+1]`` int64 of `number_slots`.
    slots
        ``[M,6+C]`` float32 zeros, written.
    """
    channels = color.shape[2]
    whole = channels if channels == 3 else (channels + EIGHT - 1) // EIGHT * EIGHT
    order = tiles_by_work(tile_starts)
    for w in prange(workers):
        tile = np.empty((whole + COLOR_GRADIENT) * PLANE, np.float32)
        padded = np.zeros(whole, np.float32)
        weights = np.empty(TILE * LANES, np.float32)
        plan = np.empty((BATCH * TILE // LANES, _PLAN_WIDTH), np.float32)
        places = np.empty((BATCH * TILE // LANES, _PLACE_WIDTH), np.int64)
        covered = np.empty((BLOCKS, BLOCKS), np.bool_)
        for k in range(w, order.shape[0], workers):
            t = order[k]
            if tile_starts[t] == tile_starts[t + 1]:
                break
            left, top = (t % tiles_x) * TILE, (t // tiles_x) * TILE
            fill_tile(tile, color, alpha, grad_color, grad_alpha, left, top)
            tile_entries = entries[tile_starts[t] : tile_starts[t + 1]]
            tile_gradients(
                splats,
                colors,
                tile_entries,
                left,
                top,
                tile,
                padded,
                weights,
                plan,
                places,
                covered,
                slot_starts,
                slots,
            )


@numba.njit(**KERNEL)
def number_slots(boxes, slot_starts):
    """Give every splat one slot per tile its box touches, row by row.

    Parameters
    ----------
    boxes
        ``[N,4]``: first and last column, first and last row; empty where the first column is beyond the last.
    slot_starts
        ``[N+1]`` int64, written.
    """
    total = 0
    for i in range(boxes.shape[0]):
        slot_starts[i] = total
        x0, x1, y0, y1 = np.int64(boxes[i, 0]), np.int64(boxes[i, 1]), np.int64(boxes[i, 2]), np.int64(boxes[i, 3])
        if x0 <= x1:
            total += (x1 // TILE - x0 // TILE + 1) * (y1 // TILE - y0 // TILE + 1)
    slot_starts[boxes.shape[0]] = total
