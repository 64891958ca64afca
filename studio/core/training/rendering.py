"""Gaussians drawn so that torch can differentiate the picture: `rasterize_vjp` as one node of its graph."""

from typing import Any

import torch
from torch import Tensor

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
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
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Draw a batch of Gaussians, each with its camera.

    Tensors of the processor are drawn by numba, those of a CUDA device by gsplat. Everything is computed in float32,
    also under autocast. Cameras get no gradient.

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
    """
    fields = [t.float() for t in (means, quats, scales, opacities, colors)]
    if depth:
        row = world_to_camera[:, None, 2].float()  # [B,1,4]
        fields[4] = torch.cat([fields[4], (fields[0] * row[..., :3]).sum(-1, keepdim=True) + row[..., 3:]], -1)
    views, intrinsics = (t.detach().cpu().double().numpy() for t in (world_to_camera, K))
    if len(views) != len(means) or len(intrinsics) != len(means):
        raise ValueError(f"{len(means)} sets of Gaussians have {len(views)} views and {len(intrinsics)} K")
    cameras = [Camera(view, k, *size) for view, k in zip(views, intrinsics, strict=True)]
    color, alpha = _Splat.apply(cameras, *fields)  # pyright: ignore[reportGeneralTypeIssues]
    return (color[..., :-1], alpha, color[..., -1:]) if depth else (color, alpha, None)


def over(color: Tensor, alpha: Tensor, background: Tensor) -> Tensor:
    """Lay premultiplied colour ``[...,H,W,C]`` with alpha ``[...,H,W,1]`` over a background that broadcasts to it.

    A second background costs no second drawing.
    """
    return color + (1 - alpha) * background


class _Splat(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cameras: list[Camera], *fields: Tensor) -> tuple[Tensor, Tensor]:
        on_host = fields[0].device.type == "cpu"
        backend = "numba" if on_host else "gsplat"
        ctx.pullbacks, ctx.on_host, ctx.shapes = list[Pullback](), on_host, [t.shape for t in fields]
        rasters = []
        for camera, *one in zip(cameras, *fields, strict=True):
            tensors = [t.detach().contiguous() for t in one]
            gaussians = Gaussians(*(t.numpy() for t in tensors) if on_host else tensors)  # pyright: ignore
            if any(ctx.needs_input_grad):
                raster, pullback = rasterize_vjp(gaussians, camera, backend=backend)
                ctx.pullbacks.append(pullback)
            else:
                raster = rasterize(gaussians, camera, backend=backend)
            rasters.append(raster)
        color, alpha = (
            torch.stack([torch.as_tensor(getattr(raster, name)) for raster in rasters]) for name in ("color", "alpha")
        )
        return color, alpha

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_color: Tensor, grad_alpha: Tensor) -> tuple[Tensor | None, ...]:
        grads: list[list[Tensor]] = [[] for _ in ctx.shapes]
        for pullback, color, alpha in zip(ctx.pullbacks, grad_color, grad_alpha, strict=True):
            upstream = (color.numpy(), alpha.numpy()) if ctx.on_host else (color.contiguous(), alpha.contiguous())
            back = pullback(*upstream)
            for into, name in zip(grads, ("means", "quats", "scales", "opacities", "colors"), strict=True):
                into.append(torch.as_tensor(getattr(back, name)))
        return None, *(torch.stack(each) for each in grads)
