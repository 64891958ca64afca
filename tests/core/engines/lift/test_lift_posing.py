"""The kernels of posing against plain algebra; frames that reuse memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.avatar import FrameBuffers, render_bytes
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.neck import FOLLOW_LEVELS, NECK_JOINT, SHOULDERS, head_turns
from studio.core.engines.lift.posing import surfel_axes
from studio.core.heads.full import JOINTS, FullHead
from studio.core.heads.shapes import JAW_ANGLE
from studio.core.heads.template import SHAPE_NAMES
from studio.core.motion.motion import Motion

TALKING = Motion.arkit(
    0, [0.1, -0.2, 0.05, 0, 0.005, 0], jawOpen=0.6, mouthSmileLeft=0.7, eyeBlinkRight=1, browInnerUp=0.4
)
lengths = st.floats(-0.0078125, 0.0078125, width=32)


def rotations(quats: NDArray) -> NDArray[np.float64]:
    """Return the rotation matrices ``[N,3,3]`` of quaternions wxyz."""
    w, x, y, z = quats.astype(np.float64).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


@settings(deadline=None)
@given(arrays(np.float32, (5, 2, 3), elements=lengths))
def test_axes_keep_the_covariance_of_the_tangents(tangents: NDArray) -> None:
    thickness = np.full(5, 3e-4, np.float32)
    quats, scales = surfel_axes(tangents, thickness)
    np.testing.assert_array_equal(scales[:, 2], thickness)
    u, v = tangents[:, 0].astype(np.float64), tangents[:, 1].astype(np.float64)
    # Tangents that span no plane leave the normal open.
    area = np.linalg.norm(np.cross(u, v), axis=1)
    spread = (u**2 + v**2).sum(1)
    plane = (area > 1e-3 * spread) & (spread > 1e-9)
    axes = rotations(quats[plane]) * np.where([True, True, False], scales[plane], 0)[:, None].astype(np.float64)
    wanted = u[plane, :, None] * u[plane, None] + v[plane, :, None] * v[plane, None]
    assert (np.abs(axes @ axes.transpose(0, 2, 1) - wanted) <= 2e-5 * spread[plane, None, None]).all()
    np.testing.assert_allclose(np.linalg.norm(quats[plane], axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("turn", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.7, 0.7, 0.1]])
def test_axes_face_any_way(turn: list[float]) -> None:
    for angle in np.linspace(0, 2 * np.pi, 25):
        axis = np.array(turn) / np.linalg.norm(turn)
        quat = np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * axis])
        rotation = rotations(quat[None])[0]
        quats, scales = surfel_axes((rotation[:, :2].T * [[2e-3], [1e-3]])[None].astype(np.float32), np.ones(1, "f4"))
        np.testing.assert_allclose(scales[0, :2], [2e-3, 1e-3], rtol=1e-5)
        np.testing.assert_allclose(np.abs((rotations(quats)[0] * rotation).sum(0)), 1, atol=1e-5)


def test_the_turns_run_from_rest_to_the_whole_pose() -> None:
    pose = np.array([0.3, -0.5, 0.2, 0.01, 0.02, 0.03], np.float32)
    turns = head_turns(pose)
    assert len(turns) == FOLLOW_LEVELS + 1
    np.testing.assert_allclose(turns[0], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], atol=1e-7)
    np.testing.assert_allclose(rotations(turns[:, 12:]).reshape(-1, 9), turns[:, :9], atol=1e-6)
    whole = Rotation.from_rotvec(pose[:3])
    np.testing.assert_allclose(rotations(turns[-1:, 12:])[0], whole.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(_turned(turns[-1], NECK_JOINT), NECK_JOINT + pose[3:], atol=1e-6)


def test_the_neck_is_that_of_the_whole_head() -> None:
    np.testing.assert_allclose(FullHead().joints[JOINTS.index("neck")], NECK_JOINT, atol=1e-6)


@pytest.mark.parametrize("turn", [[0.4, 0, 0], [0, 0.5, 0], [0, 0, 0.3], [-0.3, 0.4, 0.1]])
def test_the_neck_bends_without_a_kink(turn: list[float]) -> None:
    """What lies on the neck moves by little from one level to the next, and never the other way."""
    turns = head_turns(np.array([*turn, 0, 0, 0], np.float32))
    for at in NECK_JOINT + [[0.05, 0, 0.0], [0, 0, 0.06], [-0.04, -0.03, -0.04]]:
        steps = np.diff([_turned(t, at) for t in turns], axis=0)
        way = steps.sum(0)
        assert np.linalg.norm(steps, axis=1).max() < 0.0012
        assert (steps @ way > -1e-6).all()


def test_shoulders_turn_and_tilt_but_do_not_nod() -> None:
    level = round(SHOULDERS * FOLLOW_LEVELS)
    nod, yaw = (head_turns(np.array([*turn, 0, 0, 0], np.float32))[level] for turn in ([0.4, 0, 0], [0, 0.4, 0]))
    np.testing.assert_allclose(nod[:9].reshape(3, 3), np.eye(3), atol=0.002)
    angle = Rotation.from_matrix(yaw[:9].reshape(3, 3)).as_rotvec()
    np.testing.assert_allclose(angle, [0, level / FOLLOW_LEVELS * 0.4, 0], atol=1e-6)


def _turned(turn: NDArray, point: NDArray) -> NDArray:
    return turn[:9].reshape(3, 3) @ point + turn[9:12]


@settings(max_examples=20, deadline=None)
@given(arrays(np.float32, len(SHAPE_NAMES), elements=st.floats(-1, 1, width=32)), st.floats(0, 1))
def test_displacements_are_the_sum_of_all_shapes(small_avatar: LiftAvatar, weights: NDArray, jaw: float) -> None:
    rig = small_avatar.rig
    got, moving = rig.displacements(weights, jaw)
    wanted = np.tensordot(np.where(abs(weights) > 1e-4, weights, 0), rig.deltas.astype(np.float64), 1)
    y, z = (rig.vertices.astype(np.float64) - rig.hinge)[:, 1:].T
    cos, sin = np.cos(JAW_ANGLE * jaw), np.sin(JAW_ANGLE * jaw)
    wanted[:, 1] += rig.jaw_weights * (cos * y - sin * z - y)
    wanted[:, 2] += rig.jaw_weights * (sin * y + cos * z - z)
    np.testing.assert_allclose(got[:-1], wanted, atol=2e-6)
    assert not got[-1].any()
    assert not moving[-1]
    assert not got[moving == 0].any()


def test_posing_into_old_memory_changes_nothing_but_that_memory(small_avatar: LiftAvatar) -> None:
    camera = small_avatar.camera
    expected = small_avatar.pose(TALKING, camera)
    rest = small_avatar.pose(Motion.neutral(), camera)
    again = small_avatar.pose(TALKING, camera, rest)
    for name in ("means", "quats", "scales", "opacities"):
        np.testing.assert_array_equal(getattr(again, name), getattr(expected, name))
        assert getattr(again, name) is getattr(rest, name)
        assert not np.shares_memory(getattr(again, name), getattr(expected, name))
        getattr(again, name)[:] = 0
    fresh = small_avatar.pose(TALKING, camera)
    for name in ("means", "quats", "scales", "opacities", "colors"):
        np.testing.assert_array_equal(getattr(fresh, name), getattr(expected, name))


def test_a_stream_goes_on_with_another_head(small_avatar: LiftAvatar, avatar: LiftAvatar) -> None:
    buffers = FrameBuffers()
    for head in (small_avatar, avatar, small_avatar):
        camera = head.camera.fitted(100)
        streamed = render_bytes(head, TALKING, camera, buffers=buffers)
        assert np.array_equal(streamed, render_bytes(head, TALKING, camera))
