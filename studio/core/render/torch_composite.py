"""`studio.core.render.composite` for torch tensors: a frame drawn on the GPU stays there, and nothing waits for it."""

from functools import lru_cache
from typing import Any

import numpy as np

from studio.core.render.raster import Raster


def composite(raster: Raster, background: Any, out: Any = None) -> Any:
    """Composite a raster of tensors over a background; see `studio.core.render.composite.composite`.

    Parameters
    ----------
    raster
        With three colour channels.
    background
        An RGB colour 0..1, a picture ``[H,W,3]`` float32 0..1 as tensor or array, or None for transparency.
    out
        Tensor or array ``[H,W,4]`` float32 or uint8 to be written and returned. An array is waited for.

    Returns
    -------
    ``[H,W,4]``, a float32 tensor on the raster's device unless `out` says otherwise.

    Raises
    ------
    ValueError
        If the raster is not RGB, or the background or `out` does not fit it.
    """
    import torch

    color, alpha = torch.as_tensor(raster.color), torch.as_tensor(raster.alpha)
    height, width, channels = color.shape
    if channels != 3:
        raise ValueError(f"only RGB rasters can be composited, this one has {channels} channels")
    if background is None:
        rgb = torch.where(alpha > 0, color / alpha, torch.zeros_like(color))
    else:
        behind = _behind(background, color.device)
        if tuple(behind.shape) not in ((3,), (height, width, 3)):
            raise ValueError(f"background has shape {tuple(behind.shape)}, expected {(height, width, 3)}")
        rgb = color + (1 - alpha) * behind
        alpha = torch.ones_like(alpha)
    picture = torch.cat([rgb, alpha], -1)
    return picture if out is None else _written(picture, out)


def to_bytes(picture: Any, out: Any = None) -> Any:
    """Round a picture ``[H,W,C]`` 0..1 to bytes; what lies outside 0..1 is clipped, NaN is 0."""
    import torch

    rounded = (picture.nan_to_num(nan=0.0).clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    return rounded if out is None else _written(rounded, out)


def empty_bytes(raster: Raster) -> Any:
    """Return memory ``[H,W,4]`` uint8 for the picture of a raster, on its device."""
    import torch

    color = torch.as_tensor(raster.color)
    return torch.empty((*color.shape[:2], 4), dtype=torch.uint8, device=color.device)


def _written(picture: Any, out: Any) -> Any:
    import torch

    target = torch.from_numpy(out) if isinstance(out, np.ndarray) else out
    if target.shape != picture.shape or target.dtype not in (torch.float32, torch.uint8):
        raise ValueError(f"out is {out.dtype} {tuple(out.shape)}, expected float32 or uint8 {tuple(picture.shape)}")
    in_bytes = target.dtype == torch.uint8 and picture.dtype != torch.uint8
    target.copy_(to_bytes(picture) if in_bytes else picture)
    return out


def _behind(background: Any, device: Any) -> Any:
    import torch

    if isinstance(background, np.ndarray) and background.ndim > 1:
        return torch.from_numpy(np.ascontiguousarray(background, np.float32)).to(device, non_blocking=True)
    if isinstance(background, torch.Tensor):
        return background
    return _color(tuple(float(value) for value in background), device)


@lru_cache(maxsize=8)
def _color(rgb: tuple[float, ...], device: Any) -> Any:
    import torch

    return torch.tensor(rgb, dtype=torch.float32, device=device)
