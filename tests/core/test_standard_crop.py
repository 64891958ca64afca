"""The standard crop: every face equally large and in the middle, and pixels where the camera says they are."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import Camera
from studio.core.heads.fitting import fit_head_pose
from studio.core.heads.template import mean_landmarks
from studio.core.perception.portrait import Portrait
from studio.core.standard_crop import SIDE, cropped, standard_camera, standard_crop

WIDTH, HEIGHT = 700, 500


def portrait_landmarks(centre: tuple[float, float], face_height: float, yaw: float) -> np.ndarray:
    """Return landmarks ``[478,3]`` px of a mean face somewhere in a picture."""
    turned = Rotation.from_euler("y", yaw, degrees=True).apply(mean_landmarks()) * [1, -1, -1]
    scaled = turned * face_height / np.ptp(turned[:468, 1])
    return scaled - scaled.mean(0) + [*centre, 0]


@pytest.mark.parametrize("centre", [(350, 250), (130, 330), (600, 120)])
@pytest.mark.parametrize("face_height", [90, 260])
def test_every_face_is_equally_large_and_in_the_middle(centre: tuple[int, int], face_height: int) -> None:
    landmarks = portrait_landmarks(centre, face_height, 10)
    pose = fit_head_pose(landmarks, WIDTH, HEIGHT)
    seen = standard_camera(pose.camera, 200).project(pose.landmarks)[:468]
    # A face far from the middle of a wide picture is seen at a slant, and somewhat smaller.
    assert np.ptp(seen[:, 1]) == pytest.approx(200 / SIDE, rel=0.12)
    assert seen[:, 0].mean() == pytest.approx(100, abs=8)
    assert seen[:, 1].mean() == pytest.approx(108, abs=8)


def test_the_camera_does_not_move() -> None:
    own = fit_head_pose(portrait_landmarks((200, 300), 150, 0), WIDTH, HEIGHT).camera
    np.testing.assert_allclose(standard_camera(own, 64).position, own.position, atol=1e-9)


@pytest.mark.parametrize("size", [64, 256])
def test_pixels_lie_where_the_camera_projects(size: int) -> None:
    own = fit_head_pose(portrait_landmarks((180, 300), 220, 0), WIDTH, HEIGHT).camera
    rng = np.random.default_rng(0)
    for point in rng.uniform(-0.08, 0.08, (6, 3)) + [0, 0, 0.05]:
        picture = np.zeros((HEIGHT, WIDTH), np.float32)
        x, y, _ = own.project(point[None])[0]
        columns, rows = np.arange(WIDTH) + 0.5, np.arange(HEIGHT)[:, None] + 0.5
        picture += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 9.0**2)).astype(np.float32)
        crop = cropped(picture, own, size, cv2.BORDER_CONSTANT)
        weight = crop / crop.sum()
        found = [(weight * (np.arange(size) + 0.5)).sum(), (weight * (np.arange(size)[:, None] + 0.5)).sum()]
        np.testing.assert_allclose(found, standard_camera(own, size).project(point[None])[0, :2], atol=0.1)


def test_a_portrait_is_cropped_with_what_it_lacks_left_empty() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    portrait = Portrait(
        rgb=grey,
        alpha=np.ones((HEIGHT, WIDTH), np.float32),
        landmarks=portrait_landmarks((120, 250), 200, 0).astype(np.float32),
        plate=0.4 * grey,
        foreground=grey,
        source=grey,
    )
    crop = standard_crop(portrait, 64)
    # The picture ends left of the face.
    assert crop.alpha[32, 0] == 0
    assert crop.alpha[32, 32] == pytest.approx(1)
    np.testing.assert_allclose(crop.picture[32, 0], 0.2, atol=1e-5)
    np.testing.assert_allclose(crop.picture[32, 32], 0.5, atol=1e-5)
    assert isinstance(crop.camera, Camera)
