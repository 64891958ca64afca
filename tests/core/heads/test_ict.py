"""ICT-FaceKit's folder: a small one made here, and the real files where they are at hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from dome import dome, dome_landmarks, dome_shapes, ict_names, obj_text, write_ict
from real_ict import packed_head

from studio.core.errors import UserError
from studio.core.heads.anatomy import EYE_MIDPOINT, INTEROCULAR
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import Head, HeadParams
from studio.core.heads.ict import EXTRA_FILES, EYE_RANGE, EYEBALLS, IctHead, arkit_name, read_ict
from studio.core.heads.obj import read_mesh, read_vertices
from studio.core.jobs import run

ZERO = np.zeros(3, np.float32)


def params(**channels: float) -> HeadParams:
    code = np.zeros(52, np.float32)
    for name, value in channels.items():
        code[ARKIT_INDEX[name]] = value
    return HeadParams(ZERO[:0], code, ZERO, ZERO)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ict(tmp_path_factory.mktemp("ict") / "FaceXModel")


@pytest.fixture(scope="module")
def head(folder: Path) -> IctHead:
    return IctHead(run(read_ict(folder)))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def replace(path: Path, text: str | None) -> None:
    path.unlink()
    if text is not None:
        path.write_text(text)


def moved(head: IctHead, **channels: float) -> np.ndarray:
    """What a code moves, in the file's cm."""
    return (head.vertices(params(**channels)) - head.neutral) / head.placement.scale


def test_every_arkit_shape_is_its_file(head: IctHead) -> None:
    assert head.expression_names[:52] == ARKIT_NAMES
    shapes = dome_shapes()
    for name in ARKIT_NAMES:
        files = [file for file in ict_names() if arkit_name(file) == name]
        assert len(files) == {"tongueOut": 0, "browInnerUp": 2, "cheekPuff": 2}.get(name, 1)
        expected = sum((shapes[file] for file in files), np.zeros_like(dome()))
        np.testing.assert_allclose(moved(head, **{name: 1.0}), expected, atol=2e-5)


def test_sides_are_named_as_arkit_names_them() -> None:
    assert arkit_name("mouthSmile_L") == "mouthSmileLeft"
    assert arkit_name("eyeLookIn_R") == "eyeLookInRight"
    assert arkit_name("mouthLeft") == "mouthLeft"
    assert {arkit_name(name) for name in ict_names()} == set(ARKIT_NAMES) - {"tongueOut"}


def test_shapes_add_up_and_the_extra_ones_follow(head: IctHead) -> None:
    both = moved(head, jawOpen=0.5, mouthSmileLeft=1.0)
    np.testing.assert_allclose(both, moved(head, jawOpen=0.5) + moved(head, mouthSmileLeft=1.0), atol=1e-4)
    assert head.expression_names[52:] == ("cheekRaiserLeft", "cheekRaiserRight", "pupilDilateLeft", "pupilDilateRight")
    code = np.zeros(56, np.float32)
    code[53] = 1
    raised = (head.vertices(HeadParams(ZERO[:0], code, ZERO, ZERO)) - head.neutral) / head.placement.scale
    np.testing.assert_allclose(raised, dome_shapes()["cheekRaiser_R"], atol=2e-5)


def test_identities_add_up(head: IctHead) -> None:
    shapes = dome_shapes()
    person = HeadParams(np.array([2, -1], np.float32), params().expression, ZERO, ZERO)
    expected = dome() + 2 * shapes["identity000"] - shapes["identity001"]
    np.testing.assert_allclose(head.vertices(person), head.placement.to_head(expected), atol=2e-7)


def test_it_is_a_head_with_its_eyes_in_place(head: IctHead) -> None:
    other: Head = head
    assert other.faces.shape == (1153, 3)
    np.testing.assert_array_equal(head.landmark_vertices, dome_landmarks())
    lids = head.neutral[head.landmark_vertices]
    right, left = lids[36:42].mean(0), lids[42:48].mean(0)
    assert np.linalg.norm(left - right) == pytest.approx(INTEROCULAR, rel=1e-5)
    np.testing.assert_allclose((left + right) / 2, EYE_MIDPOINT, atol=1e-7)
    assert head.joints["eyeLeft"][0] > 0 > head.joints["eyeRight"][0]


