"""The gsplat backend with CPU stand-ins for gsplat's kernels (see `gsplat_on_cpu`), and on a GPU where there is one.

The stand-ins cannot show that the kernels compile, run or are fast; the tests marked `gpu` draw with the real ones.
"""

from dataclasses import replace
from typing import Any

import gsplat_on_cpu
import numpy as np
import pytest
import torch
from raster_scenes import DATA, FIELDS, askew_camera, random_gaussians
from safetensors.numpy import load_file

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import gsplat_backend
from studio.core.render import rasterize as entry
from studio.core.training.metrics import psnr

# Arrays or tensors, as their input: the annotations speak of arrays.
rasterize: Any = entry.rasterize
rasterize_vjp: Any = entry.rasterize_vjp
rasterize_batch: Any = gsplat_backend.rasterize_batch


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "cpu":
        gsplat_on_cpu.install(monkeypatch)
    return request.param


@pytest.mark.parametrize("name", ["rgb", "features"])
def test_goldens(device: str, name: str) -> None:
    golden = load_file(DATA / f"raster_{name}.safetensors")
    gaussians = Gaussians(*(golden[field] for field in FIELDS)).on(device)
    height, width, _ = golden["raster_color"].shape
    camera = Camera(golden["world_to_camera"], golden["K"], width, height)
    raster = rasterize(gaussians, camera, depth=True)
    for field in ("color", "alpha", "depth"):
        image = getattr(raster, field)
        assert image.device.type == device
        assert psnr(image.cpu().numpy(), golden[f"raster_{field}"]) > 60


def test_arrays_come_back_as_arrays(device: str) -> None:
    gaussians, camera = random_gaussians(1, 30), askew_camera()
    arrays = rasterize(gaussians, camera, depth=True, backend="gsplat")
    tensors = rasterize(gaussians.on(device), camera, depth=True)
    assert arrays.depth is not None
    assert isinstance(arrays.color, np.ndarray)
    for field in ("color", "alpha", "depth"):
        np.testing.assert_array_equal(getattr(arrays, field), getattr(tensors, field).cpu().numpy())
    assert arrays.color.shape == (camera.height, camera.width, 3)
    assert psnr(arrays.color, rasterize(gaussians, camera, backend="reference").color) > 60


@pytest.mark.parametrize("channels", [3, 32])
@pytest.mark.parametrize("depth", [False, True])
def test_a_batch_is_its_frames(device: str, channels: int, depth: bool) -> None:
    gaussians = [random_gaussians(seed, 20, channels).on(device) for seed in range(3)]
    cameras = [askew_camera(37, 21).orbited(np.zeros(3), 0.2 * k, 0.0) for k in range(3)]
    batch = rasterize_batch(gaussians, cameras, depth=depth)
    assert len(batch) == 3
    for frame, camera, raster in zip(gaussians, cameras, batch, strict=True):
        alone = rasterize(frame, camera, depth=depth)
        torch.testing.assert_close(raster.color, alone.color, rtol=0, atol=1e-6)
        torch.testing.assert_close(raster.alpha, alone.alpha, rtol=0, atol=1e-6)
        assert (raster.depth is None) == (not depth)


def test_frames_of_a_batch_must_fit_together() -> None:
    one = random_gaussians(0, 5)
    with pytest.MonkeyPatch.context() as monkeypatch:
        gsplat_on_cpu.install(monkeypatch)
        for frames, cameras, what in (
            ([one, one], [askew_camera()], "2 frames have 1 cameras"),
            ([one, random_gaussians(0, 6)], [askew_camera()] * 2, "share their N and C"),
            ([one, one], [askew_camera(), askew_camera(30, 30)], "share their size"),
            ([one, one.on("cpu")], [askew_camera()] * 2, "share their kind"),
        ):
            with pytest.raises(ValueError, match=what):
                rasterize_batch(frames, cameras)


