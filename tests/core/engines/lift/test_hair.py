"""The hair shell: the head is closed and hairy behind, and does not show from before."""

from dataclasses import replace

import numpy as np
import pytest
from lift_trials import from_side, psnr
from numpy.typing import NDArray

from studio.core.avatar import render_frame
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.hair import hair_shell
from studio.core.engines.lift.relief import lifted_landmarks, solve_relief
from studio.core.engines.lift.surface import Surfels
from studio.core.heads.anatomy import to_face
from studio.core.heads.full import FullHead
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, HAIR, SKIN
from studio.core.render.rasterize import rasterize


def shell(portrait: Portrait, regions: NDArray[np.uint8]) -> Surfels:
    whole = FullHead(lifted_landmarks(portrait))
    return hair_shell(portrait, portrait.pose, solve_relief(portrait, whole, regions), whole, regions)


@pytest.fixture(scope="module")
def hair(portrait: Portrait) -> Surfels:
    return shell(portrait, portrait.regions)


def test_it_lies_around_the_skull(hair: Surfels) -> None:
    x, y, z = to_face(hair.means).T
    assert len(hair) > 4000
    assert not hair.seen.any()
    # Behind the ears, over the crown and no further than big hair reaches.
    assert z.min() < -2.2
    assert y.min() < -1.5
    assert np.abs(x).max() < 3
    assert z.max() < 0.6


def test_it_has_the_colours_of_the_hair(portrait: Portrait, hair: Surfels) -> None:
    seen = {label: np.median(portrait.foreground[portrait.regions == label], 0) for label in (HAIR, FACE)}
    to_hair, to_face_color = (np.linalg.norm(np.median(hair.colors, 0) - seen[label]) for label in (HAIR, FACE))
    assert to_hair < 0.15
    assert to_hair < 0.5 * to_face_color


def test_a_bald_head_is_closed_with_skin(portrait: Portrait) -> None:
    bald = np.where(portrait.regions == HAIR, SKIN, portrait.regions).astype(np.uint8)
    closed = shell(portrait, bald)
    assert len(closed) > 3000
    assert np.isfinite(closed.means).all()
    assert np.isfinite(closed.colors).all()


@pytest.mark.parametrize("yaw", [120, 180, 240])
def test_the_back_of_the_head_is_solid(avatar: LiftAvatar, yaw: float) -> None:
    camera = from_side(avatar, yaw)
    alpha = render_frame(avatar, Motion.neutral(), camera, "transparent")[..., 3]
    crown = avatar.camera.project(avatar.rig.vertices[10:11])[0, :2]
    eyes = avatar.camera.project(avatar.rig.vertices[168:169])[0, :2]
    row = slice(int(crown[1]), int(eyes[1]))
    across = alpha[row].max(0) > 0.5
    middle = int(np.flatnonzero(across).mean())
    assert (alpha[row, middle - 40 : middle + 40] > 0.98).all()


def test_its_own_view_does_not_show_it(avatar: LiftAvatar, portrait: Portrait) -> None:
    posed = avatar.pose(Motion.neutral(), avatar.camera)
    shell = avatar.surfels.inside & ~avatar.surfels.seen & (avatar.binding.vertices[:, 0] < 0)
    assert shell.sum() > 4000
    bare = replace(posed, opacities=np.where(shell, 0, posed.opacities).astype(np.float32))
    with_shell, without = (np.asarray(rasterize(g, avatar.camera).color) for g in (posed, bare))
    assert psnr(with_shell, without, portrait.alpha > 0.9) > 38
