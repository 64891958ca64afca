"""ARKit codes on a FLAME head, and back: on a small dome, and on a FLAME-like head made of the real ICT one."""

from pathlib import Path

import numpy as np
import pytest
from dome import dome, dome_landmarks, flame_arrays, write_flame, write_ict
from real_ict import packed_head
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.arkit_flame import LOOKS, ArkitFlameMap, ArkitShapes, arkit_shapes, fit_map
from studio.core.heads.flame import FlameExpression, FlameHead, FlameModel, read_flame
from studio.core.heads.head import HeadParams
from studio.core.heads.ict import EYE_RANGE, IctHead, read_ict
from studio.core.heads.normals import vertex_normals
from studio.core.heads.registration import Match, Surface
from studio.core.jobs import run

ZERO = np.zeros(3, np.float32)
# mouthClose is defined beside jawOpen only; neither model has a tongue.
ALONE = [name for name in ARKIT_NAMES if name not in ("mouthClose", "tongueOut")]


def code_of(**channels: float) -> np.ndarray:
    code = np.zeros(52, np.float32)
    for name, value in channels.items():
        code[ARKIT_INDEX[name]] = value
    return code


class Fitted:
    def __init__(self, head: FlameHead, shapes: ArkitShapes) -> None:
        self.shapes = shapes
        self.map, self.match = run(fit_map(head, shapes))

    def agreement(self, name: str) -> tuple[float, float]:
        """Cosine, and ratio of lengths, of what FLAME does to what its partners do."""
        part = self.map.head.part(self.match.vertices)
        base = code_of(jawOpen=1.0) if name == "mouthClose" else code_of()
        with_it = base + code_of(**{name: 1.0})
        mine = part.posed(self.map.arkit_to_flame(with_it).code()) - part.posed(self.map.arkit_to_flame(base).code())
        theirs = self.shapes.moved[ARKIT_INDEX[name], self.match.partners]
        theirs = self.match.scale * theirs @ self.match.rotation.T
        lengths = float(np.linalg.norm(mine)), float(np.linalg.norm(theirs))
        return float((mine * theirs).sum()) / (lengths[0] * lengths[1]), lengths[0] / lengths[1]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("map")
    ict = IctHead(run(read_ict(write_ict(folder / "FaceXModel"))))
    shapes = arkit_shapes(ict, ict.skin_vertices, ict.landmark_vertices)
    return Fitted(FlameHead(read_flame(write_flame(folder / "flame.pkl"))), shapes)


def test_every_shape_is_found_in_flames_own_space(small: Fitted) -> None:
    for name in ARKIT_NAMES:
        if name == "tongueOut":
            continue
        cosine, ratio = small.agreement(name)
        assert cosine > 0.95, name
        assert 0.7 < ratio < 1.2, name
    assert not small.map.codes[ARKIT_INDEX["tongueOut"]].any()


def test_the_jaw_opens_by_its_joint_and_no_other_shape_turns_it(small: Fitted) -> None:
    turn = small.map.arkit_to_flame(code_of(jawOpen=1.0)).jaw
    assert turn[0] == pytest.approx(0.3, abs=0.05)
    assert np.abs(turn[1:]).max() < 0.05
    others = [name for name in ARKIT_NAMES if name not in ("jawOpen", "jawLeft", "jawRight")]
    assert not small.map.codes[[ARKIT_INDEX[name] for name in others], 103:106].any()


def test_eyes_turn_for_looks_alone_and_the_way_they_say(small: Fitted) -> None:
    found = small.map.arkit_to_flame(code_of(eyeLookOutLeft=1.0, eyeLookInRight=0.5, eyeLookUpRight=1.0))
    np.testing.assert_allclose(found.eyes, EYE_RANGE * np.array([[0, 1, 0], [-1, 0.5, 0]]), atol=1e-6)
    others = [name for name in ARKIT_NAMES if name not in LOOKS]
    assert not small.map.codes[[ARKIT_INDEX[name] for name in others], 106:].any()
    assert not small.map.codes[:, 100:103].any()


