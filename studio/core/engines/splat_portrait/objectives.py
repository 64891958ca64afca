"""Losses of both stages: equations 1 and 2, and what the small configuration adds because its data can say it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.core.engines.splat_portrait.model import Splats, half_width, relative
from studio.core.engines.splat_portrait.pairs import Pairs
from studio.core.training.losses import ssim
from studio.core.training.mouth_motion import mouth_rectangle
from studio.core.training.rendering import over, splat

_TELLING = 0.004  # m that a lip goes from which its way is the jaw's


@dataclass(frozen=True)
class Weights:
    """Weights of the losses; the defaults are the paper's equation 1 with λ = 0.01.

    `l1`, `ssim`, `depth`, `plate`, `lean`, `motion`, `parting` are ours. The first two are of the pictures, and let few
    steps go further; depth, plate, the mouth's motion and what of it parts from what (stage 2) are what made data know
    and clips do not; `lean` keeps Gaussians from growing for nothing.
    """

    l2: float = 1.0
    perceptual: float = 0.01
    l1: float = 0.0
    ssim: float = 0.0
    depth: float = 0.0
    plate: float = 0.0
    lean: float = 0.0
    motion: float = 0.0
    parting: float = 0.0
    source: float = 1.0
    """How much the source counts against the mean of the other views."""
    source_every: int = 1
    """Steps from one in which the source is drawn too to the next: it is soon learnt, and drawing it takes a third."""


PAPER_WEIGHTS = Weights()
SMALL_WEIGHTS = Weights(
    l2=0.0, perceptual=0.0, l1=2.0, ssim=0.3, depth=0.3, plate=0.3, lean=1e-3, motion=4.0, parting=0.3,
    source_every=3,
)  # fmt: skip


def drawn(splats: Splats, poses: Tensor, K: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Draw splats ``[B]`` from cameras ``[B,4,4]`` given in the splats' own space: colour and alpha ``[B,C,H,W]``."""
    color, alpha, _ = splat(
        *(splats.means, splats.quats, splats.scales, splats.opacities, splats.colors), poses, K, (side, side)
    )
    return color.permute(0, 3, 1, 2), alpha.permute(0, 3, 1, 2)


def static_losses(
    splats: Splats,
    moved: Splats,
    batch: dict[str, Tensor],
    pairs: Pairs,
    weights: Weights,
    perceptual: torch.nn.Module | None = None,
    focus: Tensor | None = None,
) -> dict[str, Tensor]:
    """Return the losses of a batch; "total" is their weighted sum.

    Parameters
    ----------
    splats
        Of the sources, ``[B]``.
    moved
        What the targets are drawn from, ``[B*T]``: for equation 1 the same repeated T times, for equation 2 displaced.
    perceptual
        The third term of both; needed where `weights` has it.
    focus
        ``[1,1,H,W]``: how much each pixel counts in L1 and L2, or None for alike.
    """
    side, count = batch["source"].shape[-1], batch["targets"].shape[1]
    out: dict[str, Tensor] = {}
    total = splats.means.new_zeros(())
    to_source = batch["source_pose"].repeat_interleave(count, 0)
    poses = relative(batch["target_poses"].flatten(0, 1), to_source)
    views = {"target": (*drawn(moved, poses, batch["target_K"].flatten(0, 1), side), moved.background, 1.0)}
    if weights.source:
        eye = torch.eye(4).expand(len(splats.means), 4, 4)
        views["source"] = (*drawn(splats, eye, batch["source_K"], side), splats.background, weights.source)
    random = {"source": pairs.random, "target": pairs.random.repeat_interleave(count, 0)}
    real = {
        "source": (pairs.source, pairs.source_on_random),
        "target": (pairs.targets.flatten(0, 1), pairs.targets_on_random.flatten(0, 1)),
    }
    for name, (color, alpha, background, share) in views.items():
        # One drawing, two backgrounds: what lies behind is a weighted sum.
        both = [(over(color, alpha, background), real[name][0]), (over(color, alpha, random[name]), real[name][1])]
        for i, (shown, wanted) in enumerate(both):
            structure = weights.ssim and name == "target" and i == 0  # the dearest term: only where it says most
            parts = {
                "l2": _mean((shown - wanted).square(), focus) if weights.l2 else None,
                "l1": _mean((shown - wanted).abs(), focus) if weights.l1 else None,
                "ssim": 1 - ssim(shown, wanted) if structure else None,
                "perceptual": perceptual(shown, wanted) if perceptual is not None and weights.perceptual else None,
            }
            for part, value in parts.items():
                if value is not None:
                    value = value if part == "ssim" else 0.5 * value
                    out[f"{name}_{part}"] = out.get(f"{name}_{part}", 0.0) + value
                    total = total + share * getattr(weights, part) * value
    if weights.depth:
        solid = ((pairs.source_alpha[:, 0] > 0.9) & (batch["lifted"] > 0)).float()
        unit = half_width(batch["source_pose"], batch["source_K"], side)
        off = (splats.depth - batch["lifted"]).abs() / unit[:, None, None]
        out["depth"] = (off * solid).sum() / solid.sum().clamp(min=1)
        total = total + weights.depth * out["depth"]
    if weights.plate:
        out["plate"] = (splats.background - pairs.plate).abs().mean()
        total = total + weights.plate * out["plate"]
    if weights.lean:
        unit = half_width(batch["source_pose"], batch["source_K"], side)
        out["lean"] = (splats.scales / unit[:, None, None] * (side / 2)).square().mean()
        total = total + weights.lean * out["lean"]
    return {"total": total, **out}


