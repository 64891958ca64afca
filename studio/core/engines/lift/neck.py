"""How the head's turn runs down the neck: a table of part turns, and how far each surfel follows.

The neck bends and twists like a chain with a link for each level of the table, from its foot between the shoulders up
to the joint about which the head turns.
"""

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.engines.lift.relief import lifted_landmarks
from studio.core.engines.lift.surface import Surfels
from studio.core.heads.anatomy import CHIN, INTEROCULAR, smoothstep, to_face, to_head
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import CLOTH, HAIR
from studio.core.render.numba_runtime import SAFE_KERNEL

u64 = np.uint64

FOLLOW_LEVELS = 64
"""Steps of the table from "stays with the torso" to "turns with the head"."""
NECK_JOINT = to_head(np.array([0.0, 1.75, -1.45]))
"""``[3]`` m: about this point the head turns; that of `studio.core.heads.full.FullHead`."""
SHOULDERS = 0.1
"""What follows the head by no more than this follows its turns to the side and its tilts, but does not nod."""
# The neck begins between the shoulders and has a link for each level.
_NECK_FOOT = to_head(np.array([0.0, 2.6, -1.55]))
_LINK = (NECK_JOINT - _NECK_FOOT) / FOLLOW_LEVELS

# Columns of the table of part turns: rotation matrix, translation, quaternion wxyz.
SHIFT, QUATERNION, TURN_COLUMNS = 9, 12, 16

# Lengths are interocular distances in the face frame. Levels are measured from the chin downwards along the neck, whose
# rings lie lower in front by this slope: between which the neck turns, and hair; where shoulders become the chest.
_NECK_SLOPE = 0.28
_NECK, _HANGING, _CHEST = (0.2, 1.3), (0.2, 2.2), (1.1, 2.6)
# How far behind the eyes the neck's axis is, and how far off it, sideways and backwards, begins and ends what stands on
# the shoulders; the levels at which clothes and skin begin to do so.
_NECK_AXIS = -1.45
_OFF_NECK = (0.95, 1.9)
_CLOTH_FROM, _SKIN_FROM = (-0.6, 0.0), (0.2, 0.5)
# Locks of hair are wider than this.
_STRAND = 0.12


def head_turns(head_pose: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table of part turns: of the neck from its foot, level 0, up to the head, the last level.

    Parameters
    ----------
    head_pose
        ``[6]``: axis-angle rad about `NECK_JOINT`, translation m.

    Returns
    -------
    ``[65,16]`` float32: rotation matrix (9), translation (3), quaternion wxyz (4).
    """
    turns = np.empty((FOLLOW_LEVELS + 1, TURN_COLUMNS), np.float32)
    _fill_turns(np.ascontiguousarray(head_pose, np.float64), turns)
    return turns


def follow_weights(surfels: Surfels, portrait: Portrait) -> NDArray[np.float32]:
    """Return how far each surfel follows the head's turn, ``[N]``: 1 on the head, 0 on the chest.

    Skin and clothes on the neck follow less and less down to its foot, and less the further they stand off it, as a
    collar does; shoulders follow by `SHOULDERS`. Hair follows the head down to the jaw, and below that ever less, but
    longer than the skin beside it. What has no pixel is taken for hair, and what is not seen goes with what is before.
    """
    x, y, z = to_face(surfels.means).T
    chin = to_face(lifted_landmarks(portrait)[CHIN])
    below_chin = y - chin[1]
    below = below_chin - _NECK_SLOPE * (z - chin[2])
    hair, cloth = _hair_and_cloth(surfels, portrait)
    off = smoothstep(*_OFF_NECK, np.hypot(x, np.minimum(z - _NECK_AXIS, 0)))
    off *= np.where(cloth, smoothstep(*_CLOTH_FROM, below), smoothstep(*_SKIN_FROM, below))
    neck = (1 - smoothstep(*_NECK, below)) * (1 - off)
    hanging = 1 - smoothstep(*_HANGING, below)
    shoulders = SHOULDERS * (1 - smoothstep(*_CHEST, below_chin))
    return (shoulders + (1 - shoulders) * np.where(hair, hanging, neck)).astype(np.float32)


def _hair_and_cloth(surfels: Surfels, portrait: Portrait) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which surfels hang as hair does, and which are clothes ``[N]``."""
    height, width = portrait.alpha.shape
    column, row = np.clip(surfels.pixels.astype(int), 0, [width - 1, height - 1]).T
    # Single strands on the neck go with the skin they lie on.
    size = 2 * round(0.5 * _STRAND * INTEROCULAR / portrait.pose.px) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    locks = cv2.morphologyEx((portrait.regions == HAIR).astype(np.uint8), cv2.MORPH_OPEN, disc) > 0
    return surfels.inside | (surfels.seen & locks[row, column]), portrait.regions[row, column] == CLOTH


@njit(**SAFE_KERNEL)
def _fill_turns(head_pose, turns):
    last = len(turns) - 1
    for level in range(last + 1):
        share = level / last
        nod = max(share - SHOULDERS, 0.0) / (1 - SHOULDERS)
        x, y, z = nod * head_pose[0], share * head_pose[1], share * head_pose[2]
        angle = np.sqrt(x * x + y * y + z * z)
        w, s = np.cos(0.5 * angle), np.sin(0.5 * angle) / max(angle, 1e-9)
        x, y, z = s * x, s * y, s * z
        t = turns[level]
        t[0], t[1], t[2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
        t[3], t[4], t[5] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
        t[6], t[7], t[8] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
        t[QUATERNION], t[QUATERNION + 1], t[QUATERNION + 2], t[QUATERNION + 3] = w, x, y, z
    # Link after link of the neck is set upon the one below, and the topmost where the pose says.
    for k in range(3):
        moved = 0.0
        for level in range(last + 1):
            turns[level, SHIFT + k] = moved
            moved += _moved(turns[level], k, _LINK)
        missing = head_pose[3 + k] - turns[last, SHIFT + k]
        for level in range(last + 1):
            share = level / last
            turns[level, SHIFT + k] += share * missing - _moved(turns[level], k, _NECK_FOOT + level * _LINK)


@njit(inline="always")
def _moved(turn, axis, point):
    """Return how far a turn about the origin moves a point along an axis."""
    row = u64(3 * axis)
    turned = turn[row] * point[0] + turn[row + u64(1)] * point[1] + turn[row + u64(2)] * point[2]
    return turned - point[axis]
