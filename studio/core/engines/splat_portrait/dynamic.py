"""The dynamic decoder (section 3.2): where every splat moves while something is said."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.engines.splat_portrait.audio import AudioCondition, keep_variance
from studio.core.engines.splat_portrait.model import Splats, StaticGenerator, repeated
from studio.core.engines.splat_portrait.sizes import ModelSize
from studio.core.nets.unet import UNetBlock

STEEP = 0.5
"""How much more of the second motion what is below a line has than what is above, where lips part."""

_PART_WIDTH = 48  # channels of what tells which motion is a splat's

REACH = 0.15
"""The farthest that a splat moves along an axis, in half widths of the picture at the head."""


class DynamicDecoder(nn.Module):
    """A decoder beside the static one, which hands it the features of every level; sound and time are its condition."""

    def __init__(self, size: ModelSize) -> None:
        super().__init__()
        unet = size.unet
        self.size = size
        self.sound = AudioCondition(size.audio_features, size.audio_channels)
        self.map_layer0 = nn.Linear(self.sound.numbers, unet.condition)
        self.map_layer1 = nn.Linear(unet.condition, unet.condition)
        static, widths = size.feature_widths, size.dynamic_widths
        keep_variance(self.map_layer0)
        keep_variance(self.map_layer1)
        self.enter = UNetBlock(static[0], widths[0], unet)
        self.up = nn.ModuleList(UNetBlock(width, width, unet, up=True) for width in widths[:-1])
        self.join = nn.ModuleList(
            UNetBlock(width + skip, after, unet)
            for width, skip, after in zip(widths[:-1], static[1:], widths[1:], strict=True)
        )
        self.norm = nn.GroupNorm(4, widths[-1])
        self.out = nn.Conv2d(widths[-1], 3 * size.layers * size.motions * unet.patch**2, 3, padding=1)
        if size.parting:
            self.parting = _picture_to_parts(static[-1], size.layers * unet.patch**2)
        for block in (self.enter, *self.up, *self.join):
            # Blocks that begin as their skips would hear nothing for hundreds of steps: sound comes in between.
            nn.init.xavier_uniform_(block.get_submodule("conv1").get_parameter("weight"))
        # At first nothing moves.
        nn.init.normal_(self.out.weight, std=1e-3)
        nn.init.constant_(self.out.get_parameter("bias"), 0.0)

    def motions(self, features: tuple[Tensor, ...], steps: Tensor, lag: Tensor) -> Tensor:
        """Return what `offsets` makes offsets of, ``[B,C,H,W]``; it may be resampled before.

        Parameters
        ----------
        features
            The static decoder's, coarsest first; `Splats.features`.
        steps, lag
            Windows ``[B,16,F]`` and time deltas from the source picture ``[B]`` s.
        """
        condition = self.sound(steps, lag)
        condition = F.silu(self.map_layer1(F.silu(self.map_layer0(condition))))
        x = self.enter(features[0], condition)
        for up, join, feature in zip(self.up, self.join, features[1:], strict=True):
            x = join(torch.cat([up(x, condition), feature], 1), condition)
        return F.pixel_shuffle(self.out(F.silu(self.norm(x))), self.size.unet.patch).float()

    def parts(self, features: tuple[Tensor, ...]) -> Tensor:
        """Return, as logits ``[B,layers,H,W]``, how much of its second motion each splat has; sound changes none."""
        return F.pixel_shuffle(self.parting(features[-1]), self.size.unet.patch).float()

    def offsets(self, motions: Tensor, shares: Tensor | None) -> Tensor:
        """Return offsets ``[B,3*layers,H,W]`` in half widths at the head, of motions ``[B,C,H,W]``.

        Parameters
        ----------
        shares
            ``[B,layers,H,W]`` 0..1: how much of its second motion each splat has, where it has two.
        """
        if shares is not None:
            one, other = motions.chunk(2, 1)
            motions = torch.lerp(one, other, shares.repeat_interleave(3, 1))
        return REACH * torch.tanh(motions)

    def forward(self, splats: Splats, steps: Tensor, lag: Tensor, unit: Tensor) -> Splats:
        """Return the splats at another moment: p_T = p + Δd; `unit` ``[B]`` m is half a picture's width at the head."""
        shares = torch.sigmoid(self.parts(splats.features)) if self.size.parting else None
        maps = self.offsets(self.motions(splats.features, steps, lag), shares) * unit[:, None, None, None]
        return splats.moved(as_offsets(maps))


def _picture_to_parts(channels: int, parts: int) -> nn.Module:
    """Make the layers that tell parts; they see about a quarter of the picture's width around each place."""
    widths = (channels, _PART_WIDTH, _PART_WIDTH, _PART_WIDTH)
    layers: list[nn.Module] = [nn.GroupNorm(channels // 4, channels)]  # pixels are small beside features
    for before, after, step in zip(widths[:-1], widths[1:], (1, 2, 4), strict=True):
        layers += [nn.Conv2d(before, after, 3, padding=step, dilation=step), nn.SiLU()]
    return nn.Sequential(*layers, nn.Conv2d(_PART_WIDTH, parts, 3, padding=1))


def decided(shares: Tensor, reach: int) -> Tensor:
    """Return shares ``[B,L,H,W]`` that jump where they rise steeply from above to below, within `reach` pixels.

    What is so near to where parts meet then belongs to one or the other, and nothing hangs between lips.
    """

    def highest(x: Tensor) -> Tensor:
        return F.max_pool2d(x, (2 * reach + 1, 1), stride=1, padding=(reach, 0))

    high, low = highest(shares), -highest(-shares)
    side = torch.where(shares > (high + low) / 2, high, low)
    return torch.where(high - low > STEEP, side, shares)


def as_offsets(maps: Tensor) -> Tensor:
    """Turn maps ``[B,3*layers,H,W]`` into an offset for each splat ``[B,N,3]``, in the order of `Splats`."""
    batch, channels, height, width = maps.shape
    split = maps.reshape(batch, channels // 3, 3, height * width)
    return split.transpose(2, 3).reshape(batch, -1, 3)


class SplatPortrait(nn.Module):
    """Both networks: what is shipped."""

    def __init__(self, size: ModelSize) -> None:
        super().__init__()
        self.size = size
        self.static, self.dynamic = StaticGenerator(size), DynamicDecoder(size)

    def at(self, splats: Splats, steps: Tensor, lag: Tensor, unit: Tensor) -> Splats:
        """Return splats ``[B]`` at T moments each, ``[B*T]``: windows ``[B,T,16,F]``, time deltas ``[B,T]`` s."""
        count = steps.shape[1]
        return self.dynamic(
            repeated(splats, count), steps.flatten(0, 1), lag.flatten(), unit.repeat_interleave(count, 0)
        )
