"""From a motion frame to posed Gaussians: blendshapes on the rig's vertices, then every surfel in one pass.

A surfel bound to a triangle takes the triangle's displacement, interpolated at its place, and that displacement's
gradient stretches and turns its two tangents, so an opening mouth tears no holes. Then the head turns: a surfel
follows by its `follow` weight, 1 on the head and 0 on the torso, through a table of part turns, so that the neck
twists without shrinking. Source of the binding idea: GGTalker §3.2, Eq. 7, with displacement instead of a frame.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_threads

f32 = np.float32

FOLLOW_LEVELS = 64
"""Steps of the table from "stays with the torso" to "turns with the head"."""


def head_turns(head_pose: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table ``[65,16]`` of part turns: rotation matrix (9), translation (3), quaternion wxyz (4)."""
    levels = np.linspace(0, 1, FOLLOW_LEVELS + 1)
    axis_angle, translation = head_pose[:3].astype(np.float64), head_pose[3:].astype(np.float64)
    angle = float(np.linalg.norm(axis_angle))
    axis = axis_angle / angle if angle > 1e-9 else np.array([0.0, 1.0, 0.0])
    half = 0.5 * angle * levels
    w, (x, y, z) = np.cos(half), np.sin(half) * axis[:, None]
    rotation = np.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ],
        axis=1,
    )  # fmt: skip
    shift = levels[:, None] * translation
    return np.concatenate([rotation, shift, np.stack([w, x, y, z], 1)], 1).astype(np.float32)


def pose_surfels(
    displacements: NDArray[np.float32],
    binding: "tuple[NDArray, NDArray, NDArray]",
    rest: "tuple[NDArray, NDArray, NDArray, NDArray, NDArray]",
    follow: NDArray[np.uint8],
    turns: NDArray[np.float32],
    out: "tuple[NDArray, NDArray, NDArray]",
) -> None:
    """Fill ``out = (means, quats, scales)``.

    Parameters
    ----------
    displacements
        ``[V,3]`` m of the rig's vertices.
    binding
        Vertex numbers ``[N,3]`` int32 (−1 first: unbound), weights ``[N,3]``, and their gradients along the two
        tangents ``[N,2,3]``.
    rest
        Means ``[N,3]``, tangents ``[N,2,3]``, thickness ``[N]``, quats ``[N,4]``, scales ``[N,3]`` at rest.
    follow
        ``[N]`` index into `turns`.
    turns
        See `head_turns`.
    """
    with kernel_threads():
        _pose(displacements, *binding, *rest, follow, turns, *out)


