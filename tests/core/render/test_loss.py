"""The loss against scikit-image's SSIM, and its gradient against finite differences of that."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from studio.core.render.loss import PhotometricLoss

STEP = 1e-5


def smooth_picture(seed: int, height: int, width: int) -> NDArray[np.float32]:
    """Add a few random waves up."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), 0.5)
    for _ in range(6):
        fx, fy, phase = rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0, 6, 3)
        picture += 0.07 * np.sin((fx * x + fy * y)[..., None] + phase)
    return picture.astype(np.float32)


def similarity_map(image: NDArray, target: NDArray) -> NDArray[np.float64]:
    """Return scikit-image's SSIM ``[H,W,3]`` of the windows as in Wang et al. 2004."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    result: tuple = structural_similarity(
        image.astype(np.float64), target.astype(np.float64), channel_axis=2, full=True, **options
    )
    return result[1]


def exact_loss(image: NDArray, target: NDArray, weights: NDArray, share: float) -> float:
    """Write the loss down in float64 with scikit-image's map of SSIM."""
    inside = np.s_[5:-5, 5:-5]
    ssim = np.average(similarity_map(image, target)[inside].mean(axis=2), weights=weights[inside])
    l1 = np.average(np.abs(image - target).mean(axis=2), weights=weights)
    return float((1 - share) * l1 + share * (1 - ssim))


@pytest.mark.parametrize(("height", "width"), [(11, 11), (33, 100), (45, 70), (140, 60)])
def test_ssim_is_that_of_scikit_image(height: int, width: int) -> None:
    target, image = smooth_picture(0, height, width), smooth_picture(1, height, width)
    loss = PhotometricLoss(target, ssim_share=1.0)
    value = loss(image, np.ones((height, width, 1), np.float32))
    assert abs(1 - value - similarity_map(image, target)[5:-5, 5:-5].mean()) < 1e-5


def test_a_picture_is_at_no_distance_from_itself() -> None:
    target = smooth_picture(3, 30, 40)
    loss = PhotometricLoss(target)
    assert abs(loss(target.copy(), np.ones((30, 40, 1), np.float32))) < 1e-6
    assert np.abs(loss.grad_color).max() < 1e-6


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_gradient_matches_finite_differences(share: float) -> None:
    height, width = 39, 37
    rng = np.random.default_rng(5)
    target, color, background = (smooth_picture(seed, height, width) for seed in (6, 7, 8))
    alpha = rng.uniform(0.2, 0.9, (height, width, 1)).astype(np.float32)
    weights = rng.uniform(0, 2, (height, width)).astype(np.float32)
    weights[:, :8] = 0
    loss = PhotometricLoss(target, background=background, weights=weights, ssim_share=share)
    value = loss(color, alpha)

    def exact(color: NDArray, alpha: NDArray) -> float:
        return exact_loss(color + (1 - alpha) * background.astype(np.float64), target, weights, share)

    values = {"color": color.astype(np.float64), "alpha": alpha.astype(np.float64)}
    assert abs(value - exact(**values)) < 1e-5
    for name, gradient in (("color", loss.grad_color), ("alpha", loss.grad_alpha)):
        array, errors, sizes = values[name], [], []
        # Corners, edges and the middle, on both sides of the border of the blocks the kernels work in.
        for y, x in [(0, 0), (0, 20), (38, 36), (19, 36), (31, 12), (32, 12), (20, 20), (20, 21), (20, 22), (25, 9)]:
            index = (y, x, int(rng.integers(array.shape[2])))
            kept = array[index]
            array[index] = kept + STEP
            above = exact(**values)
            array[index] = kept - STEP
            numeric = (above - exact(**values)) / (2 * STEP)
            array[index] = kept
            errors.append(abs(gradient[index] - numeric))
            sizes.append(abs(numeric))
        assert max(sizes) > 0
        assert max(errors) < 1e-3 * max(sizes)


def test_what_has_no_weight_does_not_count() -> None:
    target, image = smooth_picture(0, 40, 50), smooth_picture(1, 40, 50)
    weights = np.zeros((40, 50), np.float32)
    weights[:, :20] = 1
    loss = PhotometricLoss(target, weights=weights)
    alpha = np.ones((40, 50, 1), np.float32)
    value = loss(image, alpha)
    assert not loss.grad_color[:, 25:].any()
    image[:, 25:] = 0
    assert loss(image, alpha) == pytest.approx(value, rel=1e-6)


def test_wrong_shapes_are_refused() -> None:
    target = smooth_picture(0, 20, 30)
    with pytest.raises(ValueError, match="at least 11 px"):
        PhotometricLoss(target[:10])
    with pytest.raises(ValueError, match=r"\[H,W,3\]"):
        PhotometricLoss(target[..., :2])
    with pytest.raises(ValueError, match="background has shape"):
        PhotometricLoss(target, background=target[1:])
    with pytest.raises(ValueError, match="weights have shape"):
        PhotometricLoss(target, weights=np.ones((30, 20), np.float32))
    with pytest.raises(ValueError, match="no window has weight"):
        PhotometricLoss(target, weights=np.zeros((20, 30), np.float32))
    loss = PhotometricLoss(target)
    with pytest.raises(ValueError, match="color has shape"):
        loss(target[1:], np.ones((20, 30, 1), np.float32))
    with pytest.raises(ValueError, match="alpha has shape"):
        loss(target, np.ones((20, 30), np.float32))
