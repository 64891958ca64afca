"""`Raster`: what every rasteriser returns."""

from dataclasses import dataclass

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