@pytest.mark.parametrize("name", ALONE)
def test_a_shape_comes_back_as_itself(small: Fitted, name: str) -> None:
    for amount in (0.4, 1.0):
        back = small.map.flame_to_arkit(small.map.arkit_to_flame(code_of(**{name: amount})))
        assert back.dtype == np.float32
        assert back[ARKIT_INDEX[name]] == pytest.approx(amount, abs=0.12)
        assert np.delete(back, ARKIT_INDEX[name]).max() < 0.15
        assert back.min() >= 0


def test_shapes_come_back_together(small: Fitted) -> None:
    code = code_of(
        jawOpen=0.6, mouthClose=0.4, mouthSmileLeft=0.5, browInnerUp=0.8, eyeLookDownLeft=0.5, eyeBlinkRight=1.0
    )
    back = small.map.flame_to_arkit(small.map.arkit_to_flame(code))
    np.testing.assert_allclose(back, code, atol=0.25)
    assert np.corrcoef(back, code)[0, 1] > 0.97


def test_neither_the_neck_nor_more_than_there_is_changes_the_way_back(small: Fitted) -> None:
    moved = small.map.arkit_to_flame(code_of(mouthPucker=0.7))
    turned = FlameExpression(moved.expression, np.array([0.3, -0.2, 0.1]), moved.jaw, moved.eyes)
    np.testing.assert_array_equal(small.map.flame_to_arkit(turned), small.map.flame_to_arkit(moved))
    wild = FlameExpression.of(np.full(112, 3.0, np.float32))
    back = small.map.flame_to_arkit(wild)
    assert back.min() >= 0
    assert back.max() <= 1


def test_the_map_is_its_codes_and_vertices(small: Fitted) -> None:
    again = ArkitFlameMap(small.map.head, small.map.codes, small.map.vertices)
    code = code_of(jawOpen=0.5, cheekPuff=0.5)
    np.testing.assert_array_equal(again.arkit_to_flame(code).code(), small.map.arkit_to_flame(code).code())
    back = [each.flame_to_arkit(each.arkit_to_flame(code)) for each in (again, small.map)]
    np.testing.assert_allclose(back[0], back[1], atol=1e-6)


def test_landmarks_of_the_other_head_are_found_on_flame(small: Fitted) -> None:
    head = small.map.head
    apart = head.neutral[small.match.landmark_vertices] - head.neutral[dome_landmarks()]
    assert np.median(np.linalg.norm(apart, axis=1)) < 0.002
    assert small.match.distance < 0.001


def test_heads_that_do_not_meet_are_told(small: Fitted) -> None:
    surface = small.shapes.surface
    away = Surface(surface.points + np.float32(0.2), surface.normals, surface.jaw, surface.landmarks)
    with pytest.raises(UserError, match="does not fit onto a face"):
        run(fit_map(small.map.head, ArkitShapes(away, small.shapes.moved)))


def test_normals_point_out_and_have_unit_length() -> None:
    arrays = flame_arrays()
    normals = vertex_normals(arrays["v_template"][: len(dome())], arrays["f"].astype(np.int64))
    assert (normals[:, 2] > 0).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-12)


# --- a FLAME-like head made of the real one: another person, tilted, of another size, his expressions mixed


@pytest.fixture(scope="module")
def real(shared_data: Path) -> IctHead:
    return packed_head(shared_data / "ict_facekit", 100)


