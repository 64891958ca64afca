"""What is inside a mouth stays inside, however little room there is, and a mouth wide open keeps what it shows."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.engines.lift.mouth import build_mouth
from studio.core.engines.lift.openings import find_openings
from studio.core.engines.lift.relief import Relief, lifted_landmarks, solve_relief
from studio.core.engines.lift.rig import Part
from studio.core.engines.lift.unseen_skin import completed_landmarks
from studio.core.heads.anatomy import LOWER_LIP_INNER, to_face, to_head
from studio.core.heads.full import FullHead
from studio.core.heads.shapes import FaceShapes
from studio.core.perception.masks import grown
from studio.core.perception.portrait import Portrait


@pytest.fixture(scope="module")
def relief(small_portrait: Portrait) -> Relief:
    whole = FullHead(completed_landmarks(lifted_landmarks(small_portrait), small_portrait.pose))
    return solve_relief(small_portrait, whole, small_portrait.regions)


def shapes_of(portrait: Portrait, relief: Relief) -> FaceShapes:
    pixels = portrait.landmarks[:, :2]
    return FaceShapes(to_face(portrait.pose.lift(pixels, relief.at(pixels))))


def mouth_of(portrait: Portrait, relief: Relief) -> list[Part]:
    shapes = shapes_of(portrait, relief)
    return build_mouth(portrait, portrait.pose, relief, shapes, find_openings(portrait, shapes, portrait.pose))


def before_skin(portrait: Portrait, relief: Relief, parts: list[Part], beside: NDArray[np.bool_]) -> int:
    """Count points of `parts` that lie more than a pixel before the skin, but for those in `beside` ``[H,W]``."""
    pose, count = portrait.pose, 0
    for part in parts:
        projected = pose.camera.project(to_head(part.points))
        near = (pose.distance - projected[:, 2]) / pose.px
        column, row = projected[:, :2].astype(int).T
        count += int(((near > relief.at(projected[:, :2]) + 1) & ~beside[row, column]).sum())
    return count


def test_a_mouth_under_a_receding_chin_stays_behind_the_skin(small_portrait: Portrait, relief: Relief) -> None:
    lip = small_portrait.landmarks[17, 1]
    below = np.maximum(np.arange(len(relief.nearness)) + 0.5 - lip, 0)[:, None]
    receding = replace(relief, nearness=(relief.nearness - 3 * below).astype(np.float32))
    open_mouth = grown(find_openings(small_portrait, shapes_of(small_portrait, relief), small_portrait.pose).mouth, 9)
    usual, cramped = mouth_of(small_portrait, relief), mouth_of(small_portrait, receding)
    assert sum(len(part.points) for part in cramped) < sum(len(part.points) for part in usual)
    assert before_skin(small_portrait, receding, cramped, open_mouth) == 0
    # The same mouth, made for more room, would come through.
    assert before_skin(small_portrait, receding, usual, open_mouth) > 100


def test_a_mouth_wide_open_shows_its_own_inside(small_portrait: Portrait, relief: Relief) -> None:
    landmarks = small_portrait.landmarks.copy()
    landmarks[LOWER_LIP_INNER[2:-2], 1] += 0.25 * np.ptp(landmarks[:468, 0])
    wide = replace(small_portrait, landmarks=landmarks)
    shown = mouth_of(wide, relief)[-1]
    assert shown.seen
    jaw = np.asarray(shown.jaw)
    upper, lower = shown.points[jaw == 0], shown.points[jaw == 1]
    assert len(upper) > 50
    assert len(lower) > 50
    assert upper[:, 1].mean() < lower[:, 1].mean()
