"""Refinement to the portrait (not in the paper): the bench asks with it what the network adds to fitting its splats.

The portrait's own view alone would be fitted at the cost of all others: colours overshoot until their overlap is as
sharp as the picture, which shows as soon as the head turns or the lips part. So every second step is one from a side or
of the speaking face, towards what the network drew there.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.fitting import Confines, Fit, Rates
from studio.core.render.loss import PhotometricLoss
from studio.core.render.rasterize import rasterize
from studio.core.standard_crop import StandardCrop

STEPS = 96
SIDES = (-25.0, 25.0)
"""Degrees that the kept views are turned."""
# Which view a step sees: the portrait large or small, one of the sides, or the portrait while it speaks.
_ORDER = ("large", "left", "large", "speaking", "small", "right", "large", "speaking")
# In pixels of the small picture: how far a splat may move, and its step; as `lift` has them for its own.
_REACH, _MEANS_RATE = 0.6, 0.08
_SIZES = (0.7, 1.5)
_BACKGROUND_WEIGHT = 0.05


def refined(
    splats: Gaussians,
    large: StandardCrop,
    small: StandardCrop,
    plate: NDArray[np.float32],
    pivot: NDArray,
    spoken: NDArray[np.float32],
) -> Iterator[tuple[float, Gaussians]]:
    """Yield ``(fraction done, better splats)`` now and then; their own view becomes the picture, at both sizes.

    Parameters
    ----------
    large, small
        The portrait's crop; `small` has a pixel for every splat.
    plate
        ``[S,S,3]`` 0..1: what stands behind the splats.
    pivot
        ``[3]`` m: what the kept views are turned about.
    spoken
        ``[N,3]`` m: how far the splats move while the portrait speaks, its mouth wide open.
    """
    camera = small.camera
    pixel = float(camera.world_to_camera[2, 3] / camera.K[0, 0])  # m at the head
    left, right = (camera.orbited(pivot, float(np.radians(yaw)), 0.0) for yaw in SIDES)
    views = {
        "large": (large.camera, _loss(large.picture, large.alpha, plate)),
        "small": (camera, _loss(small.picture, small.alpha, plate)),
        "left": _kept(splats, left, plate),
        "right": _kept(splats, right, plate),
        "speaking": (*_kept(replace(splats, means=splats.means + spoken), camera, plate), spoken),
    }
    confines = Confines(np.full(len(splats), _REACH * pixel, np.float32), *_SIZES)
    rates = Rates(means=_MEANS_RATE * pixel, quats=3e-3, scales=1.5e-2, opacities=2.5e-2, colors=1e-2)
    fit = Fit(splats, rates, confines=confines)
    for step in range(STEPS):
        fit.step(*views[_ORDER[step % len(_ORDER)]])
        if step % 8 == 7:
            yield (step + 1) / STEPS, fit.gaussians


def _kept(splats: Gaussians, camera: Camera, plate: NDArray[np.float32]) -> tuple[Camera, PhotometricLoss]:
    """Return a view and what it costs to leave what the splats show there now."""
    raster = rasterize(splats, camera)
    shown = raster.color + (1 - raster.alpha) * _sized(plate, camera.width)
    return camera, _loss(np.clip(shown, 0, 1), raster.alpha[..., 0], plate)


def _loss(picture: NDArray, alpha: NDArray, plate: NDArray[np.float32]) -> PhotometricLoss:
    weights = np.maximum(alpha, _BACKGROUND_WEIGHT).astype(np.float32)
    return PhotometricLoss(
        np.ascontiguousarray(picture, np.float32), background=_sized(plate, len(picture)), weights=weights
    )


def _sized(plate: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    return plate if len(plate) == side else np.asarray(cv2.resize(plate, (side, side)), np.float32)
