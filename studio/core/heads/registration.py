"""Lay a FLAME head onto the skin of another head: its identity is fitted until the surfaces touch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.heads.flame import FlameHead
from studio.core.heads.normals import vertex_normals
from studio.core.jobs import Job, Progress

N_COEFFICIENTS = 80  # of identity; further ones are finer than the distance between vertices
STEPS = 24
FIRST_REACH, REACH = 0.03, 0.004
"""m within which a partner is looked for, at the first step and the last."""

FACING = 0.6
"""Cosine between the normals of partners: the lips face each other, and so do the lids."""

JAW_APART = 0.008
"""m that a point of the jaw is taken to be further from one of the skull: closed lips touch and look the same way."""

PRIOR = 0.0002
"""m of mean distance that a coefficient of one standard deviation must be worth."""

MIN_MATCHED = 0.1
"""Part of the FLAME skin that must have found partners."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Skin of a head: `points` and unit `normals` ``[P,3]`` in head space, and its 68 `landmarks` among them.

    `jaw` ``[P]`` 0..1 says how far each point follows the jaw.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float64]
    jaw: NDArray[np.float64]
    landmarks: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Match:
    """Which FLAME vertices ``[N]`` lie on which points of the other head, and how that head had to be moved.

    Attributes
    ----------
    vertices, partners
        ``[N]`` indices of FLAME vertices, and of the surface's points on which they lie.
    identity
        ``[80]`` FLAME's coefficients of the other head.
    scale, rotation
        A displacement on the other head times both is one on this head: ``scale * rotation @ d``.
    distance
        m root mean square between partners, along the surface's normal.
    landmark_vertices
        ``[68]`` FLAME vertices nearest to the other head's landmarks.
    """

    vertices: NDArray[np.int64]
    partners: NDArray[np.int64]
    identity: NDArray[np.float64]
    scale: float
    rotation: NDArray[np.float64]
    distance: float
    landmark_vertices: NDArray[np.int32]


def register(head: FlameHead, surface: Surface) -> Job[Match]:
    """Fit FLAME's identity, and the other head's size and attitude, until the surfaces touch.

    Point to plane with nearest partners whose reach shrinks (Chen and Medioni 1992). Landmarks start it where FLAME's
    are known; the eyes do otherwise.

    Raises
    ------
    UserError
        If less than a tenth of the FLAME skin finds a partner.
    """
    model = head.model
    skin = np.flatnonzero(model.weights[:, 3:].sum(1) < 0.5)  # eyeballs hang on the eyes' joints
    basis = model.identity[..., :N_COEFFICIENTS].astype(np.float64) * head.placement.scale
    identity = np.zeros(N_COEFFICIENTS)
    scale, rotation, shift = _start(head, surface)
    shaped = head.neutral.astype(np.float64)
    own_jaw, other_jaw = JAW_APART * model.weights[skin, 2:3], JAW_APART * surface.jaw[:, None]
    for step in range(STEPS + 1):
        yield Progress(step / (STEPS + 1), "laying the heads onto each other")
        points = scale * surface.points @ rotation.T + shift
        reach = FIRST_REACH * (REACH / FIRST_REACH) ** min(1.0, 1.5 * step / STEPS)
        tree = KDTree(np.hstack([points, other_jaw]))
        nearest = np.asarray(tree.query(np.hstack([shaped[skin], own_jaw]))[1])
        found = np.flatnonzero(np.linalg.norm(points[nearest] - shaped[skin], axis=1) < reach)
        own, other = skin[found], nearest[found]
        normals = surface.normals[other] @ rotation.T
        facing = (vertex_normals(shaped, model.faces)[own] * normals).sum(1) > FACING
        own, other, normals = own[facing], other[facing], normals[facing]
        if len(own) < MIN_MATCHED * len(skin):
            raise UserError("This FLAME model does not fit onto a face; check that it is a whole head as published.")
        gap = ((shaped[own] - points[other]) * normals).sum(1)
        if step == STEPS:
            break
        columns = np.hstack(
            [
                np.einsum("nc,nck->nk", normals, basis[own]),
                -np.cross(points[other], normals),
                -normals,
                -(points[other] * normals).sum(1, keepdims=True),
            ]
        )
        weights = np.zeros(columns.shape[1])
        weights[:N_COEFFICIENTS] = len(own) * PRIOR**2
        gram = columns.T @ columns + np.diag(weights + 1e-12)
        move = np.linalg.solve(gram, -columns.T @ gap - weights * np.append(identity, np.zeros(7)))
        identity += move[:N_COEFFICIENTS]
        turn = Rotation.from_rotvec(move[-7:-4]).as_matrix()
        grow = 1 + move[-1]
        scale, rotation, shift = scale * grow, turn @ rotation, grow * turn @ shift + move[-4:-1]
        shaped = head.neutral + basis @ identity
    marks = np.asarray(KDTree(shaped[skin]).query(points[surface.landmarks])[1])
    rms = float(np.sqrt((gap**2).mean()))
    return Match(own, other, identity, scale, rotation, rms, skin[marks].astype(np.int32))


def _start(head: FlameHead, surface: Surface) -> tuple[float, NDArray, NDArray]:
    """Return scale, rotation and shift that take the other head's landmarks nearest to FLAME's (Umeyama 1991)."""
    known = np.flatnonzero(head.landmark_vertices >= 0)
    known = known[known >= 17]  # the jaw line is where the skin turns away: no point of it is one place
    if len(known) == 0:
        return 1.0, np.eye(3), np.zeros(3)
    source = surface.points[surface.landmarks[known]].astype(np.float64)
    target = head.neutral[head.landmark_vertices[known]].astype(np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    rotation = Rotation.align_vectors(b, a)[0].as_matrix()
    scale = float(np.sqrt((b**2).sum() / (a**2).sum()))
    return scale, rotation, target.mean(0) - scale * rotation @ source.mean(0)
