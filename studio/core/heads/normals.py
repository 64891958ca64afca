"""Normals of triangle meshes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.render.numba_runtime import EXACT_KERNEL


def vertex_normals(points: NDArray, faces: NDArray) -> NDArray[np.float64]:
    """Return unit normals ``[V,3]`` of a mesh, its triangles weighted by their area.

    Parameters
    ----------
    points
        ``[V,3]``.
    faces
        ``[F,3]``, counter-clockwise seen from outside. A vertex without a triangle has the normal 0.
    """
    normals = np.zeros((len(points), 3))
    _fill_normals(np.ascontiguousarray(points), np.ascontiguousarray(faces), normals)
    return normals


@njit(**EXACT_KERNEL)
def _fill_normals(points, faces, normals):
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for vertex in (a, b, c):
            normals[vertex, 0] += x
            normals[vertex, 1] += y
            normals[vertex, 2] += z
    for v in range(len(normals)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        normals[v] /= max(np.sqrt(x * x + y * y + z * z), 1e-15)
