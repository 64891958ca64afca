"""The U-Net of DDPM++ ("SongUNet" in EDM), with a condition that scales and shifts each block (FiLM).

Written from the descriptions in Song et al. 2021 (appendix C), Karras et al. 2022 (table 7, appendix F.1) and Perez et
al. 2018. Modules are named as in the published EDM weights, so that those load; see `studio.core.nets.denoiser`.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class UNetSize:
    """How large a U-Net is.

    Attributes
    ----------
    resolution
        Side of its pictures, px; a multiple of ``patch * 2 ** (len(multipliers) - 1)``.
    channels, multipliers
        Channels of each level are their products.
    blocks
        Residual blocks of a level of the encoder; the decoder has one more.
    attention
        Sides, px, of the levels whose blocks attend over the whole picture.
    patch
        px side that one cell of the finest level stands for: 2 makes a network on a processor four times as quick.
    film
        Whether the condition scales and shifts (FiLM), or is only added, as in the EDM weights.
    """

    resolution: int
    channels: int = 128
    multipliers: tuple[int, ...] = (1, 2, 2, 2)
    blocks: int = 4
    attention: tuple[int, ...] = (16,)
    patch: int = 1
    film: bool = True
    dropout: float = 0.0

    @property
    def condition(self) -> int:
        """Channels of the mapped condition."""
        return 4 * self.channels

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level's feature maps, px, finest first."""
        return tuple(self.resolution // self.patch >> level for level in range(len(self.multipliers)))

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level, finest first."""
        return tuple(self.channels * multiplier for multiplier in self.multipliers)


def _norm(channels: int) -> nn.GroupNorm:
    groups = next(n for n in range(min(32, channels // 4), 0, -1) if channels % n == 0)
    return nn.GroupNorm(groups, channels, eps=1e-6)


def _xavier(module: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Module:
    nn.init.xavier_uniform_(module.weight, gain)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
    return module


class UNetBlock(nn.Module):
    """Two convolutions beside a skip, conditioned between them; then attention where asked for."""

    def __init__(
        self,
        before: int,
        after: int,
        size: UNetSize,
        *,
        up: bool = False,
        down: bool = False,
        attention: bool = False,
    ) -> None:
        super().__init__()
        self.up, self.down, self.film, self.dropout = up, down, size.film, size.dropout
        self.norm0 = _norm(before)
        self.conv0 = _xavier(nn.Conv2d(before, after, 3, padding=1))
        self.affine = _xavier(nn.Linear(size.condition, after * (2 if size.film else 1)))
        self.norm1 = _norm(after)
        self.conv1 = _xavier(nn.Conv2d(after, after, 3, padding=1), 1e-5)  # a block begins as its skip
        self.skip = _xavier(nn.Conv2d(before, after, 1)) if before != after or up or down else None
        if attention:
            self.norm2 = _norm(after)
            self.qkv = _xavier(nn.Conv2d(after, 3 * after, 1), math.sqrt(0.2))
            self.proj = _xavier(nn.Conv2d(after, after, 1), 1e-5)
        self.attends = attention

    def _resampled(self, x: Tensor) -> Tensor:
        if self.up:
            return F.interpolate(x, scale_factor=2, mode="nearest")
        return F.avg_pool2d(x, 2) if self.down else x

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return ``[B,after,H',W']`` of ``[B,before,H,W]`` and a mapped condition ``[B,E]``."""
        h = self.conv0(self._resampled(F.silu(self.norm0(x))))
        told = self.affine(condition)[:, :, None, None].to(h.dtype)
        if self.film:
            scale, shift = told.chunk(2, 1)
            h = F.silu(self.norm1(h) * (1 + scale) + shift)
        else:
            h = F.silu(self.norm1(h + told))
        h = self.conv1(F.dropout(h, self.dropout, self.training))
        x = self._resampled(x)
        # Halving the variance keeps sums of two of the same size from growing with depth.
        x = ((x if self.skip is None else self.skip(x)) + h) * math.sqrt(0.5)
        return self._attended(x) if self.attends else x

    def _attended(self, x: Tensor) -> Tensor:
        # EDM's weights keep query, key and value of a channel side by side.
        q, k, v = self.qkv(self.norm2(x)).unflatten(1, (x.shape[1], 3)).flatten(3).transpose(1, 3).unbind(2)
        mixed = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]
        return (self.proj(mixed.transpose(1, 2).reshape(x.shape)) + x) * math.sqrt(0.5)


