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
from studio.core.motion.poses import NECK_JOINT
from studio.core.perception.masks import sampled, spread
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import BACKGROUND, FACE, HAIR
from studio.core.render.numba_runtime import SAFE_KERNEL

u64 = np.uint64

FOLLOW_LEVELS = 255
"""Steps of the table from "stays with the torso" to "turns with the head": as many as a byte can tell."""
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
# How far behind the eyes the neck's axis is. How far off it, sideways and backwards, begins and ends what stands on the
# shoulders: off the neck, and, between these levels, off the jaw; further up everything is the head's.
_NECK_AXIS = -1.45
_OFF_NECK, _OFF_HEAD = (0.95, 1.9), (1.4, 2.0)
_HEAD_ENDS, _JAW_ENDS = (-0.9, -0.1), (0.0, 0.5)
# Weights may fall by this much per length and at a lever of one length from the joint, looked at in cells of this
# side; so many sweeps carry them round corners.
_STEEPEST, _CELL, _SWEEPS = 1.15, 0.05, 3
# The picture's regions are looked at in cells of about this side.
_COARSE = 0.01
# Locks of hair are wider than this, and lie down over this length where they end on something.
_STRAND, _LYING = 0.12, 1.8


def head_turns(head_pose: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table of part turns: of the neck from its foot, level 0, up to the head, the last level.

    Parameters
    ----------
    head_pose
        ``[6]``: axis-angle rad about `NECK_JOINT`, translation m.

    Returns
    -------
    ``[256,16]`` float32: rotation matrix (9), translation (3), quaternion wxyz (4).
    """
    turns = np.empty((FOLLOW_LEVELS + 1, TURN_COLUMNS), np.float32)
    _fill_turns(np.ascontiguousarray(head_pose, np.float64), turns)
    return turns


def follow_weights(surfels: Surfels, portrait: Portrait) -> NDArray[np.float32]:
    """Return how far each surfel follows the head's turn, ``[N]``: 1 on the head, 0 on the chest.

    Skin and clothes on the neck follow less and less down to its foot, and less the further they stand off it, as a
    collar does; shoulders follow by `SHOULDERS`. Hair follows the head down to the jaw, and below that ever less, but
    longer than the skin beside it; where it ends on skin or clothes it lies on them. What has no pixel is taken for
    hair, and what is not seen is skin or clothes. Next to what follows more nothing follows so much less that it would
    stretch, but for hair and what it hangs beside.
    """
    unit = INTEROCULAR / portrait.pose.px
    step = max(1, round(_COARSE * unit))
    regions = np.ascontiguousarray(portrait.regions[::step, ::step])
    person = regions != BACKGROUND
    # The matte's soft rim belongs to what is next to it.
    regions, _ = spread(regions, person)
    row, column = (surfels.pixels / step).astype(int).T[::-1]
    at = np.minimum(row, len(regions) - 1), np.minimum(column, regions.shape[1] - 1)
    face = surfels.seen & (regions[at] == FACE)
    locks = _locks(regions == HAIR, unit / step)
    lock = surfels.seen & locks[at]
    hair = np.where(lock, _hanging(locks, person & ~locks, unit / step)[at], surfels.inside)

    points = to_face(surfels.means)
    x, y, z = points.T
    chin = to_face(lifted_landmarks(portrait)[CHIN])
    below_chin = y - chin[1]
    below = below_chin - _NECK_SLOPE * (z - chin[2])
    beside = np.hypot(x, np.minimum(z - _NECK_AXIS, 0))
    under_jaw = smoothstep(*_JAW_ENDS, below)
    first, last = np.outer(_OFF_NECK, under_jaw) + np.outer(_OFF_HEAD, 1 - under_jaw)
    off = smoothstep(first, last, beside) * smoothstep(*_HEAD_ENDS, below)
    neck = (1 - smoothstep(*_NECK, below)) * (1 - off)
    neck[face] = 1
    hanging = 1 - smoothstep(*_HANGING, below)
    shoulders = SHOULDERS * (1 - smoothstep(*_CHEST, below_chin))
    own = shoulders + (1 - shoulders) * (neck + (hanging - neck) * hair)

    raised = _raise(own, points, lock, surfels, portrait)
    raised[surfels.inside] = 0
    return np.minimum(own + raised, 1).astype(np.float32)


def _raise(
    own: NDArray, points: NDArray, lock: NDArray[np.bool_], surfels: Surfels, portrait: Portrait
) -> NDArray[np.float64]:
    """Return what the weights ``[N]`` lack for none to be much less than its neighbours' in the picture ``[N]``."""
    side = max(4, round(_CELL * INTEROCULAR / portrait.pose.px))
    rows, columns = (-(-length // side) for length in portrait.alpha.shape)
    column, row = np.clip((surfels.pixels / side).astype(int), 0, [columns - 1, rows - 1]).T
    cell = row * columns + column
    seen = surfels.seen & ~surfels.inside
    count = np.bincount(cell[seen], minlength=rows * columns)

    def mean(values: NDArray) -> NDArray[np.float64]:
        total = np.bincount(cell[seen], values[seen], rows * columns)
        return (total / np.maximum(count, 1)).reshape(rows, columns)

    there = (count > 0).reshape(rows, columns)
    weight, locks = mean(own), mean(lock) > 0.5
    place = np.stack([mean(axis) for axis in points.T], -1)
    lever = np.linalg.norm(place - to_face(NECK_JOINT), axis=-1)
    gentle = weight.copy()
    for _ in range(_SWEEPS):
        for axis in (0, 1):
            # Hair slides along what is beside it and lies on what is below.
            joined = np.diff(locks, axis=axis) == 0 if axis else np.ones((rows - 1, columns), bool)
            drop = np.linalg.norm(np.diff(place, axis=axis), axis=-1) * _STEEPEST
            upper, lower = (np.delete(there, end, axis) for end in (-1, 0))
            drop = np.where(joined & upper & lower, drop / np.delete(lever, 0, axis), np.inf)
            lines, drops = np.moveaxis(gentle, axis, 0), np.moveaxis(drop, axis, 0)
            for k in range(1, len(lines)):
                np.maximum(lines[k], lines[k - 1] - drops[k - 1], out=lines[k])
            for k in reversed(range(len(lines) - 1)):
                np.maximum(lines[k], lines[k + 1] - drops[k], out=lines[k])
    raised = np.zeros(len(own))
    for mine, cells in ((lock, there & locks), (~lock, there & ~locks)):
        if mine.any() and cells.any():
            lacking, _ = spread((gentle - weight).astype(np.float32), cells)
            raised[mine] = sampled(lacking, surfels.pixels[mine] / side)
    return raised


def _locks(hair: NDArray[np.bool_], unit: float) -> NDArray[np.bool_]:
    """Return `hair` ``[h,w]`` without single strands, which go with the skin they lie on; `unit` in cells."""
    size = 2 * round(0.5 * _STRAND * unit) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.morphologyEx(hair.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0


def _hanging(locks: NDArray[np.bool_], under: NDArray[np.bool_], unit: float) -> NDArray[np.float32]:
    """Return ``[h,w]`` 1 on locks that hang freely, falling to 0 where they end on what is `under` them."""
    above = np.full(locks.shape, np.inf, np.float32)
    reach = above[-1]
    for row in reversed(range(len(locks))):
        reach = np.where(under[row], 0, np.where(locks[row], reach + 1, np.inf))
        above[row] = reach
    free = smoothstep(0, _LYING * unit, above) * locks
    # Locks end raggedly.
    blurred, weight = (cv2.GaussianBlur(a.astype(np.float32), (0, 0), 0.5 * _STRAND * unit) for a in (free, locks))
    return np.where(locks, blurred / np.maximum(weight, 1e-6), 0).astype(np.float32)


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
