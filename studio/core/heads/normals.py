"""Normals of triangle meshes."""

import numpy as np
from numpy.typing import NDArray


def vertex_normals(points: NDArray, faces: NDArray) -> NDArray[np.float64]:
    """Return unit normals ``[V,3]`` of a mesh, its triangles weighted by their area.

    Parameters
    ----------
    points
        ``[V,3]``.
    faces
        ``[F,3]``, counter-clockwise seen from outside. A vertex without a triangle has the normal 0.
    """
    a, b, c = (points[faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros((len(points), 3))
    for axis in range(3):
        normals[:, axis] = np.bincount(faces.ravel(), np.repeat(across[:, axis], 3), len(points))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
