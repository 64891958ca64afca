"""Eyes whose surface runs away from the camera stay closed surfaces."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.engines.lift.eyes import build_eyes
from studio.core.engines.lift.openings import find_openings
from studio.core.engines.lift.relief import Relief, lifted_landmarks, solve_relief
from studio.core.engines.lift.rig import Part
from studio.core.heads.anatomy import INTEROCULAR, to_face
from studio.core.heads.full import FullHead
from studio.core.heads.shapes import FaceShapes
from studio.core.perception.portrait import Portrait


@pytest.fixture(scope="module")
def relief(small_portrait: Portrait) -> Relief:
    return solve_relief(small_portrait, FullHead(lifted_landmarks(small_portrait)), small_portrait.regions)


def eyes_of(portrait: Portrait, relief: Relief, slope: float) -> list[Part]:
    """Return the parts of both eyes on a face that recedes `slope` px per px across the picture."""
    away = slope * (np.arange(relief.nearness.shape[1]) - portrait.landmarks[468, 0])
    steep = replace(relief, nearness=(relief.nearness - away).astype(np.float32))
    pixels = portrait.landmarks[:, :2]
    shapes = FaceShapes(to_face(portrait.pose.lift(pixels, relief.at(pixels))))
    return build_eyes(portrait, portrait.pose, steep, shapes, find_openings(portrait, shapes, portrait.pose))


def furthest_apart(part: Part) -> float:
    """Return how far apart the points of most of a part are, over their size."""
    return float(np.percentile(KDTree(part.points).query(part.points, 5)[0][:, 4], 90) / np.max(part.size))


@pytest.mark.parametrize("slope", [-1.6, 1.6])
def test_a_far_eye_does_not_come_apart(small_portrait: Portrait, relief: Relief, slope: float) -> None:
    facing, far = eyes_of(small_portrait, relief, 0), eyes_of(small_portrait, relief, slope)
    for white in (0, 1):
        assert furthest_apart(far[white]) < 1.3 * furthest_apart(facing[white])


def test_an_eye_that_faces_the_camera_has_one_point_to_a_pixel(small_portrait: Portrait, relief: Relief) -> None:
    white = eyes_of(small_portrait, relief, 0)[0]
    px = small_portrait.pose.px / INTEROCULAR
    apart: NDArray[np.float64] = KDTree(white.points[:, :2]).query(white.points[:, :2], 2)[0][:, 1] / px
    assert 0.85 < np.median(apart) < 1.15
