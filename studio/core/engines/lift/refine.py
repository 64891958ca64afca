"""Sharpening: the surface's colours are fitted so that the head's own view shows the portrait again.

Gaussians overlap, so painting each with its pixel's colour blurs the picture. The blending weights do not depend
on colour, which makes the fit linear; each step adds to every colour the weighted mean of what is missing where
it shows (Landweber iteration with momentum). What is hidden in this view is left alone.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait
from studio.core.render.rasterize import rasterize_vjp

STEPS = 14
_MOMENTUM = 0.6
# A Gaussian whose summed blending weight is below this (px) is as good as hidden.
_HIDDEN = 0.05


def refine(avatar: LiftAvatar, portrait: Portrait) -> Iterator[tuple[float, LiftAvatar]]:
    """Yield ``(fraction done, better avatar)`` after every few steps; the portrait's own view improves."""
    rest = Motion.neutral()
    gaussians = avatar.pose(rest, avatar.camera)
    colors = gaussians.colors.copy()
    velocity = np.zeros_like(colors)
    shown: np.ndarray | None = None
    for step in range(STEPS):
        raster, pullback = rasterize_vjp(replace(gaussians, colors=colors), avatar.camera)
        missing = portrait.rgb - (raster.color + (1 - raster.alpha) * portrait.plate)
        if shown is None:
            shown = pullback(np.ones_like(missing), None).colors[:, :1]
        wanted = pullback(missing.astype(np.float32), None).colors
        velocity = _MOMENTUM * velocity + wanted / (shown + _HIDDEN)
        colors = np.clip(colors + velocity, 0, 1).astype(np.float32)
        if step % 5 == 4 or step == STEPS - 1:
            yield (step + 1) / STEPS, avatar.with_colors(colors)
