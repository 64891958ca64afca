"""Whether a solve finds again what a face was posed with."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import HEAD_TO_CAMERA_AXES
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.template import mean_landmarks
from studio.core.tracking.face_model import FaceModel, canonical
from studio.core.tracking.gaze import look_code
from studio.core.tracking.identity import clip_view, fit_identity
from studio.core.tracking.placing import placed, rigid_fit
from studio.core.tracking.solve import FaceSolver, View

VIEW = View(1400.0, np.array([320.0, 240.0]))


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.of(canonical(mean_landmarks()))


def seen(model: FaceModel, turn: tuple[float, float, float] = (0, 0, 0), **channels: float) -> NDArray[np.float64]:
    """Return landmarks ``[478,3]`` px as a tracker gives them of a head turned by degrees, 0.9 m away."""
    code = np.zeros(len(ARKIT_NAMES))
    for name, value in channels.items():
        code[ARKIT_INDEX[name]] = value
    rotation = HEAD_TO_CAMERA_AXES @ Rotation.from_rotvec(turn, degrees=True).as_matrix()
    cam = model.points(code) @ rotation.T + [0.02, -0.01, 0.9]
    return np.column_stack([VIEW.project(cam), (cam[:, 2] - cam[:, 2].mean()) * VIEW.focal / 0.9])


def test_pose_and_expression_are_found_again(model: FaceModel) -> None:
    points = seen(model, (5, -14, 4), jawOpen=0.5, mouthSmileLeft=0.6, mouthSmileRight=0.6, eyeBlinkLeft=0.8)
    found = FaceSolver(model, VIEW).solve(points)
    turn = Rotation.from_matrix(HEAD_TO_CAMERA_AXES @ found.rotation).as_rotvec(degrees=True)
    np.testing.assert_allclose(turn, [5, -14, 4], atol=1.0)
    np.testing.assert_allclose(found.translation, [0.02, -0.01, 0.9], atol=0.01)
    assert found.error < 0.01
    assert found.code[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.5, abs=0.15)
    assert found.code[ARKIT_INDEX["mouthSmileLeft"]] == pytest.approx(0.6, abs=0.2)
    assert found.code[ARKIT_INDEX["eyeBlinkLeft"]] == pytest.approx(0.8, abs=0.15)
    assert found.code[ARKIT_INDEX["eyeBlinkRight"]] < 0.25


def test_codes_stay_within_their_bounds_whatever_is_seen(model: FaceModel) -> None:
    solver = FaceSolver(model, VIEW)
    rng = np.random.default_rng(0)
    for _ in range(5):
        code = solver.solve(seen(model, jawOpen=1.0) + rng.normal(0, 12, (478, 3))).code
        assert code.min() >= 0
        assert code.max() <= 1


def test_a_few_landmarks_astray_change_little(model: FaceModel) -> None:
    points = seen(model, jawOpen=0.4)
    before = FaceSolver(model, VIEW).solve(points)
    points[[50, 280, 205, 123]] += 60
    after = FaceSolver(model, VIEW).solve(points)
    assert np.abs(after.code - before.code).max() < 0.1
    assert np.linalg.norm(after.translation - before.translation) < 0.01


def test_a_face_at_rest_shows_no_expression(model: FaceModel) -> None:
    assert FaceSolver(model, VIEW).solve(seen(model, (0, 8, 0))).code.max() < 0.05


def test_eyes_that_look_left_turn_outwards_and_inwards() -> None:
    names = [f"{way}{side}" for side in ("Left", "Right") for way in ("Down", "In", "Out", "Up")]
    look = dict(zip(names, look_code(0.2, -0.1), strict=True))
    assert look["OutLeft"] > 0.3
    assert look["InRight"] > 0.3
    assert look["UpLeft"] == look["UpRight"] > 0.2
    assert look["InLeft"] == look["OutRight"] == look["DownLeft"] == 0


def test_the_most_neutral_frames_are_the_face_at_rest(model: FaceModel) -> None:
    talking = [seen(model, (0, yaw, 0), jawOpen=jaw) for yaw in (-8, 0, 8) for jaw in (0.0, 0.3, 0.6)]
    frames = np.stack(talking)
    view = clip_view(frames, 640, 480)
    fitted = fit_identity(frames, view)
    off = np.linalg.norm(fitted.rest[:468] - model.rest[:468], axis=1)
    assert np.median(off) < 0.002


def test_a_rigid_head_is_placed_where_it_was_seen() -> None:
    from studio.core.gaussians.camera import Camera

    camera = Camera.frontal(512, 1200.0, 0.9)
    points = canonical(mean_landmarks())[:100]
    true = np.eye(4)
    true[:3, :3] = Rotation.from_rotvec([6, -12, 3], degrees=True).as_matrix()
    true[:3, 3] = [0.01, -0.02, 0.03]
    moved = points @ true[:3, :3].T + true[:3, 3]
    found = placed(points, camera.project(moved)[:, :2], camera, np.eye(4), 80.0)
    np.testing.assert_allclose(found, true, atol=5e-3)
    np.testing.assert_allclose(rigid_fit(points, moved), true, atol=1e-9)