def flame_like(ict: IctHead) -> FlameModel:
    rng = np.random.default_rng(0)
    # The narrow face is enough, and the eyeballs are what the joints hang on.
    keep = np.r_[0:6706, 21451:24591]
    n, skin = len(keep), 6706
    place = np.full(len(ict.neutral), -1)
    place[keep] = np.arange(n)
    faces = place[ict.faces]
    faces = faces[(faces >= 0).all(1)].astype(np.int32)
    tilt = Rotation.from_euler("x", 6, degrees=True).as_matrix().T * 0.0095

    def turned(points: np.ndarray) -> np.ndarray:
        return (points @ tilt).astype(np.float32)

    people = ict.model.identity[:, keep]
    person = np.tensordot(rng.normal(0, 0.7, len(people)), people, axes=1)
    template = turned(ict.model.neutral[keep] + person) + np.array([0, 0.01, -0.05], np.float32)
    identity = np.zeros((n, 3, 300), np.float32)
    mixed = np.tensordot(np.linalg.qr(rng.normal(size=(len(people),) * 2))[0], people, axes=1)
    identity[..., : len(people)] = np.moveaxis(turned(mixed), 0, -1)
    moving = [
        ict.model.expression[ARKIT_INDEX[name]][keep] for name in ARKIT_NAMES if name not in ("jawOpen", "tongueOut")
    ]
    _, size, modes = np.linalg.svd(np.reshape(moving, (len(moving), -1)), full_matrices=False)
    modes = (size[:, None] * modes / np.sqrt(len(modes))).reshape(-1, n, 3)
    expression = np.zeros((n, 3, 100), np.float32)
    expression[..., : len(modes)] = np.moveaxis(turned(modes), 0, -1)
    weights = np.zeros((n, 5), np.float32)
    opening = np.linalg.norm(ict.model.expression[ARKIT_INDEX["jawOpen"]][keep[:skin]], axis=1)
    weights[:skin, 2] = opening / opening.max()
    weights[:skin, 1] = 1 - weights[:skin, 2]
    weights[skin : skin + 1570, 3] = weights[skin + 1570 :, 4] = 1
    regressor = np.zeros((5, n), np.float32)
    regressor[3, skin : skin + 1570] = regressor[4, skin + 1570 :] = 1 / 1570
    affine = np.column_stack([template, np.ones(n)]).astype(np.float64)
    hinge = (ict.joints["jaw"] - ict.placement.shift) / ict.placement.scale
    for joint, at in enumerate(np.array([[0.0, -15, -5], [0, -8, -3], hinge])):
        target = np.append(turned(at[None])[0] + [0, 0.01, -0.05], 1.0)
        regressor[joint] = np.linalg.lstsq(affine.T, target, rcond=None)[0]
    return FlameModel(
        template, identity, expression, np.zeros((n, 3, 36), np.float32), regressor, weights,
        np.array([-1, 0, 1, 1, 1], np.int32), faces, np.zeros(0, np.int32), np.zeros((0, 3), np.float32),
    )  # fmt: skip


def test_the_real_shapes_are_found_without_landmarks(real: IctHead) -> None:
    fitted = Fitted(FlameHead(flame_like(real)), arkit_shapes(real, real.skin_vertices, real.landmark_vertices))
    match: Match = fitted.match
    assert match.scale == pytest.approx(0.0095 * fitted.map.head.placement.scale / real.placement.scale, rel=0.03)
    found = match.landmark_vertices[17:]
    apart = fitted.map.head.neutral[found] - fitted.map.head.neutral[real.landmark_vertices[17:]]
    assert np.linalg.norm(apart, axis=1).mean() < 0.001
    cosines = [fitted.agreement(name)[0] for name in ARKIT_NAMES if name != "tongueOut"]
    assert np.mean(cosines) > 0.95
    assert min(cosines) > 0.8
    turn = np.degrees(fitted.map.arkit_to_flame(code_of(jawOpen=1.0)).jaw)
    assert turn[0] == pytest.approx(25, abs=5)
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "mouthPucker", "browInnerUp", "eyeLookOutLeft"):
        back = fitted.map.flame_to_arkit(fitted.map.arkit_to_flame(code_of(**{name: 0.8})))
        assert ARKIT_NAMES[int(back.argmax())] == name
        assert back[ARKIT_INDEX[name]] == pytest.approx(0.8, abs=0.12)


def test_the_posed_head_follows_the_map(small: Fitted) -> None:
    code = small.map.arkit_to_flame(code_of(jawOpen=1.0)).code()
    head = small.map.head
    lower = head.vertices(HeadParams(ZERO, code, ZERO, ZERO))[dome_landmarks()[8]]
    assert lower[1] < head.neutral[dome_landmarks()[8], 1] - 0.005
