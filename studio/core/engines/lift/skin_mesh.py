"""The built-in head's skin as a mesh on which quantities spread from where they are known."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.heads.anatomy import (
    FACE_OVAL,
    LOWER_LID,
    LOWER_LIP_INNER,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    to_face,
)
from studio.core.heads.full import FullHead
from studio.core.heads.normals import vertex_normals
from studio.core.heads.symmetry import mirrored_indices
from studio.core.heads.template import APRON_REACH
from studio.core.perception.masks import pixels_at, polygon

# In the face frame: where the hair begins beside and behind the face (backwards, down), and where the neck ends.
_HAIRLINE = ([0.75, 1.0, 1.45, 2.1, 3.0], [-0.2, 0.1, 0.8, 1.2, 1.25])
_NECK_FOOT = 2.1
# An ear as an ellipse on the side of the head: middle (backwards, down), half axes, how far it leans.
_EAR, _EAR_AXES, _EAR_LEAN = (1.2, 0.34), (0.37, 0.54), 0.2
_EAR_OUT = 1.0
_FACE_BACK = -1.0
# Edges of the mesh on the face are this long: an edge of that length pulls with 1.
_EDGE = 0.03
# The mean head is drawn with so many px to the unit to find what lies inside the face's oval.
_DRAWN = 100
# Around eyes and lips the skin turns inwards: other parts fill them.
_RIM = 0.03


@dataclass(frozen=True, eq=False)
class SkinMesh:
    """What is the same on every head: V vertices, F triangles, E edges.

    Attributes
    ----------
    vertices
        ``[V]`` their numbers on `FullHead`; the first 468 are the landmarks'.
    faces, edges
        ``[F,3]`` and ``[E,2]`` int32.
    mirror
        ``[V]`` the vertex on the other side.
    normals
        ``[V,3]`` of the mean head, in head space.
    size
        ``[V]`` m: how far apart vertices are on the mean head.
    face, bare, head
        ``[V]`` bool: inside the face's oval; skin on most people: neither scalp nor bust; all but the bust.
    ear
        ``[V]`` −1 on the right ear, 1 on the left one, else 0.
    fade
        ``[V]`` 1 on the face, falling to 0 as far away as expressions reach.
    laplacian
        ``[V,V]``.
    """

    vertices: NDArray[np.intp]
    faces: NDArray[np.int32]
    edges: NDArray[np.int32]
    mirror: NDArray[np.intp]
    normals: NDArray[np.float64]
    size: NDArray[np.float64]
    face: NDArray[np.bool_]
    bare: NDArray[np.bool_]
    head: NDArray[np.bool_]
    ear: NDArray[np.int8]
    fade: NDArray[np.float64]
    laplacian: sp.csr_matrix

    def vertex_normals(self, points: NDArray) -> NDArray[np.float64]:
        """Return unit normals ``[V,3]`` of the skin in another shape ``[V,3]``."""
        return vertex_normals(points, self.faces)

    def tangents(self, points: NDArray) -> NDArray[np.float64]:
        """Return two orthogonal axes ``[V,2,3]`` m, as long as the way to the neighbours along them."""
        return _tangents(points, self.edges)

    def diffused(self, values: NDArray, weight: NDArray, pull: float, rest: float = 1e-7) -> NDArray[np.float64]:
        """Return values ``[V,C]`` that keep to the given ones by `weight` ``[V]`` and are smooth between.

        Known values are smoothed over about √`pull` edges and carried √(`pull` / `rest`) edges further before they
        fall to 0.
        """
        system = (sp.diags(weight + rest) + pull * self.laplacian).tocsc()
        symmetric = {"SymmetricMode": True}
        factors = sla.splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
        return factors.solve(np.ascontiguousarray(weight[:, None] * values, np.float64))


@lru_cache(maxsize=1)
def skin_mesh() -> SkinMesh:
    """Return the skin of the built-in head."""
    whole = FullHead()
    skin = whole.of("skin")
    vertices = np.flatnonzero(skin)
    number = np.cumsum(skin) - 1
    faces = number[whole.faces[skin[whole.faces].all(1)]].astype(np.int32)
    space = whole.neutral[vertices].astype(np.float64)
    points = to_face(space)
    x, y, back = points[:, 0], points[:, 1], -points[:, 2]

    drawn = points[:, :2]
    face = _inside(drawn, FACE_OVAL) & (-back > _FACE_BACK)
    lids = [UPPER_LID[side] + LOWER_LID[side][::-1] for side in SIDES]
    openings = np.any([_inside(drawn, ring, _RIM) for ring in [*lids, UPPER_LIP_INNER + LOWER_LIP_INNER[::-1]]], 0)
    behind, above = back - _EAR[0], _EAR[1] - y
    leaning = behind + _EAR_LEAN * above
    on_ear = (leaning / _EAR_AXES[0]) ** 2 + (above / _EAR_AXES[1]) ** 2 < 1
    on_ear &= np.abs(x) > _EAR_OUT
    head = (y < _NECK_FOOT) & ~(openings & face)
    bare = head & (face | on_ear | (y > np.interp(back, *_HAIRLINE)))

    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    # As numbers: sorting pairs holds the interpreter, and with it the window, for 50 ms.
    first, second = np.sort(sides, axis=1).astype(np.int64).T
    edges = np.stack(np.divmod(np.unique(first * len(points) + second), len(points)), axis=1).astype(np.int32)
    pulls = _EDGE / np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    ties = sp.coo_matrix((pulls, tuple(edges.T)), (len(points), len(points)))
    ties = ties + ties.T
    return SkinMesh(
        vertices,
        faces,
        edges,
        mirrored_indices(space),
        vertex_normals(space, faces),
        np.linalg.norm(_tangents(space, edges), axis=2).max(1),
        face,
        bare,
        head,
        (np.sign(x) * on_ear).astype(np.int8),
        1 - np.clip(KDTree(points[face]).query(points)[0] / APRON_REACH, 0, 1),
        sp.csr_matrix(sp.diags(np.asarray(ties.sum(1)).ravel()) - ties),
    )


def _inside(drawn: NDArray, ring: list[int], grow: float = 0.0) -> NDArray[np.bool_]:
    """Tell which vertices ``[V,2]`` of the mean face, drawn from the front, lie inside a ring of landmarks."""
    side = 8 * _DRAWN
    pixels = drawn * _DRAWN + side / 2
    return polygon((side, side), pixels[ring], round(grow * _DRAWN))[pixels_at(pixels, (side, side))]


def _tangents(points: NDArray, edges: NDArray) -> NDArray[np.float64]:
    step = points[edges[:, 1]] - points[edges[:, 0]]
    ends = edges.ravel()
    count = np.maximum(np.bincount(ends, minlength=len(points)), 1)
    spread = np.zeros((len(points), 3, 3))
    for i in range(3):
        for j in range(i, 3):
            total = np.bincount(ends, np.repeat(step[:, i] * step[:, j], 2), len(points))
            spread[:, i, j] = spread[:, j, i] = total
    # On a regular grid of spacing h the mean of e eᵀ over a vertex's edges is h²/2 along either axis.
    values, vectors = np.linalg.eigh(spread * (2 / count)[:, None, None])
    length = np.sqrt(np.maximum(values[:, 1:], 0))
    return np.asarray(vectors[:, :, 1:].transpose(0, 2, 1) * length[:, :, None], np.float64)
