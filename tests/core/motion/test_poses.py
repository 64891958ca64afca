"""About which point a head pose turns, and that everybody means the same."""

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.heads.full import JOINTS, FullHead
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion
from studio.core.motion.poses import FURTHEST_MOVE, NECK_JOINT, NECK_REACH, gently_limited, head_pose_of, rigid

POINTS = np.random.default_rng(0).normal(0, 0.08, (20, 3))


def moved(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Move a head's points as the docstring of `Motion.head_pose` says."""
    return Rotation.from_rotvec(pose[:3]).apply(points - NECK_JOINT) + NECK_JOINT + pose[3:]


def pose_of(turn: list[float], shift: list[float]) -> Motion:
    return Motion.arkit(head_pose=[*turn, *shift])


def test_a_rigid_motion_and_its_pose_move_a_head_alike() -> None:
    turn = Rotation.from_rotvec([0.2, -0.4, 0.1]).as_matrix()
    matrix = rigid(turn, np.array([0.01, 0.02, -0.03]))
    expected = POINTS @ turn.T + matrix[:3, 3]
    np.testing.assert_allclose(moved(POINTS, head_pose_of(matrix)), expected, atol=1e-6)


def test_mixed_poses_are_one_after_the_other() -> None:
    outer, inner = pose_of([0.1, 0.5, 0], [0.02, 0, 0.01]), pose_of([0, 0.2, -0.3], [0, 0.01, 0.03])
    both = mix(outer, inner).head_pose[0]
    expected = moved(moved(POINTS, inner.head_pose[0]), outer.head_pose[0])
    np.testing.assert_allclose(moved(POINTS, both), expected, atol=1e-6)


def test_a_turn_alone_leaves_the_neck_where_it_is() -> None:
    np.testing.assert_allclose(moved(NECK_JOINT[None], np.array([0.3, -0.7, 0.2, 0, 0, 0]))[0], NECK_JOINT)


def test_the_template_head_has_its_neck_there() -> None:
    np.testing.assert_allclose(FullHead().joints[JOINTS.index("neck")], NECK_JOINT, atol=1e-6)


def test_a_neck_reaches_less_far_than_a_body_goes() -> None:
    far = np.array([0, 0, 0, 1.0, -1.0, 1.0])
    near, wide = gently_limited(far)[3:], gently_limited(far, FURTHEST_MOVE)[3:]
    assert (np.abs(near) <= NECK_REACH).all()
    assert (np.abs(wide) > np.abs(near)).all()
    assert near[1] < 0
    small = np.array([0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    np.testing.assert_allclose(gently_limited(small), small)