@pytest.mark.parametrize("field", FIELDS)
def test_what_cannot_be_drawn_is_left_out_without_waiting(device: str, field: str) -> None:
    gaussians, camera = random_gaussians(3, 12), askew_camera()
    bad = getattr(gaussians, field).copy()
    bad.reshape(12, -1)[[1, 4, 7], -1] = [np.nan, np.inf, -np.inf]
    drawn = np.setdiff1d(np.arange(12), [1, 4, 7])
    raster, pullback = rasterize_vjp(replace(gaussians, **{field: bad}).on(device), camera)
    without, pull_without = rasterize_vjp(gaussians[drawn].on(device), camera)
    torch.testing.assert_close(raster.color, without.color, rtol=0, atol=0)
    gradients, expected = (pull(without.color, without.alpha) for pull in (pullback, pull_without))
    for name in FIELDS:
        gradient = getattr(gradients, name).cpu().numpy()
        assert not gradient[[1, 4, 7]].any()
        np.testing.assert_allclose(gradient[drawn], getattr(expected, name).cpu().numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("scale", [1e5, 1e18, 3e38])
def test_scales_that_overflow_do_not_fill_the_picture(device: str, scale: float) -> None:
    gaussians, camera = random_gaussians(5, 6), askew_camera(20, 20)
    scales = gaussians.scales.copy()
    scales[2] = scale
    raster = rasterize(replace(gaussians, scales=scales).on(device), camera)
    without = rasterize(gaussians[np.arange(6) != 2].on(device), camera)
    torch.testing.assert_close(raster.color, without.color, rtol=0, atol=0)


def test_opacity_over_one_counts_as_one(device: str) -> None:
    gaussians, camera = random_gaussians(6, 20), askew_camera()
    over = replace(gaussians, opacities=gaussians.opacities + 1)
    one = replace(gaussians, opacities=np.ones(20, np.float32))
    assert torch.equal(rasterize(over.on(device), camera).color, rasterize(one.on(device), camera).color)


@pytest.mark.parametrize("channels", [3, 32])
def test_nothing_draws_nothing(device: str, channels: int) -> None:
    raster = rasterize(random_gaussians(0, 0, channels).on(device), askew_camera(33, 5), depth=True)
    assert raster.depth is not None
    assert raster.color.shape == (5, 33, channels)
    assert raster.depth.shape == raster.alpha.shape == (5, 33, 1)
    assert not raster.color.any()
    _, pullback = rasterize_vjp(random_gaussians(0, 0, channels), askew_camera(33, 5), backend="gsplat")
    assert pullback(np.ones((5, 33, channels), np.float32), None).means.shape == (0, 3)


def test_the_skew_of_k_is_ignored(device: str) -> None:
    gaussians, camera = random_gaussians(2, 20).on(device), askew_camera()
    skewed = camera.K.copy()
    skewed[0, 1] = 30
    assert torch.equal(rasterize(gaussians, replace(camera, K=skewed)).color, rasterize(gaussians, camera).color)


def test_nothing_nearer_than_a_centimetre_is_drawn(device: str) -> None:
    gaussians, camera = random_gaussians(2, 2), replace(askew_camera(), world_to_camera=np.eye(4))
    means = np.array([[0, 0, 0.009], [0, 0, -1]], np.float32)
    assert not rasterize(replace(gaussians, means=means).on(device), camera).alpha.any()


@pytest.mark.parametrize("channels", [3, 32])
@pytest.mark.parametrize("kind", ["arrays", "tensors"])
def test_gradients_are_those_of_the_numba_backend(device: str, channels: int, kind: str) -> None:
    gaussians, camera = random_gaussians(11, 10, channels), askew_camera(44, 37)
    on_device = gaussians.on(device) if kind == "tensors" else gaussians
    raster, pullback = rasterize_vjp(on_device, camera, backend="gsplat")
    _, expected = rasterize_vjp(gaussians, camera, backend="numba")
    rng = np.random.default_rng(0)
    upstream = [rng.normal(size=(37, 44, c)).astype(np.float32) for c in (channels, 1)]
    given = [torch.tensor(g, device=device) for g in upstream] if kind == "tensors" else upstream
    for gradients in (pullback(*given), pullback(*given)):
        for field in FIELDS:
            value, known = getattr(gradients, field), getattr(expected(*upstream), field)
            assert isinstance(value, np.ndarray) == (kind == "arrays")
            np.testing.assert_allclose(torch.as_tensor(value).cpu(), known, atol=2e-4 * np.abs(known).max())
    with pytest.raises(ValueError, match="gradient of color has shape"):
        pullback(raster.color[:-1], None)


def test_a_standing_camera_is_uploaded_once(device: str) -> None:
    gsplat_backend._upload.cache_clear()
    gaussians, camera = random_gaussians(0, 5).on(device), askew_camera(17, 17)
    for _ in range(3):
        rasterize(gaussians, camera)
    rasterize(gaussians, camera.panned(1, 0))
    assert gsplat_backend._upload.cache_info().misses == 2
    assert gsplat_backend._upload.cache_info().hits == 2


@pytest.mark.gpu
def test_the_largest_batch_of_an_export_fits_the_key_of_the_sort() -> None:
    gaussians = [random_gaussians(seed, 1000).on("cuda") for seed in range(16)]
    batch = rasterize_batch(gaussians, [Camera.frontal(2048, 4000.0, 0.5)] * 16)
    alone = rasterize(gaussians[-1], Camera.frontal(2048, 4000.0, 0.5))
    torch.testing.assert_close(batch[-1].color, alone.color, rtol=0, atol=1e-6)
