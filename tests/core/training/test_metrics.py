"""Measures whose answers are known."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from studio.core.training import metrics


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 1, (24, 31, 3))
    return np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1), truth


def test_psnr_of_a_known_error() -> None:
    truth = np.full((8, 8, 3), 0.5)
    assert metrics.psnr(truth + 0.1, truth) == pytest.approx(20)
    assert metrics.psnr(truth, truth) == pytest.approx(120)
    grey = np.full((8, 8, 3), 100, np.uint8)
    assert metrics.psnr(grey, grey + 51) == pytest.approx(20 * np.log10(5))
    half = np.zeros((8, 8))
    half[:4] = 1
    wrong = truth.copy()
    wrong[4:] = 0
    assert metrics.psnr(wrong, truth, half) == pytest.approx(120)
    with pytest.raises(ValueError, match="no weight"):
        metrics.psnr(truth, truth, 0 * half)
    with pytest.raises(ValueError, match="alike"):
        metrics.psnr(truth, truth[1:])


def test_ssim_is_that_of_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    picture, truth = pair
    result: tuple = structural_similarity(
        picture, truth, channel_axis=2, data_range=1, gaussian_weights=True, use_sample_covariance=False, full=True
    )
    inside = np.asarray(result[1])[5:-5, 5:-5].mean(-1)
    assert metrics.ssim(picture, truth) == pytest.approx(inside.mean(), abs=1e-6)
    weights = np.zeros(truth.shape[:2])
    weights[8:12, 10:20] = 1
    assert metrics.ssim(picture, truth, weights) == pytest.approx(inside[3:7, 5:15].mean(), abs=1e-6)
    assert metrics.ssim(truth, truth) == pytest.approx(1)
    with pytest.raises(ValueError, match="smaller than the window"):
        metrics.ssim(picture[:10], truth[:10])


def test_landmarks_far_apart_by_known_pixels() -> None:
    truth = np.random.default_rng(0).uniform(0, 100, (4, 5, 3))
    found = truth + [3, 4, 99]
    found[2] = np.nan
    assert metrics.landmark_distance(found, truth) == pytest.approx(5)
    assert metrics.landmark_distance(found, truth, np.full(4, 50.0)) == pytest.approx(0.1)
    assert np.isnan(metrics.landmark_distance(found[2:3], truth[2:3]))


def test_poses_turned_by_a_known_angle() -> None:
    truth = np.tile([0, 0.5, 0], (6, 1))
    assert metrics.pose_distance(truth + [0, np.radians(7), 0], truth) == pytest.approx(7)
    assert metrics.expression_distance(truth + 0.2, truth) == pytest.approx(0.2)


def test_steady_motion_does_not_jitter() -> None:
    steady = np.arange(10)[:, None, None] * np.ones((1, 3, 2))
    assert metrics.jitter(steady) == pytest.approx(0)
    shaken = steady + 2.0 * (np.arange(10) % 2)[:, None, None] * [1, 0]
    assert metrics.jitter(shaken) == pytest.approx(4)
    assert metrics.jitter(shaken, 2) == pytest.approx(2)


def test_the_lag_of_a_signal_is_found() -> None:
    rng = np.random.default_rng(1)
    reference = np.convolve(rng.normal(size=80), np.ones(5), "same")
    for lag in (-3, 0, 4):
        assert metrics.offset(np.roll(reference, lag), reference, 6) == lag
    assert metrics.correlation(2 * reference + 1, reference) == pytest.approx(1)
    assert np.isnan(metrics.correlation(np.ones(80), reference))
    assert metrics.offset(np.ones(80), reference, 6) == 0


def test_faces_by_their_embeddings() -> None:
    a, b = np.array([1.0, 0, 0]), np.array([1.0, 1.0, 0])
    assert metrics.embedding_distance(a, b) == pytest.approx(1)
    assert metrics.cosine_similarity(a, b) == pytest.approx(np.sqrt(0.5))


def test_hits_and_misses() -> None:
    assert metrics.f1(3, 4, 6) == pytest.approx(0.6)
    assert np.isnan(metrics.f1(0, 3, 0))


def test_vertices_that_miss() -> None:
    rng = np.random.default_rng(2)
    neutral = rng.normal(size=(6, 3))
    moves = np.sin(np.arange(20))[:, None, None] * [[0, 0, 1.0]] * np.ones((1, 6, 1))
    truth = neutral + moves
    found = truth.copy()
    found[:, 2, 0] += 3
    lips, upper = np.array([1, 2]), np.array([4, 5])
    assert metrics.lip_vertex_error(found, truth, lips) == pytest.approx(3)
    assert metrics.mean_vertex_error(found, truth) == pytest.approx(0.5)
    assert metrics.upper_face_dynamics(found, truth, neutral, upper) == pytest.approx(0)
    still = np.broadcast_to(neutral, truth.shape)
    deviation = np.abs(np.sin(np.arange(20))).std()
    assert metrics.upper_face_dynamics(still, truth, neutral, upper) == pytest.approx(deviation)