def test_extra_shapes_may_be_absent(copy: Path) -> None:
    for name in EXTRA_FILES:
        replace(copy / f"{name}.obj", None)
    assert IctHead(run(read_ict(copy))).expression_names == ARKIT_NAMES


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("generic_neutral_mesh.obj", None, "There is no generic_neutral_mesh.obj"),
        ("mouthSmile_L.obj", None, "There is no mouthSmile_L.obj"),
        ("PupilDilate_L.obj", None, "copy all of them or none"),
        ("jawOpen.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\n", "'jawOpen.obj' has another number of vertices"),
        ("jawOpen.obj", obj_text(dome())[:5000] + "x\nv 1 1", "'jawOpen.obj' is damaged"),
        ("vertex_indices.json", None, "no file 'vertex_indices.json'"),
        ("vertex_indices.json", "[", "no 68 landmarks"),
        ("vertex_indices.json", json.dumps({"idx_to_landmark_verts": [0] * 68}), "eyes in '.*' are not a few"),
        ("jawOpen.obj", obj_text(dome()), "jawOpen in '.*' opens no mouth"),
        ("vertex_indices.json", json.dumps({"idx_to_landmark_verts": [10**6] * 68}), "no 68 landmarks"),
        ("vertex_indices.json", json.dumps({"idx_to_landmark_verts": [0.5] * 68}), "no 68 landmarks"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(copy: Path, name: str, text: str | None, says: str) -> None:
    replace(copy / name, text)
    with pytest.raises(UserError, match=says):
        run(read_ict(copy))


@pytest.fixture(scope="module")
def packed(shared_data: Path) -> dict[str, np.ndarray]:
    with np.load(shared_data / "ict_facekit" / "ict_facekit.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> IctHead:
    return packed_head(shared_data / "ict_facekit", 0)


def test_the_real_meshes_agree_with_the_packed_ones(shared_data: Path, packed: dict[str, np.ndarray]) -> None:
    folder = shared_data / "ict_facekit"
    mesh = read_mesh(folder / "generic_neutral_mesh.obj.gz")
    np.testing.assert_allclose(mesh.vertices, packed["neutral"], atol=1e-6)
    corners = packed["faces_v"]
    triangles = [row for a, b, c, d in corners.tolist() for row in ([a, b, c], [a, c, d])[: 2 if d >= 0 else 1]]
    np.testing.assert_array_equal(mesh.faces, triangles)
    opened = read_vertices(folder / "jawOpen.obj.gz") - mesh.vertices
    np.testing.assert_allclose(
        opened, packed["expression"][packed["expression_names"].tolist().index("jawOpen")], atol=2e-3
    )
    np.testing.assert_allclose(
        read_vertices(folder / "identity000.obj.gz") - mesh.vertices, packed["identity"][0], atol=2e-3
    )
    assert set(ict_names()) | set(EXTRA_FILES) == set(packed["expression_names"].tolist())


def test_the_real_head_stands_in_head_space(real: IctHead) -> None:
    assert np.abs(real.neutral[:9409, 0].mean()) < 1e-4
    nose, chin = real.neutral[real.landmark_vertices[[30, 8]]]
    assert nose[2] > 0.1
    assert chin[1] < -0.07
    # The ears (the widest part of the face and head) lie on both sides of the origin.
    widest = real.neutral[:11248][np.abs(real.neutral[:11248, 0]) > 0.072]
    ears = widest[widest[:, 1] > -0.06]
    np.testing.assert_allclose(ears.mean(0), 0, atol=0.02)


def test_the_real_eyes_turn_as_the_code_says(real: IctHead) -> None:
    start, stop = EYEBALLS["Left"]
    ball = real.neutral[start:stop]
    np.testing.assert_allclose(real.joints["eyeLeft"], ball.mean(0), atol=1e-6)
    pupil = ball[:, 2].argmax()
    for channels, x, y in (
        ({"eyeLookOutLeft": 1.0}, 1, 0),
        ({"eyeLookInLeft": 1.0}, -1, 0),
        ({"eyeLookUpLeft": 1.0}, 0, 1),
        ({"eyeLookDownLeft": 0.5}, 0, -0.5),
    ):
        turned = real.vertices(params(**channels))[start:stop]
        distances = np.linalg.norm(turned - real.joints["eyeLeft"], axis=1)
        np.testing.assert_allclose(distances, np.linalg.norm(ball - real.joints["eyeLeft"], axis=1), atol=1e-6)
        at = turned[pupil] - real.joints["eyeLeft"]
        before = ball[pupil] - real.joints["eyeLeft"]
        assert np.arctan2(at[0], at[2]) - np.arctan2(before[0], before[2]) == pytest.approx(x * EYE_RANGE, abs=0.02)
        assert np.arctan2(at[1], at[2]) - np.arctan2(before[1], before[2]) == pytest.approx(y * EYE_RANGE, abs=0.05)


def test_the_real_jaw_turns_about_its_joint(real: IctHead) -> None:
    teeth = slice(19247, 21451)
    rest, opened = real.neutral[teeth], real.vertices(params(jawOpen=1.0))[teeth]
    joint = real.joints["jaw"]
    apart = np.abs(np.linalg.norm(opened - joint, axis=1) - np.linalg.norm(rest - joint, axis=1))
    assert apart.max() < 3e-4
    assert opened[:, 1].mean() < rest[:, 1].mean() - 0.01
