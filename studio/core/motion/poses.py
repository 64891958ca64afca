"""Head poses as vectors and as matrices.

A `Motion` turns the head about the joint of its neck; a placement takes head space to a camera.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import HEAD_TO_CAMERA_AXES
from studio.core.heads.anatomy import to_head

NECK_JOINT = to_head(np.array([0.0, 1.75, -1.45]))
"""``[3]`` m: about this point of head space a `Motion` turns the head; `FullHead`'s and `lift`'s neck joint."""

NECK_REACH = np.array([0.06, 0.03, 0.12])
"""``[3]`` m: how far a head moves aside, up or down, and forth on a body that stands still."""
FURTHEST_MOVE = np.array([0.10, 0.08, 0.25])
"""``[3]`` m: how far it may where the body goes along."""
# A head may turn so far, rad, as it was built to show; what is more is taken in ever less.
_FURTHEST_TURN = np.radians([32.0, 48.0, 40.0])
_FREE = 0.7  # of that range passes unchanged


def rigid(rotation: NDArray, translation: NDArray) -> NDArray[np.float64]:
    """Return ``[...,4,4]`` of rotations ``[...,3,3]`` and translations ``[...,3]``."""
    out = np.zeros((*np.shape(translation)[:-1], 4, 4))
    out[..., :3, :3], out[..., :3, 3], out[..., 3, 3] = rotation, translation, 1
    return out


def turned_head(head_pose: NDArray) -> NDArray[np.float64]:
    """Return the rigid motions of head space ``[...,4,4]`` of `Motion.head_pose` ``[...,6]``."""
    pose = np.asarray(head_pose, np.float64)
    turn = Rotation.from_rotvec(pose[..., :3].reshape(-1, 3)).as_matrix().reshape(*pose.shape[:-1], 3, 3)
    return rigid(turn, NECK_JOINT - turn @ NECK_JOINT + pose[..., 3:])


def head_pose_of(matrix: NDArray) -> NDArray[np.float32]:
    """Return `Motion.head_pose` ``[...,6]`` of rigid motions of head space ``[...,4,4]``."""
    turn = matrix[..., :3, :3]
    moved = turn @ NECK_JOINT + matrix[..., :3, 3] - NECK_JOINT
    vectors = Rotation.from_matrix(turn.reshape(-1, 3, 3)).as_rotvec().reshape(moved.shape)
    return np.concatenate([vectors, moved], -1).astype(np.float32)


def placement_matrix(placement: NDArray) -> NDArray[np.float64]:
    """Return head space to camera space ``[...,4,4]`` of placements ``[...,6]``.

    A placement is axis-angle rad from the frontal pose and the head's origin in camera space, m, as in `HeadParams`.
    """
    placement = np.asarray(placement, np.float64)
    turns = Rotation.from_rotvec(placement[..., :3].reshape(-1, 3)).as_matrix()
    return rigid(HEAD_TO_CAMERA_AXES @ turns.reshape(*placement.shape[:-1], 3, 3), placement[..., 3:])


def placement_of(rotation: NDArray, translation: NDArray) -> NDArray[np.float64]:
    """Return the placement ``[6]`` of a rotation ``[3,3]`` and a translation ``[3]`` m from head to camera space."""
    return np.concatenate([Rotation.from_matrix(HEAD_TO_CAMERA_AXES @ rotation).as_rotvec(), translation])


def gently_limited(pose: NDArray, reach: NDArray = NECK_REACH) -> NDArray[np.float64]:
    """Return a head pose ``[6]`` that stays within what a head built from one picture can show.

    Parameters
    ----------
    reach
        ``[3]`` m: how far it may move.
    """
    limits = np.concatenate([_FURTHEST_TURN, reach])
    size = np.abs(pose) / limits
    beyond = np.maximum(size - _FREE, 0)
    held = np.minimum(size, _FREE) + (1 - _FREE) * np.tanh(beyond / (1 - _FREE))
    return np.asarray(np.sign(pose) * held * limits, np.float64)
