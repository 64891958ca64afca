"""FLAME files in the true format, posed as an independent implementation poses them."""

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dome import N_DOME, dome_landmarks, flame_arrays, python2_pickle, write_flame
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.anatomy import EYE_MIDPOINT, INTEROCULAR
from studio.core.heads.flame import EXPRESSION_NAMES, FlameExpression, FlameHead, read_flame
from studio.core.heads.head import Head, HeadParams
from studio.core.heads.npz import NpzRefused, read_npz

ZERO = np.zeros(3, np.float32)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flame(tmp_path_factory.mktemp("flame") / "flame2023.pkl")


@pytest.fixture(scope="module")
def head(file: Path) -> FlameHead:
    return FlameHead(read_flame(file))


def rodrigues(v: NDArray) -> NDArray[np.float64]:
    angle = np.linalg.norm(v)
    x, y, z = v / angle if angle else v
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K


def lbs(arrays: dict[str, Any], betas: NDArray, pose: NDArray) -> NDArray[np.float64]:
    """SMPL's equations in homogeneous coordinates, float64, a vertex at a time; `pose` ``[5,3]``."""
    shaped = arrays["v_template"] + arrays["shapedirs"] @ betas
    joints = arrays["J_regressor"].toarray() @ shaped
    turned = [rodrigues(v) for v in pose]
    corrected = shaped + arrays["posedirs"] @ np.concatenate([(R - np.eye(3)).ravel() for R in turned[1:]])
    world = []
    for j, parent in enumerate([-1, 0, 1, 1, 1]):
        local = np.eye(4)
        local[:3, :3] = turned[j]
        local[:3, 3] = joints[j] - (joints[parent] if j else 0)
        world.append(world[parent] @ local if j else local)
    out = []
    for vertex, weights in zip(corrected, arrays["weights"], strict=True):
        moved = [G @ np.append(vertex - joint, 1) for G, joint in zip(world, joints, strict=True)]
        out.append(sum(w * m[:3] for w, m in zip(weights, moved, strict=True)))
    return np.array(out)


def params(identity: NDArray, code: NDArray) -> HeadParams:
    return HeadParams(identity, code, ZERO, ZERO)


def test_vertices_follow_identity_expression_and_every_joint_as_published(head: FlameHead) -> None:
    rng = np.random.default_rng(3)
    arrays = flame_arrays()
    for _ in range(3):
        identity, code = rng.normal(size=300).astype(np.float32), rng.normal(0, 0.3, 112).astype(np.float32)
        code[:100] *= 5
        pose = np.concatenate([np.zeros(3), code[100:]]).reshape(5, 3).astype(np.float64)
        expected = head.placement.to_head(lbs(arrays, np.concatenate([identity, code[:100]]).astype(np.float64), pose))
        np.testing.assert_allclose(head.vertices(params(identity, code)), expected, atol=2e-7)


def test_a_short_identity_leaves_the_rest_at_the_mean(head: FlameHead) -> None:
    whole = np.zeros(300, np.float32)
    whole[:4] = [1, -1, 0.5, 2]
    code = np.zeros(112, np.float32)
    np.testing.assert_allclose(head.vertices(params(whole[:4], code)), head.vertices(params(whole, code)), atol=1e-8)


def test_the_eyes_lie_where_head_space_has_them(head: FlameHead) -> None:
    left, right = head.joints["eyeLeft"], head.joints["eyeRight"]
    assert left[0] > 0 > right[0]
    assert np.linalg.norm(left - right) == pytest.approx(INTEROCULAR, rel=1e-5)
    lids = (left + right) / 2 + np.array([0, -0.0009, 0.0107]) * head.placement.scale
    np.testing.assert_allclose(lids, EYE_MIDPOINT, atol=1e-6)
    np.testing.assert_allclose(head.vertices(params(ZERO, np.zeros(112, np.float32))), head.neutral, atol=1e-7)


def test_it_is_a_head(head: FlameHead) -> None:
    other: Head = head
    assert other.expression_names == EXPRESSION_NAMES
    assert len(set(EXPRESSION_NAMES)) == 112
    assert EXPRESSION_NAMES[103:106] == ("jawX", "jawY", "jawZ")
    assert other.faces.shape == (1152, 3)
    corners = head.neutral[head.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] > 0).all()


def test_a_part_moves_as_the_whole_does(head: FlameHead) -> None:
    code = np.random.default_rng(0).normal(0, 0.2, 112).astype(np.float32)
    some = np.array([5, 100, N_DOME + 3])
    np.testing.assert_allclose(head.part(some).posed(code), head.vertices(params(ZERO, code))[some], atol=1e-8)


def test_a_code_and_its_parts_say_the_same() -> None:
    code = np.arange(112, dtype=np.float32)
    parts = FlameExpression.of(code)
    np.testing.assert_array_equal(parts.code(), code)
    np.testing.assert_array_equal(parts.jaw, [103, 104, 105])
    np.testing.assert_array_equal(parts.eyes, [[106, 107, 108], [109, 110, 111]])


def dense(arrays: dict[str, Any]) -> dict[str, Any]:
    return arrays | {"J_regressor": arrays["J_regressor"].toarray()}


