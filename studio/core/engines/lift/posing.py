"""From moved vertices to posed Gaussians, in blocks of 64 surfels.

A surfel bound to a triangle takes the triangle's displacement, interpolated at its place, and that displacement's
gradient stretches and turns its two tangents, so an opening mouth tears no holes. Then the head turns: a surfel
follows by its `follow` weight, 1 on the head and 0 on the torso, through a table of part turns along the neck, which
bends and twists like a chain of many joints. Source of the binding idea: GGTalker §3.2, Eq. 7, with displacement
instead of a frame.

Surfels at rest are kept by block and quantity ``[B,rows,64]``, so that every loop runs over 64 neighbours in memory
and becomes vector code. A block none of whose vertices moves takes its axes from rest.

Nothing is left out for being out of view or turned away: the rasteriser skips it as fast as it could be told
(`benchmarks/frame.py` measures what leaving out every hidden surfel could save at most).
"""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.neck import QUATERNION, SHIFT
from studio.core.engines.lift.surface import Surfels
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_array, kernel_threads

f32, u64 = np.float32, np.uint64

BLOCK = 64
"""Surfels handled at once."""
_MIXED = -1

# Blocks are flat, row after row; the place of a row is an unsigned constant and every loop over a block has constant
# length: so LLVM sees that rows do not overlap and turns the loops into vector code.
_LANES = u64(BLOCK)


def _rows(first: int, *, count: int) -> tuple[np.uint64, ...]:
    return tuple(u64(row * BLOCK) for row in range(first, first + count))


# A block at rest, and the same block posed but not yet turned.
MX, MY, MZ, QW, QX, QY, QZ, SCALE_U, SCALE_V, SCALE_N = _rows(0, count=10)
SURFEL_ROWS = 10
# A block's binding: tangents, weights, and the gradients of the weights along each tangent.
UX, UY, UZ, VX, VY, VZ = _rows(0, count=6)
MOVED_ROWS = 6
WA, WB, WC, UA, UB, UC, VA, VB, VC = _rows(6, count=9)
BINDING_ROWS = 15
# The displacements of a block's three vertices, by vertex and axis.
D_VERTEX = u64(3 * BLOCK)
D_ROWS = 9


@dataclass(frozen=True, eq=False)
class SurfelBlocks:
    """Surfels at rest and their binding in the layout of the kernel; the last block is padded with zeros.

    Attributes
    ----------
    rest
        ``[B,10*64]`` float32: means, quats, scales.
    binding
        ``[B,15*64]`` float32: tangents, weights, gradients; the weights of unbound surfels are 0.
    vertices
        ``[B,3*64]`` int32; the number V of vertices where unbound.
    levels
        ``[B]`` int32: the block's common `follow`, or −1 where it is mixed.
    bound
        ``[B]`` bool: whether any of the block's surfels is bound.
    follow
        ``[N]`` uint8.
    opacities
        ``[N]`` float32.
    """

    rest: NDArray[np.float32]
    binding: NDArray[np.float32]
    vertices: NDArray[np.int32]
    levels: NDArray[np.int32]
    bound: NDArray[np.bool_]
    follow: NDArray[np.uint8]
    opacities: NDArray[np.float32]

    @staticmethod
    def of(surfels: Surfels, binding: Binding, vertex_count: int, follow: NDArray[np.uint8]) -> "SurfelBlocks":
        """Lay surfels out."""
        weights = np.column_stack([binding.weights, binding.gradients.reshape(len(surfels), 6)])
        rest, tangents = _at_rest(surfels)
        bound = binding.vertices[:, 0] >= 0
        vertices = np.where(bound[:, None], binding.vertices, vertex_count)
        padded = np.pad(follow, (0, -len(follow) % BLOCK), mode="edge" if len(follow) else "constant").reshape(
            -1, BLOCK
        )
        return SurfelBlocks(
            rest,
            np.hstack([tangents, _blocks(weights.astype(np.float32))]),
            _blocks(vertices.astype(np.int32), vertex_count),
            np.where(padded.min(1) == padded.max(1), padded[:, 0].astype(np.int32), _MIXED).astype(np.int32),
            _blocks(bound[:, None]).any(1),
            follow,
            surfels.opacities,
        )

    def with_surfels(self, surfels: Surfels) -> "SurfelBlocks":
        """Return other surfels, as many and bound with the same weights."""
        rest, tangents = _at_rest(surfels)
        binding = np.hstack([tangents, self.binding[:, MOVED_ROWS * BLOCK :]])
        return replace(self, rest=rest, binding=binding, opacities=surfels.opacities)


