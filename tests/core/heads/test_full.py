"""The whole head: a closed skin, parts in their places, joints, lids that cover the eyes, and whose head it is."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import KDTree

from studio.core.heads.anatomy import (
    CHIN,
    INTEROCULAR,
    LIPS_OUTER,
    LOWER_LID,
    NOSE_WING,
    SIDES,
    UPPER_LID,
    eye_centres,
    to_face,
    to_head,
)
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.full import FULL_SHAPES, JOINTS, PARTS, FullHead, full_weights
from studio.core.heads.head import HeadParams
from studio.core.heads.template import TemplateHead, mean_landmarks

N_LANDMARKS = 468
LOWER_LIP_MIDDLE = 17


@lru_cache(maxsize=1)
def mean_head() -> FullHead:
    return FullHead()


def params(**channels: float) -> HeadParams:
    expression = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in channels.items():
        expression[ARKIT_INDEX[name]] = value
    zero = np.zeros(3, np.float32)
    return HeadParams(zero, expression, zero, zero)


def both(name: str, value: float = 1.0) -> dict[str, float]:
    return {name + side: value for side in SIDES}


def posed(head: FullHead, **channels: float) -> np.ndarray:
    """Return the posed vertices in the face frame."""
    return to_face(head.vertices(params(**channels)))


def faces_of(head: FullHead, part: str) -> np.ndarray:
    return head.faces[(head.part[head.faces] == PARTS.index(part)).all(1)]


def edge_counts(faces: np.ndarray) -> np.ndarray:
    """Return directed edges ``[E,2]`` that have no opposite, checking that none occurs twice."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    directed = set(map(tuple, edges.tolist()))
    assert len(directed) == len(edges), "two triangles run along one edge the same way"
    return np.array([(a, b) for a, b in directed if (b, a) not in directed]).reshape(-1, 2)


def loops(edges: np.ndarray) -> list[list[int]]:
    following = dict(edges.tolist())
    assert len(following) == len(edges), "openings touch"
    found = []
    while following:
        loop = [next(iter(following))]
        while (after := following.pop(loop[-1])) != loop[0]:
            loop.append(after)
        found.append(loop)
    return found


