"""Sort and composite every tile of the screen and write the image."""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_binning import list_entries, name_entries, sort_entries, tiles_by_work
from studio.core.render.numba_compositing import BATCH, BLOCKS, LANES, PLANE, ROW, composite_tile
from studio.core.render.numba_features import MOST_STRIPS, MOST_WEIGHTS, STRIP_WIDTH, composite_tile_features
from studio.core.render.numba_lanes import WIDTH, load, splat, store, store_columns_3
from studio.core.render.numba_projection import SPLAT_WIDTH, TILE
from studio.core.render.numba_runtime import KERNEL, take_ticket

f32, u64 = np.float32, np.uint64
_PLANE = u64(PLANE)


@numba.njit(**KERNEL)
def write_tile(tile, left, top, color, alpha, depth):
    """Copy a finished tile to its place in the image; the plane after the colours' is that of depth, if wanted."""
    height, width, channels = color.shape
    flat_color, flat_alpha = color.reshape(-1), alpha.reshape(-1)
    for y in range(min(TILE, height - top)):
        x = 0
        while channels == 3 and x + WIDTH <= min(TILE, width - left):
            p, q = u64(y * ROW + x), (top + y) * width + left + x
            store(flat_alpha, u64(q), splat(f32(1)) - load(tile, p))
            planes = load(tile, p + _PLANE), load(tile, p + u64(2) * _PLANE), load(tile, p + u64(3) * _PLANE)
            store_columns_3(flat_color, u64(3 * q), planes)
            x += WIDTH
        for rest in range(x, min(TILE, width - left)):
            p = y * ROW + rest
            alpha[top + y, left + rest, 0] = f32(1) - tile[p]
            for c in range(channels):
                color[top + y, left + rest, c] = tile[p + (c + 1) * PLANE]
        for rest in range(min(TILE, width - left) if depth.size else 0):
            p = y * ROW + rest
            hid = f32(1) - tile[p]
            depth[top + y, left + rest, 0] = tile[p + (channels + 1) * PLANE] / hid if hid > 0 else f32(0)


@numba.njit(parallel=True, **KERNEL)
def composite_tiles(rows, colors, packed, tile_starts, tiles_x, workers, named, entries, color, alpha, depth):
    """Sort and composite every tile and write the image.

    Parameters
    ----------
    rows, tile_starts
        Of `bin_splats`.
    colors
        ``[N,C]`` float32.
    packed
        Whether C=3 and the colours are those in the rows, which is faster.
    named
        Whether the entries are wanted.
    entries
        ``[>=M]`` uint64, written: each tile's entries from front to back; if `named`, their lower halves
        are splat indices.
    color, alpha
        ``[H,W,C]`` and ``[H,W,1]`` float32, written.
    depth
        ``[H,W,1]`` float32, written, or ``[0,0,1]`` if it is not wanted; only where `packed`.
    """
    channels = color.shape[2]
    order = tiles_by_work(tile_starts)
    row_bits = rows.view(np.uint32)
    longest = 0
    for t in range(order.shape[0]):
        longest = max(longest, tile_starts[t + 1] - tile_starts[t])
    tickets = np.zeros(1, np.int64)
    for _ in prange(workers):
        scratch = np.empty(longest, np.uint64)
        histogram = np.empty(256, np.int64)
        tile = np.empty((channels + (2 if depth.size else 1)) * PLANE + LANES, np.float32)
        batch = np.empty((BATCH, SPLAT_WIDTH), np.float32)
        strips = np.empty((0 if packed else MOST_STRIPS, STRIP_WIDTH), np.int64)
        weights = np.empty(0 if packed else MOST_WEIGHTS, np.float32)
        covered = np.empty((BLOCKS, BLOCKS), np.bool_)
        k = take_ticket(tickets)
        while k < order.shape[0]:
            t = order[k]
            k = take_ticket(tickets)
            left, top = (t % tiles_x) * TILE, (t // tiles_x) * TILE
            first, end = tile_starts[t], tile_starts[t + 1]
            if first == end:
                color[top : top + TILE, left : left + TILE] = 0
                alpha[top : top + TILE, left : left + TILE] = 0
                depth[top : top + TILE, left : left + TILE] = 0
                continue
            tile_entries = entries[first:end]
            list_entries(row_bits, first, tile_entries)
            sort_entries(tile_entries, scratch, histogram)
            if packed:
                composite_tile(rows, first, tile_entries, left, top, tile, batch, covered, depth.size > 0)
            else:
                composite_tile_features(
                    rows, first, tile_entries, colors, left, top, tile, batch, covered, strips, weights
                )
            if named:
                name_entries(rows, first, tile_entries)
            write_tile(tile, left, top, color, alpha, depth)
