"""What shows between lips that part: the dark of the mouth (ours, in the variant `parting`).

Nothing that a portrait with closed lips shows tells what is behind them. A dark curtain hangs on the lower lip's edge,
behind the upper lip, and comes into sight as the jaw drops.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.engines.splat_portrait.dynamic import STEEP
from studio.core.gaussians.gaussians import Gaussians

_HEIGHT, _BEHIND = 0.022, 0.006  # m: how far the curtain reaches up, and how far behind the lips it hangs
_CLEARED = 6.0  # pixels above and below the edge
_SHADE = np.array([0.26, 0.13, 0.12], np.float32)  # of the brightness of the lips
_ROUND, _OPACITY = 0.7, 0.97  # standard deviation in pixels


def lower_lip(parts: Tensor) -> NDArray[np.intp]:
    """Return rows and columns ``[L,2]`` of pixels ``[H,W]`` right below the line at which parts ``[H,W]`` meet."""
    jump = torch.zeros_like(parts)
    jump[1:-1] = parts[2:] - parts[:-2]
    best, rows = jump.max(0)
    columns = torch.nonzero(best > STEEP)[:, 0]
    return torch.stack([rows[columns] + 1, columns], 1).numpy()


def curtain(lips: Gaussians, to_camera: NDArray, pixel: float) -> tuple[Gaussians, NDArray[np.intp]]:
    """Return dark Gaussians that hang on `lips`, and on which of them each hangs ``[M]``.

    Parameters
    ----------
    lips
        The lower lip's edge ``[L]``, in head space.
    to_camera
        ``[3,3]``: the portrait's camera, whose y points down and z into the picture.
    pixel
        m between neighbours of `lips`.
    """
    steps = np.arange(0, _HEIGHT, pixel)
    on = np.tile(np.arange(len(lips)), len(steps))
    shift = -np.repeat(steps, len(lips))[:, None] * to_camera[1] + _BEHIND * to_camera[2]
    bright = float(lips.colors.max(1).mean()) if len(lips) else 0.0
    count = len(on)
    return Gaussians(
        (lips.means[on] + shift).astype(np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full((count, 3), _ROUND * pixel, np.float32),
        np.full(count, _OPACITY, np.float32),
        np.tile(bright * _SHADE, (count, 1)).astype(np.float32),
        seen=np.zeros(count, bool),
    ), on


def in_the_way(means: NDArray, lips: NDArray, to_camera: NDArray, pixel: float) -> NDArray[np.bool_]:
    """Return which of Gaussians ``[N,3]`` would hide the dark of a mouth whose lower lip's edge is `lips` ``[L,3]``."""
    if not len(lips):
        return np.zeros(len(means), bool)
    x, y = (means @ to_camera.T)[:, :2].T
    across, down = (lips @ to_camera.T)[:, :2].T
    away = np.abs(x[:, None] - across[None])
    below = (y - down[away.argmin(1)]) / pixel
    return (away.min(1) < pixel) & (below > -_CLEARED) & (below < _CLEARED)
