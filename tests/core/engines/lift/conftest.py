"""Avatars built once: one as the product builds it, one small for tests that need several builds."""

from dataclasses import replace

import numpy as np
import pytest
from lift_trials import build
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.jobs import Progress
from studio.core.perception.masks import resized
from studio.core.perception.portrait import Portrait


@pytest.fixture(scope="session")
def reports() -> list[Progress]:
    """Return what building `avatar` reported (request `avatar` as well)."""
    return []


@pytest.fixture(scope="session")
def avatar(portrait: Portrait, reports: list[Progress]) -> LiftAvatar:
    """Return the sample's head."""
    return build(portrait, reports)


@pytest.fixture(scope="session")
def small_portrait(portrait: Portrait) -> Portrait:
    """Return the sample at half its size."""
    height, width = (side // 2 for side in portrait.alpha.shape)
    stretch = np.array([width / portrait.alpha.shape[1], height / portrait.alpha.shape[0], 0.5], np.float32)

    def half(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip(resized(picture, width, height), 0, 1)

    return replace(
        portrait,
        rgb=half(portrait.rgb),
        alpha=half(portrait.alpha),
        plate=half(portrait.plate),
        foreground=half(portrait.foreground),
        landmarks=(portrait.landmarks * stretch).astype(np.float32),
    )


@pytest.fixture(scope="session")
def small_avatar(small_portrait: Portrait) -> LiftAvatar:
    """Return the small sample's head."""
    return build(small_portrait)
