"""Glasses are told from faces, and stay put while the face under them moves."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from lift_trials import build
from numpy.typing import NDArray

from studio.core.avatar import render_frame
from studio.core.engines.lift.glasses import find_glasses
from studio.core.heads.anatomy import BROW, CHEEK, eye_centres
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait

FRAME = np.array([0.08, 0.06, 0.05], np.float32)


def frame_on(portrait: Portrait) -> NDArray[np.bool_]:
    """Draw a frame with round lenses ``[H,W]`` where the portrait's eyes are."""
    right, left = eye_centres(portrait.landmarks[:, :2].astype(np.float64))
    across = left - right
    unit = float(np.linalg.norm(across))
    drawn = np.zeros(portrait.alpha.shape, np.uint8)
    width = max(2, round(0.05 * unit))
    for eye in (right, left):
        centre = eye + 0.06 * np.array([-across[1], across[0]])
        cv2.circle(drawn, (round(centre[0]), round(centre[1])), round(0.36 * unit), (1,), width)
    start, end = (np.round(eye + side * 0.36 * across).astype(int) for eye, side in ((right, 1), (left, -1)))
    cv2.line(drawn, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), (1,), width)
    return drawn > 0


@pytest.fixture(scope="module")
def drawn(small_portrait: Portrait) -> NDArray[np.bool_]:
    return frame_on(small_portrait)


@pytest.fixture(scope="module")
def wearer(small_portrait: Portrait, drawn: NDArray[np.bool_]) -> Portrait:
    def worn(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(drawn[..., None], FRAME, picture)

    return replace(small_portrait, rgb=worn(small_portrait.rgb), foreground=worn(small_portrait.foreground))


def test_a_face_without_glasses_has_none(small_portrait: Portrait) -> None:
    assert find_glasses(small_portrait) is None


def test_a_frame_is_found_and_taken_off(wearer: Portrait, small_portrait: Portrait, drawn: NDArray[np.bool_]) -> None:
    glasses = find_glasses(wearer)
    assert glasses is not None
    assert glasses.mask[drawn].mean() > 0.95
    assert (glasses.mask & ~drawn).sum() < 1.5 * drawn.sum()
    bare = np.abs(glasses.bare.rgb - small_portrait.rgb).mean(-1)[drawn].mean()
    assert bare < 0.3 * np.abs(wearer.rgb - small_portrait.rgb).mean(-1)[drawn].mean()


@pytest.mark.parametrize("channels", [{"browInnerUp": 1.0}, {"cheekSquintLeft": 1.0, "mouthSmileLeft": 0.8}])
def test_a_frame_stays_while_the_face_moves(
    wearer: Portrait, drawn: NDArray[np.bool_], channels: dict[str, float]
) -> None:
    avatar = build(wearer)
    rest = render_frame(avatar, Motion.neutral(), avatar.camera)[..., :3]
    moved = render_frame(avatar, Motion.arkit(0.0, None, **channels), avatar.camera)[..., :3]
    change = np.abs(moved - rest).max(-1)
    core = cv2.erode(drawn.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert np.percentile(change[core], 95) < 0.06
    column, row = wearer.landmarks[[BROW["Left"][1], CHEEK["Left"]], :2].astype(int).T
    assert max(change[r - 8 : r + 8, c - 8 : c + 8].max() for r, c in zip(row, column, strict=True)) > 0.06