def surfel_axes(
    tangents: NDArray[np.float32], thickness: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return quats ``[N,4]`` wxyz and scales ``[N,3]`` of surfels with tangents ``[N,2,3]``."""
    quats, scales = np.empty((len(thickness), 4), np.float32), np.empty((len(thickness), 3), np.float32)
    with kernel_threads():
        _axes_of_all(tangents, thickness, quats, scales)
    return quats, scales


@njit(inline="always")
def _axes(ux, uy, uz, vx, vy, vz, thickness, quats, scales, i):
    """Turn two tangents into orthogonal principal axes: the covariance uuᵀ + vvᵀ has rank 2."""
    e, f, g = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    # Rotating (u, v) among themselves keeps uuᵀ + vvᵀ; this rotation makes them orthogonal.
    angle = f32(0.5) * np.arctan2(f32(2) * f, e - g)
    c, s = np.cos(angle), np.sin(angle)
    ax, ay, az = c * ux + s * vx, c * uy + s * vy, c * uz + s * vz
    bx, by, bz = c * vx - s * ux, c * vy - s * uy, c * vz - s * uz
    la, lb = np.sqrt(ax * ax + ay * ay + az * az), np.sqrt(bx * bx + by * by + bz * bz)
    scales[i, 0], scales[i, 1], scales[i, 2] = la, lb, thickness
    ia, ib = f32(1) / max(la, f32(1e-12)), f32(1) / max(lb, f32(1e-12))
    ax, ay, az, bx, by, bz = ax * ia, ay * ia, az * ia, bx * ib, by * ib, bz * ib
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    # Rotation matrix with columns a, b, n to a quaternion, by its largest component.
    trace = ax + by + nz
    if trace > f32(0):
        r = np.sqrt(f32(1) + trace)
        k = f32(0.5) / r
        w, x, y, z = f32(0.5) * r, (bz - ny) * k, (nx - az) * k, (ay - bx) * k
    elif ax > by and ax > nz:
        r = np.sqrt(f32(1) + ax - by - nz)
        k = f32(0.5) / max(r, f32(1e-12))
        w, x, y, z = (bz - ny) * k, f32(0.5) * r, (bx + ay) * k, (nx + az) * k
    elif by > nz:
        r = np.sqrt(f32(1) - ax + by - nz)
        k = f32(0.5) / max(r, f32(1e-12))
        w, x, y, z = (nx - az) * k, (bx + ay) * k, f32(0.5) * r, (ny + bz) * k
    else:
        r = np.sqrt(f32(1) - ax - by + nz)
        k = f32(0.5) / max(r, f32(1e-12))
        w, x, y, z = (ay - bx) * k, (nx + az) * k, (ny + bz) * k, f32(0.5) * r
    quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3] = w, x, y, z


@njit(parallel=True, **SAFE_KERNEL)
def _axes_of_all(tangents, thickness, quats, scales):
    for i in prange(len(thickness)):
        u, v = tangents[i, 0], tangents[i, 1]
        _axes(u[0], u[1], u[2], v[0], v[1], v[2], thickness[i], quats, scales, i)


@njit(parallel=True, **SAFE_KERNEL)
def _pose(
    displacements,
    vertices,
    weights,
    gradients,
    rest_means,
    rest_tangents,
    thickness,
    rest_quats,
    rest_scales,
    follow,
    turns,
    means,
    quats,
    scales,
):
    for i in prange(len(rest_means)):
        mx, my, mz = rest_means[i, 0], rest_means[i, 1], rest_means[i, 2]
        t = turns[follow[i]]
        a = vertices[i, 0]
        moved = False
        if a >= 0:
            b, c = vertices[i, 1], vertices[i, 2]
            for k in range(3):
                if displacements[a, k] != 0 or displacements[b, k] != 0 or displacements[c, k] != 0:
                    moved = True
        if moved:
            da, db, dc = displacements[a], displacements[b], displacements[c]
            wa, wb, wc = weights[i, 0], weights[i, 1], weights[i, 2]
            mx += wa * da[0] + wb * db[0] + wc * dc[0]
            my += wa * da[1] + wb * db[1] + wc * dc[1]
            mz += wa * da[2] + wb * db[2] + wc * dc[2]
            ga, gb, gc = gradients[i, 0, 0], gradients[i, 0, 1], gradients[i, 0, 2]
            ux = rest_tangents[i, 0, 0] + ga * da[0] + gb * db[0] + gc * dc[0]
            uy = rest_tangents[i, 0, 1] + ga * da[1] + gb * db[1] + gc * dc[1]
            uz = rest_tangents[i, 0, 2] + ga * da[2] + gb * db[2] + gc * dc[2]
            ga, gb, gc = gradients[i, 1, 0], gradients[i, 1, 1], gradients[i, 1, 2]
            vx = rest_tangents[i, 1, 0] + ga * da[0] + gb * db[0] + gc * dc[0]
            vy = rest_tangents[i, 1, 1] + ga * da[1] + gb * db[1] + gc * dc[1]
            vz = rest_tangents[i, 1, 2] + ga * da[2] + gb * db[2] + gc * dc[2]
            _axes(ux, uy, uz, vx, vy, vz, thickness[i], quats, scales, i)
            w1, x1, y1, z1 = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
        else:
            for k in range(3):
                scales[i, k] = rest_scales[i, k]
            w1, x1, y1, z1 = rest_quats[i, 0], rest_quats[i, 1], rest_quats[i, 2], rest_quats[i, 3]
        means[i, 0] = t[0] * mx + t[1] * my + t[2] * mz + t[9]
        means[i, 1] = t[3] * mx + t[4] * my + t[5] * mz + t[10]
        means[i, 2] = t[6] * mx + t[7] * my + t[8] * mz + t[11]
        w, x, y, z = t[12], t[13], t[14], t[15]
        quats[i, 0] = w * w1 - x * x1 - y * y1 - z * z1
        quats[i, 1] = w * x1 + x * w1 + y * z1 - z * y1
        quats[i, 2] = w * y1 - x * z1 + y * w1 + z * x1
        quats[i, 3] = w * z1 + x * y1 - y * x1 + z * w1