class SongUNet(nn.Module):
    """Picture and condition in, picture and the decoder's feature maps out.

    Parameters
    ----------
    size
        See `UNetSize`.
    before, after
        Channels of the pictures in and out.
    condition
        Numbers of the condition as it is given, before two layers map it.
    """

    def __init__(self, size: UNetSize, before: int, after: int, condition: int) -> None:
        super().__init__()
        self.size = size
        self.map_layer0 = _xavier(nn.Linear(condition, size.condition))
        self.map_layer1 = _xavier(nn.Linear(size.condition, size.condition))
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        width, skips = before * size.patch**2, []
        levels = list(zip(size.sides, size.widths, strict=True))
        for level, (side, after_level) in enumerate(levels):
            if level == 0:
                self.enc[f"{side}x{side}_conv"] = _xavier(nn.Conv2d(width, size.channels, 3, padding=1))
                width = size.channels
            else:
                self.enc[f"{side}x{side}_down"] = UNetBlock(width, width, size, down=True)
            skips.append(width)
            for i in range(size.blocks):
                attention = side in size.attention
                self.enc[f"{side}x{side}_block{i}"] = UNetBlock(width, after_level, size, attention=attention)
                width = after_level
                skips.append(width)
        for level, (side, after_level) in reversed(list(enumerate(levels))):
            if level == len(levels) - 1:
                self.dec[f"{side}x{side}_in0"] = UNetBlock(width, width, size, attention=True)
                self.dec[f"{side}x{side}_in1"] = UNetBlock(width, width, size)
            else:
                self.dec[f"{side}x{side}_up"] = UNetBlock(width, width, size, up=True)
            for i in range(size.blocks + 1):
                attention = i == size.blocks and side in size.attention
                name = f"{side}x{side}_block{i}"
                self.dec[name] = UNetBlock(width + skips.pop(), after_level, size, attention=attention)
                width = after_level
        self._drawing = f"{size.sides[0]}x{size.sides[0]}_aux_"
        self.dec[self._drawing + "norm"] = _norm(width)
        self.dec[self._drawing + "conv"] = _xavier(nn.Conv2d(width, after * size.patch**2, 3, padding=1), 0.2)

    def mapped(self, condition: Tensor) -> Tensor:
        """Return the condition ``[B,C]`` as the blocks take it."""
        return F.silu(self.map_layer1(F.silu(self.map_layer0(condition))))

    def forward(self, picture: Tensor, condition: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return ``[B,after,H,W]`` and the decoder's last features of each level, coarsest first."""
        mapped = self.mapped(condition)
        x = F.pixel_unshuffle(picture, self.size.patch) if self.size.patch > 1 else picture
        skips = []
        for block in self.enc.values():
            x = block(x, mapped) if isinstance(block, UNetBlock) else block(x)
            skips.append(x)
        features: list[Tensor] = []
        for name, block in self.dec.items():
            if name.endswith("_up"):
                features.append(x)
            if "_aux_" not in name:
                x = block(torch.cat([x, skips.pop()], 1) if "_block" in name else x, mapped)
        features.append(x)
        return self.drawn(x), features

    @property
    def last(self) -> nn.Module:
        """The convolution that `drawn` ends with."""
        return self.dec[self._drawing + "conv"]

    def drawn(self, features: Tensor) -> Tensor:
        """Return the picture ``[B,after,H,W]`` of the decoder's last features."""
        x = self.last(F.silu(self.dec[self._drawing + "norm"](features)))
        return F.pixel_shuffle(x, self.size.patch) if self.size.patch > 1 else x
