"""What is behind the lips: the mouth bag, two rows of teeth in their gums, and the tongue.

All is described for lips whose corners are 2 * `HALF_WIDTH` apart, with the middle of the lip line as origin.
"""

import numpy as np

from head_shape.mesh import Piece, Points, fan, grid_faces

HALF_WIDTH = 0.35

# Widths of one side's teeth from the middle outwards, their heights and depths: upper row, lower row.
_UPPER = (
    (0.132, 0.104, 0.118, 0.108, 0.108, 0.14, 0.14),
    (0.155, 0.135, 0.15, 0.125, 0.115, 0.11, 0.10),
)
_LOWER = (
    (0.085, 0.092, 0.108, 0.11, 0.11, 0.14, 0.14),
    (0.13, 0.13, 0.135, 0.12, 0.115, 0.11, 0.10),
)
_DEPTHS = (0.05, 0.05, 0.06, 0.09, 0.10, 0.13, 0.13)
# The arch bends back with the square of the distance from its middle, less so further back.
_ARCH = 2.0
# Front of the upper teeth behind the lip line, and of the lower ones behind those; edge of the upper teeth below it.
_FRONT, _BEHIND, _EDGE, _OVERLAP = -0.10, -0.045, 0.065, -0.02
_TOOTH_ROWS, _TOOTH_COLUMNS = 9, 12


def arch(x: np.ndarray) -> np.ndarray:
    """Return how far back the dental arch lies at x."""
    a = np.abs(x)
    return -_ARCH * a**2 - 6.0 * np.clip(a - 0.30, 0, None) ** 2


def teeth(upper: bool) -> Piece:
    """Return one row: every tooth a closed, rounded block."""
    widths, heights = _UPPER if upper else _LOWER
    edge, back, down = (_EDGE, 0.0, -1.0) if upper else (_EDGE + _OVERLAP, _BEHIND, 1.0)
    along = np.linspace(0, 0.45, 600)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(along), np.diff(arch(along))))])
    pieces: list[Points] = []
    faces = []
    block, triangles = _block()
    for side in (-1, 1):
        start = 0.0
        for width, height, depth in zip(widths, heights, _DEPTHS, strict=True):
            middle = np.interp(start + width / 2, length, along)
            start += width
            slope = (arch(np.array(middle + 0.01)) - arch(np.array(middle - 0.01))) / 0.02
            tangent = np.array([1.0, slope]) / np.hypot(1.0, slope)
            u, v, w = block.T
            # Narrower at the gum, its edge thinner than its neck.
            across = 0.485 * width * u * (1 - 0.10 * (v + 1) / 2)
            inwards = 0.5 * depth * (w + 1) * (0.55 + 0.45 * (v + 1) / 2)
            x = middle + across * tangent[0] + inwards * tangent[1]
            z = arch(np.array(middle)) + across * tangent[1] - inwards * tangent[0] + _FRONT + back
            y = edge + down * ((v + 1) / 2 * (height + 0.05) + 0.10 * middle**2)
            faces.append(triangles + sum(map(len, pieces)))
            pieces.append(np.column_stack([side * x, y, z]))
    return Piece(np.concatenate(pieces), np.concatenate(faces).astype(np.int32))


def gum(upper: bool) -> Piece:
    """Return the gum of one row: a closed roll along the arch that the teeth stand in."""
    edge, back, down = (_EDGE, 0.0, -1.0) if upper else (_EDGE + _OVERLAP, _BEHIND, 1.0)
    x = np.linspace(-0.40, 0.40, 48)
    turn = 2 * np.pi * np.arange(14) / 14
    height = edge + down * (0.20 + 0.10 * x**2)
    thick = 0.045 + 0.10 * np.abs(x) ** 1.5
    rows = []
    for at, y, deep in zip(x, height, thick, strict=True):
        scallop = 0.012 * np.cos(2 * np.pi * at / 0.115)
        rows.append(
            np.column_stack(
                [
                    np.full(14, at),
                    y + down * (0.075 + scallop * (np.sin(turn) < 0)) * np.sin(turn),
                    arch(np.array(at)) + _FRONT + back - 0.8 * deep + (deep + 0.004) * np.cos(turn),
                ]
            )
        )
    points = np.concatenate([*rows, [rows[0].mean(0)], [rows[-1].mean(0)]])
    count = len(points) - 2
    faces = [grid_faces(48, 14), fan(count, np.arange(14)), fan(count + 1, np.arange(count - 14, count))[:, [0, 2, 1]]]
    return Piece(points, np.concatenate(faces).astype(np.int32))


