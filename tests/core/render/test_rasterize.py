"""What a rendered picture must obey, whatever draws it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raster_scenes import FIELDS, askew_camera, random_gaussians
from safetensors.numpy import load_file

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import reference
from studio.core.render.rasterize import rasterize
from studio.core.training.metrics import psnr

DATA = Path(__file__).resolve().parents[2] / "data"
BACKENDS = ["numba", pytest.param("gsplat", marks=pytest.mark.gpu)]

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=15, deadline=None)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["rgb", "features"])
def test_goldens(backend: str, name: str) -> None:
    golden = load_file(DATA / f"raster_{name}.safetensors")
    gaussians = Gaussians(*(golden[field] for field in FIELDS))
    height, width, _ = golden["raster_color"].shape
    camera = Camera(golden["world_to_camera"], golden["K"], width, height)
    raster = rasterize(gaussians, camera, depth=True, backend=backend)
    assert raster.depth is not None
    assert psnr(raster.color, golden["raster_color"]) > 60
    assert psnr(raster.alpha, golden["raster_alpha"]) > 60
    assert psnr(raster.depth, golden["raster_depth"]) > 60
    plain = rasterize(gaussians, camera, backend=backend)
    assert plain.depth is None
    np.testing.assert_allclose(plain.color, raster.color, atol=5e-5)


@few
@given(seeds, st.integers(1, 6), st.booleans(), st.integers(1, 100), st.integers(1, 80))
def test_agrees_with_reference(seed: int, channels: int, depth: bool, width: int, height: int) -> None:
    gaussians, camera = random_gaussians(seed, 40, channels), askew_camera(width, height)
    raster = rasterize(gaussians, camera, depth=depth, backend="numba")
    exact = reference.rasterize(gaussians, camera, depth=depth)
    assert raster.color.shape == (height, width, channels)
    assert raster.alpha.shape == (height, width, 1)
    # A pixel at the very edge of a splat may fall on either side of the 1/255 cut.
    close = np.abs(raster.color - exact.color).max(axis=2) < 1e-4
    assert (~close).sum() <= 3
    assert np.abs(raster.color - exact.color).max() < 2 / 255
    assert np.abs(raster.alpha - exact.alpha).max() < 2 / 255
    assert (raster.depth is None) == (not depth)


@few
@given(seeds)
def test_needles_agree_with_reference(seed: int) -> None:
    """Long thin splats across the rows: alpha in a corner of their box is far too small for a float32."""
    gaussians = random_gaussians(seed, 30)
    thin = gaussians.scales * np.array([12, 0.02, 0.02], np.float32)
    gaussians, camera = replace(gaussians, scales=thin), askew_camera(200, 160)
    raster, exact = rasterize(gaussians, camera, backend="numba"), reference.rasterize(gaussians, camera)
    assert psnr(raster.color, exact.color) > 60
    assert np.abs(raster.alpha - exact.alpha).max() < 2 / 255


@few
@given(seeds)
def test_endless_needles_agree_with_reference(seed: int) -> None:
    """Metres long and a tenth of a millimetre thin: cov_xx cov_yy and cov_xy² agree in every digit of a float32."""
    gaussians = random_gaussians(seed, 30)
    thin = gaussians.scales * np.array([500, 0.01, 0.01], np.float32)
    gaussians, camera = replace(gaussians, scales=thin), askew_camera(200, 160)
    raster, exact = rasterize(gaussians, camera, backend="numba"), reference.rasterize(gaussians, camera)
    assert psnr(raster.color, exact.color) > 60


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 17])
def test_any_number_of_gaussians(count: int) -> None:
    gaussians, camera = random_gaussians(5, 40)[np.arange(count)], askew_camera()
    raster, exact = rasterize(gaussians, camera, backend="numba"), reference.rasterize(gaussians, camera)
    assert psnr(raster.color, exact.color) > 60


def test_out_is_written_where_it_fits() -> None:
    camera = askew_camera()
    old, new = random_gaussians(1), random_gaussians(2)
    fresh = rasterize(new, camera, backend="numba")
    before = rasterize(old, camera, backend="numba")
    again = rasterize(new, camera, backend="numba", out=before)
    assert again.color is before.color
    np.testing.assert_array_equal(again.color, fresh.color)
    np.testing.assert_array_equal(again.alpha, fresh.alpha)
    larger = askew_camera(90, 60)
    assert rasterize(new, larger, backend="numba", out=again).color.shape == (60, 90, 3)


@few
@given(seeds)
def test_order_of_gaussians_does_not_matter(seed: int) -> None:
    gaussians, camera = random_gaussians(seed), askew_camera()
    shuffled = gaussians[np.random.default_rng(seed).permutation(len(gaussians))]
    assert np.array_equal(rasterize(gaussians, camera).color, rasterize(shuffled, camera).color)


@few
@given(seeds)
def test_invisible_gaussians_change_nothing(seed: int) -> None:
    gaussians, camera = random_gaussians(seed), askew_camera()
    others = random_gaussians(seed + 1)
    transparent = replace(others, opacities=np.zeros(len(others), np.float32))
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    behind = replace(others, means=(others.means + 2 * eye).astype(np.float32))
    everything = Gaussians.concatenate([transparent, gaussians, behind])
    assert np.array_equal(rasterize(gaussians, camera).color, rasterize(everything, camera).color)


@few
@given(seeds, st.integers(0, 40), st.integers(0, 20), st.integers(30, 40), st.integers(25, 30))
def test_camera_crop_is_image_crop(seed: int, x: int, y: int, width: int, height: int) -> None:
    # Small splats: those whose centre lies far outside its image a camera flattens a little.
    gaussians = replace(random_gaussians(seed, 300), scales=np.full((300, 3), 0.002, np.float32))
    camera = askew_camera()
    whole = rasterize(gaussians, camera)
    crop = rasterize(gaussians, camera.cropped(x, y, width, height, width, height))
    rows, columns = min(height, camera.height - y), min(width, camera.width - x)
    difference = whole.color[y : y + rows, x : x + columns] - crop.color[:rows, :columns]
    assert (np.abs(difference).max(axis=2) > 1e-4).sum() <= 3
    assert np.abs(difference).max() < 2 / 255


@few
@given(seeds)
def test_colour_is_linear_and_alpha_ignores_it(seed: int) -> None:
    gaussians, camera = random_gaussians(seed), askew_camera()
    double = rasterize(replace(gaussians, colors=2 * gaussians.colors), camera)
    once = rasterize(gaussians, camera)
    np.testing.assert_allclose(double.color, 2 * once.color, rtol=1e-5, atol=1e-7)
    assert np.array_equal(double.alpha, once.alpha)
    white = rasterize(replace(gaussians, colors=np.ones_like(gaussians.colors)), camera)
    np.testing.assert_allclose(white.color, np.repeat(white.alpha, 3, axis=2), atol=1e-5)


def test_the_last_bit_of_depth_decides_and_ties_go_by_index() -> None:
    camera = replace(Camera.frontal(9, 20.0, 0.5), world_to_camera=np.eye(4))
    far = np.float32(0.5)
    near = np.nextafter(far, np.float32(0))
    for first, second, winner in [(near, far, 0), (far, near, 1), (far, far, 0)]:
        gaussians = Gaussians(
            means=np.array([[0, 0, first], [0, 0, second]], np.float32),
            quats=np.ones((2, 4), np.float32),
            scales=np.full((2, 3), 0.05, np.float32),
            opacities=np.full(2, 0.9, np.float32),
            colors=np.array([[1, 0, 0], [0, 1, 0]], np.float32),
        )
        assert rasterize(gaussians, camera, backend="numba").color[4, 4].argmax() == winner


@pytest.mark.parametrize("backend", ["numba", "reference", pytest.param("gsplat", marks=pytest.mark.gpu)])
def test_nothing_draws_nothing(backend: str) -> None:
    raster = rasterize(random_gaussians(0, count=0), askew_camera(33, 5), depth=True, backend=backend)
    assert raster.color.shape == (5, 33, 3)
    assert raster.depth is not None
    assert not raster.color.any()
    assert not raster.alpha.any()
    assert not raster.depth.any()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [3, 5])
def test_gaussians_that_are_not_numbers_are_left_out(backend: str, field: str, value: float, channels: int) -> None:
    gaussians, camera = random_gaussians(3, 10, channels), askew_camera()
    bad = getattr(gaussians, field).copy()
    bad.reshape(10, -1)[4, -1] = value
    raster = rasterize(replace(gaussians, **{field: bad}), camera, backend=backend)
    without = rasterize(gaussians[np.arange(10) != 4], camera, backend=backend)
    assert np.array_equal(raster.color, without.color)


def test_huge_gaussians_fill_the_picture_and_no_more() -> None:
    gaussians = replace(random_gaussians(5, 20), scales=np.full((20, 3), 100, np.float32))
    raster = rasterize(gaussians, askew_camera(), depth=True)
    assert raster.alpha.min() > 0.9
    assert raster.alpha.max() <= 1
    assert raster.color.max() <= 1
    for scale in (1e6, 1e18, 3e38):
        far = rasterize(replace(gaussians, scales=np.full((20, 3), scale, np.float32)), askew_camera())
        assert np.isfinite(far.color).all()


def test_opacity_over_one_counts_as_one() -> None:
    gaussians, camera = random_gaussians(6), askew_camera()
    over = replace(gaussians, opacities=gaussians.opacities + 1)
    one = replace(gaussians, opacities=np.ones(len(gaussians), np.float32))
    assert np.array_equal(rasterize(over, camera).color, rasterize(one, camera).color)


def test_readonly_and_strided_arrays_are_taken() -> None:
    gaussians, camera = random_gaussians(8), askew_camera()
    wide = np.zeros((len(gaussians), 6), np.float32)
    wide[:, ::2] = gaussians.means
    colors = gaussians.colors.copy()
    colors.flags.writeable = False
    awkward = replace(gaussians, means=wide[:, ::2], colors=colors)
    assert np.array_equal(rasterize(awkward, camera).color, rasterize(gaussians, camera).color)
