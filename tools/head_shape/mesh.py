"""Triangle meshes as pieces that are joined by position."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import spsolve
from scipy.spatial import KDTree

Points = NDArray[np.float64]
Faces = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Piece:
    """Vertices ``[V,3]`` and triangles ``[F,3]``."""

    points: Points
    faces: Faces


def grid_faces(rows: int, columns: int, closed: bool = True) -> Faces:
    """Return the triangles of a grid of vertices, row by row; `closed` joins its last column to its first."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.concatenate([np.stack([a, c, d], -1), np.stack([a, d, b], -1)], axis=1).reshape(-1, 3).astype(np.int32)


def fan(centre: int, ring: NDArray) -> Faces:
    """Close a ring of vertices with triangles to one vertex."""
    return np.column_stack([np.full(len(ring), centre), ring, np.roll(ring, -1)]).astype(np.int32)


def joined(pieces: list[Piece], tolerance: float = 1e-7) -> tuple[Piece, list[NDArray[np.int64]]]:
    """Weld pieces at coincident vertices of different pieces; earlier ones keep their numbers.

    Returns the mesh and, for each piece, the new number of each of its vertices. Coincident vertices of one piece
    (the two lips of a closed mouth) stay apart.
    """
    points: list[Points] = []
    numbers: list[NDArray[np.int64]] = []
    count = 0
    for piece in pieces:
        number = np.full(len(piece.points), -1)
        if points:
            distance, nearest = KDTree(np.concatenate(points)).query(piece.points)
            number = np.where(distance < tolerance, nearest, -1)
        new = number < 0
        number[new] = count + np.arange(new.sum())
        count += int(new.sum())
        points.append(piece.points[new])
        numbers.append(number)
    faces = np.concatenate([n[p.faces] for p, n in zip(pieces, numbers, strict=True)])
    return Piece(np.concatenate(points), faces.astype(np.int32)), numbers


def boundary_loops(faces: Faces) -> list[list[int]]:
    """Return the loops of edges that only one triangle has, each in the order of its triangles' edges."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    directed = set(map(tuple, edges.tolist()))
    following = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while following:
        loop = [next(iter(following))]
        while (after := following.pop(loop[-1])) != loop[0]:
            loop.append(after)
        loops.append(loop)
    return loops


def consistently_wound(faces: Faces) -> Faces:
    """Turn triangles so that every one agrees with its neighbours; the first stays as it is."""
    faces = faces.copy()
    owners: dict[tuple[int, int], list[int]] = {}
    for f, (a, b, c) in enumerate(faces.tolist()):
        for edge in ((a, b), (b, c), (c, a)):
            owners.setdefault((min(edge), max(edge)), []).append(f)
    settled, waiting = {0}, [0]
    while waiting:
        f = waiting.pop()
        a, b, c = faces[f].tolist()
        for u, v in ((a, b), (b, c), (c, a)):
            for g in owners[min(u, v), max(u, v)]:
                if g in settled:
                    continue
                other = faces[g].tolist()
                if (u, v) in zip(other, other[1:] + other[:1], strict=True):
                    faces[g] = faces[g][::-1]
                settled.add(g)
                waiting.append(g)
    return faces


def wound_outwards(piece: Piece, centre: NDArray) -> Piece:
    """Wind triangles counter-clockwise seen from away from `centre`, which most of them must face away from.

    The face frame is left-handed (y points down), so the test is the opposite of the usual one.
    """
    a, b, c = np.moveaxis(piece.points[piece.faces], 1, 0)
    away = (np.cross(b - a, c - a) * ((a + b + c) / 3 - centre)).sum()
    return piece if away < 0 else Piece(piece.points, np.ascontiguousarray(piece.faces[:, ::-1]))


def neighbours(faces: Faces, count: int) -> csr_array:
    """Return the adjacency matrix ``[V,V]`` of 0 and 1."""
    i, j = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    both = coo_array((np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(count, count))
    adjacency = both.tocsr()
    adjacency.data[:] = 1
    return adjacency


def faired(piece: Piece, hold: NDArray) -> Points:
    """Smooth a mesh: least squares of the graph Laplacian against staying in place by `hold` ``[V]``.

    On a boundary the Laplacian is that of the boundary curve, so that openings keep their size.
    """
    count = len(piece.points)
    adjacency = neighbours(piece.faces, count).tolil()
    for loop in boundary_loops(piece.faces):
        for before, vertex, after in zip(np.roll(loop, 1), loop, np.roll(loop, -1), strict=True):
            adjacency.rows[vertex] = sorted([int(before), int(after)])
            adjacency.data[vertex] = [1.0, 1.0]
    adjacency = adjacency.tocsr()
    laplacian = diags_array(1 / np.maximum(adjacency.sum(1), 1)) @ adjacency - diags_array(np.ones(count))
    held = diags_array(np.asarray(hold, np.float64))
    return np.asarray(spsolve((laplacian.T @ laplacian + held).tocsc(), held @ piece.points))
