"""Sharpening: the surface's colours are fitted so that the head's own view shows the portrait again.

Gaussians overlap, so painting each with its pixel's colour blurs the picture. The blending weights do not depend
on colour, which makes the fit linear; each step adds to every colour the weighted mean of what is missing where
it shows (Landweber iteration with momentum). What is hidden in this view is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion
from studio.core.perception.masks import resized
from studio.core.perception.portrait import Portrait
from studio.core.render.rasterize import rasterize_vjp

STEPS = 14
# A larger picture is also fitted at the size it is usually shown in: the rasteriser's blur is a matter of pixels.
_SHOWN_SIZE = 512
_MOMENTUM = 0.6
# A Gaussian whose summed blending weight is below this (px) is as good as hidden.
_HIDDEN = 0.05
# Opacities between which a Gaussian counts as edge or as solid, and how far an edge may leave its colour.
_SOFT, _FIRM, _SOFT_LEAVE = 0.25, 0.65, 0.14


@dataclass(frozen=True, eq=False)
class _View:
    """The portrait and its plate at one resolution."""

    camera: Camera
    rgb: NDArray[np.float32]
    plate: NDArray[np.float32]

    @staticmethod
    def of(camera: Camera, portrait: Portrait, scale: float) -> "_View":
        if scale == 1.0:
            return _View(camera, portrait.rgb, portrait.plate)
        camera = camera.scaled(scale)
        size = (camera.width, camera.height)
        return _View(camera, resized(portrait.rgb, *size), resized(portrait.plate, *size))


def refine(avatar: LiftAvatar, portrait: Portrait) -> Iterator[tuple[float, LiftAvatar]]:
    """Yield ``(fraction done, better avatar)`` after every few steps; the portrait's own view improves."""
    gaussians = avatar.pose(Motion.neutral(), avatar.camera)
    views = [_View.of(avatar.camera, portrait, 1.0)]
    long_side = max(portrait.alpha.shape)
    if long_side > _SHOWN_SIZE * 1.3:
        views.append(_View.of(avatar.camera, portrait, _SHOWN_SIZE / long_side))
    colors = gaussians.colors.copy()
    velocity = np.zeros_like(colors)
    # Edge pixels mix person and background: fitted freely, they would carry a rim of background into every turned
    # view, so the softer a Gaussian is, the less it may leave its own colour.
    firm = np.clip((gaussians.opacities - _SOFT) / (_FIRM - _SOFT), 0, 1)[:, None]
    leave = _SOFT_LEAVE + (1 - _SOFT_LEAVE) * firm**2
    # The back of the head shows through soft edges only, and must not take their colour.
    behind = ~avatar.surfels.seen & (avatar.binding.vertices[:, 0] < 0)
    leave[behind] = 0
    lowest, highest = np.maximum(colors - leave, 0), np.minimum(colors + leave, 1)
    shown: list[np.ndarray] = []
    for step in range(STEPS):
        view = views[step % len(views)]
        raster, pullback = rasterize_vjp(replace(gaussians, colors=colors), view.camera)
        missing = view.rgb - (raster.color + (1 - raster.alpha) * view.plate)
        if step < len(views):
            shown.append(pullback(np.ones_like(missing), None).colors[:, :1])
        wanted = pullback(missing, None).colors
        velocity = _MOMENTUM * velocity + wanted / (shown[step % len(views)] + _HIDDEN)
        colors = np.clip(colors + velocity, lowest, highest).astype(np.float32)
        if step % 5 == 4 or step == STEPS - 1:
            yield (step + 1) / STEPS, avatar.with_colors(colors)
