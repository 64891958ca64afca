"""What each of the 52 shapes moves on the mean head, where to, and what it leaves alone.

Lengths are interocular distances in the face frame: x to the head's left, y down, z out.
"""

from functools import lru_cache

import numpy as np
import pytest

from studio.core.heads.anatomy import (
    BROW,
    BROW_INNER,
    BROW_OUTER,
    CHEEK,
    CHIN,
    FOREHEAD,
    LIPS_OUTER,
    LOWER_CHEEK,
    LOWER_LID,
    LOWER_LIP_INNER,
    MOUTH_CORNER_LEFT,
    MOUTH_CORNER_RIGHT,
    NOSE_WING,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    to_face,
    to_head,
)
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import HeadParams
from studio.core.heads.shapes import CLOSED_GAP
from studio.core.heads.template import TemplateHead, lip_side, mean_landmarks

UPPER_LIP, LOWER_LIP, NOSE_TIP = 0, 17, 1
CORNER = {"Right": MOUTH_CORNER_RIGHT, "Left": MOUTH_CORNER_LEFT}
UPPER_LIP_HALF = {"Right": 37, "Left": 267}
LOWER_LIP_HALF = {"Right": 84, "Left": 314}
LID_TOP = {"Right": UPPER_LID["Right"][4], "Left": UPPER_LID["Left"][4]}
LID_BOTTOM = {"Right": LOWER_LID["Right"][4], "Left": LOWER_LID["Left"][4]}

# A shape in halves: what it moves on its own side, and the least way along x (outwards), y (down) and z; None is free.
HALVES: dict[str, list] = {
    "eyeBlink": [(LID_TOP, (None, 0.10, None)), (LID_BOTTOM, (None, -0.01, None))],
    "eyeLookDown": [(LID_TOP, (None, 0.03, None))],
    "eyeLookUp": [(LID_TOP, (None, -0.01, None))],
    "eyeLookIn": [],  # the iris moves, the skin does not
    "eyeLookOut": [],
    "eyeSquint": [(LID_BOTTOM, (None, -0.03, None)), (LID_TOP, (None, 0.01, None))],
    "eyeWide": [(LID_TOP, (None, -0.02, None))],
    "mouthSmile": [(CORNER, (0.05, -0.05, -0.02)), (LOWER_CHEEK, (0.01, -0.03, 0.02))],
    "mouthFrown": [(CORNER, (None, 0.06, None))],
    "mouthDimple": [(CORNER, (0.04, None, -0.04))],
    "mouthStretch": [(CORNER, (0.06, None, None))],
    "mouthPress": [(UPPER_LIP_HALF, (None, 0.005, -0.005)), (LOWER_LIP_HALF, (None, -0.005, -0.005))],
    "mouthLowerDown": [(LOWER_LIP_HALF, (None, 0.04, None))],
    "mouthUpperUp": [(UPPER_LIP_HALF, (None, -0.03, None))],
    "browDown": [(BROW_INNER, (-0.02, 0.05, None)), (BROW_OUTER, (None, 0.04, None))],
    "browOuterUp": [(BROW_OUTER, (None, -0.08, None))],
    "cheekSquint": [(CHEEK, (None, -0.03, 0.01))],
    "noseSneer": [(NOSE_WING, (None, -0.03, None))],
}