def test_npz_holds_the_same_model(head: FlameHead, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "flame.npz", **dense(flame_arrays()))
    found, expected = read_flame(tmp_path / "flame.npz").arrays(), head.model.arrays()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


BROKEN = {
    "it holds no array of numbers called 'posedirs'": {"posedirs": None},
    "called 'weights'": {"weights": np.full((665, 5), None)},
    "called 'f'": {"f": "faces"},
    "'shapedirs' has the shape": {"shapedirs": np.zeros((665, 3, 150))},
    "'posedirs' has the shape": {"posedirs": np.zeros((665, 3, 35))},
    "'v_template' has an unexpected shape": {"v_template": np.zeros(3)},
    "'v_template' holds values": {"v_template": np.full((665, 3), np.nan)},
    "'shapedirs' holds values": {"shapedirs": np.full((665, 3, 400), 1e30)},
    "'f' has the shape": {"f": np.zeros((5, 4), np.uint32)},
    "'f' holds numbers": {"f": np.full((5, 3), 665, np.uint32)},
    "'kintree_table' is no chain": {"kintree_table": np.array([[0, 4, 1, 1, 1], [0, 1, 2, 3, 4]])},
    "'weights' are no": {"weights": np.ones((665, 5))},
    "eyes are not": {"v_template": np.zeros((665, 3))},
}


@pytest.mark.parametrize("says", BROKEN)
def test_what_is_no_model_is_told_in_one_sentence(says: str, tmp_path: Path) -> None:
    file = write_flame(tmp_path / "m.pkl", **BROKEN[says])
    with pytest.raises(UserError) as told:
        read_flame(file)
    assert says in str(told.value)
    assert str(told.value).startswith("'m.pkl' is no FLAME model: ")
    assert str(told.value).endswith("choose a .pkl or .npz file as published.")


@pytest.mark.parametrize(
    "content", [b"", b"once upon a time\n", b"\x80\x02cos\nsystem\n(S'x'\ntR.", b"PK\x03\x04 no zip", b"PK"]
)
def test_a_file_of_something_else_is_told_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(content)
    with pytest.raises(UserError, match="is no FLAME model"):
        read_flame(tmp_path / "m.pkl")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        read_flame(tmp_path / "m.pkl")


def test_a_truncated_npz_and_one_with_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, **dense(flame_arrays()))
    whole = path.read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="damaged"):
            read_flame(path)
    np.savez(path, **flame_arrays())  # numpy writes a sparse matrix as a pickle
    with pytest.raises(UserError, match="more than arrays of numbers"):
        read_flame(path)


@pytest.mark.parametrize("shape", [(10**12,), (2**33, 2**33), (-8, -1)])
def test_an_npz_with_a_header_that_lies_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    header = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).encode()
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr(
            "v_template.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
        )
    with pytest.raises(UserError, match="another size"):
        read_flame(tmp_path / "m.npz")


@pytest.mark.parametrize("shape", [(10**8, "a"), (10**7, (1,)), (8.0,), (True, 8), "8"])
def test_an_npz_with_sizes_that_are_no_numbers_is_refused_before_it_takes_memory(shape: Any) -> None:
    header = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("v.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64))
    tracemalloc.start()
    try:
        with pytest.raises(NpzRefused, match="damaged"):
            read_npz(file.getvalue(), ["v"], 2**20)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_an_npz_that_swells_is_refused(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("f.npy", "w") as member,
    ):
        for _ in range(170):
            member.write(bytes(2**20))
    with pytest.raises(UserError, match="larger"):
        read_flame(tmp_path / "m.npz")


def embedding(count: int) -> dict[str, Any]:
    faces = flame_arrays()["f"].astype(np.int64)
    marks = dome_landmarks()[-count:]
    rows = [int(np.flatnonzero((faces == mark).any(1))[0]) for mark in marks]
    weights = np.where(faces[rows] == np.array(marks)[:, None], 0.8, 0.1)
    return {"lmk_face_idx": np.array(rows, np.uint32), "lmk_b_coords": weights}


@pytest.mark.parametrize("count", [51, 68])
def test_landmarks_beside_the_model_are_read_with_it(count: int, tmp_path: Path) -> None:
    file = write_flame(tmp_path / "generic_model.pkl")
    (tmp_path / "flame_static_embedding.pkl").write_bytes(python2_pickle(embedding(count), 0))
    found = FlameHead(read_flame(file)).landmark_vertices
    np.testing.assert_array_equal(found[-count:], dome_landmarks()[-count:])
    assert (found[: 68 - count] == -1).all()


@pytest.mark.parametrize(
    "change", [{"lmk_face_idx": np.zeros(50, np.uint32)}, {"lmk_b_coords": np.full((51, 3), np.nan)}]
)
def test_landmarks_of_another_model_are_told(change: dict[str, Any], tmp_path: Path) -> None:
    file = write_flame(tmp_path / "generic_model.pkl")
    (tmp_path / "flame_static_embedding.pkl").write_bytes(python2_pickle(embedding(51) | change))
    with pytest.raises(UserError, match="static_embedding"):
        read_flame(file)


def test_without_landmarks_none_are_known(head: FlameHead) -> None:
    assert (head.landmark_vertices == -1).all()
    found = np.arange(68, dtype=np.int32)
    np.testing.assert_array_equal(FlameHead(head.model, found).landmark_vertices, found)
