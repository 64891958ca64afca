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
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import smoothstep
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside, resized, sampled
from studio.core.perception.portrait import Portrait
from studio.core.render.rasterize import rasterize_vjp

STEPS = 18
# A larger picture is also fitted at the size it is usually shown in, and an enlarged one to the file's own pixels: the
# rasteriser's blur is a matter of pixels, and enlarging and shrinking back is not free.
_SHOWN_SIZE = 512
_MOMENTUM = 0.6
# A Gaussian whose summed blending weight is below this (px) is as good as hidden.
_HIDDEN = 0.05
# How many px of the file count as edge, and how far an edge may leave its colour.
_RIM, _SOFT_LEAVE = 1.5, 0.22


@dataclass(frozen=True, eq=False)
class _View:
    """The portrait and its plate at one resolution, and how much each Gaussian shows there.

    `shown` is the sum ``[N,1]`` over all pixels of its blending weight.
    """

    camera: Camera
    rgb: NDArray[np.float32]
    plate: NDArray[np.float32]
    shown: NDArray[np.float32]

    @staticmethod
    def of(camera: Camera, rgb: NDArray[np.float32], plate: NDArray[np.float32], gaussians: Gaussians) -> "_View":
        size = (camera.width, camera.height)
        rgb, plate = (p if p.shape[1::-1] == size else resized(p, *size) for p in (rgb, plate))
        _, pullback = rasterize_vjp(gaussians, camera)
        return _View(camera, rgb, plate, pullback(np.ones_like(rgb), None).colors[:, :1])


def refine(avatar: LiftAvatar, portrait: Portrait) -> Iterator[tuple[float, LiftAvatar]]:
    """Yield ``(fraction done, better avatar)`` after every two steps; the portrait's own view improves."""
    gaussians = avatar.pose(Motion.neutral(), avatar.camera)
    full = _View.of(avatar.camera, portrait.rgb, portrait.plate, gaussians)
    views = [full]
    shown = max(portrait.source.shape) if portrait.scale > 1 else _SHOWN_SIZE
    if max(portrait.alpha.shape) > shown * 1.3:
        own = portrait.source if portrait.scale > 1 else portrait.rgb
        camera = avatar.camera.fitted(shown)
        small = _View.of(camera, own, portrait.plate, gaussians)
        # The file's own pixels are known; those invented by enlarging it are not worth more.
        views = [full, small] if portrait.scale > 1 else [full, full, small]
    colors = gaussians.colors.copy()
    velocity = np.zeros_like(colors)
    # Edge pixels mix person and background: fitted freely, they would carry a rim of background into every turned
    # view, so the nearer a Gaussian is to the person's edge, the less it may leave its own colour.
    rim = _RIM * max(1.0, portrait.scale)
    inwards = sampled(distance_inside(portrait.alpha > 0.5), avatar.surfels.pixels)
    firm = smoothstep(rim, 2 * rim, inwards)
    firm[avatar.surfels.inside] = 1
    leave = (_SOFT_LEAVE + (1 - _SOFT_LEAVE) * firm)[:, None].astype(np.float32)
    # The back of the head shows through soft edges only, and must not take their colour.
    behind = ~avatar.surfels.seen & ~avatar.surfels.inside
    leave[behind] = 0
    lowest, highest = np.maximum(colors - leave, 0), np.minimum(colors + leave, 1)
    for step in range(STEPS):
        view = views[step % len(views)]
        raster, pullback = rasterize_vjp(replace(gaussians, colors=colors), view.camera)
        missing = view.rgb - (raster.color + (1 - raster.alpha) * view.plate)
        wanted = pullback(missing, None).colors
        # Towards the end shorter steps settle between the views instead of swinging from one to the next.
        stride = min(1.0, 2.0 * (1 - step / STEPS))
        velocity = _MOMENTUM * velocity + stride * wanted / (view.shown + _HIDDEN)
        colors = np.clip(colors + velocity, lowest, highest).astype(np.float32)
        if step % 2 == 1 or step == STEPS - 1:
            yield (step + 1) / STEPS, avatar.with_colors(colors)
