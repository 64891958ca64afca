"""Refinement: the seen surface is fitted so that the head's own view shows the portrait again.

First its Gaussians settle along the picture's edges: a short gradient descent moves, turns and sizes them, within
bounds so narrow that other views keep their surface, and is undone where a view it does not see got worse. Then the
colours: Gaussians overlap, so painting each with its pixel's colour blurs the picture. The blending weights do not
depend on colour, which makes the fit linear; each step adds to every colour the weighted mean of what is missing where
it shows (Landweber iteration with momentum). What is hidden in this view is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.surface import Surfels
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import LOWER_LID, SIDES, UPPER_LID, smoothstep
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside, grown, pixels_at, resized, sampled
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, SKIN
from studio.core.render.fitting import Confines, Fit, Rates
from studio.core.render.loss import PhotometricLoss
from studio.core.render.rasterize import rasterize, rasterize_vjp
from studio.core.render.reference import rotations

SHAPE_STEPS = 64
# How far a Gaussian may move, in cells; how much it may shrink and grow; its step, in cells.
_REACH, _SIZES, _MEANS_RATE = 0.6, (0.7, 1.5), 0.08
_BACKGROUND_WEIGHT, _SOLID = 0.05, 0.98
# The views the fit does not see, and the share of one that may become translucent.
_HELD_BACK_SIZE, _HELD_BACK_YAWS, _MOST_THINNED = 384, (-35, 35), 0.005
# The first half's share of the time.
_SHAPES_SHARE = 0.65
STEPS = 18
# Then so many on the eyes alone, with a margin of so many times their common width; the first ones' share of the time.
_EYE_STEPS, _EYE_MARGIN, _COLORS_SHARE = 12, 0.1, 0.95
# A larger picture is also fitted at the size it is usually shown in, and an enlarged one to the file's own pixels: the
# rasteriser's blur is a matter of pixels, and enlarging and shrinking back is not free.
_SHOWN_SIZE = 512
_MOMENTUM = 0.6
# A Gaussian whose summed blending weight is below this (px) is as good as hidden.
_HIDDEN = 0.05
# px: and one below this does not show at all; what is further from the person takes no part in the fit of shapes.
_NOTHING, _AROUND = 1e-3, 16
# Between so many px of the file inside the edge shapes become free, and colours.
_FREE_SHAPES, _FREE_COLORS = (2.0, 4.0), (4.0, 8.0)
# How far an edge may leave its colour: skin, on which every line shows, and hair or clothes.
_SKIN_LEAVE, _SOFT_LEAVE = 0.02, 0.07
# How far the guessed inside of mouth and eyes may leave its colour.
_GUESSED_LEAVE = 0.12


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
    """Yield ``(fraction done, better avatar)`` every few steps; the portrait's own view improves."""
    better = avatar
    for fraction, better in fit_shapes(avatar, portrait):
        yield _SHAPES_SHARE * fraction, better
    for fraction, sharper in fit_colors(better, portrait):
        yield _SHAPES_SHARE + (1 - _SHAPES_SHARE) * fraction, sharper


def fit_shapes(avatar: LiftAvatar, portrait: Portrait) -> Iterator[tuple[float, LiftAvatar]]:
    """Yield ``(fraction done, avatar)``; the last one's seen surfels lie along the picture's edges."""
    start = avatar.pose(Motion.neutral(), avatar.camera)
    movable = avatar.surfels.seen & ~avatar.surfels.inside & (_firmness(avatar, portrait, *_FREE_SHAPES) > 0.99)
    cell = avatar.surfels.cell * np.float32(portrait.pose.px)
    rates = Rates(means=_MEANS_RATE * float(np.median(cell)), quats=3e-3, scales=1.5e-2, opacities=0, colors=4e-3)
    # What does not show here takes time and tells nothing; nor does what lies beside the person.
    shown = movable | (_View.of(avatar.camera, portrait.rgb, portrait.plate, start).shown[:, 0] > _NOTHING)
    x, y, width, height = cv2.boundingRect(grown(portrait.alpha > 0.5, 2 * _AROUND + 1).astype(np.uint8))
    camera = avatar.camera.cropped(x, y, width, height, width, height)
    rgb, plate, alpha = (a[y : y + height, x : x + width] for a in (portrait.rgb, portrait.plate, portrait.alpha))
    weights = np.maximum(alpha, _BACKGROUND_WEIGHT).astype(np.float32)
    # Before a plate of its own colour a gap would cost nothing: where the person is solid the opposite stands behind.
    behind = np.where(alpha[..., None] > _SOLID, (rgb < 0.5).astype(np.float32), plate)
    loss = PhotometricLoss(rgb, background=behind, weights=weights)
    fit = Fit(start[shown], rates, movable=movable[shown], confines=Confines(_REACH * cell[shown], *_SIZES))
    for step in range(SHAPE_STEPS):
        fit.step(camera, loss)
        if step % 4 == 3 and step + 1 < SHAPE_STEPS:
            yield (step + 1) / SHAPE_STEPS, avatar
    moved = fit.gaussians[movable[shown]]
    fitted = avatar.with_surfels(*_laid_anew(avatar, moved, movable))
    colors = start.colors.copy()
    colors[movable] = moved.colors
    worse = _any_worse(avatar, fitted.with_colors(colors), portrait)
    yield 1.0, avatar if worse else fitted


