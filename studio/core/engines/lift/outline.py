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
from studio.core.heads.fitting import HeadPose
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside, pixels_at, resized, sampled
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

# m: which way an edge runs is told by the matte blurred so far.
_BLUR = 0.0022
# Where a Gaussian shows, in its two standard deviations: as far as 2.5 of them. It may be halved so often across an
# edge and so often as a whole, and keeps at least this share of its size.
_AROUND = np.array([[np.cos(a) * r, np.sin(a) * r] for a in np.arange(8) * np.pi / 4 for r in (0.8, 1.6, 2.5)])
_HALVINGS, _LEAST = 4, 0.03


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


def held_in(portrait: Portrait, pose: HeadPose, points: NDArray, tangents: NDArray) -> NDArray[np.float32]:
    """Return tangents ``[n,2,3]`` m of Gaussians at points ``[n,3]`` m that do not reach over the matte's edge.

    What is not seen may not stand out beside what is. They are shortened across the edge, then, where it bends, as
    a whole.
    """
    soft = cv2.GaussianBlur(portrait.alpha, (0, 0), _BLUR / pose.px)
    down, right = np.gradient(soft)
    slope = np.stack([right, down, np.zeros_like(soft)], -1).astype(np.float32)
    across = sampled(slope, pose.camera.project(points)[:, :2]).astype(np.float64)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    across = (across @ pose.camera.world_to_camera[:3, :3])[:, None]
    held, left = tangents.copy(), np.arange(len(points))
    for halving in range(2 * _HALVINGS):
        # Between a neck and a collar lies a gap: what is this side of the ends counts, too.
        reach = points[left, None] + np.einsum("ks,nsi->nki", _AROUND, held[left])
        pixels = pose.camera.project(reach.reshape(-1, 3))[:, :2]
        out = portrait.alpha[pixels_at(pixels, portrait.alpha.shape)] < 0.5
        left = left[out.reshape(reach.shape[:2]).any(1)]
        over = (held[left] * across[left]).sum(2)[..., None] * across[left]
        # What reaches over an edge that bends along it is halved as a whole.
        held[left] -= 0.5 * (over if halving < _HALVINGS else held[left])
    # What would vanish stays as a point that still has axes.
    least = _LEAST * tangents
    area, was = (np.linalg.norm(np.cross(pair[:, 0], pair[:, 1]), axis=1) for pair in (held, least))
    return np.where((area < was)[:, None, None], least, held).astype(np.float32)