def _at_rest(surfels: Surfels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return blocks ``[B,10*64]`` of surfels and ``[B,6*64]`` of their tangents."""
    n = len(surfels)
    columns = np.zeros((n, SURFEL_ROWS), np.float32)
    columns[:, :3], columns[:, -1] = surfels.means, surfels.thickness
    rest, tangents = _blocks(columns), _blocks(np.asarray(surfels.tangents, np.float32).reshape(n, 6))
    _axes_of_blocks(tangents, rest)
    return rest, tangents


def _blocks(columns: NDArray, fill: int = 0) -> NDArray:
    """Return ``[N,C]`` as flat blocks ``[B,C*64]``, the last one filled up."""
    padded = np.pad(columns, ((0, -len(columns) % BLOCK), (0, 0)), constant_values=fill)
    blocks = padded.reshape(-1, BLOCK, columns.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks).reshape(len(blocks), -1)


def pose_surfels(
    displacements: NDArray[np.float32],
    moving: NDArray[np.uint8],
    blocks: SurfelBlocks,
    turns: NDArray[np.float32],
    out: Gaussians,
) -> None:
    """Fill the means, quats, scales and opacities of `out`.

    Parameters
    ----------
    displacements, moving
        ``[V+1,3]`` m of the rig's vertices and ``[V+1]`` whether they move; the last stands still.
    turns
        See `studio.core.engines.lift.neck.head_turns`.
    """
    with kernel_threads() as threads:
        _pose(
            *(displacements.ravel(), moving, blocks.rest, blocks.binding, blocks.vertices, blocks.levels),
            *(blocks.bound, blocks.follow, turns, blocks.opacities, threads),
            *(out.means.reshape(-1), out.quats.reshape(-1), out.scales.reshape(-1), out.opacities),
        )


def surfel_axes(
    tangents: NDArray[np.float32], thickness: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return quats ``[N,4]`` wxyz and scales ``[N,3]`` of surfels with tangents ``[N,2,3]``."""
    quats, scales = (np.empty((len(thickness), columns), np.float32) for columns in (4, 3))
    fill_axes(kernel_array(tangents), kernel_array(thickness), quats, scales)
    return quats, scales


@njit(inline="always")
def _principal(ux, uy, uz, vx, vy, vz):
    """Rotate two tangents among themselves, which keeps uuᵀ + vvᵀ, until they are orthogonal.

    The angle is half of atan2(2 u·v, u·u − v·v); halving that vector needs no trigonometry.
    """
    f = ux * vx + uy * vy + uz * vz
    d = f32(0.5) * (ux * ux + uy * uy + uz * uz - vx * vx - vy * vy - vz * vz)
    p = max(np.sqrt(d * d + f * f) + abs(d), f32(1e-18))
    r = f32(1) / np.sqrt(p * p + f * f)
    large, small = p * r, f * r
    minus = -large
    turned = large if f >= f32(0) else minus
    c = large if d >= f32(0) else abs(small)
    s = small if d >= f32(0) else turned
    return c * ux + s * vx, c * uy + s * vy, c * uz + s * vz, c * vx - s * ux, c * vy - s * uy, c * vz - s * uz


@njit(inline="always")
def _pick(first, second, third, a, b, c, d):
    """Return a, b, c or d by the first condition that holds; both sides of a choice are known, so no branch."""
    rest = c if third else d
    rest = b if second else rest
    return a if first else rest


@njit(**SAFE_KERNEL)
def _axes(moved, posed):
    """Fill the quats and the two scales along the surface from the tangents in `moved`."""
    one, tiny = f32(1), f32(1e-12)
    for i in range(_LANES):
        ax, ay, az, bx, by, bz = _principal(
            moved[UX + i], moved[UY + i], moved[UZ + i], moved[VX + i], moved[VY + i], moved[VZ + i]
        )
        la, lb = np.sqrt(ax * ax + ay * ay + az * az), np.sqrt(bx * bx + by * by + bz * bz)
        ia, ib = one / max(la, tiny), one / max(lb, tiny)
        ax, ay, az, bx, by, bz = ax * ia, ay * ia, az * ia, bx * ib, by * ib, bz * ib
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        # The rotation matrix with columns a, b, n as a quaternion, by its largest component.
        w, x, y, z = one + ax + by + nz, one + ax - by - nz, one - ax + by - nz, one - ax - by + nz
        wx, wy, wz, xy, xz, yz = bz - ny, nx - az, ay - bx, bx + ay, nx + az, ny + bz
        is_w, is_x, is_y = w >= one, (ax > by) & (ax > nz), by > nz
        k = f32(0.5) / np.sqrt(max(_pick(is_w, is_x, is_y, w, x, y, z), tiny))
        posed[QW + i] = k * _pick(is_w, is_x, is_y, w, wx, wy, wz)
        posed[QX + i] = k * _pick(is_w, is_x, is_y, wx, x, xy, xz)
        posed[QY + i] = k * _pick(is_w, is_x, is_y, wy, xy, y, yz)
        posed[QZ + i] = k * _pick(is_w, is_x, is_y, wz, xz, yz, z)
        posed[SCALE_U + i], posed[SCALE_V + i] = la, lb


@njit(**SAFE_KERNEL)
def _axes_of_blocks(moved, posed):
    for block in range(len(moved)):
        _axes(moved[block], posed[block])


@njit(**SAFE_KERNEL)
def fill_axes(tangents, thickness, quats, scales):
    """Fill quats ``[N,4]`` wxyz and scales ``[N,3]`` of surfels with tangents ``[N,2,3]``."""
    moved, posed = np.zeros(MOVED_ROWS * BLOCK, np.float32), np.zeros(SURFEL_ROWS * BLOCK, np.float32)
    flat = tangents.reshape(-1)
    n = u64(len(thickness))
    for first in range(u64(0), n, _LANES):
        count = min(_LANES, n - first)
        for i in range(count):
            for k in range(u64(MOVED_ROWS)):
                moved[k * _LANES + i] = flat[u64(MOVED_ROWS) * (first + i) + k]
        _axes(moved, posed)
        for i in range(count):
            at = first + i
            quats[at, 0], quats[at, 1] = posed[QW + i], posed[QX + i]
            quats[at, 2], quats[at, 3] = posed[QY + i], posed[QZ + i]
            scales[at, 0], scales[at, 1], scales[at, 2] = posed[SCALE_U + i], posed[SCALE_V + i], thickness[at]


@njit(**SAFE_KERNEL)
def _move(rest, binding, vertices, displacements, gathered, posed, moved):
    """Displace the means of a block, into `posed`, and its tangents, into `moved`; `displacements` is flat."""
    for i in range(_LANES):
        posed[SCALE_N + i] = rest[SCALE_N + i]
    for corner in range(u64(3)):
        to = corner * D_VERTEX
        for i in range(_LANES):
            vertex = u64(3) * u64(vertices[corner * _LANES + i])
            gathered[to + i] = displacements[vertex]
            gathered[to + _LANES + i] = displacements[vertex + u64(1)]
            gathered[to + u64(2) * _LANES + i] = displacements[vertex + u64(2)]
    for axis in range(u64(3)):
        k = axis * _LANES
        for i in range(_LANES):
            a, b, c = gathered[k + i], gathered[k + D_VERTEX + i], gathered[k + u64(2) * D_VERTEX + i]
            posed[k + i] = rest[k + i] + binding[WA + i] * a + binding[WB + i] * b + binding[WC + i] * c
        for i in range(_LANES):
            a, b, c = gathered[k + i], gathered[k + D_VERTEX + i], gathered[k + u64(2) * D_VERTEX + i]
            moved[k + i] = binding[k + i] + binding[UA + i] * a + binding[UB + i] * b + binding[UC + i] * c
            moved[VX + k + i] = binding[VX + k + i] + binding[VA + i] * a + binding[VB + i] * b + binding[VC + i] * c


@njit(inline="always")
def _turned_mean(posed, t, i, means):
    x, y, z = posed[MX + i], posed[MY + i], posed[MZ + i]
    means[u64(3) * i] = t[0] * x + t[1] * y + t[2] * z + t[SHIFT]
    means[u64(3) * i + u64(1)] = t[3] * x + t[4] * y + t[5] * z + t[SHIFT + 1]
    means[u64(3) * i + u64(2)] = t[6] * x + t[7] * y + t[8] * z + t[SHIFT + 2]


@njit(inline="always")
def _turned_quat(posed, t, i, quats):
    w1, x1, y1, z1 = posed[QW + i], posed[QX + i], posed[QY + i], posed[QZ + i]
    w, x, y, z = t[QUATERNION], t[QUATERNION + 1], t[QUATERNION + 2], t[QUATERNION + 3]
    quats[u64(4) * i] = w * w1 - x * x1 - y * y1 - z * z1
    quats[u64(4) * i + u64(1)] = w * x1 + x * w1 + y * z1 - z * y1
    quats[u64(4) * i + u64(2)] = w * y1 - x * z1 + y * w1 + z * x1
    quats[u64(4) * i + u64(3)] = w * z1 + x * y1 - y * x1 + z * w1


# Of `follow`, the functions below get one number for a whole block, or one for each surfel.


@njit(**SAFE_KERNEL)
def _write_means(posed, turns, follow, means):
    if len(follow) == 1:
        t = turns[follow[0]]
        for i in range(u64(len(means) // 3)):
            _turned_mean(posed, t, i, means)
    else:
        for i in range(u64(len(follow))):
            _turned_mean(posed, turns[follow[i]], i, means)


@njit(**SAFE_KERNEL)
def _write_quats(posed, turns, follow, quats):
    if len(follow) == 1:
        t = turns[follow[0]]
        for i in range(u64(len(quats) // 4)):
            _turned_quat(posed, t, i, quats)
    else:
        for i in range(u64(len(follow))):
            _turned_quat(posed, turns[follow[i]], i, quats)


@njit(**SAFE_KERNEL)
def _write_scales(posed, scales):
    for i in range(u64(len(scales) // 3)):
        scales[u64(3) * i] = posed[SCALE_U + i]
        scales[u64(3) * i + u64(1)] = posed[SCALE_V + i]
        scales[u64(3) * i + u64(2)] = posed[SCALE_N + i]


@njit(**SAFE_KERNEL)
def _any_moves(moving, vertices):
    moves = np.uint8(0)
    for k in range(u64(3 * BLOCK)):
        moves |= moving[u64(vertices[k])]
    return moves != 0


@njit(parallel=True, **SAFE_KERNEL)
def _pose(
    displacements,
    moving,
    all_rest,
    binding,
    vertices,
    levels,
    bound,
    follow,
    turns,
    rest_opacities,
    workers,
    means,
    quats,
    scales,
    opacities,
):
    blocks, n = len(all_rest), len(follow)
    for worker in prange(workers):
        posed = np.empty(SURFEL_ROWS * BLOCK, np.float32)
        moved = np.empty(MOVED_ROWS * BLOCK, np.float32)
        gathered = np.empty(D_ROWS * BLOCK, np.float32)
        for block in range(worker, blocks, workers):
            first, last = block * BLOCK, min((block + 1) * BLOCK, n)
            rest, source = all_rest[block], all_rest[block]
            if bound[block] and _any_moves(moving, vertices[block]):
                _move(rest, binding[block], vertices[block], displacements, gathered, posed, moved)
                _axes(moved, posed)
                source = posed
            block_follow = follow[first:last] if levels[block] == _MIXED else follow[first : first + 1]
            _write_means(source, turns, block_follow, means[3 * first : 3 * last])
            _write_quats(source, turns, block_follow, quats[4 * first : 4 * last])
            _write_scales(source, scales[3 * first : 3 * last])
            opacities[first:last] = rest_opacities[first:last]
