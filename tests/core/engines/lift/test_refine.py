"""Refinement: the portrait's own view gets better, and no other view worse."""

import numpy as np
import pytest
from lift_trials import build, psnr

from studio.core.avatar import render_frame
from studio.core.engines.lift import refine as refinement
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.refine import fit_colors, fit_shapes
from studio.core.heads.anatomy import LOWER_LID, SIDES, UPPER_LID
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, SKIN


@pytest.fixture(scope="module")
def laid(small_portrait: Portrait) -> LiftAvatar:
    """Return a head whose surface has not been fitted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refinement, "SHAPE_STEPS", 0)
        patch.setattr(refinement, "STEPS", 2)
        return build(small_portrait)


def likeness(avatar: LiftAvatar, portrait: Portrait) -> float:
    return psnr(render_frame(avatar, Motion.neutral(), avatar.camera), portrait.rgb, portrait.alpha)


def colored(avatar: LiftAvatar, portrait: Portrait) -> LiftAvatar:
    *_, (_, fitted) = fit_colors(avatar, portrait)
    return fitted


def test_a_fitted_surface_is_more_like_the_portrait_and_stays_where_it_was(
    laid: LiftAvatar, small_portrait: Portrait
) -> None:
    *_, (done, fitted) = fit_shapes(laid, small_portrait)
    assert done == 1
    before, after = (likeness(colored(head, small_portrait), small_portrait) for head in (laid, fitted))
    assert after > before + 0.2
    moved = np.abs(fitted.surfels.means - laid.surfels.means).max(1)
    cell = laid.surfels.cell * small_portrait.pose.px
    assert moved.max() > 0
    assert (moved <= 0.601 * cell + 1e-6).all()
    assert (moved[~laid.surfels.seen] == 0).all()


def test_skin_at_the_edge_keeps_its_colour(laid: LiftAvatar, small_portrait: Portrait) -> None:
    surfels = laid.surfels
    column, row = surfels.pixels.astype(int).T
    inwards = distance_inside(small_portrait.alpha > 0.5)[row, column]
    skin = np.isin(small_portrait.regions[row, column], (FACE, SKIN)) & surfels.seen & (inwards > 0)
    change = np.abs(colored(laid, small_portrait).surfels.colors - surfels.colors).max(1)
    assert change[skin & (inwards < 3)].max() < 0.021
    assert change[skin & (inwards > 12)].max() > 0.1


def test_eyes_go_on_alone(laid: LiftAvatar, small_portrait: Portrait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refinement, "STEPS", 1)
    gray = laid.with_colors(np.full_like(laid.surfels.colors, 0.5))
    *_, (_, face), (done, eyes) = fit_colors(gray, small_portrait)
    assert done == 1
    rims = small_portrait.landmarks[[index for side in SIDES for index in UPPER_LID[side] + LOWER_LID[side]], :2]
    box = np.zeros(small_portrait.alpha.shape, np.float32)
    (left, top), (right, bottom) = rims.min(0).astype(int), rims.max(0).astype(int)
    box[top:bottom, left:right] = 1
    before, after = (
        psnr(render_frame(head, Motion.neutral(), head.camera), small_portrait.rgb, box) for head in (face, eyes)
    )
    assert after > before + 1
    changed = (eyes.surfels.colors != face.surfels.colors).any(1)
    column, row = small_portrait.pose.camera.project(laid.surfels.means[changed])[:, :2].T
    assert row.min() > top - (bottom - top) * 2
    assert row.max() < bottom + (bottom - top) * 2
    assert column.min() > left - (right - left)
    assert column.max() < right + (right - left)


def test_fitted_tangents_are_the_fitted_axes(laid: LiftAvatar, small_portrait: Portrait) -> None:
    *_, (_, fitted) = fit_shapes(laid, small_portrait)
    rest, opened = Motion.neutral(), Motion.arkit(jawOpen=0.8)
    went = [head.pose(opened, head.camera).means - head.pose(rest, head.camera).means for head in (fitted, laid)]
    assert np.abs(went[0] - went[1]).max() < 1e-5
    # The jaw stretches what it stretched before, as much.
    stretch = [
        head.pose(opened, head.camera).scales[:, :2].prod(1) / head.pose(rest, head.camera).scales[:, :2].prod(1)
        for head in (fitted, laid)
    ]
    assert np.corrcoef(stretch[0], stretch[1])[0, 1] > 0.95


def test_a_fit_that_thins_a_turned_view_is_undone(
    laid: LiftAvatar, small_portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refinement, "_MOST_THINNED", -1.0)
    *_, (_, kept) = fit_shapes(laid, small_portrait)
    assert kept is laid
