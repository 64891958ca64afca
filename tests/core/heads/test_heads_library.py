"""Heads added, listed, loaded and removed; what goes wrong leaves nothing behind."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from dome import dome, python2_pickle, write_flame, write_ict

from studio.core.errors import UserError
from studio.core.heads import library
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.flame import FlameHead, read_flame
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.ict import IctHead
from studio.core.jobs import Progress, run

ZERO = np.zeros(3, np.float32)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a FLAME file and ICT-FaceKit's repository."""
    folder = tmp_path_factory.mktemp("published")
    write_flame(folder / "FLAME 2023 (no jaw).pkl")
    write_ict(folder / "ICT-FaceKit" / "FaceXModel")
    return folder


@pytest.fixture
def ict(published: Path) -> library.HeadInfo:
    return run(library.add(published / "ICT-FaceKit"))


@pytest.fixture
def flame(published: Path, ict: library.HeadInfo) -> library.HeadInfo:
    return run(library.add(published / "FLAME 2023 (no jaw).pkl"))


def stored() -> list[str]:
    return sorted(os.listdir(library.folder())) if library.folder().exists() else []


def test_an_ict_head_is_stored_whole(ict: library.HeadInfo) -> None:
    assert (ict.name, ict.kind, ict.identities, ict.expressions, ict.expressions_from) == ("ict", "ict", 2, 56, "")
    assert "MIT" in ict.licence
    head = library.load("ict")
    assert isinstance(head, IctHead)
    np.testing.assert_allclose(head.neutral, head.placement.to_head(dome()), atol=1e-7)
    code = np.zeros(52, np.float32)
    code[ARKIT_INDEX["jawOpen"]] = 1
    moved = head.vertices(HeadParams(np.ones(2, np.float32), code, ZERO, ZERO))
    assert np.linalg.norm(moved - head.neutral, axis=1).max() > 0.01


def test_a_flame_head_is_stored_with_its_map(flame: library.HeadInfo, published: Path) -> None:
    assert flame.name == "flame-2023-no-jaw"
    assert (flame.kind, flame.identities, flame.expressions, flame.expressions_from) == ("flame", 300, 112, "ict")
    assert "non-commercial" in flame.licence
    assert 0 < flame.fit < 0.001
    head, original = library.load(flame.name), read_flame(published / "FLAME 2023 (no jaw).pkl")
    assert isinstance(head, FlameHead)
    for name, array in original.arrays().items():
        np.testing.assert_array_equal(head.model.arrays()[name], array)
    assert (head.landmark_vertices >= 0).all()
    mapped = library.load_map(flame.name)
    code = np.zeros(52, np.float32)
    code[ARKIT_INDEX["jawOpen"]] = 0.5
    assert mapped.arkit_to_flame(code).jaw[0] == pytest.approx(0.15, abs=0.03)
    assert mapped.flame_to_arkit(mapped.arkit_to_flame(code)).argmax() == ARKIT_INDEX["jawOpen"]


def test_nothing_that_was_a_pickle_is_kept(flame: library.HeadInfo) -> None:
    assert stored() == ["flame-2023-no-jaw.safetensors", "ict.safetensors"]
    arrays = safetensors.numpy.load_file(library.folder() / "flame-2023-no-jaw.safetensors")
    assert all(array.dtype.kind in "fi" for array in arrays.values())


def test_heads_are_listed_by_name(flame: library.HeadInfo, ict: library.HeadInfo) -> None:
    assert library.installed() == [flame, ict]


def test_a_head_that_cannot_be_read_is_left_out_of_the_list_and_told_when_asked_for(ict: library.HeadInfo) -> None:
    whole = (library.folder() / "ict.safetensors").read_bytes()
    (library.folder() / "cut.safetensors").write_bytes(whole[:-1000])
    (library.folder() / "renamed.safetensors").write_bytes(whole)
    (library.folder() / "text.safetensors").write_text("hello")
    (library.folder() / "nothing.safetensors").write_bytes(b"")
    (library.folder() / "other.safetensors").write_bytes(safetensors.numpy.save({"a": np.zeros(3)}))
    assert library.installed() == [ict]
    for name in ("cut", "renamed", "text", "nothing", "other"):
        with pytest.raises(UserError, match="damaged; remove it"):
            library.load(name)
        library.remove(name)
    assert stored() == ["ict.safetensors"]


def rewritten(name: str, arrays: dict[str, np.ndarray], **changes: object) -> None:
    """Change what is known of a stored head, or its arrays, as another version would have written them."""
    path = library.folder() / f"{name}.safetensors"
    with safetensors.safe_open(path, framework="numpy") as file:
        told = json.loads(file.metadata()["head"]) | changes
    path.write_bytes(safetensors.numpy.save(arrays, {"head": json.dumps(told)}))


def test_an_ict_head_of_another_version_is_told(ict: library.HeadInfo) -> None:
    arrays = safetensors.numpy.load_file(library.folder() / "ict.safetensors")
    fewer = {name: array for name, array in arrays.items() if name != "landmark_vertices"}
    for changed in (fewer, arrays | {"more": np.zeros(1)}, arrays | {"neutral": arrays["neutral"][:9]}):
        rewritten("ict", changed)
        with pytest.raises(UserError, match="'ict' is damaged; remove it"):
            library.load("ict")