# A shape of the whole face: landmark and least way along x (to the head's left), y and z.
WHOLE: dict[str, list] = {
    "jawForward": [(CHIN, (None, None, 0.05))],
    "jawLeft": [(CHIN, (0.05, None, None))],
    "jawRight": [(CHIN, (-0.05, None, None))],
    "jawOpen": [(CHIN, (None, 0.25, -0.25)), (LOWER_LIP, (None, 0.25, None))],
    "mouthClose": [],  # closes what the jaw opened, and nothing by itself
    "mouthFunnel": [
        (MOUTH_CORNER_LEFT, (-0.03, None, None)),
        (MOUTH_CORNER_RIGHT, (0.03, None, None)),
        (UPPER_LIP, (None, -0.02, 0.05)),
        (LOWER_LIP, (None, 0.02, 0.05)),
    ],
    "mouthPucker": [
        (MOUTH_CORNER_LEFT, (-0.05, None, None)),
        (MOUTH_CORNER_RIGHT, (0.05, None, None)),
        (UPPER_LIP, (None, None, 0.05)),
        (LOWER_LIP, (None, None, 0.05)),
    ],
    "mouthLeft": [(UPPER_LIP, (0.08, None, None)), (LOWER_LIP, (0.08, None, None))],
    "mouthRight": [(UPPER_LIP, (-0.08, None, None)), (LOWER_LIP, (-0.08, None, None))],
    "mouthRollLower": [(LOWER_LIP, (None, -0.02, -0.03))],
    "mouthRollUpper": [(UPPER_LIP, (None, 0.01, -0.02))],
    "mouthShrugLower": [(LOWER_LIP, (None, -0.04, 0.02)), (CHIN, (None, -0.01, None))],
    "mouthShrugUpper": [(UPPER_LIP, (None, -0.02, 0.01))],
    "browInnerUp": [(55, (None, -0.08, None)), (285, (None, -0.08, None))],
    "cheekPuff": [(LOWER_CHEEK["Left"], (0.05, None, 0.05)), (LOWER_CHEEK["Right"], (-0.05, None, 0.05))],
    "tongueOut": [(LOWER_LIP, (None, 0.01, None))],
}

MOUTH = [*LIPS_OUTER, CHIN]
EYES = {side: UPPER_LID[side] + LOWER_LID[side] for side in SIDES}
BROWS = BROW["Left"] + BROW["Right"]
UPPER_LIDS = UPPER_LID["Left"] + UPPER_LID["Right"]
OTHER = {"Left": "Right", "Right": "Left"}
# A hundredth of the distance between the eyes is 0.6 mm.
STILL = 0.01


@lru_cache(maxsize=1)
def mean_head() -> TemplateHead:
    return TemplateHead(mean_landmarks())


def moved(**channels: float) -> np.ndarray:
    """Return how far the landmarks ``[478,3]`` of the mean head move."""
    return landmarks(**channels) - landmarks()


def landmarks(**channels: float) -> np.ndarray:
    expression = np.zeros(52, np.float32)
    for name, value in channels.items():
        expression[ARKIT_INDEX[name]] = value
    zero = np.zeros(3, np.float32)
    return to_face(mean_head().vertices(HeadParams(zero, expression, zero, zero)))[:478]


def assert_moves(way: np.ndarray, least: tuple[float | None, ...]) -> None:
    for axis, amount, want in zip("xyz", way, least, strict=True):
        if want is not None:
            assert amount * np.sign(want) >= abs(want), f"{axis}: {amount:.3f}"


def assert_still(way: np.ndarray) -> None:
    assert np.abs(way).max() < STILL


def test_the_tables_cover_every_channel() -> None:
    halves = {shape + side for shape in HALVES for side in SIDES}
    assert halves | set(WHOLE) == set(ARKIT_NAMES)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("shape", HALVES)
def test_a_half_shape_moves_its_own_side(shape: str, side: str) -> None:
    way = moved(**{shape + side: 1.0})
    for landmark, least in HALVES[shape]:
        assert_moves(way[landmark[side]] * [SIDES[side], 1, 1], least)
    other = OTHER[side]
    assert_still(way[EYES[other]])
    assert_still(way[[CORNER[other], CHEEK[other], LOWER_CHEEK[other], NOSE_WING[other], *BROW[other], FOREHEAD]])
    if shape.startswith("mouth"):
        assert_still(way[UPPER_LIDS + BROWS])
    elif shape == "noseSneer":  # lifts the upper lip with the wing
        assert_still(way[[LOWER_LIP, CHIN]])
    else:
        assert_still(way[MOUTH])


