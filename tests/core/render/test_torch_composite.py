"""Rasters of tensors are composited as those of arrays are; on torch's CPU tensors, and on a GPU where there is one."""

from typing import Any

import numpy as np
import pytest
import torch
from raster_scenes import askew_camera, random_gaussians

from studio.core.render import composite as entry
from studio.core.render.raster import Raster
from studio.core.render.rasterize import rasterize

# Arrays or tensors, as their input: the annotations speak of arrays.
composite: Any = entry.composite
to_bytes: Any = entry.to_bytes

BACKGROUNDS = [None, (0.2, 0.4, 0.8), "picture", "tensor"]


@pytest.fixture(scope="module")
def raster() -> Raster:
    return rasterize(random_gaussians(1), askew_camera(), backend="numba")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    return request.param


def on(raster: Any, device: str) -> Any:
    return Raster(torch.tensor(raster.color, device=device), torch.tensor(raster.alpha, device=device))  # pyright: ignore[reportArgumentType]


def test_a_picture_of_one_pixel_is_a_picture(device: str) -> None:
    empty = Raster(np.zeros((1, 1, 3), np.float32), np.zeros((1, 1, 1), np.float32))
    picture = np.array([[[0.25, 0.5, 0.75]]], np.float32)
    assert composite(on(empty, device), picture).tolist() == [[[0.25, 0.5, 0.75, 1.0]]]


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_tensors_are_composited_as_arrays_are(raster: Raster, device: str, background: Any) -> None:
    behind = known = background
    if isinstance(background, str):
        behind = known = np.random.default_rng(0).random(raster.color.shape).astype(np.float32)
        if background == "tensor":
            behind = torch.tensor(known, device=device)
    rgba = composite(on(raster, device), behind)
    assert rgba.device.type == device
    np.testing.assert_allclose(rgba.cpu(), composite(raster, known), atol=1e-6)
    expected = composite(raster, known, out=np.empty((*raster.color.shape[:2], 4), np.uint8))
    fresh = entry.empty_bytes(on(raster, device))
    assert composite(on(raster, device), behind, out=fresh) is fresh
    host = np.empty_like(expected)
    assert composite(on(raster, device), behind, out=host) is host
    for rounded in (fresh.cpu().numpy(), host):  # pyright: ignore[reportAttributeAccessIssue]
        # Where a value lies within float32's error of x.5, it may be rounded either way.
        assert (abs(rounded.astype(int) - expected) <= 1).all()
        assert (rounded != expected).mean() < 1e-3


def test_bytes_round_and_clip(device: str) -> None:
    values = [-1, 0, 0.4 / 255, 0.6 / 255, 0.5, 1, 2, np.nan, np.inf, -np.inf]
    picture = torch.tensor(values, dtype=torch.float32, device=device)[None, :, None]
    assert to_bytes(picture)[0, :, 0].tolist() == [0, 0, 0, 1, 128, 255, 255, 0, 255, 0]
    out = torch.empty(picture.shape, dtype=torch.uint8, device=device)
    assert to_bytes(picture, out) is out
    assert torch.equal(out, to_bytes(picture))


def test_what_does_not_fit_is_refused(raster: Raster) -> None:
    tensors = on(raster, "cpu")
    with pytest.raises(ValueError, match="background has shape"):
        composite(tensors, np.zeros((3, 4, 3), np.float32))
    with pytest.raises(ValueError, match="out is"):
        composite(tensors, None, out=torch.empty(3, 4, 4))
    with pytest.raises(ValueError, match="5 channels"):
        composite(Raster(torch.zeros(4, 4, 5), torch.zeros(4, 4, 1)), None)  # pyright: ignore[reportArgumentType]
