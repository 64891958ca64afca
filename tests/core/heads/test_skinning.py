import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from studio.core.heads.skinning import joint_transforms, pose_feature, rotation_matrices, skin

PARENTS = np.array([-1, 0, 1, 1])
JOINTS = np.array([[0.0, 0, 0], [0, 1, 0], [0, 2, 1], [1, 2, 0]])
rotations = arrays(np.float64, (4, 3), elements=st.floats(-3, 3))
points = arrays(np.float64, (5, 3), elements=st.floats(-2, 2))


def test_nothing_turned_moves_nothing() -> None:
    matrices = rotation_matrices(np.zeros((4, 3)))
    transforms = joint_transforms(matrices, JOINTS, PARENTS)
    np.testing.assert_allclose(transforms, np.tile(np.eye(3, 4), (4, 1, 1)), atol=1e-15)
    assert not pose_feature(matrices).any()


@given(rotations, points)
def test_what_hangs_on_one_joint_moves_rigidly_with_the_chain_above_it(turns: np.ndarray, at: np.ndarray) -> None:
    weights = np.tile([0.0, 0, 1, 0], (5, 1))
    moved = skin(at, weights, joint_transforms(rotation_matrices(turns), JOINTS, PARENTS))
    expected = at
    for joint in (2, 1, 0):
        expected = Rotation.from_rotvec(turns[joint]).apply(expected - JOINTS[joint]) + JOINTS[joint]
    np.testing.assert_allclose(moved, expected, atol=1e-9)


@given(rotations)
def test_a_child_keeps_its_place_on_its_parent(turns: np.ndarray) -> None:
    transforms = joint_transforms(rotation_matrices(turns), JOINTS, PARENTS)
    for joint in (1, 2, 3):
        own = transforms[joint, :, :3] @ JOINTS[joint] + transforms[joint, :, 3]
        above = transforms[PARENTS[joint], :, :3] @ JOINTS[joint] + transforms[PARENTS[joint], :, 3]
        np.testing.assert_allclose(own, above, atol=1e-12)


@given(rotations, points)
def test_shared_vertices_lie_between_what_each_joint_does(turns: np.ndarray, at: np.ndarray) -> None:
    transforms = joint_transforms(rotation_matrices(turns), JOINTS, PARENTS)
    alone = [skin(at, np.tile(np.eye(4)[j], (5, 1)), transforms) for j in (2, 3)]
    both = skin(at, np.tile([0.0, 0, 0.25, 0.75], (5, 1)), transforms)
    np.testing.assert_allclose(both, 0.25 * alone[0] + 0.75 * alone[1], atol=1e-12)
