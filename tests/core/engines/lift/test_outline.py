"""The person's edge: as wide as the matte, so that fitted colours need not make up for it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.outline import with_own_outline
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
