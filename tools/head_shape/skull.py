"""Skull, neck and shoulders: a surface that continues the face to a closed head."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, RBFInterpolator
from scipy.spatial import ConvexHull, KDTree

from head_shape.mesh import Faces, Piece, Points, grid_faces

CENTRE = np.array([0.0, 0.10, -0.90])
"""From here every point of the skull is seen: its surface is a distance by direction."""

# Crown and back of the head in profile (y, z), then outlines: widths and depths measured at round heights, see package.
_PROFILE = [
    (-1.10, -0.03), (-1.40, -0.38), (-1.62, -1.00), (-1.63, -1.50), (-1.42, -2.15), (-0.95, -2.52), (-0.30, -2.66),
    (0.30, -2.54), (0.80, -2.32), (1.15, -2.18),
]  # fmt: skip
_SIDES = [
    (1.06, -0.50, -0.62), (1.16, -0.40, -1.00), (1.18, -0.40, -1.38), (1.12, -0.40, -1.80), (0.96, -0.40, -2.22),
    (0.55, -0.40, -2.56), (1.01, -1.05, -1.32), (0.88, -1.30, -1.30), (0.62, -1.50, -1.33), (0.70, -1.20, -2.00),
    (0.80, -1.12, -0.55), (0.55, -1.38, -0.75), (1.10, 0.10, -1.50), (1.08, 0.45, -1.45), (1.00, 0.15, -2.00),
    (1.00, 0.80, -1.40), (0.88, 0.75, -1.90), (0.88, 1.15, -1.35),
    (0.30, 1.76, -0.12), (0.34, 1.80, -0.40), (0.56, 1.62, -0.45), (0.78, 1.40, -0.85),
]  # fmt: skip
_UNDER_CHIN = [(1.765, -0.02), (1.80, -0.22), (1.835, -0.40)]

# The neck's and torso's outlines from the skull down: half width with its y, z; front y, z; back y, z.
_OUTLINES = np.array(
    [
        (0.84, 1.58, -1.28, 1.90, -0.56, 1.22, -2.18),
        (0.82, 1.84, -1.34, 2.12, -0.62, 1.58, -2.20),
        (0.84, 2.10, -1.42, 2.38, -0.66, 1.96, -2.26),
        (1.00, 2.34, -1.50, 2.60, -0.70, 2.30, -2.40),
        (1.50, 2.58, -1.56, 2.76, -0.64, 2.58, -2.56),
        (2.20, 2.80, -1.58, 2.92, -0.48, 2.84, -2.70),
        (2.78, 3.10, -1.58, 3.16, -0.32, 3.14, -2.80),
        (3.04, 3.52, -1.56, 3.54, -0.16, 3.54, -2.86),
        (3.10, 4.02, -1.55, 4.02, -0.08, 4.02, -2.88),
    ]
)
_MIRROR = np.array([-1.0, 1, 1])
NECK_COLUMNS = 96
_NECK_ROWS = 28


class Skull:
    """The distance of the skull's surface from `CENTRE` by direction, through measured points and the face's rim."""

    def __init__(self, rim: Points) -> None:
        profile = np.array([(0.0, y, z) for y, z in _PROFILE + _UNDER_CHIN])
        sides = np.array(_SIDES)
        anchors = np.concatenate([profile, sides, sides * _MIRROR, neck_outline(0.0)[::6]])
        direction, distance = _polar(np.concatenate([anchors, rim]).astype(np.float64))
        smoothing = np.where(np.arange(len(direction)) < len(anchors), 2e-3, 0.0)
        # One number per point, which the type stubs do not know of.
        self._distance = RBFInterpolator(direction, distance, kernel="cubic", smoothing=smoothing)  # pyright: ignore

    def at(self, direction: NDArray) -> Points:
        """Return the surface's points ``[n,3]`` in directions ``[n,3]`` from `CENTRE`."""
        direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        return CENTRE + direction * self._distance(direction)[:, None]


