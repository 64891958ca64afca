"""Gaussians drawn so that torch can differentiate the picture: `rasterize_vjp` as one node of its graph."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import gsplat_backend
from studio.core.render.rasterize import Pullback, rasterize, rasterize_vjp


def splat(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    world_to_camera: Tensor,
    K: Tensor,
    size: tuple[int, int],
    *,
    depth: bool = False,
    backend: str = "auto",
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Draw a batch of Gaussians, each with its camera.

    Everything is computed in float32, also under autocast. Cameras get no gradient.

    Parameters
    ----------
    means, quats, scales, opacities, colors
        ``[B,N,3]`` m, ``[B,N,4]`` wxyz of any length, ``[B,N,3]`` m, ``[B,N]`` 0..1 and ``[B,N,C]``.
    world_to_camera, K
        ``[B,4,4]`` m and ``[B,3,3]`` px.
    size
        Width and height, px.
    depth
        Whether the depth is wanted; it costs another channel.
    backend
        "numba", "gsplat" (one pass for the whole batch), or "auto": numba for tensors of the processor, else gsplat.

    Returns
    -------
    color
        ``[B,H,W,C]``, premultiplied: see `over`.
    alpha
        ``[B,H,W,1]``.
    depth
        ``[B,H,W,1]`` m, alpha-weighted *sum* of the depths of the means (divide by alpha for their mean), or None.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    UserError
        If gsplat is asked for where it cannot run.
    """
    fields = [t.float() for t in (means, quats, scales, opacities, colors)]
    if depth:
        row = world_to_camera[:, None, 2].float()  # [B,1,4]
        fields[4] = torch.cat([fields[4], (fields[0] * row[..., :3]).sum(-1, keepdim=True) + row[..., 3:]], -1)
    if len(world_to_camera) != len(means) or len(K) != len(means):
        raise ValueError(f"{len(means)} sets of Gaussians have {len(world_to_camera)} views and {len(K)} K")
    if backend == "auto":
        backend = "numba" if means.device.type == "cpu" else "gsplat"
    if backend == "gsplat":
        with torch.autocast(means.device.type, enabled=False):
            color, alpha = gsplat_backend.draw(fields, world_to_camera.float(), K.float(), size)
    else:
        views, intrinsics = (t.detach().double().numpy() for t in (world_to_camera, K))
        cameras = [Camera(view, k, *size) for view, k in zip(views, intrinsics, strict=True)]
        color, alpha = _Splat.apply(cameras, *fields)  # pyright: ignore[reportGeneralTypeIssues]
    return (color[..., :-1], alpha, color[..., -1:]) if depth else (color, alpha, None)


def over(color: Tensor, alpha: Tensor, background: Tensor) -> Tensor:
    """Lay premultiplied colour ``[...,H,W,C]`` with alpha ``[...,H,W,1]`` over a background that broadcasts to it.

    A second background costs no second drawing.
    """
    return color + (1 - alpha) * background


class _Splat(torch.autograd.Function):
    """Numba's way there and back, one after the other: each frame keeps all cores busy."""

    @staticmethod
    def forward(ctx: Any, cameras: list[Camera], *fields: Tensor) -> tuple[Tensor, Tensor]:
        ctx.pullbacks, rasters = list[Pullback](), []
        for camera, *one in zip(cameras, *fields, strict=True):
            gaussians = Gaussians(*(t.detach().contiguous().numpy() for t in one))
            if any(ctx.needs_input_grad):
                raster, pullback = rasterize_vjp(gaussians, camera, backend="numba")
                ctx.pullbacks.append(pullback)
            else:
                raster = rasterize(gaussians, camera, backend="numba")
            rasters.append(raster)
        color, alpha = (
            torch.from_numpy(np.stack([getattr(raster, name) for raster in rasters])) for name in ("color", "alpha")
        )
        return color, alpha

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_color: Tensor, grad_alpha: Tensor) -> tuple[Tensor | None, ...]:
        frames = zip(ctx.pullbacks, grad_color.numpy(), grad_alpha.numpy(), strict=True)
        grads = [pullback(color, alpha) for pullback, color, alpha in frames]
        names = ("means", "quats", "scales", "opacities", "colors")
        return None, *(torch.from_numpy(np.stack([getattr(grad, name) for grad in grads])) for name in names)