@pytest.mark.parametrize("shape", WHOLE)
def test_a_whole_shape_moves_what_it_should(shape: str) -> None:
    way = moved(**{shape: 1.0})
    for landmark, least in WHOLE[shape]:
        assert_moves(way[landmark], least)
    assert_still(way[FOREHEAD])
    if shape.startswith("brow"):
        assert_still(way[[*MOUTH, NOSE_TIP, *LOWER_LID["Left"], *LOWER_LID["Right"]]])
    else:
        assert_still(way[UPPER_LIDS + BROWS])
    if shape.startswith("jaw"):
        assert_still(way[[NOSE_TIP, *EYES["Left"], *EYES["Right"]]])


def test_a_quarter_of_a_shape_is_a_quarter_of_the_way() -> None:
    np.testing.assert_allclose(moved(mouthSmileLeft=0.25), 0.25 * moved(mouthSmileLeft=1), atol=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_a_blink_closes_the_upper_lid_onto_the_lower_one(side: str) -> None:
    rest, shut = landmarks(), landmarks(**{f"eyeBlink{side}": 1.0})
    upper, lower = UPPER_LID[side][1:-1], LOWER_LID[side][1:-1]
    opening = rest[lower, 1] - rest[upper, 1]
    left_open = shut[lower, 1] - shut[upper, 1]
    assert (np.abs(left_open) < 0.15 * opening.max()).all()


def lip_gap(points: np.ndarray) -> np.ndarray:
    """Return the opening between the inner lips, ``[9]`` from the right corner to the left."""
    return points[LOWER_LIP_INNER[1:-1], 1] - points[UPPER_LIP_INNER[1:-1], 1]


def test_the_jaw_parts_the_lips_and_mouth_close_brings_them_together() -> None:
    rest, parted = lip_gap(landmarks()), lip_gap(landmarks(jawOpen=0.6))
    closed = lip_gap(landmarks(jawOpen=0.6, mouthClose=0.6))
    assert (parted - rest > 0.1).all()
    assert parted[4] == parted.max()  # widest in the middle
    assert (np.abs(closed - rest) < 0.15 * parted.max()).all()
    # The jaw stays down.
    np.testing.assert_allclose(landmarks(jawOpen=0.6, mouthClose=0.6)[CHIN], landmarks(jawOpen=0.6)[CHIN], atol=0.1)


@pytest.mark.parametrize("jaw", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("close", [0.3, 1.0])
def test_lips_never_pass_through_each_other(jaw: float, close: float) -> None:
    gap = lip_gap(landmarks(jawOpen=jaw, mouthClose=close))
    assert gap.min() > min(lip_gap(landmarks()).min(), 0) - 0.01


def test_a_mouth_open_in_the_portrait_can_be_closed() -> None:
    face = to_face(mean_landmarks())
    face[LOWER_LIP_INNER[1:-1], 1] += 0.2 * np.sin(np.linspace(0.3, np.pi - 0.3, 9))
    head = TemplateHead(to_head(face))
    assert head.shapes.gap > CLOSED_GAP
    expression = np.zeros(52, np.float32)
    expression[ARKIT_INDEX["mouthClose"]] = 1
    zero = np.zeros(3, np.float32)
    shut = to_face(head.vertices(HeadParams(zero, expression, zero, zero)))
    assert lip_gap(face).max() > 0.15
    assert np.abs(lip_gap(shut)).max() < 0.25 * lip_gap(face).max()


@pytest.mark.parametrize("shape", [*(shape + "Left" for shape in HALVES), *WHOLE])
def test_left_mirrors_right(shape: str) -> None:
    head = mean_head()
    face = to_face(head.neutral)
    side = lip_side(face, head.shapes.landmarks)
    partner = shape.replace("Left", "right").replace("Right", "Left").replace("right", "Right")
    left = head.shapes.skin(face, side)[shape]
    right = head.shapes.skin(face * [-1, 1, 1], side)[partner] * [-1, 1, 1]
    # The mean face itself is symmetric to within a hundredth.
    assert np.abs(left - right).max() <= 0.08 * np.abs(left).max() + 1e-12


def test_the_two_lips_are_cut_apart() -> None:
    face = to_face(mean_landmarks())
    side = lip_side(face, face)
    assert (side[[UPPER_LIP, NOSE_TIP, FOREHEAD]] == -1).all()
    assert (side[[LOWER_LIP, CHIN]] == 1).all()
