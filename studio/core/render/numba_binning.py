"""Bin splats into screen tiles and order each tile's entries front to back."""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_projection import DEPTH
from studio.core.render.numba_runtime import KERNEL

TILE = 32
"""px; side of a screen tile."""

_DIGIT = np.uint64(255)
_INDEX_BITS = np.uint64(32)
INDEX_MASK = np.uint64(0xFFFFFFFF)
"""The part of an entry that is the splat's index."""


@numba.njit(parallel=True, **KERNEL)
def bin_splats(boxes, splat_bits, tiles_x, workers, counts, tile_starts, entries):
    """Write one entry per splat and tile it touches, grouped by tile and in index order.

    Parameters
    ----------
    boxes
        ``[N,4]`` int32 of `project`.
    splat_bits
        ``[N,16]``: the splats of `project` seen as uint32. The bits of a positive float32, such as the
        depth, order like the number itself.
    tiles_x, workers
        Tiles per row; number of contiguous shares the splats are dealt in.
    counts
        ``[workers, tiles]`` uint32 scratch.
    tile_starts
        ``[tiles+1]`` int64, written: where each tile's entries begin.
    entries
        ``[M]`` uint64, written if large enough: depth key above, splat index below.

    Returns
    -------
    How many entries there are; nothing was written to `entries` if that is more than M.
    """
    n = boxes.shape[0]
    share = (n + workers - 1) // workers
    for w in prange(workers):
        counts[w, :] = 0
        for i in range(w * share, min(n, (w + 1) * share)):
            if boxes[i, 0] <= boxes[i, 1]:
                for ty in range(boxes[i, 2] // TILE, boxes[i, 3] // TILE + 1):
                    for tx in range(boxes[i, 0] // TILE, boxes[i, 1] // TILE + 1):
                        counts[w, ty * tiles_x + tx] += np.uint32(1)
    total = 0
    for t in range(tile_starts.shape[0] - 1):
        tile_starts[t] = total
        for w in range(workers):
            count = counts[w, t]
            counts[w, t] = total
            total += np.int64(count)
    tile_starts[-1] = total
    if total > entries.shape[0]:
        return total
    for w in prange(workers):
        for i in range(w * share, min(n, (w + 1) * share)):
            if boxes[i, 0] <= boxes[i, 1]:
                entry = (np.uint64(splat_bits[i, DEPTH]) << _INDEX_BITS) | np.uint64(i)
                for ty in range(boxes[i, 2] // TILE, boxes[i, 3] // TILE + 1):
                    for tx in range(boxes[i, 0] // TILE, boxes[i, 1] // TILE + 1):
                        t = ty * tiles_x + tx
                        entries[counts[w, t]] = entry
                        counts[w, t] += np.uint32(1)
    return total


@numba.njit(**KERNEL)
def sort_entries(entries, scratch, histogram):
    """Order one tile's entries by depth, ties by splat index (stable least-digit radix sort).

    Only the digits in which the tile's depths differ are sorted: three bytes, rarely four.

    Parameters
    ----------
    entries
        ``[n]`` uint64 in index order, sorted in place.
    scratch
        ``[>=n]`` uint64.
    histogram
        ``[256]`` int64 scratch.
    """
    n = entries.shape[0]
    if n < 2:
        return
    low, high = entries[0], entries[0]
    for i in range(n):
        low, high = min(low, entries[i]), max(high, entries[i])
    nearest = low >> _INDEX_BITS
    span = (high >> _INDEX_BITS) - nearest
    offset = nearest << _INDEX_BITS
    shift = _INDEX_BITS
    source, target = entries, scratch
    while span:
        histogram[:] = 0
        for i in range(n):
            histogram[np.int64(((source[i] - offset) >> shift) & _DIGIT)] += 1
        start = 0
        for d in range(256):
            count = histogram[d]
            histogram[d] = start
            start += count
        for i in range(n):
            d = np.int64(((source[i] - offset) >> shift) & _DIGIT)
            target[histogram[d]] = source[i]
            histogram[d] += 1
        source, target = target, source
        span >>= np.uint64(8)
        shift += np.uint64(8)
    if shift & np.uint64(8):
        for i in range(n):
            entries[i] = scratch[i]


@numba.njit(**KERNEL)
def tiles_by_work(tile_starts):
    """Return tile numbers, the fullest first, so that interleaved shares weigh about the same."""
    return np.argsort(tile_starts[:-1] - tile_starts[1:])
