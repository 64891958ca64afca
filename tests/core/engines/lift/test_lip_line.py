"""Where closed lips meet: a dark line in a picture, beside where the landmarks have it."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.lip_line import with_lip_line
from studio.core.heads.anatomy import LIPS_OUTER, LOWER_LIP_INNER, UPPER_LID, UPPER_LIP_INNER, eye_centres, to_face
from studio.core.heads.template import mean_landmarks
from studio.core.perception.portrait import Portrait

SIZE = 256


def drawn(gap: float, off: float) -> tuple[Portrait, NDArray[np.float64]]:
    """Return a face whose lips are `gap` interocular distances apart and a dark line `off` px below their middle."""
    face = to_face(mean_landmarks())
    face[UPPER_LIP_INNER, 1] = face[LOWER_LIP_INNER, 1] = face[UPPER_LIP_INNER + LOWER_LIP_INNER, 1].mean()
    face[LOWER_LIP_INNER[1:-1], 1] += gap
    unit = 90.0 / np.linalg.norm(np.subtract(*eye_centres(face)))
    points = (face * unit + [SIZE / 2, SIZE / 3, 0]).astype(np.float32)
    line = 0.5 * (points[UPPER_LIP_INNER, :2] + points[LOWER_LIP_INNER, :2]) + np.array([0, off], np.float32)
    rgb = np.full((SIZE, SIZE, 3), 0.7, np.float32)
    cv2.polylines(rgb, [np.round(line * 16 - 8).astype(np.int32)], False, (0.1, 0.1, 0.1), 2, cv2.LINE_AA, shift=4)
    blank = np.ones((SIZE, SIZE), np.float32)
    return Portrait(rgb, blank, points, rgb, rgb, rgb), line.astype(np.float64)


def middle(portrait: Portrait) -> NDArray[np.float32]:
    return 0.5 * (portrait.landmarks[UPPER_LIP_INNER, :2] + portrait.landmarks[LOWER_LIP_INNER, :2])


def test_lips_meet_on_the_dark_line_above_or_below_and_nothing_else_moves_far() -> None:
    for off in (-3.0, 3.0):
        portrait, line = drawn(0.01, off)
        found = with_lip_line(portrait)
        np.testing.assert_allclose(middle(found)[2:-2], line[2:-2], atol=1.0)
        moved = np.linalg.norm((found.landmarks - portrait.landmarks)[:, :2], axis=1)
        assert moved.max() < 4.0
        assert moved[UPPER_LID["Left"] + UPPER_LID["Right"]].max() < 0.01
        # The outer lips go along in part, in order.
        assert moved[LIPS_OUTER].max() < moved[UPPER_LIP_INNER].max()
        upper, lower = found.landmarks[[0, 13], 1], found.landmarks[[14, 17], 1]
        assert upper[0] < upper[1] < lower[1]
        assert lower[0] < lower[1]


def test_parted_lips_stay_as_they_are() -> None:
    portrait, _ = drawn(0.08, 3.0)
    assert with_lip_line(portrait) is portrait


def test_without_a_line_the_landmarks_hold() -> None:
    portrait, _ = drawn(0.01, 0.0)
    plain = replace(portrait, rgb=np.full((SIZE, SIZE, 3), 0.6, np.float32))
    np.testing.assert_allclose(with_lip_line(plain).landmarks, plain.landmarks, atol=0.5)
