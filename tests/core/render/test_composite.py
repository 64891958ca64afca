"""Pictures over backgrounds, and their bytes."""

from typing import Any

import numpy as np
import pytest
from raster_scenes import askew_camera, random_gaussians

from studio.core.render.composite import composite, to_bytes
from studio.core.render.rasterize import Raster, rasterize


@pytest.fixture(scope="module")
def raster() -> Raster:
    return rasterize(random_gaussians(1), askew_camera())


def test_over_a_colour_and_over_a_picture(raster: Raster) -> None:
    color = (0.2, 0.4, 0.8)
    rgba = composite(raster, color)
    expected = raster.color + (1 - raster.alpha) * np.array(color)
    np.testing.assert_allclose(rgba[..., :3], expected, atol=1e-6)
    assert (rgba[..., 3] == 1).all()
    picture = np.random.default_rng(0).random(raster.color.shape).astype(np.float32)
    rgba = composite(raster, picture)
    np.testing.assert_allclose(rgba[..., :3], raster.color + (1 - raster.alpha) * picture, atol=1e-6)


def test_transparent_is_straight_alpha(raster: Raster) -> None:
    rgba = composite(raster, None)
    np.testing.assert_allclose(rgba[..., :3] * rgba[..., 3:], raster.color, atol=1e-6)
    assert np.array_equal(rgba[..., 3:], raster.alpha)
    assert (raster.alpha == 0).any()
    assert not rgba[raster.alpha[..., 0] == 0].any()


def test_transparent_over_a_plate_is_the_plate_composite(raster: Raster) -> None:
    picture = np.random.default_rng(1).random(raster.color.shape).astype(np.float32)
    cutout = composite(raster, None)
    by_hand = cutout[..., :3] * cutout[..., 3:] + (1 - cutout[..., 3:]) * picture
    np.testing.assert_allclose(by_hand, composite(raster, picture)[..., :3], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 1, 3), (1, 7, 3)])
def test_one_pixel_wide_pictures(shape: tuple[int, int, int]) -> None:
    empty = Raster(np.zeros(shape, np.float32), np.zeros((*shape[:2], 1), np.float32))
    picture = np.random.default_rng(2).random(shape).astype(np.float32)
    assert np.array_equal(composite(empty, picture)[..., :3], picture)
    assert (composite(empty, (0.25, 0.5, 0.75))[..., 2] == 0.75).all()


@pytest.mark.parametrize("background", [None, (0.2, 0.4, 0.8), "picture"])
def test_bytes_written_at_once_are_the_rounded_floats(raster: Raster, background: Any) -> None:
    if background == "picture":
        background = np.random.default_rng(3).random(raster.color.shape).astype(np.float32)
    floats = composite(raster, background)
    assert np.array_equal(composite(raster, background, np.empty(floats.shape, np.uint8)), to_bytes(floats))
    out = np.empty_like(floats)
    assert composite(raster, background, out) is out
    assert np.array_equal(out, floats)


@pytest.mark.parametrize(
    "wrong", [np.empty((4, 4, 4), np.float32), np.empty((96, 128, 4)), np.empty((96, 128, 8), np.uint8)[..., ::2]]
)
def test_an_out_that_does_not_fit_is_refused(wrong: np.ndarray) -> None:
    empty = Raster(np.zeros((96, 128, 3), np.float32), np.zeros((96, 128, 1), np.float32))
    with pytest.raises(ValueError, match=r"out is .* expected contiguous float32 or uint8"):
        composite(empty, None, wrong)
    with pytest.raises(ValueError, match="expected contiguous"):
        to_bytes(np.zeros((96, 128, 4), np.float32), wrong[::2])


def test_wrong_backgrounds_are_refused(raster: Raster) -> None:
    with pytest.raises(ValueError, match="background has shape"):
        composite(raster, np.zeros((3, 4, 3), np.float32))
    features = rasterize(random_gaussians(1, channels=5), askew_camera())
    with pytest.raises(ValueError, match="5 channels"):
        composite(features, None)


def test_bytes_round_and_clip() -> None:
    values = np.array([[-1, 0, 0.4 / 255, 0.6 / 255, 0.5, 1, 2, np.nan, np.inf]], np.float32)
    assert to_bytes(values[..., None])[0, :, 0].tolist() == [0, 0, 0, 1, 128, 255, 255, 0, 255]
    levels = np.arange(256, dtype=np.uint8).reshape(8, 8, 4)
    assert np.array_equal(to_bytes(levels / np.float32(255)), levels)