def _laid_anew(avatar: LiftAvatar, moved: Gaussians, movable: NDArray[np.bool_]) -> tuple[Surfels, Binding]:
    """Return the surfels and their binding with the axes of those that `moved` as tangents."""
    surfels, binding = avatar.surfels, avatar.binding
    axes = rotations(moved.quats.astype(np.float64))[:, :, :2].transpose(0, 2, 1) * moved.scales[:, :2, None]
    before = surfels.tangents[movable]
    # The gradients belong to the tangents: what the new ones are in terms of the old ones holds for both.
    inverse = np.linalg.pinv(before.astype(np.float64))
    gradients = binding.gradients.copy()
    gradients[movable] = axes @ inverse @ gradients[movable]
    tangents, means, thickness = (np.array(a) for a in (surfels.tangents, surfels.means, surfels.thickness))
    tangents[movable], means[movable], thickness[movable] = axes, moved.means, moved.scales[:, 2]
    laid = replace(surfels, tangents=tangents, means=means, thickness=thickness)
    return laid, replace(binding, gradients=gradients)


def _any_worse(before: LiftAvatar, after: LiftAvatar, portrait: Portrait) -> bool:
    """Tell whether a view that the fit did not see got worse: the portrait's at another size, or turned ones."""
    camera = before.camera.fitted(_HELD_BACK_SIZE)
    rgb, plate, alpha = (
        resized(p, camera.width, camera.height) for p in (portrait.rgb, portrait.plate, portrait.alpha)
    )
    errors, covered = [], []
    for avatar in (before, after):
        gaussians = avatar.pose(Motion.neutral(), camera)
        raster = rasterize(gaussians, camera)
        shown = raster.color + (1 - raster.alpha) * plate
        errors.append(float((((shown - rgb) ** 2).mean(-1) * alpha).sum()))
        turned = [camera.orbited(before.pivot, np.radians(yaw), 0.0) for yaw in _HELD_BACK_YAWS]
        covered.append([np.asarray(rasterize(gaussians, view).alpha[..., 0]) for view in turned])
    # An outline that is drawn sharper is no surface that became translucent.
    solid = [cv2.erode((alpha > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0 for alpha in covered[0]]
    thinner = [(alpha[where] < 0.9).mean() for alpha, where in zip(covered[1], solid, strict=True)]
    return errors[1] > errors[0] or max(thinner) > _MOST_THINNED


def fit_colors(avatar: LiftAvatar, portrait: Portrait) -> Iterator[tuple[float, LiftAvatar]]:
    """Yield ``(fraction done, avatar)`` after every two steps, each with better colours."""
    gaussians = avatar.pose(Motion.neutral(), avatar.camera)
    full = _View.of(avatar.camera, portrait.rgb, portrait.plate, gaussians)
    views = [full]
    shown = max(portrait.source.shape) if portrait.scale > 1 else _SHOWN_SIZE
    if max(portrait.alpha.shape) > shown * 1.3:
        own = portrait.source if portrait.scale > 1 else portrait.rgb
        camera = avatar.camera.fitted(shown)
        small = _View.of(camera, own, portrait.plate, gaussians)
        views = [full, small]
    # Edge pixels mix person and background: fitted freely, they, or what is next to them and makes up for them, would
    # carry a rim of background into every turned view, so the nearer a Gaussian is to the person's edge, the less it
    # may leave its own colour.
    firm = _firmness(avatar, portrait, *_FREE_COLORS)
    skin = np.isin(portrait.regions[pixels_at(avatar.surfels.pixels, portrait.regions.shape)], (FACE, SKIN))
    soft = np.where(skin, _SKIN_LEAVE, _SOFT_LEAVE)
    leave = (soft + (1 - soft) * firm**3)[:, None].astype(np.float32)
    # What is guessed shows through soft edges and thin places only, and must not take their colour; in an open mouth
    # and around an eye it shows itself. Hair behind hair may become as light as what is seen through it, but not of its
    # hue: from behind it is seen itself.
    guessed = ~avatar.surfels.seen
    leave[guessed] = np.where(avatar.surfels.inside[guessed], _GUESSED_LEAVE, 0)[:, None]
    behind = guessed & avatar.surfels.inside & (avatar.binding.vertices[:, 0] < 0)
    every_color = gaussians.colors
    drawn = np.any([view.shown[:, 0] > _NOTHING for view in views], axis=0)
    gaussians, leave, behind = gaussians[drawn], leave[drawn], behind[drawn]
    views = [replace(view, shown=view.shown[drawn]) for view in views]
    lowest, highest = np.maximum(gaussians.colors - leave, 0), np.minimum(gaussians.colors + leave, 1)
    fitted = every_color.copy()
    for done, fitted[drawn] in _descent(gaussians, views, behind, lowest, highest, STEPS):
        yield _COLORS_SHARE * done, avatar.with_colors(fitted.copy())
    # Who looks at a face looks at its eyes, which are small: theirs go on alone.
    eyes = _eyes_of(full, portrait, gaussians)
    near = eyes.shown[:, 0] > _NOTHING
    eyes = replace(eyes, shown=eyes.shown[near])
    of_eyes = np.flatnonzero(drawn)[near]
    gaussians = replace(gaussians, colors=fitted[drawn])[near]
    for _, fitted[of_eyes] in _descent(gaussians, [eyes], behind[near], lowest[near], highest[near], _EYE_STEPS):
        pass
    yield 1.0, avatar.with_colors(fitted)


def _eyes_of(view: _View, portrait: Portrait, gaussians: Gaussians) -> _View:
    """Return the part of the portrait's own view that shows both eyes."""
    rims = portrait.landmarks[[index for side in SIDES for index in (*UPPER_LID[side], *LOWER_LID[side])], :2]
    margin = _EYE_MARGIN * float(np.ptp(rims[:, 0]))
    size = np.array(portrait.alpha.shape[::-1])
    left, top = np.clip(np.floor(rims.min(0) - margin).astype(int), 0, size - 1)
    right, bottom = np.clip(np.ceil(rims.max(0) + margin).astype(int), (left + 1, top + 1), size)
    camera = view.camera.cropped(left, top, right - left, bottom - top, int(right - left), int(bottom - top))
    rgb, plate = (np.ascontiguousarray(p[top:bottom, left:right]) for p in (view.rgb, view.plate))
    return _View.of(camera, rgb, plate, gaussians)


def _descent(
    gaussians: Gaussians, views: list[_View], behind: NDArray, lowest: NDArray, highest: NDArray, steps: int
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield ``(fraction done, colours [N,3])`` after every two steps; `behind` ``[N]`` change all channels alike."""
    colors, velocity = gaussians.colors, np.zeros_like(gaussians.colors)
    for step in range(steps):
        view = views[step % len(views)]
        raster, pullback = rasterize_vjp(replace(gaussians, colors=colors), view.camera)
        missing = view.rgb - (raster.color + (1 - raster.alpha) * view.plate)
        wanted = pullback(missing, None).colors
        wanted[behind] = wanted[behind].mean(1, keepdims=True)
        # Towards the end shorter steps settle between the views instead of swinging from one to the next.
        stride = min(1.0, 2.0 * (1 - step / steps))
        velocity = _MOMENTUM * velocity + stride * wanted / (view.shown + _HIDDEN)
        colors = np.clip(colors + velocity, lowest, highest).astype(np.float32)
        if step % 2 == 1 or step == steps - 1:
            yield (step + 1) / steps, colors


def _firmness(avatar: LiftAvatar, portrait: Portrait, edge: float, free: float) -> NDArray[np.float64]:
    """Return 0 at the person's edge to 1 well inside it, between these px of the file, for each surfel ``[N]``."""
    inwards = sampled(distance_inside(portrait.alpha > 0.5), avatar.surfels.pixels) / max(1.0, portrait.scale)
    firm = smoothstep(edge, free, inwards)
    firm[avatar.surfels.inside] = 1
    return firm
