"""What lies behind the head, where a picture's own background goes on behind it: our variant `spread_background`."""

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from studio.core.standard_crop import cropped

if TYPE_CHECKING:
    from studio.core.perception.portrait import Portrait

_FAINT = 1e-5  # what even the surest foreground counts, so that a picture without background has one
_TRUSTED = 0.05  # a cell that has seen so much background is half its own
_EDGE = 1 / 64  # of the side: so far about the foreground its colours are mixed into the background
_BLEND = 1 / 32  # of the side: so far within the crop what the network found goes over into the picture's own


def margin_around(side: int) -> int:
    """Return how many px of the portrait are kept on each side of a crop `side` px wide; clips can be wide."""
    return side // 2


def surrounded(background: NDArray[np.float32], portrait: "Portrait") -> NDArray[np.float32]:
    """Set a background ``[S,S,3]`` of the standard crop into what the portrait shows around that ``[2S,2S,3]``."""
    side = len(background)
    margin, soft = margin_around(side), max(round(_BLEND * side), 1)
    around = cropped(portrait.plate, portrait.pose.camera, side, cv2.BORDER_REPLICATE, margin)
    ramp = np.minimum((np.arange(side, dtype=np.float32) + 0.5) / soft, 1)
    ramp = np.minimum(ramp, ramp[::-1])
    share = np.minimum(ramp[:, None], ramp)[..., None]
    inner = around[margin : margin + side, margin : margin + side]
    inner += share * (background - inner)
    return around


def spread_background(picture: Tensor, gate: Tensor) -> Tensor:
    """Keep a picture ``[B,3,H,W]`` where the gate ``[B,1,H,W]`` is 1, and go on into the rest from its nearest parts.

    Cells of half the size again and again average what background they see; from the largest back to the smallest,
    those that saw none take their neighbourhood's.
    """
    reach = max(round(_EDGE * gate.shape[-1]), 1)
    gate = -F.max_pool2d(-gate, 2 * reach + 1, stride=1, padding=reach)
    weight = gate.square() + _FAINT  # the square: half sure is mostly wrong
    sums = [(picture * weight, weight)]
    while max(sums[-1][1].shape[-2:]) > 1:
        height, width = sums[-1][1].shape[-2:]
        even = (F.pad(each, (0, width % 2, 0, height % 2)) for each in sums[-1])
        sums.append(tuple(F.avg_pool2d(each, 2) for each in even))  # pyright: ignore
    color = sums[-1][0] / sums[-1][1]
    for total, seen in sums[-2::-1]:
        height, width = seen.shape[-2:]
        around = F.interpolate(color, scale_factor=2, mode="bilinear", align_corners=False)[..., :height, :width]
        color = torch.lerp(around, total / seen, seen / (seen + _TRUSTED))
    return gate * picture + (1 - gate) * color
