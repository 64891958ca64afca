"""A fit finds a scene back, moves only what it may, and does not depend on the number of threads."""

from dataclasses import replace

import numpy as np
import pytest
from raster_scenes import FIELDS, askew_camera, random_gaussians

from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import numba_runtime
from studio.core.render.fitting import Fit, Rates
from studio.core.render.loss import PhotometricLoss
from studio.core.render.rasterize import rasterize
from studio.core.training.metrics import psnr

FAST = Rates(means=5e-4, quats=1e-2, scales=2e-2, opacities=5e-2, colors=1e-2)


def perturbed(gaussians: Gaussians, seed: int) -> Gaussians:
    """Shift, turn, stretch, fade and tint Gaussians a little."""
    rng = np.random.default_rng(seed)

    def noise(values: np.ndarray, size: float) -> np.ndarray:
        return rng.normal(0, size, values.shape).astype(np.float32)

    quats = gaussians.quats / np.linalg.norm(gaussians.quats, axis=1, keepdims=True)
    quats += noise(quats, 0.05)
    return replace(
        gaussians,
        means=gaussians.means + noise(gaussians.means, 0.004),
        quats=quats / np.linalg.norm(quats, axis=1, keepdims=True),
        scales=gaussians.scales * np.exp(noise(gaussians.scales, 0.2)),
        opacities=np.clip(gaussians.opacities + noise(gaussians.opacities, 0.1), 0.05, 0.98),
        colors=np.clip(gaussians.colors + noise(gaussians.colors, 0.15), 0, 1),
    )


def test_a_perturbed_scene_is_found_back() -> None:
    scene, camera = random_gaussians(7, 150), askew_camera(96, 80)
    background = np.full((80, 96, 3), [0.2, 0.5, 0.7], np.float32)
    raster = rasterize(scene, camera, backend="numba")
    target = raster.color + (1 - raster.alpha) * background
    start = perturbed(scene, 1)
    fit, loss = Fit(start, FAST), PhotometricLoss(target, background=background)
    losses = [fit.step(camera, loss) for _ in range(100)]

    def likeness(gaussians: Gaussians) -> float:
        shown = rasterize(gaussians, camera, backend="numba")
        return psnr(shown.color + (1 - shown.alpha) * background, target)

    assert losses[-1] < 0.3 * losses[0]
    assert likeness(fit.gaussians) > likeness(start) + 8
    fit.gaussians.check_finite()
    np.testing.assert_allclose(np.linalg.norm(fit.gaussians.quats, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_alone_comes_nearer(field: str) -> None:
    scene, camera = random_gaussians(8, 60), askew_camera()
    target = rasterize(scene, camera, backend="numba").color
    start = replace(scene, **{field: getattr(perturbed(scene, 2), field)})
    only = replace(Rates(**dict.fromkeys(FIELDS, 0.0)), **{field: getattr(FAST, field)})
    fit, loss = Fit(start, only), PhotometricLoss(target)
    losses = [fit.step(camera, loss) for _ in range(60)]
    assert losses[-1] < 0.6 * losses[0]
    for other in FIELDS:
        assert (other == field) != np.array_equal(getattr(fit.gaussians, other), getattr(start, other))


def test_a_picture_of_moved_gaussians_teaches_them_where_they_rest() -> None:
    scene, camera = random_gaussians(7, 60), askew_camera()
    target = rasterize(scene, camera, backend="numba").color
    moved = np.random.default_rng(4).normal(0, 0.01, scene.means.shape).astype(np.float32)
    resting = replace(perturbed(scene, 2), means=scene.means - moved)
    fit, loss = Fit(resting, replace(FAST, means=0.0)), PhotometricLoss(target)
    losses = [fit.step(camera, loss, moved) for _ in range(60)]
    assert losses[-1] < 0.6 * losses[0]
    np.testing.assert_array_equal(fit.gaussians.means, resting.means)


def test_what_may_not_move_stays() -> None:
    scene, camera = random_gaussians(9), askew_camera()
    start = perturbed(scene, 3)
    start.colors[1] = [1.5, 0.5, -0.5]  # brighter than white, darker than black
    movable = np.arange(len(start)) % 3 == 0
    fit = Fit(start, FAST, movable=movable)
    loss = PhotometricLoss(rasterize(scene, camera, backend="numba").color)
    for _ in range(5):
        fit.step(camera, loss)
    for field in FIELDS:
        assert np.array_equal(getattr(fit.gaussians, field)[~movable], getattr(start, field)[~movable])
        assert not np.array_equal(getattr(fit.gaussians, field)[movable], getattr(start, field)[movable])


def test_a_fit_leaves_its_start_alone() -> None:
    scene, camera = random_gaussians(10), askew_camera()
    start = perturbed(scene, 4)
    before = replace(start, **{field: getattr(start, field).copy() for field in FIELDS})
    fit = Fit(start, FAST)
    given = fit.gaussians
    fit.step(camera, PhotometricLoss(rasterize(scene, camera, backend="numba").color))
    for field in FIELDS:
        assert np.array_equal(getattr(start, field), getattr(before, field))
        assert np.array_equal(getattr(given, field), getattr(before, field))


def test_a_fit_may_change_its_picture() -> None:
    scene, large = random_gaussians(11), askew_camera(90, 70)
    small = large.scaled(0.5)
    losses = {camera: PhotometricLoss(rasterize(scene, camera, backend="numba").color) for camera in (large, small)}
    fit = Fit(perturbed(scene, 5), FAST)
    first = [fit.step(camera, loss) for camera, loss in losses.items()]
    for _ in range(30):
        last = [fit.step(camera, loss) for camera, loss in losses.items()]
    assert all(b < 0.7 * a for a, b in zip(first, last, strict=True))


def test_fit_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, camera = random_gaussians(12, 400), askew_camera(130, 90)
    target = rasterize(scene, camera, backend="numba").color
    results = []
    for threads in (1, min(2, numba_runtime.config.NUMBA_NUM_THREADS)):  # pyright: ignore
        monkeypatch.setenv("AVATAR_STUDIO_THREADS", str(threads))
        numba_runtime.thread_count.cache_clear()
        fit, loss = Fit(perturbed(scene, 6), FAST), PhotometricLoss(target)
        values = [fit.step(camera, loss) for _ in range(3)]
        results.append((values, fit.gaussians))
    monkeypatch.undo()
    numba_runtime.thread_count.cache_clear()
    assert results[0][0] == results[1][0]
    for field in FIELDS:
        assert np.array_equal(getattr(results[0][1], field), getattr(results[1][1], field))


def test_wrong_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="colors have shape"):
        Fit(random_gaussians(1, channels=4))
    with pytest.raises(ValueError, match="movable has shape"):
        Fit(random_gaussians(1), movable=np.ones(3, np.bool_))
