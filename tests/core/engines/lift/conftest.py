"""Avatars built once: one as the product builds it, one small for tests that need several builds."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from lift_trials import build
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.jobs import Progress
from studio.core.motion.motion import Motion
from studio.core.motion.poses import placement_of
from studio.core.motion.track import Track
from studio.core.perception.masks import resized
from studio.core.perception.portrait import Portrait
from studio.core.tracking.avatar_face import find_rest_face
from studio.core.tracking.face_model import canonical
from studio.core.tracking.placing import rigid_fit

_FRAMES = 12


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


@pytest.fixture(scope="session")
def track(small_avatar: LiftAvatar) -> Track:
    """Return a second in which the head turns and the jaw opens, as a tracker would tell it."""
    points = find_rest_face(small_avatar).points
    rest = canonical(points)
    home = rigid_fit(rest, points)
    times, part = np.arange(_FRAMES) / 12, np.linspace(0, 1, _FRAMES)
    placement = np.empty((_FRAMES, 6))
    code = np.zeros((_FRAMES, 52), np.float32)
    for i in range(_FRAMES):
        turn = np.eye(4)
        angle = 0.25 * np.sin(5 * part[i])
        turn[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
        seen = small_avatar.camera.world_to_camera @ home @ turn
        placement[i] = placement_of(seen[:3, :3], seen[:3, 3])
        code[i, 17] = 0.5 * part[i]
    motion = Motion("arkit", times, code, np.zeros((_FRAMES, 6), np.float32), np.ones(_FRAMES, np.float32))
    size = (small_avatar.camera.width, small_avatar.camera.height)
    return Track(
        motion, placement, np.zeros((_FRAMES, 4)), rest, float(small_avatar.camera.K[0, 0]), *size, Fraction(12)
    )
