"""The face: the triangulation of the 478-point face mesh, subdivided, and its nostrils."""

import numpy as np

from head_shape.mesh import Faces, Piece, Points

# Under the tip of the nose: centre and half axes of the right nostril, and how deep it goes.
_NOSTRIL = np.array([-0.125, 0.635, 0.40])
_NOSTRIL_AXES = np.array([0.052, 0.075, 0.080])
_NOSTRIL_DEPTH = np.array([0.0, -0.13, -0.03])


def face_triangles() -> Faces:
    """Return the triangles ``[852,3]`` of the face mesh: every three edges that meet, without three that are none."""
    from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

    neighbours: dict[int, set[int]] = {}
    for a, b in FACEMESH_TESSELATION:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    found = {tuple(sorted((a, b, c))) for a, b in FACEMESH_TESSELATION for c in neighbours[a] & neighbours[b]}
    # Around a vertex with three neighbours these three also meet, and each of their edges has a triangle too many.
    triangles = np.array(sorted(found), np.int32)
    edges = np.sort(np.stack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]], 1), axis=-1)
    kinds, kind, times = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
    del kinds
    return triangles[~(times[kind.ravel()].reshape(-1, 3) > 2).all(1)]


def subdivide(faces: Faces, count: int) -> tuple[Faces, Faces]:
    """Split every triangle in four. Returns faces and, for each new vertex, the two it lies between."""
    edges: dict[tuple[int, int], int] = {}

    def middle(a: int, b: int) -> int:
        return edges.setdefault((min(a, b), max(a, b)), count + len(edges))

    out = []
    for a, b, c in faces.tolist():
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        out += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(out, np.int32), np.array(list(edges), np.int32)


def with_nostrils(points: Points) -> Points:
    """Push the skin of the nose's base up where the nostrils are."""
    out = points.copy()
    for side in (1.0, -1.0):
        across = (points - _NOSTRIL * [side, 1, 1]) / _NOSTRIL_AXES
        depth = np.clip(1 - (across**2).sum(1), 0, 1) ** 0.7
        out += depth[:, None] * _NOSTRIL_DEPTH
    return out


def as_piece(faces: Faces, points: Points) -> Piece:
    """Return the face as a piece of its used vertices only; the iris landmarks have no triangle."""
    used = np.unique(faces)
    number = np.full(len(points), -1)
    number[used] = np.arange(len(used))
    return Piece(points[used], number[faces].astype(np.int32))