@pytest.mark.parametrize("lost", ["template", "map.landmarks", "map.codes", "map.vertices"])
def test_a_flame_head_of_another_version_is_told(lost: str, flame: library.HeadInfo) -> None:
    arrays = safetensors.numpy.load_file(library.folder() / f"{flame.name}.safetensors")
    rewritten(flame.name, {name: array for name, array in arrays.items() if name != lost})
    with pytest.raises(UserError, match="is damaged; remove it"):
        library.load_map(flame.name)


def test_a_list_is_not_ended_by_a_head_of_no_kind(ict: library.HeadInfo) -> None:
    arrays = safetensors.numpy.load_file(library.folder() / "ict.safetensors")
    rewritten("ict", arrays, kind=["ict"])
    assert library.installed() == []


def test_a_head_added_meanwhile_is_not_written_over(published: Path) -> None:
    slow = library.add(published / "ICT-FaceKit")
    next(slow)
    first = run(library.add(published / "ICT-FaceKit"))
    with pytest.raises(UserError, match="already a head called 'ict'"):
        run(slow)
    assert library.installed() == [first]


def test_a_removed_head_is_gone(ict: library.HeadInfo) -> None:
    library.remove("ict")
    assert stored() == []
    with pytest.raises(UserError, match="There is no head called 'ict'"):
        library.load("ict")
    with pytest.raises(UserError, match="no head called"):
        library.remove("ict")
    with pytest.raises(UserError, match="no head called"):
        library.remove("../ict")


def test_a_name_is_given_or_taken_from_the_file(published: Path) -> None:
    assert run(library.add(published / "ICT-FaceKit" / "FaceXModel", "a-second-1")).name == "a-second-1"
    for name in ("", "Large", "two words", "../up", "template", "-x", "a" * 41):
        with pytest.raises(UserError, match="is no name for a head"):
            run(library.add(published / "ICT-FaceKit", name))


def test_a_head_is_never_written_over(published: Path, ict: library.HeadInfo) -> None:
    before = (library.folder() / "ict.safetensors").read_bytes()
    with pytest.raises(UserError, match="already a head called 'ict'"):
        run(library.add(published / "ICT-FaceKit"))
    assert (library.folder() / "ict.safetensors").read_bytes() == before


def test_a_head_with_arkit_shapes_has_no_map(ict: library.HeadInfo) -> None:
    with pytest.raises(UserError, match="has ARKit's shapes itself"):
        library.load_map("ict")


def test_bad_input_is_told_in_one_sentence_and_nothing_is_stored(tmp_path: Path, published: Path) -> None:
    whole = (published / "FLAME 2023 (no jaw).pkl").read_bytes()
    contents = {
        "text.pkl": b"hello\n",
        "cut.pkl": whole[: len(whole) // 2],
        "hostile.pkl": b"\x80\x02cposix\nsystem\nU\x0bmkdir owned\x85R.",
        "hidden.pkl": python2_pickle({"v_template": 1})[:-1] + b"0cbuiltins\neval\n.",
        "model.npz": b"PK\x03\x04",
        "model.obj": b"v 0 0 0\n",
        "notes.txt": b"hello\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name) as told:
            run(library.add(tmp_path / name))
        assert "\n" not in str(told.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="'empty' is no folder of ICT-FaceKit"):
        run(library.add(tmp_path / "empty"))
    with pytest.raises(UserError, match=r"no file or folder 'gone\.pkl'"):
        run(library.add(tmp_path / "gone.pkl"))
    with pytest.raises(UserError, match="cannot be read"):
        run(library.add(tmp_path / f"{'a' * 300}.pkl"))
    assert stored() == []
    assert not Path("owned").exists()


def test_adding_reports_and_a_cancelled_job_leaves_nothing(published: Path) -> None:
    job = library.add(published / "ICT-FaceKit")
    reports = [next(job) for _ in range(20)]
    assert all(isinstance(report, Progress) for report in reports)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] > fractions[1]
    job.close()
    assert stored() == []


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def write(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        yield


def test_a_full_disk_is_told_and_leaves_nothing_half_written(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with full_disk(monkeypatch), pytest.raises(UserError, match="disk is full"):
        run(library.add(published / "ICT-FaceKit"))
    assert stored() == []


def test_what_is_known_of_a_head_is_plain_json(ict: library.HeadInfo) -> None:
    with safetensors.safe_open(library.folder() / "ict.safetensors", framework="numpy") as file:
        assert json.loads(file.metadata()["head"])["name"] == "ict"


def test_without_an_ict_head_the_built_in_one_says_what_the_shapes_are() -> None:
    origin, shapes = library._arkit_source()
    assert origin == "template"
    assert shapes.moved.shape == (52, len(shapes.surface.points), 3)
    assert len(shapes.surface.landmarks) == 68
    head = FullHead()  # eyeballs and teeth are no skin
    np.testing.assert_allclose(shapes.surface.points, head.neutral[head.of("skin")], atol=1e-6)
    jaw = shapes.moved[ARKIT_INDEX["jawOpen"], shapes.surface.landmarks[8]]
    assert jaw[1] < -0.01
