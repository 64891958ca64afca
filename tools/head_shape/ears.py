"""An ear: a shell from its root on the skull out to the rim, and in over helix, antihelix and concha to the canal."""

import numpy as np

from head_shape.mesh import Piece, Points, fan, grid_faces
from head_shape.skull import Skull

COLUMNS = 56
# Middle of the left ear's root; the ear leans back by 12 degrees; 62 mm high and 36 mm wide on an adult.
_ROOT = np.array([1.10, 0.34, -1.20])
_LEAN = np.radians(12)
_HALF_HEIGHT, _HALF_WIDTH = 0.47, 0.27

# From the rim (0) to the canal (1): height above the head as a change of the rim's, where the ear is widest.
_RELIEF = np.array(
    [
        (0.00, 0.000), (0.05, 0.028), (0.11, 0.022), (0.18, -0.030), (0.26, -0.045), (0.34, -0.015), (0.42, 0.000),
        (0.50, -0.030), (0.60, -0.110), (0.72, -0.150), (0.86, -0.165), (1.00, -0.170),
    ]
)  # fmt: skip


def ear(skull: Skull, side: float) -> tuple[Piece, Points]:
    """Return one ear (side +1: left) and the loop ``[56,3]`` where it grows out of the skull."""
    turn = 2 * np.pi * np.arange(COLUMNS) / COLUMNS  # 0 points back, a quarter turn up
    c, s = np.cos(turn), np.sin(turn)
    # An egg: broad above, narrow at the lobe.
    rim = np.column_stack([_HALF_WIDTH * c * (1 + 0.26 * s), _HALF_HEIGHT * s])
    root = np.column_stack([-0.10 + 0.13 * c * (1 + 0.2 * s), 0.02 + 0.34 * s])
    behind = 0.5 + 0.5 * c
    above = np.clip(s, 0, 1)
    rise = 0.05 + 0.21 * behind**1.2 + 0.05 * above * (1 - behind) - 0.03 * np.clip(-s, 0, 1) ** 2
    rows = [_on_skull(skull, root, side)]
    for out, up in ((0.42, 0.30), (0.74, 0.62), (0.94, 0.86)):
        rows.append(_placed(root + (rim - root) * out, rise * up, side))
    canal = np.array([-0.11, 0.02])
    # The lobe has no folds, and in front the rim runs out into the cheek.
    fold = np.clip((s + 0.75) / 0.35, 0, 1) * np.clip(0.35 + 0.65 * behind, 0, 1)
    tragus = 0.07 * np.exp(-0.5 * (((c + 1) / 0.12) ** 2))
    for t, change in _RELIEF[:-1]:
        deep = change * np.where(t < 0.55, fold, np.minimum(1, rise / 0.20))
        height = np.maximum(rise + deep, 0.015) + tragus * np.exp(-0.5 * ((t - 0.38) / 0.14) ** 2)
        rows.append(_placed(rim + (canal - rim) * t, height, side))
    points = np.concatenate([*rows, _placed(canal[None], np.array([-0.03]), side)])
    last = (len(rows) - 1) * COLUMNS + np.arange(COLUMNS)
    faces = np.concatenate([grid_faces(len(rows), COLUMNS), fan(len(points) - 1, last)[:, [0, 2, 1]]])
    faces = faces if side < 0 else faces[:, ::-1]
    return Piece(points, np.ascontiguousarray(faces).astype(np.int32)), rows[0]


def _placed(flat: Points, height: Points, side: float) -> Points:
    """Return points of the ear from their place on the side of the head (back, up) and height above it."""
    back, up = flat.T
    y = _ROOT[1] - up * np.cos(_LEAN) - back * np.sin(_LEAN) * 0.4
    z = _ROOT[2] - back * np.cos(_LEAN) - up * np.sin(_LEAN)
    # The side of the head turns inwards towards the back and below.
    x = _ROOT[0] + height - 0.10 * np.clip(back, 0, None) - 0.06 * np.clip(-up, 0, None)
    return np.column_stack([x * side, y, z])


def _on_skull(skull: Skull, flat: Points, side: float) -> Points:
    from head_shape.skull import CENTRE

    return skull.at(_placed(flat, np.zeros(len(flat)), side) - CENTRE)
