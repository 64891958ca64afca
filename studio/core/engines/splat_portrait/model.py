"""The static generator (section 3.1): one picture to one Gaussian per pixel, and the background behind the head."""

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.engines.splat_portrait.background import spread_background
from studio.core.engines.splat_portrait.sizes import ATTRIBUTES, ModelSize
from studio.core.nets.embeddings import wave_embedding
from studio.core.nets.unet import SongUNet

CONDITION = 60
"""Dimensions of the camera's embedding: three numbers, order 9 (section 3.1)."""

# Where each of `ATTRIBUTES` is.
_OPACITY, _DEPTH, _OFFSET = slice(0, 1), slice(1, 2), slice(2, 5)
_SCALE, _QUAT, _COLOR = slice(5, 8), slice(8, 12), slice(12, 15)

# Depth in half widths of the picture at the head, towards the camera from the head's origin: from the neck's back to
# the tip of any nose. The hidden layer lies behind the seen one by as much as a head is deep.
_DEPTH_MIDDLE, _DEPTH_REACH = 0.2, 0.9
_BEHIND = 0.5
_OFFSET_REACH = (0.15, 0.4)  # of the seen and the hidden layer, half widths
_FOOTPRINT = 0.75  # standard deviation of a Gaussian in pixels, before the network says anything
_SCALE_REACH = 1.5  # e-foldings
_MOST_OPAQUE = 0.99


@dataclass(frozen=True, eq=False)
class Splats:
    """Gaussians of a batch of pictures, in the space of each picture's own camera.

    Attributes
    ----------
    means, quats, scales, opacities, colors
        ``[B,N,3]`` m, ``[B,N,4]`` wxyz, ``[B,N,3]`` m, ``[B,N]`` and ``[B,N,3]``; N is layers x H x W, the seen layer
        first, row by row.
    background
        ``[B,3,H,W]``: what is behind the head.
    depth
        ``[B,H,W]`` m along z, of the seen layer before its offsets.
    features
        The static decoder's, for the dynamic one.
    """

    means: Tensor
    quats: Tensor
    scales: Tensor
    opacities: Tensor
    colors: Tensor
    background: Tensor
    depth: Tensor
    features: tuple[Tensor, ...] = ()

    def moved(self, offsets: Tensor) -> "Splats":
        """Return them displaced by dynamic offsets ``[B,N,3]`` m: p_T = p + Δd (section 3.2)."""
        return replace(self, means=self.means + offsets)

    def __getitem__(self, index: Any) -> "Splats":
        """Return some pictures of the batch."""
        named = ("means", "quats", "scales", "opacities", "colors", "background", "depth")
        rest = {name: getattr(self, name)[index] for name in named}
        return replace(self, **rest, features=tuple(f[index] for f in self.features))


def camera_condition(world_to_camera: Tensor, K: Tensor, side: int) -> Tensor:
    """Return the embedding ``[B,60]`` of where cameras ``[B,4,4]``, ``[B,3,3]`` stand and how long their focus is.

    The paper embeds camera-to-world translation and focal length in 60 dimensions and does not say how they share them.
    At order 9 they are those of three numbers: the translation in pictures' widths at one metre, which is what of
    distance and focal length a picture shows.
    """
    centre = -(world_to_camera[:, :3, :3].transpose(1, 2) @ world_to_camera[:, :3, 3:])[..., 0]
    return wave_embedding(centre * (side / K[:, 0, 0])[:, None])


