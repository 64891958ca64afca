import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion


def test_codes_add_and_stay_in_range() -> None:
    mixed = mix(Motion.arkit(2.0, jawOpen=0.7, eyeBlinkLeft=0.2), Motion.arkit(0.0, jawOpen=0.6, mouthClose=0.1))
    expected = Motion.arkit(jawOpen=1.0, eyeBlinkLeft=0.2, mouthClose=0.1)
    np.testing.assert_allclose(mixed.code, expected.code, atol=1e-6)
    assert mixed.times[0] == 2.0


def test_head_poses_compose_as_rigid_transforms() -> None:
    rng = np.random.default_rng(0)
    poses = rng.normal(0, 0.3, (3, 6))
    mixed = mix(*(Motion.arkit(head_pose=list(pose)) for pose in poses)).head_pose[0]
    point = rng.normal(0, 0.1, 3)
    moved = point
    for pose in poses[::-1]:
        moved = Rotation.from_rotvec(pose[:3]).apply(moved) + pose[3:]
    np.testing.assert_allclose(Rotation.from_rotvec(mixed[:3]).apply(point) + mixed[3:], moved, atol=1e-6)


def test_one_motion_is_itself() -> None:
    motion = Motion.arkit(1.0, [0.1, 0, 0, 0, 0.01, 0], jawOpen=0.4)
    mixed = mix(motion)
    np.testing.assert_array_equal(mixed.code, motion.code)
    np.testing.assert_array_equal(mixed.head_pose, motion.head_pose)


def test_tracks_add_frame_by_frame_with_the_lower_confidence() -> None:
    code = np.zeros((4, len(ARKIT_INDEX)), np.float32)
    code[:, 0] = [0, 0.1, 0.2, 0.3]
    a = Motion.from_frames("arkit", np.arange(4), code)
    b = Motion("arkit", a.times, code, a.head_pose, np.array([1, 0.5, 1, 0], np.float32))
    np.testing.assert_allclose(mix(a, b).code[:, 0], [0, 0.2, 0.4, 0.6])
    np.testing.assert_array_equal(mix(a, b).confidence, b.confidence)


def test_what_cannot_be_added_is_refused() -> None:
    frame = Motion.neutral()
    with pytest.raises(ValueError, match="nothing"):
        mix()
    with pytest.raises(ValueError, match="spaces"):
        mix(frame, Motion.from_frames("flame", np.zeros(1), np.zeros((1, 52))))
    with pytest.raises(ValueError, match="frames"):
        mix(frame, Motion.from_frames("arkit", np.arange(2), np.zeros((2, 52))))
