"""Gaps between what is seen and what is not: closed from behind, and nothing else changes."""

import numpy as np
import pytest
from lift_trials import build
from numpy.typing import NDArray

from studio.core.engines.lift import engine
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.gaps import fill_gaps
from studio.core.engines.lift.relief import Relief, lifted_landmarks, solve_relief
from studio.core.engines.lift.rig import FlatPart
from studio.core.engines.lift.unseen_skin import completed_landmarks
from studio.core.framing import orbit, square_camera
from studio.core.heads.anatomy import to_face, to_head
from studio.core.heads.full import FullHead
from studio.core.heads.shapes import FaceShapes
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait
from studio.core.render.rasterize import rasterize


@pytest.fixture(scope="module")
def open_avatar(small_portrait: Portrait) -> LiftAvatar:
    """Return the sample's head with its gaps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "fill_gaps", lambda *_: None)
        return build(small_portrait)


@pytest.fixture(scope="module")
def whole(small_portrait: Portrait) -> FullHead:
    """Return the sample's whole head."""
    return FullHead(completed_landmarks(lifted_landmarks(small_portrait), small_portrait.pose))


@pytest.fixture(scope="module")
def relief(small_portrait: Portrait, whole: FullHead) -> Relief:
    """Return the sample's depth."""
    return solve_relief(small_portrait, whole, small_portrait.regions)


@pytest.fixture(scope="module")
def part(open_avatar: LiftAvatar, small_portrait: Portrait, relief: Relief, whole: FullHead) -> FlatPart:
    """Return what closes the gaps."""
    shapes = FaceShapes(to_face(small_portrait.pose.landmarks))
    filling = fill_gaps(open_avatar, small_portrait, small_portrait.pose, relief, (whole,), shapes)
    assert filling is not None
    return filling


def test_what_is_closed_is_not_found_again(
    small_avatar: LiftAvatar, small_portrait: Portrait, relief: Relief, whole: FullHead, part: FlatPart
) -> None:
    shapes = FaceShapes(to_face(small_portrait.pose.landmarks))
    again = fill_gaps(small_avatar, small_portrait, small_portrait.pose, relief, (whole,), shapes)
    assert len(part.points) > 20
    assert again is None or len(again.points) < 0.3 * len(part.points)


def test_the_portraits_own_view_stays(open_avatar: LiftAvatar, small_avatar: LiftAvatar) -> None:
    def own_alpha(avatar: LiftAvatar) -> NDArray[np.float32]:
        return rasterize(avatar.pose(Motion.neutral(), avatar.camera), avatar.camera).alpha[..., 0]

    assert np.abs(own_alpha(small_avatar) - own_alpha(open_avatar)).mean() < 0.002


def test_it_stays_behind_the_portrait_and_inside_its_outline(
    small_portrait: Portrait, relief: Relief, part: FlatPart
) -> None:
    pose = small_portrait.pose
    projected = pose.camera.project(to_head(part.points))
    before = (pose.distance - projected[:, 2]) / pose.px - relief.at(projected[:, :2])
    assert before.max() * pose.px < -0.001
    column, row = projected[:, :2].astype(int).T
    assert small_portrait.alpha[row, column].min() > 0.5


@pytest.mark.parametrize("yaw", [-45, 45])
def test_nothing_comes_out_beside_a_turned_head(open_avatar: LiftAvatar, small_avatar: LiftAvatar, yaw: float) -> None:
    camera = orbit(open_avatar, square_camera(open_avatar, 384), yaw, 0)
    before, after = (
        rasterize(avatar.pose(Motion.neutral(), camera), camera).alpha[..., 0] for avatar in (open_avatar, small_avatar)
    )
    assert (after - before)[before < 0.05].max() < 0.1
