"""Gradients against finite differences of the float64 reference."""

import numpy as np
import pytest
from raster_scenes import FIELDS, askew_camera, random_gaussians

from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import reference
from studio.core.render.rasterize import rasterize, rasterize_vjp

STEP = 1e-7
BACKENDS = ["numba", pytest.param("gsplat", marks=pytest.mark.gpu)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("channels", [3, 4, 32])
@pytest.mark.parametrize("field", FIELDS)
def test_gradients_match_finite_differences(backend: str, channels: int, field: str) -> None:
    gaussians, camera = random_gaussians(11, 10, channels), askew_camera(44, 37)
    raster, pullback = rasterize_vjp(gaussians, camera, backend=backend)
    rng = np.random.default_rng(0)
    grad_color = rng.normal(size=raster.color.shape).astype(np.float32)
    grad_alpha = rng.normal(size=raster.alpha.shape).astype(np.float32)
    analytic = getattr(pullback(grad_color, grad_alpha), field)

    arrays = {name: getattr(gaussians, name).astype(np.float64) for name in FIELDS}

    def loss() -> float:
        color, alpha, _ = reference.render(**arrays, camera=camera)
        return float((color * grad_color).sum() + (alpha * grad_alpha).sum())

    values = arrays[field]
    numeric = np.empty_like(values)
    for index in np.ndindex(values.shape):
        kept = values[index]
        values[index] = kept + STEP
        above = loss()
        values[index] = kept - STEP
        numeric[index] = (above - loss()) / (2 * STEP)
        values[index] = kept
    assert np.abs(numeric).max() > 0
    assert np.abs(analytic - numeric).max() < 1e-4 * np.abs(numeric).max()


def test_vjp_renders_what_rasterize_renders() -> None:
    gaussians, camera = random_gaussians(2, 300), askew_camera(130, 90)
    raster, pullback = rasterize_vjp(gaussians, camera)
    plain = rasterize(gaussians, camera)
    assert np.array_equal(raster.color, plain.color)
    assert np.array_equal(raster.alpha, plain.alpha)
    # Another frame in between takes nothing away from the pullback, which may be called again.
    first = pullback(raster.color, None)
    rasterize(random_gaussians(3, 500), camera)
    again = pullback(raster.color, np.zeros_like(raster.alpha))
    for field in FIELDS:
        assert np.array_equal(getattr(first, field), getattr(again, field))
        assert getattr(first, field).shape == getattr(gaussians, field).shape


def test_a_wrong_gradient_shape_is_refused() -> None:
    raster, pullback = rasterize_vjp(random_gaussians(2), askew_camera())
    with pytest.raises(ValueError, match="gradient of color"):
        pullback(raster.color[:-1], None)
    with pytest.raises(ValueError, match="gradient of alpha"):
        pullback(raster.color, raster.alpha[..., 0])


def test_what_is_not_drawn_has_no_gradient() -> None:
    gaussians, camera = random_gaussians(2), askew_camera()
    means = gaussians.means.copy()
    means[::2] = [0, 0, 50]
    hidden = Gaussians(means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.colors)
    raster, pullback = rasterize_vjp(hidden, camera)
    gradients = pullback(np.ones_like(raster.color), None)
    for field in FIELDS:
        assert not getattr(gradients, field)[::2].any()
        assert getattr(gradients, field)[1::2].any()
    nothing, pull_nothing = rasterize_vjp(gaussians[:0], camera)
    assert pull_nothing(nothing.color, None).means.shape == (0, 3)


def test_gradient_descent_finds_a_colour_back() -> None:
    gaussians, camera = random_gaussians(4, 200), askew_camera()
    target = rasterize(gaussians, camera).color
    colors = np.full_like(gaussians.colors, 0.5)
    errors = []
    for _ in range(60):
        guess = Gaussians(gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, colors)
        raster, pullback = rasterize_vjp(guess, camera)
        difference = raster.color - target
        errors.append(float((difference**2).mean()))
        colors = colors - 0.002 * pullback(difference, None).colors
    assert errors[-1] < 0.2 * errors[0]
