"""Cameras: what every move does to the picture of a known point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import Camera

seeds = st.integers(0, 2**32 - 1)
angles = st.floats(-0.9, 0.9)
few = settings(max_examples=30, deadline=None)


def tilted_camera(seed: int) -> Camera:
    """Return a camera that sees the head from somewhere in front, a little askew."""
    rng = np.random.default_rng(seed)
    frontal = Camera.frontal(300, 700.0, 0.9)
    askew = np.eye(4)
    askew[:3, :3] = Rotation.from_rotvec(rng.normal(0, 0.15, 3)).as_matrix()
    askew[:3, 3] = rng.normal(0, 0.05, 3)
    K = frontal.K + np.array([[0, 0, 17.0], [0, 40.0, -9.0], [0, 0, 0]])
    return Camera(askew @ frontal.world_to_camera, K, 300, 220)


def head_points(seed: int, count: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.12, 0.12, (count, 3))


def test_a_frontal_camera_shows_a_head_as_a_portrait_does() -> None:
    camera = Camera.frontal(200, 400.0, 0.8)
    centre, left, top, nose = camera.project(np.array([[0, 0, 0], [0.05, 0, 0], [0, 0.05, 0], [0, 0, 0.1]]))
    np.testing.assert_allclose(centre, [100, 100, 0.8])
    np.testing.assert_allclose(left - centre, [25, 0, 0], atol=1e-9)  # the head's left is image right
    np.testing.assert_allclose(top - centre, [0, -25, 0], atol=1e-9)
    np.testing.assert_allclose(nose, [100, 100, 0.7])


@few
@given(seeds)
def test_unproject_undoes_project(seed: int) -> None:
    camera, points = tilted_camera(seed), head_points(seed)
    seen = camera.project(points)
    np.testing.assert_allclose(camera.unproject(seen[:, :2], seen[:, 2]), points, atol=1e-12)


@few
@given(seeds, angles, angles)
def test_an_orbit_keeps_the_pivot_in_place_and_every_distance_to_it(seed: int, yaw: float, pitch: float) -> None:
    camera, (pivot, point) = tilted_camera(seed), head_points(seed, 2)
    orbited = camera.orbited(pivot, yaw, pitch)
    np.testing.assert_allclose(orbited.project(pivot[None]), camera.project(pivot[None]), atol=1e-9)
    assert np.linalg.norm(eye(orbited) - pivot) == pytest.approx(np.linalg.norm(eye(camera) - pivot))
    assert np.linalg.norm(in_camera(orbited, point) - in_camera(orbited, pivot)) == pytest.approx(
        np.linalg.norm(point - pivot)
    )


def eye(camera: Camera) -> np.ndarray:
    return -camera.world_to_camera[:3, 3] @ camera.world_to_camera[:3, :3]


def in_camera(camera: Camera, point: np.ndarray) -> np.ndarray:
    return camera.world_to_camera[:3, :3] @ point + camera.world_to_camera[:3, 3]


def test_positive_yaw_turns_the_face_to_image_left_and_positive_pitch_down() -> None:
    camera, pivot = Camera.frontal(200, 400.0, 0.8), np.array([0, 0, 0.03])
    nose = np.array([[0, 0, 0.13]])
    x, y, _ = (camera.orbited(pivot, 0.3, 0).project(nose) - camera.project(nose))[0]
    assert x < -5
    assert abs(y) < 1e-9
    x, y, _ = (camera.orbited(pivot, 0, 0.3).project(nose) - camera.project(nose))[0]
    assert abs(x) < 1e-9
    assert y > 5
    assert eye(camera.orbited(pivot, 0.3, 0))[0] > 0.05  # the camera went to the head's left
    assert eye(camera.orbited(pivot, 0, 0.3))[1] > 0.05


@few
@given(seeds, angles, angles, angles)
def test_orbits_add_up_and_undo(seed: int, first: float, second: float, pitch: float) -> None:
    camera, pivot = tilted_camera(seed), head_points(seed, 1)[0]
    twice = camera.orbited(pivot, first, 0).orbited(pivot, second, 0)
    assert_same_view(twice, camera.orbited(pivot, first + second, 0))
    # The yaw turns first, so it is undone last.
    back = camera.orbited(pivot, first, pitch).orbited(pivot, 0, -pitch).orbited(pivot, -first, 0)
    assert_same_view(back, camera)


def assert_same_view(one: Camera, other: Camera) -> None:
    np.testing.assert_allclose(one.world_to_camera, other.world_to_camera, atol=1e-12)
    np.testing.assert_allclose(one.K, other.K)
    assert (one.width, one.height) == (other.width, other.height)


@few
@given(seeds, st.floats(-40, 200), st.floats(-40, 200), st.floats(10, 400), st.floats(10, 400))
def test_a_crop_maps_its_rectangle_onto_the_picture(seed: int, x: float, y: float, width: float, height: float) -> None:
    camera, points = tilted_camera(seed), head_points(seed)
    crop = camera.cropped(x, y, width, height, 128, 64)
    before, after = camera.project(points), crop.project(points)
    np.testing.assert_allclose(after[:, 0], (before[:, 0] - x) * 128 / width, atol=1e-6)
    np.testing.assert_allclose(after[:, 1], (before[:, 1] - y) * 64 / height, atol=1e-6)
    np.testing.assert_allclose(after[:, 2], before[:, 2])
    assert (crop.width, crop.height) == (128, 64)


@few
@given(seeds, st.floats(0.3, 4), st.floats(-50, 50), st.floats(-50, 50))
def test_zoom_is_about_the_middle_and_pan_shifts(seed: int, zoom: float, dx: float, dy: float) -> None:
    camera, points = tilted_camera(seed), head_points(seed)
    before, middle = camera.project(points)[:, :2], np.array([camera.width, camera.height]) / 2
    np.testing.assert_allclose(camera.zoomed(zoom).project(points)[:, :2] - middle, (before - middle) * zoom, atol=1e-8)
    np.testing.assert_allclose(camera.panned(dx, dy).project(points)[:, :2] - before, [[dx, dy]] * 20, atol=1e-8)
    assert np.array_equal(eye(camera.zoomed(zoom).panned(dx, dy)), eye(camera))


@few
@given(seeds, st.integers(16, 2000))
def test_fitting_changes_the_resolution_and_not_the_view(seed: int, long_side: int) -> None:
    camera, points = tilted_camera(seed), head_points(seed)
    fitted = camera.fitted(long_side)
    assert max(fitted.width, fitted.height) == long_side
    assert fitted.height / fitted.width == pytest.approx(220 / 300, abs=0.6 / fitted.width)
    share = [[fitted.width / 300, fitted.height / 220]]
    np.testing.assert_allclose(fitted.project(points)[:, :2], camera.project(points)[:, :2] * share, atol=1e-7)


def test_a_picture_never_shrinks_to_nothing() -> None:
    camera = Camera.frontal(300, 700.0, 0.9).cropped(0, 0, 300, 2, 300, 2).fitted(10)
    assert (camera.width, camera.height) == (10, 1)
