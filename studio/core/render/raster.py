"""`Raster` and `GaussianGradients`: what every rasteriser returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Raster:
    """Rendered Gaussians, before any background.

    Attributes
    ----------
    color
        ``[H,W,C]`` float32, premultiplied (over black).
    alpha
        ``[H,W,1]`` float32 0..1.
    depth
        ``[H,W,1]`` float32 m, alpha-weighted mean depth (0 where alpha is 0), or None if not asked for.
    """

    color: NDArray[np.float32]
    alpha: NDArray[np.float32]
    depth: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class GaussianGradients:
    """Gradients with respect to the fields of `Gaussians`, float32 and of the same shapes.

    `quats` is the gradient of the unnormalised quaternion, orthogonal to it. What was not drawn has zeros.
    """

    means: NDArray[np.float32]
    quats: NDArray[np.float32]
    scales: NDArray[np.float32]
    opacities: NDArray[np.float32]
    colors: NDArray[np.float32]


Pullback: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32] | None], GaussianGradients]
"""``(grad_color [H,W,C], grad_alpha [H,W,1] or None) -> GaussianGradients``."""
