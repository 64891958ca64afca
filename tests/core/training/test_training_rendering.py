"""Pictures of a batch and their gradients against finite differences of the float64 reference."""

from typing import Any

import gsplat_on_cpu
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.render import reference
from studio.core.training.rendering import over, splat

NAMES = ("means", "quats", "scales", "opacities", "colors")
SIZE = (30, 24)
STEP = 1e-8  # small: where a splat is cut off at 1/255, the picture jumps


def camera(turn: float) -> Camera:
    return Camera.frontal(2, 1.0, 0.5).orbited(np.zeros(3), turn, 0.2)


def scene(batch: int = 2, count: int = 8) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
    """Return double fields ``[B,N,*]``, views and K of a batch whose cameras differ."""
    rng = np.random.default_rng(3)
    fields = {
        "means": rng.normal(0, 0.05, (batch, count, 3)),
        "quats": rng.normal(size=(batch, count, 4)),
        "scales": np.exp(rng.normal(-4.2, 0.5, (batch, count, 3))),
        "opacities": rng.uniform(0.1, 0.9, (batch, count)),
        "colors": rng.uniform(0, 1, (batch, count, 3)),
    }
    views = np.stack([camera(0.3 * i).world_to_camera for i in range(batch)])
    K = np.broadcast_to([[45.0, 0, 14], [0, 42, 13], [0, 0, 1]], (batch, 3, 3)).copy()
    return {name: torch.tensor(a) for name, a in fields.items()}, torch.tensor(views), torch.tensor(K)


def judged(fields: dict[str, torch.Tensor], views: torch.Tensor, K: torch.Tensor) -> tuple[NDArray, ...]:
    """Draw with the reference: premultiplied colour, alpha and alpha-weighted sum of depth."""
    images = []
    for i in range(len(views)):
        arrays = {name: fields[name][i].detach().numpy() for name in NAMES}
        color, alpha, depth = reference.render(**arrays, camera=Camera(views[i].numpy(), K[i].numpy(), *SIZE))
        images.append((color, alpha, depth * alpha))
    return tuple(np.stack(image) for image in zip(*images, strict=True))


def draw(fields: dict[str, torch.Tensor], views: torch.Tensor, K: torch.Tensor, **options: Any) -> Any:
    means, quats, scales, opacities, colors = (fields[name] for name in NAMES)
    return splat(means, quats, scales, opacities, colors, views, K, SIZE, **options)


def test_a_batch_is_drawn_as_the_reference_draws_it() -> None:
    fields, views, K = scene()
    color, alpha, depth = draw(fields, views, K, depth=True)
    for image, truth in zip((color, alpha, depth), judged(fields, views, K), strict=True):
        assert image.shape == truth.shape
        assert np.abs(image.numpy() - truth).max() < 1e-4


@pytest.mark.parametrize("name", [*NAMES, "background"])
def test_gradients_match_finite_differences(name: str) -> None:
    """The loss weighs colour over a background and depth at random; only the depth order is constant."""
    fields, views, K = scene()
    rng = np.random.default_rng(0)
    background = torch.tensor(rng.uniform(0, 1, (2, SIZE[1], SIZE[0], 3)))
    weigh_color, weigh_depth = rng.normal(size=background.shape), rng.normal(size=(2, SIZE[1], SIZE[0], 1))
    leaves = {n: t.clone().requires_grad_() for n, t in (fields | {"background": background}).items()}
    color, alpha, depth = draw(leaves, views, K, depth=True)
    picture = over(color, alpha, leaves["background"])
    ((picture * torch.tensor(weigh_color)).sum() + (depth * torch.tensor(weigh_depth)).sum()).backward()
    analytic = leaves[name].grad
    assert analytic is not None

    def loss() -> float:
        color, alpha, depth = judged(fields, views, K)
        return float(((color + (1 - alpha) * background.numpy()) * weigh_color).sum() + (depth * weigh_depth).sum())

    values = (fields | {"background": background})[name].numpy()
    for index in [tuple(rng.integers(0, values.shape)) for _ in range(12)]:
        kept = values[index]
        values[index] = kept + STEP
        above = loss()
        values[index] = kept - STEP
        numeric = (above - loss()) / (2 * STEP)
        values[index] = kept
        assert abs(analytic[index].item() - numeric) < 3e-4 * max(analytic.abs().max().item(), 1)


def test_gsplat_draws_and_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own code on stand-ins for its kernels; on a GPU it is the backend that "auto" takes."""
    gsplat_on_cpu.install(monkeypatch)
    found = []
    for backend in ("numba", "gsplat"):
        fields, views, K = scene()
        leaves = {name: t.float().requires_grad_() for name, t in fields.items()}
        color, alpha, depth = draw(leaves, views, K, depth=True, backend=backend)
        weights = torch.linspace(0, 1, color.numel()).view_as(color)
        (over(color, alpha, torch.tensor(0.3)) * weights + depth).sum().backward()
        found.append([color, alpha, depth, *(leaf.grad for leaf in leaves.values())])
    for ours, theirs in zip(*found, strict=True):
        assert (ours - theirs).abs().max() < 1e-3 * max(1.0, ours.abs().max().item())


def test_nothing_is_kept_where_nothing_is_learnt() -> None:
    fields, views, K = scene()
    color, alpha, depth = draw(fields, views, K)
    assert not color.requires_grad
    assert not alpha.requires_grad
    assert depth is None


def test_autocast_does_not_reach_the_picture() -> None:
    fields, views, K = scene()
    exact = draw(fields, views, K)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(draw(fields, views, K)[0], exact)


def test_a_batch_without_a_camera_each_is_refused() -> None:
    fields, views, K = scene()
    with pytest.raises(ValueError, match="2 sets of Gaussians"):
        draw(fields, views[:1], K)
