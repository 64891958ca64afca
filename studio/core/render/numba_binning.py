"""Bin splats into screen tiles and order each tile's entries front to back."""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_lanes import WIDTH, load, store
from studio.core.render.numba_projection import DEPTH, INDEX, SPLAT_WIDTH, TILE, X0, X1, Y0, Y1, share
from studio.core.render.numba_runtime import KERNEL

u64 = np.uint64
_DIGIT = np.uint64(255)
_INDEX_BITS = np.uint64(32)
INDEX_MASK = np.uint64(0xFFFFFFFF)
"""The part of an entry that is not depth."""


@numba.njit(**KERNEL)
def place_tiles(counts, tile_starts):
    """Turn counts into places.

    Parameters
    ----------
    counts
        ``[workers, tiles]`` int64 of `project`; turned into where each worker's first row of a tile goes.
    tile_starts
        ``[tiles+1]`` int64, written: where each tile's rows begin.
    """
    total = 0
    for t in range(tile_starts.shape[0] - 1):
        tile_starts[t] = total
        for w in range(counts.shape[0]):
            count = counts[w, t]
            counts[w, t] = total
            total += count
    tile_starts[-1] = total


@numba.njit(parallel=True, **KERNEL)
def bin_splats(splats, n, tiles_x, counts, tile_rows):
    """Copy the row of every splat to each tile it touches, grouped by tile and in index order.

    Compositing then reads what it needs from one place: fetched from all over memory, the rows would take
    it longer than compositing them.

    Parameters
    ----------
    splats
        ``[>=n,16]`` float32 of `project`.
    tiles_x
        Tiles per row.
    counts
        ``[workers, tiles]`` int64 of `place_tiles`; used up.
    tile_rows
        ``[>=M,16]`` float32, written.
    """
    workers = counts.shape[0]
    source, target = splats.reshape(-1), tile_rows.reshape(-1)
    for w in prange(workers):
        first, last = share(n, w, workers)
        for i in range(first, last):
            if splats[i, X0] <= splats[i, X1]:
                low, high = load(source, u64(i * SPLAT_WIDTH)), load(source, u64(i * SPLAT_WIDTH + WIDTH))
                for ty in range(np.int64(splats[i, Y0]) // TILE, np.int64(splats[i, Y1]) // TILE + 1):
                    for tx in range(np.int64(splats[i, X0]) // TILE, np.int64(splats[i, X1]) // TILE + 1):
                        t = ty * tiles_x + tx
                        place = counts[w, t] * SPLAT_WIDTH
                        counts[w, t] += 1
                        store(target, u64(place), low)
                        store(target, u64(place + WIDTH), high)


@numba.njit(**KERNEL)
def list_entries(row_bits, first, entries):
    """Write a tile's entries: depth above, place among the tile's rows below.

    Parameters
    ----------
    row_bits
        ``[M,16]``: the rows seen as uint32. The bits of a positive float32, such as the depth, order like
        the number itself.
    first
        The tile's first row.
    entries
        ``[n]`` uint64, written in index order.
    """
    for k in range(entries.shape[0]):
        entries[k] = (np.uint64(row_bits[first + k, DEPTH]) << _INDEX_BITS) | np.uint64(k)


@numba.njit(**KERNEL)
def name_entries(rows, first, entries):
    """Replace the places in a tile's entries by the splats' indices."""
    for k in range(entries.shape[0]):
        place = np.int64(entries[k] & INDEX_MASK)
        entries[k] = (entries[k] & ~INDEX_MASK) | np.uint64(rows[first + place, INDEX])


@numba.njit(**KERNEL)
def sort_entries(entries, scratch, histogram):
    """Order one tile's entries by depth, ties as they came (stable least-digit radix sort).

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