def volume(points: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = np.moveaxis(points[faces], 1, 0)
    return float((np.cross(a, b) * c).sum() / 6)


def test_every_vertex_has_its_part_and_every_triangle_one_part() -> None:
    head = mean_head()
    assert len(head.neutral) == len(head.uv) == len(head.part) >= 6000
    assert (np.bincount(head.part, minlength=len(PARTS)) > 0).all()
    assert (np.diff(head.part) >= 0).all()
    assert (np.ptp(head.part[head.faces], axis=1) == 0).all()
    assert np.unique(head.faces).size == len(head.neutral)


def test_the_skin_is_closed_but_for_eyes_lips_and_the_bust() -> None:
    head = mean_head()
    found = loops(edge_counts(faces_of(head, "skin")))
    middles = sorted((to_face(head.neutral[loop]).mean(0).round(1).tolist() for loop in found), key=lambda m: m[1])
    assert len(found) == 4
    left, right = eye_centres(to_face(mean_landmarks()))[::-1]
    eyes = sorted(middles[:2])
    np.testing.assert_allclose(eyes[0][:2], right[:2], atol=0.1)
    np.testing.assert_allclose(eyes[1][:2], left[:2], atol=0.1)
    lips = to_face(mean_landmarks())[LIPS_OUTER].mean(0)
    np.testing.assert_allclose(middles[2][:2], lips[:2], atol=0.1)
    assert middles[3][1] > 3  # the bust ends well below the chin


@pytest.mark.parametrize("part", [p for p in PARTS if p not in ("skin", "mouth_bag")])
def test_all_other_parts_are_closed_and_face_outwards(part: str) -> None:
    head = mean_head()
    faces = faces_of(head, part)
    assert not len(edge_counts(faces))
    assert volume(head.neutral, faces) > 0


def test_the_mouth_bag_opens_at_the_lips_edge_only() -> None:
    head = mean_head()
    (rim,) = loops(edge_counts(faces_of(head, "mouth_bag")))
    lips = min(loops(edge_counts(faces_of(head, "skin"))), key=lambda loop: abs(len(loop) - len(rim)))
    gap = np.linalg.norm(head.neutral[rim][:, None] - head.neutral[lips][None], axis=2).min(1)
    assert gap.max() < 1e-5
    open_mouth = head.vertices(params(jawOpen=0.7, mouthFunnel=0.5, mouthSmileLeft=1))
    gap = np.linalg.norm(open_mouth[rim][:, None] - open_mouth[lips][None], axis=2).min(1)
    assert gap.max() < 2e-4


def test_no_triangle_is_degenerate() -> None:
    head = mean_head()
    a, b, c = np.moveaxis(head.neutral[head.faces].astype(np.float64), 1, 0)
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-9  # twice the area, m²


def test_the_texture_holds_the_skin_once_and_the_face_mostly() -> None:
    head = mean_head()
    assert head.uv.min() >= 0
    assert head.uv.max() <= 1
    faces = faces_of(head, "skin")
    a, b, c = np.moveaxis(head.uv[faces].astype(np.float64), 1, 0)
    area = 0.5 * ((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    assert (np.sign(area) == np.sign(area[0])).all()
    # Seen from the front: the triangulation of the landmarks, subdivided, comes first.
    front = to_face(head.neutral)[faces].mean(1)
    face = (front[:, 2] > -0.85) & (front[:, 1] < 1.7) & (front[:, 1] > -0.85) & (np.abs(front[:, 0]) < 1.12)
    assert np.abs(area[face]).sum() > 0.55 * np.abs(area).sum()


def test_the_proportions_are_those_of_a_head() -> None:
    skin = to_face(mean_head().neutral[mean_head().of("skin")])
    above_neck = skin[skin[:, 1] < 1.0]
    low, high = above_neck.min(0), above_neck.max(0)
    assert 1.5 < -low[1] < 1.8  # crown above the eyes
    assert 2.5 < -low[2] < 2.8  # back of the head behind them
    assert 2.6 < high[0] - low[0] < 3.0  # ear to ear
    shoulders = skin[skin[:, 1] > 3.3]
    assert 5.5 < np.ptp(shoulders[:, 0]) < 6.5


def test_ears_stand_off_the_head() -> None:
    skin = to_face(mean_head().neutral[mean_head().of("skin")])
    for sign in SIDES.values():
        ear = skin[(skin[:, 0] * sign > 1.22) & (np.abs(skin[:, 1] - 0.3) < 0.6)]
        assert 0.6 < np.ptp(ear[:, 1]) < 1.1
        assert -1.9 < ear[:, 2].min() < ear[:, 2].max() < -0.9


def test_nostrils_are_dents() -> None:
    nose = to_face(mean_head().neutral[:N_LANDMARKS])
    flat = to_face(mean_landmarks()[:N_LANDMARKS])
    up = flat[:, 1] - nose[:, 1]
    assert up[[60, 290]].min() > 0.02  # on the sill of a nostril
    assert abs(up[NOSE_WING["Left"]]) < 0.02


def test_the_head_is_symmetric() -> None:
    points = mean_head().neutral[mean_head().of("skin")]
    nearest = np.linalg.norm(points[::7, None] * [-1, 1, 1] - points[None], axis=2).min(1)
    assert np.percentile(nearest, 95) < 0.002


def test_weights_of_joints_and_shapes_are_whole() -> None:
    head = mean_head()
    assert head.joints.shape == (len(JOINTS), 3)
    np.testing.assert_allclose(head.skin_weights.sum(1), 1, atol=1e-6)
    assert head.skin_weights.min() >= 0
    assert head.deltas.shape == (len(FULL_SHAPES), len(head.neutral), 3)
    assert np.isfinite(head.deltas).all()
    np.testing.assert_allclose(head.vertices(params()), head.neutral, atol=1e-6)


def test_each_joint_turns_its_own() -> None:
    weights = mean_head().skin_weights
    points = to_face(mean_head().neutral)
    head = mean_head()
    assert (weights[head.of("eye_left"), JOINTS.index("eye_left")] == 1).all()
    assert (weights[head.of("eye_right"), JOINTS.index("eye_right")] == 1).all()
    assert (weights[head.of("teeth_lower"), JOINTS.index("jaw")] == 1).all()
    assert (weights[head.of("teeth_upper"), JOINTS.index("neck")] == 1).all()
    assert weights[CHIN, JOINTS.index("jaw")] > 0.9
    skin = head.of("skin")
    assert (weights[skin & (points[:, 1] > 3.2), JOINTS.index("root")] == 1).all()
    assert not weights[skin & (points[:, 1] < 1.0), JOINTS.index("root")].any()


def test_a_turned_neck_leaves_the_shoulders() -> None:
    head = mean_head()
    turned = head.vertices(params(), np.array([0, 0.5, 0]))
    points = to_face(head.neutral)
    below = head.of("skin") & (points[:, 1] > 3.2)
    np.testing.assert_allclose(turned[below], head.neutral[below], atol=1e-6)
    # A positive turn about the head's up takes the face to its left, with eyes and teeth.
    assert (turned[1] - head.neutral[1])[0] > 0.02
    for part in ("eye_left", "teeth_lower", "tongue"):
        assert (turned - head.neutral)[head.of(part), 0].min() > 0.005


@pytest.mark.parametrize(("look", "axis", "sign"), [("Out", 0, 1), ("In", 0, -1), ("Up", 1, -1), ("Down", 1, 1)])
@pytest.mark.parametrize("side", SIDES)
def test_gaze_turns_the_iris_and_not_the_face(look: str, axis: int, sign: int, side: str) -> None:
    head = mean_head()
    way = posed(head, **{f"eyeLook{look}{side}": 1.0}) - to_face(head.neutral)
    iris = head.of(f"eye_{side.lower()}") & (head.iris > 0)
    outwards = SIDES[side] if axis == 0 else 1.0
    assert (way[iris].mean(0)[axis] * sign * outwards) > 0.05
    assert np.abs(way[LIPS_OUTER]).max() < 1e-6
    other = {"Left": "right", "Right": "left"}[side]
    assert not way[head.of(f"eye_{other}")].any()


@pytest.mark.parametrize("side", SIDES)
def test_the_iris_looks_out_between_the_lids(side: str) -> None:
    head = mean_head()
    points = to_face(head.neutral)
    pupil = points[head.of(f"eye_{side.lower()}") & (head.iris == 2)].mean(0)
    upper, lower = points[UPPER_LID[side]], points[LOWER_LID[side]]
    assert upper[:, 1].min() < pupil[1] < lower[:, 1].max()
    assert abs(pupil[0] - 0.5 * SIDES[side]) < 0.03


def depth_in_front_of_eye(head: FullHead, points: np.ndarray, side: str) -> np.ndarray:
    """Return how far skin around an eye's opening lies outside the eyeball (its radius off), ``[n]``."""
    ball = head.of(f"eye_{side.lower()}")
    centre = to_face(head.joints[JOINTS.index(f"eye_{side.lower()}")])
    radius = np.median(np.linalg.norm(to_face(head.neutral[ball]) - centre, axis=1))
    ring = UPPER_LID[side] + LOWER_LID[side]
    return np.linalg.norm(points[ring] - centre, axis=1) - radius


@pytest.mark.parametrize("blink", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("look", ["", "eyeLookDown", "eyeLookUp"])
@pytest.mark.parametrize("side", SIDES)
def test_lids_stay_on_the_eyeball_on_their_way(blink: float, look: str, side: str) -> None:
    head = mean_head()
    channels = {f"eyeBlink{side}": blink} | ({look + side: 1.0} if look else {})
    outside = depth_in_front_of_eye(head, posed(head, **channels), side)
    assert outside.min() > -0.004  # 0.25 mm


@pytest.mark.parametrize("look", ["", "eyeLookDown", "eyeLookUp"])
@pytest.mark.parametrize("side", SIDES)
def test_a_shut_lid_covers_the_eye_wherever_it_looks(look: str, side: str) -> None:
    head = mean_head()
    channels = {f"eyeBlink{side}": 1.0} | ({look + side: 1.0} if look else {})
    shut = posed(head, **channels)
    opening = shut[LOWER_LID[side][1:-1], 1] - shut[UPPER_LID[side][1:-1], 1]
    rest = to_face(head.neutral)
    was = (rest[LOWER_LID[side], 1] - rest[UPPER_LID[side], 1]).max()
    assert np.abs(opening).max() < 0.15 * was


def test_the_jaw_takes_teeth_and_tongue_along() -> None:
    head = mean_head()
    way = posed(head, jawOpen=1.0) - to_face(head.neutral)
    assert way[head.of("teeth_lower"), 1].min() > 0.1
    assert way[head.of("tongue"), 1].max() > 0.2
    for part in ("teeth_upper", "gum_upper", "eye_left", "eye_right"):
        assert np.abs(way[head.of(part)]).max() < 1e-6
    forward = posed(head, jawForward=1.0) - to_face(head.neutral)
    assert forward[head.of("teeth_lower"), 2].min() > 0.05


def test_the_tongue_comes_out_between_the_teeth() -> None:
    head = mean_head()
    out = posed(head, jawOpen=0.5, tongueOut=1.0)
    tongue, lips = out[head.of("tongue")], out[LIPS_OUTER]
    assert tongue[:, 2].max() > lips[:, 2].max() + 0.05
    at_teeth = np.abs(tongue[:, 2] - out[head.of("teeth_lower"), 2].max()) < 0.05
    between = tongue[at_teeth, 1]
    assert between.max() < out[LOWER_LIP_MIDDLE, 1]
    assert between.min() > out[head.of("teeth_upper"), 1].min()


def test_at_rest_teeth_and_tongue_are_behind_closed_lips() -> None:
    head = mean_head()
    points = to_face(head.neutral)
    lips = points[[13, 14], 2].min()
    for part in ("teeth_upper", "teeth_lower", "gum_upper", "gum_lower", "tongue"):
        assert points[head.of(part), 2].max() < lips - 0.03


@pytest.mark.parametrize("channels", [{"mouthRollLower": 1.0}, both("mouthDimple"), both("mouthPress")])
def test_the_mouth_bag_stays_behind_lips_that_press_in(channels: dict[str, float]) -> None:
    head = mean_head()
    rest, moved = posed(head), posed(head, **channels)
    bag = np.flatnonzero((head.part == PARTS.index("mouth_bag")) & (head._share < 1))
    lips = np.unique(faces_of(head, "skin"))
    lips = lips[
        (np.abs(rest[lips, :2] - rest[LOWER_LIP_MIDDLE, :2]) < 0.5).all(1) & (rest[lips, 2] > rest[bag, 2].max())
    ]
    nearest = KDTree(moved[lips, :2]).query(moved[bag, :2])[1]
    assert (moved[lips[nearest], 2] - moved[bag, 2]).min() > 0


def test_expressions_end_before_skull_and_shoulders() -> None:
    head = mean_head()
    points = to_face(head.neutral)
    far = head.of("skin") & ((points[:, 2] < -1.6) | (points[:, 1] > 2.5) | (points[:, 1] < -1.5))
    assert not head.deltas[:, far].any()
    assert not head.skin_weights[far, JOINTS.index("jaw")].any()


def test_the_52_weights_are_the_code_and_correctives_follow() -> None:
    code = np.zeros(52, np.float32)
    for name, value in {"eyeBlinkLeft": 0.5, "eyeLookDownLeft": 0.6, "mouthSmileRight": 0.5, "jawOpen": 0.4}.items():
        code[ARKIT_INDEX[name]] = value
    weights = dict(zip(FULL_SHAPES, full_weights(code).tolist(), strict=True))
    assert [weights[name] for name in ARKIT_NAMES] == code.tolist()
    assert weights["blinkHalfLeft"] == pytest.approx(1.0)
    assert weights["blinkLookDownLeft"] == pytest.approx(0.3)
    assert weights["smileJawRight"] == pytest.approx(0.2)
    assert weights["blinkHalfRight"] == weights["smileJawLeft"] == weights["blinkLookUpLeft"] == 0


def test_mouth_close_shuts_what_the_jaw_has_opened() -> None:
    head = mean_head()
    opened, shut = posed(head, jawOpen=0.6), posed(head, jawOpen=0.6, mouthClose=0.6)
    gap = opened[14, 1] - opened[13, 1]
    assert gap > 0.1
    assert abs(shut[14, 1] - shut[13, 1]) < 0.15 * gap


def test_a_smile_on_an_open_jaw_is_held_back() -> None:
    head = mean_head()
    rest, jaw = to_face(head.neutral), posed(head, jawOpen=1.0)
    alone = (posed(head, **both("mouthSmile")) - rest)[61]
    on_jaw = (posed(head, jawOpen=1.0, **both("mouthSmile")) - jaw)[61]
    assert 0.5 < np.linalg.norm(on_jaw) / np.linalg.norm(alone) < 0.9


# --- whose head it is


def test_the_head_follows_the_landmarks() -> None:
    mean = to_face(mean_landmarks())
    # A narrower, longer face with a larger nose.
    mine = mean * [0.92, 1.08, 1.0]
    mine[1:6, 2] += 0.05
    head = FullHead(to_head(mine))
    off = np.linalg.norm(to_face(head.neutral[:N_LANDMARKS]) - mine[:N_LANDMARKS], axis=1)
    assert off.mean() < 0.02  # 1.3 mm; smoothing and nostrils included
    assert len(loops(edge_counts(faces_of(head, "skin")))) == 4


def test_single_bad_landmarks_are_not_followed() -> None:
    landmarks = mean_landmarks()
    cheek = 205
    landmarks[cheek] += [0, 0, 0.1 * INTEROCULAR]
    moved = (FullHead(landmarks).neutral - mean_head().neutral)[cheek, 2] / INTEROCULAR
    assert 0 < moved < 0.08


def test_a_wider_face_has_a_wider_skull_and_ears_further_out() -> None:
    wide = mean_landmarks() * [1.08, 1, 1]
    wide = to_face(wide)
    mean, mine = to_face(mean_head().neutral), to_face(FullHead(to_head(wide)).neutral)
    skin = mean_head().of("skin")
    head = skin & (mean[:, 1] < 1.0)
    assert mine[head, 0].max() > mean[head, 0].max() + 0.03
    assert mine[head & (mean[:, 1] < -0.2), 0].max() > mean[head & (mean[:, 1] < -0.2), 0].max() + 0.02


def test_teeth_are_placed_and_not_bent() -> None:
    mine = to_face(mean_landmarks())
    rng = np.random.default_rng(0)
    mine += rng.normal(0, 0.01, mine.shape)
    mine[:, 1] *= 1.1
    head = FullHead(to_head(mine))
    for part in ("teeth_upper", "teeth_lower"):
        a, b = mean_head().neutral[head.of(part)], head.neutral[head.of(part)]
        shape = (b - b.mean(0)) / (a - a.mean(0)).std() * (a - a.mean(0)).std() / (b - b.mean(0)).std()
        np.testing.assert_allclose(shape * (a - a.mean(0)).std(), a - a.mean(0), atol=2e-4)


def test_wide_eyes_get_larger_eyeballs() -> None:
    mine = to_face(mean_landmarks())
    for side, sign in SIDES.items():
        ring = UPPER_LID[side] + LOWER_LID[side]
        centre = mine[ring].mean(0)
        near = np.abs(mine - centre).max(1) < 0.3
        mine[near] = centre + (mine[near] - centre) * [1.3, 1.6, 1.0]
        assert sign * centre[0] > 0
    head = FullHead(to_head(mine))
    for part in ("eye_left", "eye_right"):
        assert np.ptp(head.neutral[head.of(part), 0]) > 1.05 * np.ptp(mean_head().neutral[head.of(part), 0])


def test_the_face_moves_as_the_template_of_lift_does() -> None:
    whole, face = mean_head(), TemplateHead(mean_landmarks())
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "mouthPucker", "cheekPuff"):
        mine = whole.vertices(params(**{name: 1.0}))[:N_LANDMARKS] - whole.neutral[:N_LANDMARKS]
        theirs = face.vertices(params(**{name: 1.0}))[:N_LANDMARKS] - face.neutral[:N_LANDMARKS]
        cosine = (mine * theirs).sum() / (np.linalg.norm(mine) * np.linalg.norm(theirs))
        assert cosine > 0.95
