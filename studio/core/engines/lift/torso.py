"""The back of the torso, which no portrait shows."""

import cv2
import numpy as np

from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.surface import Surfels, block_count, cell_mean, cells_of, laid_on_grid, lifted_grid
from studio.core.heads.fitting import HeadPose
from studio.core.perception.portrait import Portrait

# The torso's back is out of sight and smooth: so many Gaussians are enough, each for 4, 8 or 16 px.
_MAX_BACK = 4000
# How far a back lies behind the outline, as a share of how far the chest lies before it.
_BACK_DEPTH = 0.7


def torso_back(portrait: Portrait, relief: Relief, pose: HeadPose) -> Surfels:
    """Return the guessed back of neck and torso: the front mirrored at its rim, in its own blurred colours."""
    alpha = portrait.alpha * (1 - relief.head)
    side = 16 if alpha.sum() > 64 * _MAX_BACK else 8 if alpha.sum() > 16 * _MAX_BACK else 4
    y, x, cell = cells_of(side, np.ones(block_count(alpha, side), bool))
    solid = cell_mean(alpha, y, x, cell) > 0.6
    y, x, cell = y[solid], x[solid], cell[solid]
    behind = relief.rim - _BACK_DEPTH * np.maximum(relief.nearness - relief.rim, 0)
    soft = cv2.GaussianBlur(portrait.foreground, (0, 0), 0.05 * portrait.face_height)
    points = lifted_grid(pose, behind)
    pixels = np.column_stack([x, y]).astype(np.float32)
    color = 0.9 * cell_mean(soft, y, x, cell)
    return laid_on_grid(points, pixels, cell, np.full(len(cell), 0.97), color, np.zeros(len(cell), bool))
