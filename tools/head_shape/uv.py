"""Texture coordinates: the face in the middle, the rest of the skin around it, inner parts in a strip below.

(0, 0) is the texture's upper left corner.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags_array
from scipy.sparse.linalg import spsolve

from head_shape.mesh import Faces, Points, neighbours

# The skin fills an ellipse; in its disc the face reaches out to this radius.
SKIN_CENTRE, SKIN_RADII = np.array([0.5, 0.45]), np.array([0.5, 0.45])
FACE_RADIUS = 0.80
# The face is unrolled about an upright axis this far behind the eyes.
_AXIS = -1.6
_MIDDLE_Y = 0.42


def skin_uv(points: Points, faces: Faces, oval: NDArray, hem: NDArray, inside: NDArray, rims: list[NDArray]) -> Points:
    """Lay the skin flat.

    Parameters
    ----------
    oval, hem
        Vertices of the face's rim, and of the lower end of the bust with their angle in the disc ``[n,2]``: (vertex,
        angle).
    inside
        ``[V]`` True on the face.
    rims
        Per eye the margin and its rings inwards ``[4,n]``.
    """
    unrolled = np.column_stack([np.arctan2(points[:, 0], points[:, 2] - _AXIS), (points[:, 1] - _MIDDLE_Y) / 2.2])
    turn, radius = np.arctan2(unrolled[:, 1], unrolled[:, 0]), np.linalg.norm(unrolled, axis=1)
    order = np.argsort(turn[oval])
    rim = np.interp(turn, turn[oval][order], radius[oval][order], period=2 * np.pi)
    disc = unrolled * (FACE_RADIUS / rim)[:, None]
    bare = np.concatenate([r[1:].ravel() for r in rims])
    own = faces[inside[faces].all(1)]
    _unfold(disc, own, np.setdiff1d(np.flatnonzero(inside), oval))
    for rings in rims:
        margin = disc[rings[0]]
        for k, ring in enumerate(rings[1:], 1):
            disc[ring] = margin + (margin.mean(0) - margin) * 0.22 * k

    # Around the face: radius and angle, each the mean of its neighbours'.
    vertex = hem[:, 0].astype(int)
    radius, turn = np.linalg.norm(disc, axis=1), _from_above(np.arctan2(disc[:, 1], disc[:, 0]))
    radius[vertex], turn[vertex] = 1.0, _from_above(hem[:, 1])
    known = inside.copy()
    known[np.concatenate([vertex, bare])] = True
    # Angles jump where the skin is cut open for it: below the chin, down the middle.
    cut = (points[:, 1] > 1.5) & (points[:, 2] > -1.2)
    bank = np.where(cut, np.where(points[:, 0] > -1e-9, 1, -1), 0)
    on_cut = cut & (np.abs(turn) > np.pi - 1e-6)
    turn[on_cut] = np.pi * bank[on_cut]
    radius, turn = _spread(radius, turn, faces, known, bank)
    # Steeper at the face's rim: what is upright on the cylinder would fold there, where straight edges become arcs.
    share = np.clip((radius - FACE_RADIUS) / (1 - FACE_RADIUS), 0, 1)
    radius = FACE_RADIUS + (1 - FACE_RADIUS) * share**0.65
    around = ~inside
    around[bare] = False
    angle = turn[around] - np.pi / 2
    disc[around] = radius[around, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return SKIN_CENTRE + SKIN_RADII * disc


def _from_above(angle: NDArray) -> NDArray[np.float64]:
    """Count angles from the disc's top, −π..π: left of the head is positive, and the jump lies below."""
    return (angle + np.pi / 2 + np.pi) % (2 * np.pi) - np.pi


def _spread(
    radius: NDArray, turn: NDArray, faces: Faces, known: NDArray[np.bool_], bank: NDArray
) -> tuple[NDArray, NDArray]:
    """Put every unknown vertex into the middle of its neighbours on the cylinder (radius, turn) (Tutte 1963).

    An edge from `bank` 1 to −1 crosses the cut: there the other's turn counts 2π more.
    """
    adjacency = neighbours(faces, len(radius)).tocoo()
    i, j = adjacency.coords
    jump = np.zeros(len(radius))
    np.add.at(jump, i, np.pi * np.where(bank[i] * bank[j] < 0, bank[i] - bank[j], 0))
    adjacency = adjacency.tocsr()
    laplacian = (diags_array(adjacency.sum(1)) - adjacency).tocsc()
    free = ~known
    inner, outer = laplacian[free][:, free], laplacian[free][:, known]
    radius, turn = radius.copy(), turn.copy()
    radius[free] = spsolve(inner, -outer @ radius[known])
    turn[free] = spsolve(inner, jump[free] - outer @ turn[known])
    return radius, turn


def _unfold(disc: Points, faces: Faces, free: NDArray) -> None:
    """Move vertices of triangles that lie upside down into the middle of their neighbours until none does."""
    adjacency = neighbours(faces, len(disc))
    movable = np.zeros(len(disc), bool)
    movable[free] = True
    for _ in range(400):
        a, b, c = np.moveaxis(disc[faces], 1, 0)
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        folded = faces[area * np.sign(np.median(area)) <= 1e-8]
        if not len(folded):
            return
        near = np.unique(folded)
        near = near[movable[near]]
        rows = adjacency[near]
        disc[near] = (rows @ disc) / rows.sum(1)[:, None]
    raise ValueError(f"{len(folded)} triangles cannot be laid flat")


def disc_uv(points: Points, centre: tuple[float, float], radius: float, axis: Points, up: Points) -> Points:
    """Lay a closed part out by its angle from `axis`; its far side crowds the disc's edge, out of sight."""
    away = points - points.mean(0)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    side = np.cross(up, axis)
    angle = np.arccos(np.clip(away @ axis, -1, 1)) / np.pi
    flat = np.column_stack([away @ side, away @ -up])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    return np.asarray(centre) + radius * angle[:, None] * flat


def box_uv(points: Points, low: tuple[float, float], high: tuple[float, float]) -> Points:
    """Lay a part out as it is seen from the front; its back shares the texels of its front."""
    flat = points[:, :2]
    share = (flat - flat.min(0)) / np.ptp(flat, axis=0)
    return np.asarray(low) + share * (np.asarray(high) - np.asarray(low))
