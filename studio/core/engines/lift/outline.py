"""The outline of the seen surface: opacities at the person's edge, fitted until the portrait's own matte comes back.

A Gaussian reaches over the edge of the cell it stands for, so a surface laid with the matte's opacities is a pixel
wider than the person. Fitting colours to the portrait would pay for that with a bright or dark line along the edge,
which turned views show broadside.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.heads.anatomy import smoothstep
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside, pixels_at, resized
from studio.core.perception.portrait import Portrait
from studio.core.render.rasterize import rasterize, rasterize_vjp

# So many steps, each of so much of what is missing.
_STEPS, _STRIDE = 5, 1.5
# What is this much of the person is all person: a turned view must not show through it.
_SOLID = 0.9
# How many px of the file around an edge are fitted, and how much alpha must change within half of that: wisps of hair
# are soft, and no Gaussian of theirs shall make up for its neighbours'.
_REACH, _SHARP = 4.0, (0.4, 0.8)
# The most opaque that a Gaussian may become.
_MOST = 0.985
# Between so many px of the file inside the edge a picture's colours cease to be mixed with the background's.
_MIXED = (1.0, 3.0)
# A Gaussian whose opacity tells less than this of the matte (px) stays as it is.
_HIDDEN = 0.02


def fit_outline(avatar: LiftAvatar, portrait: Portrait) -> LiftAvatar:
    """Return the avatar with the opacities of seen surfels near the person's edge fitted to the portrait's matte.

    The fit is that of `studio.core.engines.lift.refine.fit_colors`: each step adds the mean of what is missing where a
    Gaussian shows, here weighted by how much its opacity matters there.
    """
    surfels = avatar.surfels
    gaussians = avatar.pose(Motion.neutral(), avatar.camera)
    matte = np.minimum(portrait.alpha / _SOLID, 1).astype(np.float32)
    size = 2 * round(_REACH / 2 * max(1.0, portrait.scale)) + 1
    around = np.ones((size, size), np.uint8)
    sharp = smoothstep(*_SHARP, cv2.dilate(matte, around) - cv2.erode(matte, around))
    # Whatever reaches over the edge counts.
    edge = np.asarray(cv2.dilate(sharp, around), np.float32)[pixels_at(surfels.pixels, matte.shape)]
    edge[~surfels.seen | surfels.inside] = 0
    no_color, everywhere = np.zeros_like(portrait.rgb), np.ones((*matte.shape, 1), np.float32)
    opacities = surfels.opacities.copy()
    for _ in range(_STEPS):
        raster, pullback = rasterize_vjp(replace(gaussians, opacities=opacities), avatar.camera)
        missing = pullback(no_color, matte[..., None] - raster.alpha).opacities
        step = _STRIDE * missing / (pullback(no_color, everywhere).opacities + _HIDDEN)
        opacities = np.where(edge > 0, np.clip(opacities + edge * step, 0, _MOST), opacities).astype(np.float32)
    return avatar.with_surfels(replace(surfels, opacities=opacities), avatar.binding)


def with_own_outline(portrait: Portrait, avatar: LiftAvatar, detailed: NDArray[np.bool_]) -> Portrait:
    """Return the portrait with the person's own colours at the edge, mixed with the plate by the avatar's own alpha.

    This is what colours may be fitted to: where avatar and matte still differ, a fit to the picture itself would carry
    background into the person's edge. What is `detailed` ``[H,W]``, an eye at the outline, stays as it is.
    """
    alpha = rasterize(avatar.pose(Motion.neutral(), avatar.camera), avatar.camera).alpha
    own = alpha * portrait.foreground + (1 - alpha) * portrait.plate
    inwards = distance_inside(portrait.alpha > 0.5) / max(1.0, portrait.scale)
    edge = 1 - smoothstep(*_MIXED, inwards)
    edge[detailed] = 0
    change = (edge[..., None] * (own - portrait.rgb)).astype(np.float32)
    height, width = portrait.source.shape[:2]
    source = portrait.source + resized(change, width, height)
    return replace(portrait, rgb=portrait.rgb + change, source=np.clip(source, 0, 1))
