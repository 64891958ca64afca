"""Heads photographed from known poses are placed where they stood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import HEAD_TO_CAMERA_AXES, Camera
from studio.core.heads.anatomy import EYE_MIDPOINT, INTEROCULAR, eye_centres, to_face
from studio.core.heads.fitting import HeadPose, fit_head_pose
from studio.core.heads.template import mean_landmarks

WIDTH, HEIGHT = 640, 480

degrees = st.floats(-1, 1)
few = settings(max_examples=25, deadline=None)


def photograph(yaw: float = 0, pitch: float = 0, roll: float = 0, x: float = 320, y: float = 240, focal: float = 2000):
    """Return the head's rotation in camera axes and its landmarks px as a tracker gives them."""
    rotation = HEAD_TO_CAMERA_AXES @ Rotation.from_euler("YXZ", [yaw, pitch, roll], degrees=True).as_matrix()
    K = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    distance = 0.9
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = rotation
    eyes = np.array([(x - WIDTH / 2) / focal, (y - HEIGHT / 2) / focal, 1]) * distance
    world_to_camera[:3, 3] = eyes - rotation @ EYE_MIDPOINT
    seen = Camera(world_to_camera, K, WIDTH, HEIGHT).project(mean_landmarks())
    # Trackers measure depth in px of the picture, from somewhere inside the face.
    seen[:, 2] = (seen[:, 2] - seen[:, 2].mean()) * focal / distance
    return rotation, seen


def turned_by(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two rotations in degrees."""
    return float(np.degrees(np.linalg.norm(Rotation.from_matrix(one.T @ other).as_rotvec())))


def fit(landmarks: np.ndarray) -> HeadPose:
    return fit_head_pose(landmarks, WIDTH, HEIGHT)


@few
@given(degrees, degrees, degrees, degrees, degrees)
def test_the_pose_is_found_within_a_few_degrees(yaw: float, pitch: float, roll: float, x: float, y: float) -> None:
    rotation, landmarks = photograph(40 * yaw, 25 * pitch, 30 * roll, 320 + 60 * x, 240 + 40 * y)
    assert turned_by(fit(landmarks).camera.world_to_camera[:3, :3], rotation) < 4


@few
@given(degrees, degrees, degrees)
def test_landmarks_project_to_where_they_were_found(yaw: float, pitch: float, roll: float) -> None:
    _, landmarks = photograph(40 * yaw, 25 * pitch, 30 * roll, 250, 200)
    pose = fit(landmarks)
    np.testing.assert_allclose(pose.camera.project(pose.landmarks)[:, :2], landmarks[:, :2], atol=1e-6)
    right, left = eye_centres(pose.landmarks)
    assert np.linalg.norm(left - right) == pytest.approx(INTEROCULAR, rel=1e-3)
    np.testing.assert_allclose((left + right) / 2, EYE_MIDPOINT, atol=1e-9)
    np.testing.assert_allclose(pose.lift(landmarks[:, :2], -landmarks[:, 2]), pose.landmarks, atol=1e-9)
    assert np.linalg.det(pose.camera.world_to_camera[:3, :3]) == pytest.approx(1)


def test_the_head_found_is_the_head_photographed() -> None:
    _, landmarks = photograph(yaw=15, pitch=-5, roll=8)
    error = to_face(fit(landmarks).landmarks) - to_face(mean_landmarks())
    assert np.linalg.norm(error, axis=1).max() < 0.12


def test_size_in_the_picture_does_not_matter() -> None:
    _, small = photograph(yaw=20, focal=700)
    _, large = photograph(yaw=20, focal=3000)
    np.testing.assert_allclose(fit(small).landmarks, fit(large).landmarks, atol=1e-3)
    assert fit(small).px / fit(large).px == pytest.approx(3000 / 700, rel=0.01)


def test_a_turn_to_either_side_is_told_apart() -> None:
    for yaw in (-25, 25):
        nose = fit(photograph(yaw=yaw)[1]).camera.world_to_camera[:3, :3] @ [0, 0, 1]
        assert np.sign(nose[0]) == np.sign(yaw)  # a positive turn about the head's up looks to image right
