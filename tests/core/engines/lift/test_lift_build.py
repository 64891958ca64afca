"""From a portrait to a head: its own view shows the portrait again, and turned views have no holes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from lift_trials import found_yaw, from_side, psnr

from studio.core.avatar import Consent, render_frame
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.engine import LiftEngine
from studio.core.heads.anatomy import CHIN
from studio.core.jobs import Progress, run
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside
from studio.core.perception.portrait import Portrait

REST = Motion.neutral()


def test_its_own_view_is_the_portrait(avatar: LiftAvatar, portrait: Portrait) -> None:
    frame = render_frame(avatar, REST, avatar.camera)
    assert psnr(frame, portrait.rgb, portrait.alpha) >= 32
    assert psnr(frame, portrait.rgb, 1 - portrait.alpha) >= 30
    assert (frame[..., 3] == 1).all()


def test_a_transparent_view_over_the_plate_is_the_portrait(avatar: LiftAvatar, portrait: Portrait) -> None:
    frame = render_frame(avatar, REST, avatar.camera, "transparent")
    color, alpha = frame[..., :3], frame[..., 3:]
    assert psnr(alpha * color + (1 - alpha) * portrait.plate, portrait.rgb, portrait.alpha) >= 32
    assert np.abs(alpha[..., 0] - portrait.alpha).mean() < 0.02


def test_a_smaller_own_view_is_the_smaller_portrait(avatar: LiftAvatar, portrait: Portrait) -> None:
    camera = avatar.camera.fitted(380)
    frame = render_frame(avatar, REST, camera)
    size = (camera.width, camera.height)
    wanted = cv2.resize(portrait.rgb, size, interpolation=cv2.INTER_AREA)
    assert psnr(frame, wanted, cv2.resize(portrait.alpha, size, interpolation=cv2.INTER_AREA)) >= 28


def test_previews_are_heads_coarse_first_and_better_by_and_by(
    avatar: LiftAvatar, reports: list[Progress], portrait: Portrait
) -> None:
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    previews = [report.preview for report in reports if report.preview is not None]
    assert len(previews) >= 3
    likeness = []
    for preview in previews:
        assert isinstance(preview, LiftAvatar)
        frame = render_frame(preview, Motion.arkit(jawOpen=0.5), from_side(preview, 10, preview.camera.fitted(160)))
        assert np.isfinite(frame).all()
        assert frame.std() > 0.05
        likeness.append(psnr(render_frame(preview, REST, preview.camera), portrait.rgb, portrait.alpha))
    assert len(previews[0]) < len(previews[1]) / 3
    assert likeness[0] > 17
    assert likeness[0] < likeness[1] <= likeness[2] < likeness[-1]
    # Steps fitted at another size, and to the head's own outline, may cost this view a little.
    assert likeness[-1] > max(likeness) - 1


@pytest.mark.parametrize("yaw", [-30, 30])
def test_a_turned_head_has_no_holes(avatar: LiftAvatar, yaw: float) -> None:
    camera = from_side(avatar, yaw)
    alpha = render_frame(avatar, REST, camera, "transparent")[..., 3]
    # The head down to the chin; the silhouette's own notches count as outside.
    chin = avatar.camera.project(avatar.rig.vertices[CHIN : CHIN + 1])[0, 1]
    silhouette = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((25, 25)))[: int(chin)]
    inside = distance_inside(silhouette > 0) > 8
    assert inside.sum() > 50_000
    assert (alpha[: int(chin)][inside] < 0.9).mean() < 0.002


@pytest.mark.parametrize("yaw", [-30, -15, 15, 30])
def test_a_turn_is_found_as_asked(avatar: LiftAvatar, yaw: float) -> None:
    own = found_yaw(render_frame(avatar, REST, avatar.camera), avatar.camera)
    camera = from_side(avatar, yaw)
    # The tracker finds large turns small, and a refinement's last bits depend on how its kernels were compiled.
    share = (found_yaw(render_frame(avatar, REST, camera), camera) - own) / yaw
    assert 0.6 < share < 1.3


def test_a_head_knows_where_it_is(avatar: LiftAvatar, portrait: Portrait) -> None:
    x0, y0, x1, y1 = avatar.head_box
    height, width = portrait.alpha.shape
    assert (avatar.camera.width, avatar.camera.height) == (width, height)
    assert 0 <= x0 < portrait.landmarks[:468, 0].min() + 5
    assert portrait.landmarks[:468, 0].max() - 5 < x1 <= width
    assert 0 <= y0 < portrait.landmarks[:468, 1].min()  # hair
    assert y1 == pytest.approx(portrait.landmarks[:468, 1].max(), abs=1)
    x, y, _ = avatar.camera.project(avatar.pivot[None])[0]
    assert x0 < x < x1
    assert y0 < y < y1


def test_what_was_asked_is_kept(avatar: LiftAvatar, portrait: Portrait) -> None:
    assert (avatar.name, avatar.engine, avatar.motion_space) == ("astronaut", "lift", "arkit")
    assert avatar.consent == Consent(True, "public domain", "2026-01-01T00:00:00+00:00")
    assert avatar.notes == portrait.notes
    assert avatar.thumbnail.dtype == np.uint8
    assert avatar.thumbnail.ndim == 3
    assert avatar.thumbnail.std() > 20
    seen = avatar.pose(REST, avatar.camera).seen
    assert seen is not None
    assert 0.5 < seen.mean() < 1


def test_two_builds_are_equal(small_portrait: Portrait, small_avatar: LiftAvatar) -> None:
    again = run(LiftEngine().reconstruct(small_portrait, seed=7, consent=small_avatar.consent))
    one, other = small_avatar.state(), again.state()
    assert one.meta == other.meta
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], err_msg=name)


@pytest.mark.parametrize("reports_read", [0, 1, 2, 4])
def test_closing_a_build_half_way_is_clean(small_portrait: Portrait, reports_read: int) -> None:
    job = LiftEngine().reconstruct(small_portrait)
    for _ in range(reports_read):
        next(job)
    job.close()
    with pytest.raises(StopIteration):
        next(job)


def test_a_portrait_whose_person_fills_it_is_built(small_portrait: Portrait) -> None:
    full = replace(small_portrait, alpha=np.ones_like(small_portrait.alpha), foreground=small_portrait.rgb)
    avatar = run(LiftEngine().reconstruct(full))
    frame = render_frame(avatar, REST, avatar.camera, "transparent")
    assert psnr(frame, full.rgb, full.alpha) > 28
    assert frame[8:-8, 8:-8, 3].min() > 0.9
