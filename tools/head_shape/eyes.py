"""An eyeball: a sphere with the bulge of the cornea, its rings laid along pupil and iris."""

import numpy as np

from head_shape.mesh import Piece, fan, grid_faces
from studio.core.heads.eyes import EYE_RADIUS as RADIUS

# Angles from the axis: pupil, iris (its rim is 6 mm from the axis), white.
_PUPIL, _IRIS = 0.17, 0.455
_RINGS = np.concatenate([[0.08, _PUPIL], np.linspace(0.22, _IRIS, 5), np.linspace(0.52, 2.9, 16)])
_COLUMNS = 32
_CORNEA = 0.012

IRIS_RINGS = 7
"""So many rings from the axis, pupil included, belong to the iris."""


def eyeball(centre: np.ndarray) -> tuple[Piece, np.ndarray]:
    """Return one eyeball and which of its vertices ``[V]`` are iris (1) and pupil (2)."""
    turn = 2 * np.pi * np.arange(_COLUMNS) / _COLUMNS
    bulge = 1 + _CORNEA / RADIUS * np.clip(1 - (_RINGS / 0.52) ** 2, 0, 1)
    r = RADIUS * bulge[:, None]
    x = r * np.sin(_RINGS)[:, None] * np.cos(turn)
    y = r * np.sin(_RINGS)[:, None] * np.sin(turn)
    z = np.broadcast_to(r * np.cos(_RINGS)[:, None], x.shape)
    rings = np.stack([x, y, z], -1).reshape(-1, 3)
    poles = np.array([[0, 0, RADIUS + _CORNEA], [0, 0, -RADIUS]])
    points = np.concatenate([rings, poles]) + centre
    count = len(rings)
    faces = [
        grid_faces(len(_RINGS), _COLUMNS),
        fan(count, np.arange(_COLUMNS)),
        fan(count + 1, np.arange(count - _COLUMNS, count))[:, [0, 2, 1]],
    ]
    kind = np.zeros(len(points), np.uint8)
    kind[: IRIS_RINGS * _COLUMNS] = 1
    kind[: 2 * _COLUMNS] = 2
    kind[count] = 2
    return Piece(points, np.concatenate(faces).astype(np.int32)), kind