class StaticGenerator(nn.Module):
    """See the module; without `offsets`, splats stay on their rays (an ablation of the paper)."""

    def __init__(self, size: ModelSize, offsets: bool = True) -> None:
        super().__init__()
        self.size, self.offsets = size, offsets
        self._gate = size.layers * ATTRIBUTES  # the background's channels begin with it
        self.unet = SongUNet(size.unet, size.inputs, size.outputs, CONDITION)

    def raw(
        self, picture: Tensor, world_to_camera: Tensor, K: Tensor, lifted: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the network's maps ``[B,C,H,W]`` before they become Gaussians, and what the decoder learnt of it.

        Parameters
        ----------
        picture
            ``[B,3,H,W]`` 0..1.
        lifted
            ``[B,H,W]`` m along z, 0 where unknown; for the variant ``lifted_depth`` only.

        Raises
        ------
        ValueError
            If `lifted` is missing where it is an input.
        """
        side = picture.shape[-1]
        where = ((torch.arange(side, device=picture.device) + 0.5) * (2 / side) - 1).to(picture)
        grid = torch.stack(torch.meshgrid(where, where, indexing="xy")).expand(len(picture), -1, -1, -1)
        inputs = [picture * 2 - 1, grid]
        if self.size.lifted_depth:
            if lifted is None:
                raise ValueError("this variant takes the lift's depth")
            distance, unit = _scale(world_to_camera, K, side)
            near = (distance[:, None, None] - lifted) / unit[:, None, None]
            inputs.append(torch.where(lifted > 0, near, torch.full_like(near, -1))[:, None].to(picture))
        maps, features = self.unet(torch.cat(inputs, 1), camera_condition(world_to_camera, K, side).to(picture))
        if self.size.parting:
            pixels = F.pixel_unshuffle(inputs[0], self.size.unet.patch).to(features[-1])
            features[-1] = torch.cat([features[-1], pixels], 1)
        return maps.float(), features

    def hidden_again(self, maps: Tensor, features: Tensor) -> Tensor:
        """Return `maps` with the hidden layer's channels made anew from the finest features, so that they can learn."""
        again = self.unet.drawn(features[:, : self.size.unet.widths[0]]).float()
        return torch.cat([maps[:, :ATTRIBUTES], again[:, ATTRIBUTES : self._gate], maps[:, self._gate :]], 1)

    def decoded(
        self, maps: Tensor, picture: Tensor, world_to_camera: Tensor, K: Tensor, lifted: Tensor | None = None
    ) -> Splats:
        """Turn maps ``[B,C,H,W]`` into Gaussians; picture and K may be of a larger size than the network's.

        Maps are then as smooth as before, colours as sharp as the picture.
        """
        side = maps.shape[-1]
        distance, unit = (each[:, None, None, None] for each in _scale(world_to_camera, K, side))
        step = torch.arange(side, device=maps.device, dtype=torch.float32) + 0.5
        u, v = torch.meshgrid(step, step, indexing="xy")
        f, cx, cy = (K[:, i, j].float()[:, None, None] for i, j in ((0, 0), (0, 2), (1, 2)))
        rays = torch.stack([(u - cx) / f, (v - cy) / f, torch.ones_like(u).expand(len(maps), -1, -1)], 1)
        towards = _DEPTH_MIDDLE + _DEPTH_REACH * torch.tanh(maps[:, _DEPTH])
        if lifted is not None and self.size.lifted_depth:
            known = lifted[:, None] > 0
            near = (distance - lifted[:, None]) / unit
            towards = torch.where(known, near + 0.3 * torch.tanh(maps[:, _DEPTH]), towards)
        parts = []
        for layer in range(self.size.layers):
            own = maps[:, layer * ATTRIBUTES : (layer + 1) * ATTRIBUTES]
            if layer:
                towards = towards - 2 * _BEHIND * torch.sigmoid(own[:, _DEPTH])
            depth = distance - unit * towards
            offset = unit * _OFFSET_REACH[layer] * torch.tanh(own[:, _OFFSET]) if self.offsets else 0.0
            pixel = unit * (2 / side) * _FOOTPRINT
            parts.append((
                rays * depth + offset,
                own[:, _QUAT] + torch.tensor([1.0, 0, 0, 0], device=maps.device)[:, None, None],
                pixel * torch.exp(_SCALE_REACH * torch.tanh(own[:, _SCALE])),
                _MOST_OPAQUE * torch.sigmoid(own[:, _OPACITY] + (1.0 if layer == 0 else -2.0)),
                picture + torch.tanh(own[:, _COLOR]),
                depth[:, 0],
            ))  # fmt: skip
        means, quats, scales, opacities, colors = (
            torch.cat([part[i].flatten(2).transpose(1, 2) for part in parts], 1) for i in range(5)
        )
        gate = torch.sigmoid(maps[:, self._gate : self._gate + 1] + 1)
        if self.size.spread_background:
            background = spread_background(picture, gate)
        else:
            background = gate * picture + (1 - gate) * torch.sigmoid(maps[:, self._gate + 1 :])
        return Splats(means, quats, scales, opacities[..., 0], colors, background, parts[0][5])

    def forward(self, picture: Tensor, world_to_camera: Tensor, K: Tensor, lifted: Tensor | None = None) -> Splats:
        """Return the Gaussians of pictures ``[B,3,H,W]`` 0..1 that cameras ``[B,4,4]`` m, ``[B,3,3]`` px saw."""
        maps, features = self.raw(picture, world_to_camera, K, lifted)
        splats = self.decoded(maps, picture.float(), world_to_camera, K, lifted)
        return replace(splats, features=tuple(features))


def repeated(splats: Splats, count: int) -> Splats:
    """Return each of a batch so many times in a row."""
    return splats if count == 1 else splats[torch.arange(len(splats.means)).repeat_interleave(count)]


def half_width(world_to_camera: Tensor, K: Tensor, side: int) -> Tensor:
    """Return half the width of pictures at the head ``[B]`` m."""
    return _scale(world_to_camera, K, side)[1]


def _scale(world_to_camera: Tensor, K: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Return how far the head's origin is, and half the picture's width there, ``[B]`` m each."""
    distance = world_to_camera[:, 2, 3].float()
    return distance, distance * (side / 2) / K[:, 0, 0].float()


def relative(of: Tensor, to: Tensor) -> Tensor:
    """Return the poses ``[B,4,4]`` of cameras `of` as cameras `to` see the world: what draws `Splats` of `to`."""
    return of.double() @ torch.linalg.inv(to.double())
