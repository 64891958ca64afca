"""gsplat without a GPU: its own `rasterization` on torch stand-ins for its four CUDA kernels.

Everything in Python is the real gsplat: argument checks, batch and camera dimensions, broadcasting, render modes,
channel chunks. The projection and the tiles are gsplat's published torch references, completed by what only its
kernels do (cf. gsplat 1.5.3, ProjectionEWA3DGSFused.cu); the compositor follows RasterizeToPixels3DGSFwd.cu.
"""

from typing import Any

import gsplat.rendering
import pytest
import torch
from gsplat.cuda import _torch_impl
from torch import Tensor

from studio.core.render import gsplat_backend

ALPHA_THRESHOLD = 1 / 255


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gsplat backend run on CPU tensors."""
    monkeypatch.setattr(gsplat_backend, "_why_unavailable_by_machine", lambda: None)
    monkeypatch.setattr(gsplat_backend, "_loaded", True)
    monkeypatch.setattr(gsplat_backend, "DEVICE", "cpu")
    for function in (fully_fused_projection, isect_tiles, isect_offset_encode, rasterize_to_pixels):
        monkeypatch.setattr(gsplat.rendering, function.__name__, function)


def fully_fused_projection(
    means: Tensor, covars: None, quats: Tensor, scales: Tensor, viewmats: Tensor, Ks: Tensor, width: int, height: int,
    *, eps2d: float, packed: bool, near_plane: float, far_plane: float, radius_clip: float, sparse_grad: bool,
    calc_compensations: bool, camera_model: str, opacities: Tensor,
) -> tuple[Any, ...]:  # fmt: skip
    assert covars is None
    assert not packed
    assert not sparse_grad
    assert not calc_compensations
    assert camera_model == "pinhole"
    assert means.shape[-2] > 0, "the kernel launchers divide by N"
    for tensor in (means, quats, scales, opacities, viewmats, Ks):
        assert tensor.dtype == torch.float32
    Ks = Ks * torch.tensor([[1.0, 0, 1], [0, 1, 1], [0, 0, 1]])  # the kernel reads fx, fy, cx and cy
    view = (viewmats, Ks, width, height, eps2d, near_plane, far_plane)
    with torch.no_grad():
        radii, *_ = _projected(means, quats, scales, opacities, *view)
        radii = torch.where((radii <= radius_clip).all(-1, keepdim=True), 0, radii)
        drawn = (radii > 0).all(-1)
        kept = drawn.any(-2)[..., None]
    # Of what is dropped, the kernel leaves the outputs unwritten and the gradients zero.
    means, quats, scales = torch.where(kept, means, 0), torch.where(kept, quats, 1), torch.where(kept, scales, 0.01)
    _, *projected = _projected(means, quats, scales, opacities, *view)
    unwritten = torch.tensor(torch.nan)
    means2d, depths, conics = (
        torch.where(drawn if t.ndim == drawn.ndim else drawn[..., None], t, unwritten) for t in projected
    )
    return radii, means2d, depths, conics, None


def _projected(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, viewmats: Tensor, Ks: Tensor,
    width: int, height: int, eps2d: float, near_plane: float, far_plane: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    covariances, _ = _torch_impl._quat_scale_to_covar_preci(quats, scales, compute_preci=False, triu=False)
    assert covariances is not None
    radii, means2d, depths, conics, _ = _torch_impl._fully_fused_projection(
        means, covariances, viewmats, Ks, width, height, eps2d, near_plane, far_plane
    )
    # The kernel also drops what is too transparent, and reaches only as far as the opacity does.
    seen = opacities[..., None, :].expand(depths.shape)
    determinant = conics[..., 0] * conics[..., 2] - conics[..., 1] ** 2
    deviation = torch.stack([conics[..., 2], conics[..., 0]], -1).div(determinant[..., None]).sqrt()
    extend = (2 * (seen / ALPHA_THRESHOLD).log()).sqrt().clamp(max=3.33)
    # Converting NaN to a whole number gives 0 in CUDA.
    reach = (extend[..., None] * deviation).ceil().nan_to_num(nan=0.0).clamp(max=2**30)
    reach = torch.where((seen < ALPHA_THRESHOLD)[..., None] | (radii <= 0), 0, reach)
    return reach.detach().int(), means2d, depths, conics


def isect_tiles(
    means2d: Tensor, radii: Tensor, depths: Tensor, tile_size: int, tile_width: int, tile_height: int,
    *, segmented: bool, packed: bool, n_images: int, image_ids: None, gaussian_ids: None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    assert not packed
    assert not segmented
    images, n = depths.numel() // depths.shape[-1], depths.shape[-1]
    assert n_images == images
    centre, radius = (t.detach().reshape(images, n, 2) / tile_size for t in (means2d, radii))
    size = torch.tensor([tile_width, tile_height])
    first = torch.minimum((centre - radius).floor().clamp(min=0), size).long()
    last = torch.minimum((centre + radius).ceil().clamp(min=0), size).long()
    wide, high = (last - first).unbind(-1)
    counts = torch.where((radii > 0).all(-1).reshape(images, n), wide * high, 0)
    splat = torch.arange(images * n).repeat_interleave(counts.flatten())
    within = torch.arange(len(splat)) - (counts.flatten().cumsum(0) - counts.flatten())[splat]
    column, row = within % wide.flatten()[splat], within // wide.flatten()[splat]
    tile = (first[..., 1].flatten()[splat] + row) * tile_width + first[..., 0].flatten()[splat] + column
    depth_bits = depths.detach().flatten().view(torch.int32).long()[splat] & 0xFFFFFFFF
    tile_bits = (tile_width * tile_height).bit_length()
    ids, order = ((splat // n << 32 + tile_bits) | (tile << 32) | depth_bits).sort(stable=True)  # as the radix sort
    return counts.int().reshape(depths.shape), ids, splat[order].int()


def isect_offset_encode(isect_ids: Tensor, n_images: int, tile_width: int, tile_height: int) -> Tensor:
    tiles = tile_width * tile_height
    tile_bits = tiles.bit_length()
    tile = (isect_ids >> 32 + tile_bits) * tiles + (isect_ids >> 32) % (1 << tile_bits)
    offsets = torch.searchsorted(tile, torch.arange(n_images * tiles))
    return offsets.int().reshape(n_images, tile_height, tile_width)


def rasterize_to_pixels(
    means2d: Tensor, conics: Tensor, colors: Tensor, opacities: Tensor, image_width: int, image_height: int,
    tile_size: int, isect_offsets: Tensor, flatten_ids: Tensor, *, backgrounds: None, packed: bool, absgrad: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    assert backgrounds is None
    assert not packed
    image_dims, n, channels = means2d.shape[:-2], means2d.shape[-2], colors.shape[-1]
    assert colors.shape == (*image_dims, n, channels)
    assert opacities.shape == (*image_dims, n)
    assert isect_offsets.shape[:-2] == image_dims
    images = isect_offsets.reshape(-1, *isect_offsets.shape[-2:])
    ends = torch.cat([isect_offsets.flatten()[1:], torch.tensor([len(flatten_ids)])]).reshape(images.shape)
    centre, conic, color, opacity = (
        t.reshape(-1, *t.shape[len(image_dims) + 1 :]) for t in (means2d, conics, colors, opacities)
    )
    pictures = []
    for image in range(len(images)):
        rows = []
        for ty in range(images.shape[1]):
            height = min(tile_size, image_height - ty * tile_size)
            tiles = []
            for tx in range(images.shape[2]):
                width = min(tile_size, image_width - tx * tile_size)
                ids = flatten_ids[int(images[image, ty, tx]) : int(ends[image, ty, tx])].long()
                y, x = torch.meshgrid(
                    torch.arange(height) + ty * tile_size + 0.5, torch.arange(width) + tx * tile_size + 0.5,
                    indexing="ij",
                )  # fmt: skip
                tiles.append(_tile(x, y, centre[ids], conic[ids], color[ids], opacity[ids]))
            rows.append(torch.cat(tiles, 1))
        pictures.append(torch.cat(rows, 0))
    out = torch.stack(pictures).reshape(*image_dims, image_height, image_width, channels + 1)
    return out[..., :-1], out[..., -1:]


def _tile(x: Tensor, y: Tensor, centre: Tensor, conic: Tensor, color: Tensor, opacity: Tensor) -> Tensor:
    dx, dy = centre[:, 0, None, None] - x, centre[:, 1, None, None] - y
    a, b, c = (conic[:, k, None, None] for k in range(3))
    sigma = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
    alpha = (opacity[:, None, None] * torch.exp(-sigma)).clamp(max=0.999)
    alpha = torch.where((sigma < 0) | (alpha < ALPHA_THRESHOLD), 0, alpha)
    after = torch.cumprod(1 - alpha, 0)
    alpha = torch.where(after <= 1e-4, 0, alpha)  # the pixel is done before this splat
    after = torch.cumprod(1 - alpha, 0)
    before = torch.cat([torch.ones_like(x)[None], after])[:-1]
    picture = torch.einsum("nhw,nc->hwc", alpha * before, color)
    last = after[-1] if len(after) else torch.ones_like(x)
    return torch.cat([picture, 1 - last[..., None]], -1)