def tongue() -> tuple[Piece, np.ndarray]:
    """Return the tongue and how far each vertex is out towards its tip, ``[V]`` 0..1."""
    rows, columns = 22, 20
    along = np.linspace(0.04, 1, rows)  # 0 at the tip
    turn = 2 * np.pi * np.arange(columns) / columns
    width = 0.24 * np.sqrt(1 - (1 - along) ** 2.6) * (1 - 0.15 * along)
    thick = 0.085 * np.sqrt(1 - (1 - along) ** 2.2) + 0.06 * along
    middle = 0.135 - 0.07 * np.sin(2.2 * along)
    z = _FRONT - 0.11 - 0.95 * along
    c, s = np.cos(turn), np.sin(turn)
    groove = 0.025 * np.exp(-((c / 0.25) ** 2)) * (s < 0)
    points = np.stack(
        [
            width[:, None] * c,
            middle[:, None] + thick[:, None] * s + groove * np.sin(np.pi * along)[:, None],
            np.broadcast_to(z[:, None], (rows, columns)),
        ],
        -1,
    ).reshape(-1, 3)
    ends = np.array([[0, middle[0], z[0] + 0.025], [0, middle[-1], z[-1]]])
    count = len(points)
    faces = [
        grid_faces(rows, columns),
        fan(count, np.arange(columns)),
        fan(count + 1, np.arange(count - columns, count))[:, [0, 2, 1]],
    ]
    out = np.concatenate([np.repeat(1 - along, columns), [1.0, 0.0]])
    return Piece(np.concatenate([points, ends]), np.concatenate(faces).astype(np.int32)), out


# The bag's rings from the lips back: half width, half height, depth behind the lips, share of the lips' own outline.
_BAG = [
    (1.00, 0.030, -0.05, 0.9), (1.02, 0.10, -0.075, 0.55), (1.10, 0.24, -0.085, 0.1), (1.22, 0.33, -0.16, 0.0),
    (1.25, 0.35, -0.40, 0.0), (1.15, 0.34, -0.75, 0.0), (0.85, 0.26, -1.05, 0.0), (0.40, 0.12, -1.20, 0.0),
]  # fmt: skip


def bag(ring: Points, half: np.ndarray) -> tuple[Piece, np.ndarray]:
    """Return the mouth bag that hangs on the inner edge of the lips.

    Parameters
    ----------
    ring
        ``[n,3]`` the lips' inner edge, in order, origin in the middle of the lip line.
    half
        ``[n]`` −1 on the upper lip, 1 on the lower one, 0 at the corners.

    Returns the bag, whose first n vertices are the ring, and how far each vertex goes with the lips ``[V]``.
    """
    u = np.clip(ring[:, 0] / np.abs(ring[:, 0]).max(), -1, 1)
    round_ = half * np.sqrt(np.clip(1 - u**2, 0, 1)) ** 0.7
    lips_back = ring[:, 2] - ring[:, 2].max()
    rows, share = [ring], [np.ones(len(ring))]
    for width, height, depth, own in _BAG:
        x = u * HALF_WIDTH * width
        back = own * lips_back + (1 - own) * (arch(np.abs(x) * 0.8) + 0.02)
        deep = depth + np.maximum(back, min(0.0, -1.25 - depth))
        rows.append(np.column_stack([x, own * ring[:, 1] + height * round_, deep]))
        share.append(np.full(len(ring), own))
    points = np.concatenate([*rows, [[0, 0.03, -1.25]]])
    n = len(ring)
    faces = np.concatenate(
        [grid_faces(len(rows), n), fan(len(points) - 1, np.arange(len(points) - 1 - n, len(points) - 1))[:, [0, 2, 1]]]
    )
    return Piece(points, faces.astype(np.int32)), np.concatenate([*share, [0.0]])


def _block() -> tuple[Points, np.ndarray]:
    """Return a rounded cube of −1..1: across u, from the edge to the root v, from the front back w."""
    polar = np.pi * (np.arange(_TOOTH_ROWS) + 0.5) / _TOOTH_ROWS
    turn = 2 * np.pi * np.arange(_TOOTH_COLUMNS) / _TOOTH_COLUMNS

    def squared(x: np.ndarray) -> np.ndarray:
        return np.sign(x) * np.abs(x) ** 0.5

    u = squared(np.sin(polar))[:, None] * squared(np.cos(turn))
    w = squared(np.sin(polar))[:, None] * squared(np.sin(turn))
    v = np.broadcast_to(-squared(np.cos(polar))[:, None], u.shape)
    points = np.concatenate([np.stack([u, v, w], -1).reshape(-1, 3), [[0, -1, 0], [0, 1, 0]]])
    count = len(points) - 2
    faces = [
        grid_faces(_TOOTH_ROWS, _TOOTH_COLUMNS),
        fan(count, np.arange(_TOOTH_COLUMNS)),
        fan(count + 1, np.arange(count - _TOOTH_COLUMNS, count))[:, [0, 2, 1]],
    ]
    return points, np.concatenate(faces).astype(np.int32)