def motion_loss(splats: Splats, moved: Splats, wanted: Tensor, reach: Tensor) -> Tensor:
    """Return how far the seen splats about the mouth are from where their surface went, in reaches.

    Not squared: where it is not sure where lips meet, the mean of what it thinks likely would be lips that stretch.
    What is hidden goes where pictures want it.

    Parameters
    ----------
    splats, moved
        ``[B*T]``.
    wanted
        ``[B*T,h,w,3]`` m, NaN where unknown; see `studio.core.training.mouth_motion`.
    reach
        ``[B*T]`` m: how far a splat can go.
    """
    height, width = splats.depth.shape[1:]
    rows, columns = mouth_rectangle(width)
    gone = (moved.means - splats.means)[:, : height * width].unflatten(1, (height, width))[:, rows, columns]
    known = wanted.isfinite()
    off = (gone - wanted.nan_to_num()) / reach[:, None, None, None]
    return (off.abs() * known).sum() / known.sum().clamp(min=1)


def parting_loss(parts: Tensor, wanted: Tensor) -> Tensor:
    """Return how badly the parts tell what goes with the jaw: the cross entropy of shares of its motion.

    Parameters
    ----------
    parts
        ``[B,T,H,W]`` logits of the seen splats; see `DynamicDecoder.parts`.
    wanted
        ``[B,T,h,w,3]`` m, NaN where unknown; moments at which the jaw hardly moves say nothing.
    """
    rows, columns = mouth_rectangle(parts.shape[-1])
    down = wanted[..., 1]
    known = down.isfinite()
    down = down.nan_to_num()
    # The farthest is the lower lip's, whichever way it goes.
    farthest = down.flatten(2).gather(2, down.abs().flatten(2).argmax(2, keepdim=True))[..., None]
    known = known & (farthest.abs() > _TELLING)
    share = (down / torch.where(farthest == 0, torch.ones_like(farthest), farthest)).clamp(0, 1)
    off = F.binary_cross_entropy_with_logits(parts[..., rows, columns], share, reduction="none")
    return (off * known).sum() / known.sum().clamp(min=1)


def _mean(errors: Tensor, focus: Tensor | None) -> Tensor:
    return errors.mean() if focus is None else (errors * focus).mean() / focus.mean()