def scalp(skull: Skull, loops: list[Points], spacing: float) -> Piece:
    """Triangulate the skull between loops (the face's rim, the roots of the ears, the top of the neck).

    Triangles are those of the convex hull of the directions, which is their Delaunay triangulation on the sphere.
    """
    edges = np.concatenate(loops)
    count = int(4 * np.pi * 1.45**2 / (0.87 * spacing**2))
    inner = skull.at(_even_directions(count))
    inner = inner[~np.any([_inside(loop, inner) for loop in loops], axis=0)]
    inner = inner[KDTree(edges).query(inner)[0] > 0.62 * spacing]
    points = np.concatenate([edges, inner])
    faces = ConvexHull(_polar(points)[0]).simplices.astype(np.int32)
    first = 0
    for loop in loops:
        # Inside a loop the hull spans it with triangles of its own vertices alone.
        own = ((faces >= first) & (faces < first + len(loop))).all(1)
        middle = points[faces].mean(1)
        faces = faces[~(own & _inside(loop, middle))]
        first += len(loop)
    return Piece(points, _consistent(faces, points))


def neck_outline(row: float) -> Points:
    """Return the outline ``[96,3]`` at `row` 0 (under the skull) to 1 (the cut across chest and back)."""
    numbers = CubicSpline(np.linspace(0, 1, len(_OUTLINES)), _OUTLINES)(row)
    half, side_y, side_z, front_y, front_z, back_y, back_z = numbers
    angle = 2 * np.pi * np.arange(NECK_COLUMNS) / NECK_COLUMNS
    # Rounder than an ellipse across the shoulders.
    power = 1 - 0.25 * row
    c = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    s = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    ahead, behind = np.clip(s, 0, 1), np.clip(-s, 0, 1)
    y = side_y + (front_y - side_y) * ahead**1.5 + (back_y - side_y) * behind**1.5
    z = side_z + (front_z - side_z) * ahead + (back_z - side_z) * behind
    return np.column_stack([half * c, y, z])


def neck() -> Piece:
    """Return neck and shoulders, open at both ends."""
    points = np.concatenate([neck_outline(row) for row in np.linspace(0, 1, _NECK_ROWS)])
    return Piece(points, grid_faces(_NECK_ROWS, NECK_COLUMNS))


def _polar(points: Points) -> tuple[Points, NDArray[np.float64]]:
    away = points - CENTRE
    distance = np.linalg.norm(away, axis=1)
    return away / distance[:, None], distance


def _even_directions(count: int) -> Points:
    """Return evenly spread unit vectors, symmetric in x (Fibonacci lattice, one half mirrored)."""
    k = np.arange(count) + 0.5
    x, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    points = np.column_stack([x, np.sqrt(1 - x**2) * np.cos(turn), np.sqrt(1 - x**2) * np.sin(turn)])
    half = points[points[:, 0] > 0.018]
    ring = np.linspace(0, 2 * np.pi, round(np.sqrt(np.pi * count)), endpoint=False)
    middle = np.column_stack([np.zeros(len(ring)), np.cos(ring), np.sin(ring)])
    return np.concatenate([half, half * _MIRROR, middle]).astype(np.float64)


def _inside(loop: Points, points: Points) -> NDArray[np.bool_]:
    """Return which points lie inside a loop as seen from `CENTRE`: the loop winds around their direction."""
    axis = _polar(loop.mean(0, keepdims=True))[0][0]
    u = np.cross(axis, [0.0, 1.0, 0.1])
    u /= np.linalg.norm(u)
    v = np.cross(axis, u)

    def plane(p: Points) -> tuple[NDArray, NDArray]:
        direction = _polar(p)[0]
        # Azimuthal, so that directions behind the centre stay outside.
        angle = np.arccos(np.clip(direction @ axis, -1, 1))
        flat = np.column_stack([direction @ u, direction @ v])
        flat *= (angle / np.maximum(np.linalg.norm(flat, axis=1), 1e-12))[:, None]
        return flat, angle

    ring, _ = plane(loop)
    inner, _ = plane(points)
    winding = np.zeros(len(points))
    for a, b in zip(ring, np.roll(ring, -1, 0), strict=True):
        p, q = a - inner, b - inner
        winding += np.arctan2(p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0], (p * q).sum(1))
    return np.abs(winding) > np.pi


def _consistent(faces: Faces, points: Points) -> Faces:
    a, b, c = np.moveaxis(points[faces], 1, 0)
    away = (np.cross(b - a, c - a) * ((a + b + c) / 3 - CENTRE)).sum(1)
    return np.where((away > 0)[:, None], faces[:, ::-1], faces).astype(np.int32)
