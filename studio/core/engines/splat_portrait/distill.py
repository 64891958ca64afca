"""Score distillation (section 3.3): a denoiser says what a face turned far would look like."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from studio.core.engines.splat_portrait.model import Splats, relative
from studio.core.engines.splat_portrait.objectives import drawn
from studio.core.nets.denoiser import Denoiser, denoised, noise_levels
from studio.core.training.rendering import over

YAW, PITCH = math.radians(45), math.radians(12.5)
_RANGE = (0.6, 0.8)
_STEPS = 18  # N of equation 3


@dataclass(frozen=True, eq=False)
class Distillation:
    """The loss; gradients go into the rendered picture alone.

    Attributes
    ----------
    window
        x0 y0 x1 y1 in sides: what of a standard crop the denoiser's pictures show (the paper aligns after EG3D).
    """

    denoiser: Denoiser
    weight: float = 1.0
    window: tuple[float, float, float, float] = (0.1, 0.05, 0.9, 0.85)

    def loss(self, splats: Splats, batch: dict[str, Tensor], generator: Generator) -> Tensor:
        """Render each head from an extreme side, denoise what is seen, and return how far the two are apart."""
        side = splats.background.shape[-1]
        poses = extreme_poses(batch["source_pose"], generator)
        color, alpha = drawn(splats, relative(poses, batch["source_pose"]), batch["source_K"], side)
        shown = aligned(over(color, alpha, splats.background), self.window, self.denoiser.size.resolution)
        clean = shown * 2 - 1
        levels = noise_levels(_STEPS, clean.device)
        # "60 %-80 % of the original range", which "preserves the overall appearance": so far along the schedule, from
        # its noisiest end, the noise begins, at σ about 1 to 0.06. Counted from the other end no face would be left.
        share = _RANGE[0] + (_RANGE[1] - _RANGE[0]) * float(torch.rand((), generator=generator, device=clean.device))
        first = round(share * (_STEPS - 1))
        wanted = denoised(self.denoiser, clean.detach(), levels[first:], generator)
        return F.mse_loss(clean, wanted)


def extreme_poses(source: Tensor, generator: Generator) -> Tensor:
    """Return cameras ``[B,4,4]`` on the bullet-time arc: the frontal one, turned about the head's origin."""
    draw = torch.rand((len(source), 1), generator=generator, device=source.device) * 2 * math.pi
    yaw, pitch = YAW * draw.cos()[:, 0], PITCH * draw.sin()[:, 0]
    one, zero = torch.ones_like(yaw), torch.zeros_like(yaw)
    about_y = torch.stack([yaw.cos(), zero, yaw.sin(), zero, one, zero, -yaw.sin(), zero, yaw.cos()], -1)
    about_x = torch.stack([one, zero, zero, zero, pitch.cos(), -pitch.sin(), zero, pitch.sin(), pitch.cos()], -1)
    frontal = torch.diag(torch.tensor([1.0, -1.0, -1.0], device=source.device))
    poses = torch.eye(4, device=source.device).repeat(len(source), 1, 1)
    poses[:, :3, :3] = about_x.view(-1, 3, 3) @ about_y.view(-1, 3, 3) @ frontal
    poses[:, :3, 3] = source[:, :3, 3]  # the head's origin keeps its place in the picture
    return poses


def aligned(pictures: Tensor, window: tuple[float, float, float, float], side: int) -> Tensor:
    """Crop pictures ``[B,3,H,W]`` to a window, in sides, and resample to ``[B,3,side,side]``."""
    wide = pictures.shape[-1]
    x0, y0, x1, y1 = (round(part * wide) for part in window)
    return F.interpolate(pictures[..., y0:y1, x0:x1], (side, side), mode="bilinear", antialias=True)
