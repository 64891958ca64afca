"""Refinement to the portrait: the bench asks with it what the network adds to fitting its splats (not in the paper)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.fitting import Confines, Fit, Rates
from studio.core.render.loss import PhotometricLoss

STEPS = 64
# In pixels of the picture: how far a splat may move, and its step; as `lift` has them for its own.
_REACH, _MEANS_RATE = 0.6, 0.08
_SIZES = (0.7, 1.5)
_BACKGROUND_WEIGHT = 0.05


def refined(
    splats: Gaussians, picture: NDArray[np.float32], alpha: NDArray[np.float32], plate: NDArray[np.float32],
    camera: Camera,
) -> Iterator[tuple[float, Gaussians]]:  # fmt: skip
    """Yield ``(fraction done, better splats)`` now and then; the view of `camera` becomes the picture.

    Parameters
    ----------
    picture, alpha, plate
        ``[S,S,3]`` 0..1 the portrait, ``[S,S]`` the person in it, and ``[S,S,3]`` what stands behind the splats.
    """
    pixel = float(camera.world_to_camera[2, 3] / camera.K[0, 0])  # m at the head
    confines = Confines(np.full(len(splats), _REACH * pixel, np.float32), *_SIZES)
    rates = Rates(means=_MEANS_RATE * pixel, quats=3e-3, scales=1.5e-2, opacities=2.5e-2, colors=1e-2)
    loss = PhotometricLoss(picture, background=plate, weights=np.maximum(alpha, _BACKGROUND_WEIGHT).astype(np.float32))
    fit = Fit(splats, rates, confines=confines)
    for step in range(STEPS):
        fit.step(camera, loss)
        if step % 8 == 7:
            yield (step + 1) / STEPS, fit.gaussians
