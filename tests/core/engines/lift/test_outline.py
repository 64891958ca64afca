"""The person's edge: as wide as the matte, so that fitted colours need not make up for it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.outline import held_in, with_own_outline
from studio.core.engines.lift.posing import surfel_axes
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside
from studio.core.perception.portrait import Portrait, refine_matte
from studio.core.render.rasterize import rasterize


@pytest.fixture(scope="module")
def alpha(small_avatar: LiftAvatar) -> NDArray[np.float32]:
    """Return the head's alpha in the portrait's view ``[H,W]``."""
    camera = small_avatar.camera
    return rasterize(small_avatar.pose(Motion.neutral(), camera), camera).alpha[..., 0]


def test_the_edge_is_as_wide_as_the_matte(small_portrait: Portrait, alpha: NDArray[np.float32]) -> None:
    matte = refine_matte(small_portrait).alpha
    outwards = distance_inside(matte < 0.5)
    for pixels in (1, 2):
        beside = np.round(outwards) == pixels
        assert alpha[beside].mean() < matte[beside].mean() + 0.15
    assert alpha[distance_inside(matte > 0.9) > 4].min() > 0.97


def test_colours_are_fitted_to_what_the_edge_can_show(small_portrait: Portrait, small_avatar: LiftAvatar) -> None:
    detailed = np.zeros(small_portrait.alpha.shape, bool)
    detailed[: len(detailed) // 2] = True
    own = with_own_outline(small_portrait, small_avatar, detailed)
    np.testing.assert_array_equal(own.rgb[detailed], small_portrait.rgb[detailed])
    inwards = distance_inside(small_portrait.alpha > 0.5)
    inside = inwards > 4 * max(1.0, small_portrait.scale)
    np.testing.assert_array_equal(own.rgb[inside], small_portrait.rgb[inside])
    assert (own.rgb != small_portrait.rgb)[~inside].any()
    far = (small_portrait.alpha < 1e-3) & ~detailed
    np.testing.assert_allclose(own.rgb[far], small_portrait.plate[far], atol=0.2)


def test_what_is_not_seen_is_held_in_at_the_matte(small_portrait: Portrait) -> None:
    """Beside a gap as narrow as that between a neck and a collar, too: its ends lie on the person again."""
    pose = small_portrait.pose
    height, width = small_portrait.alpha.shape
    gap = slice(width // 2, width // 2 + width // 20)
    solid = np.ones((height, width), np.float32)
    solid[: height // 2, gap] = 0
    portrait = replace(small_portrait, alpha=solid)
    away = np.arange(2, width // 4, 4)
    pixels = np.column_stack([gap.start - away, np.full(len(away), height // 3)])
    points = pose.lift(pixels, np.zeros(len(away)))
    across, along = 0.06 * width * pose.px * pose.camera.world_to_camera[:2, :3]
    slanted = np.broadcast_to(np.stack([across + along, along]), (len(away), 2, 3))
    held = held_in(portrait, pose, points, slanted)

    def covered(tangents: NDArray) -> NDArray[np.float32]:
        quats, scales = surfel_axes(tangents.astype(np.float32), np.full(len(tangents), 1e-4, np.float32))
        full = np.ones(len(tangents), np.float32)
        gaussians = Gaussians(points.astype(np.float32), quats, scales, full, np.ones((len(tangents), 3), np.float32))
        return rasterize(gaussians, pose.camera).alpha[..., 0][solid == 0]

    assert covered(slanted).max() > 0.5
    assert covered(held).max() < 0.2
    np.testing.assert_array_equal(held[-1], slanted[-1].astype(np.float32))
    assert (np.linalg.norm(held, axis=2) > 0).all()
