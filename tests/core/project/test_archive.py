import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from corruption import corrupted
from fakes import TinyAvatar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.avatar import Consent
from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.project import archive
from studio.core.project.archive import load_avatar, read_header, read_thumbnail, save_avatar

pytestmark = pytest.mark.usefixtures("tiny_engine")


def avatar() -> TinyAvatar:
    return TinyAvatar.make(40, name="tïny", consent=Consent(True, "command line", "2026-01-02T03:04:05+00:00"))


def assert_equal(loaded: Any, saved: TinyAvatar) -> None:
    a, b = loaded.state(), saved.state()
    assert (a.engine, a.meta) == (b.engine, b.meta)
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in b.arrays.items():
        assert a.arrays[name].dtype == array.dtype
        assert a.arrays[name].tobytes() == array.tobytes()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "a.avatar"
    save_avatar(avatar(), path)
    return path


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> None:
    """Unpack, change the members, pack again."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as new:
        for name, data in members.items():
            new.writestr(name, data)


def change_header(path: Path, **values: Any) -> None:
    def change(members: dict[str, bytes]) -> None:
        header = json.loads(members["avatar.json"]) | values
        members["avatar.json"] = json.dumps(header).encode()

    rewrite(path, change)


def change_array(path: Path, name: str, array: np.ndarray) -> None:
    def change(members: dict[str, bytes]) -> None:
        arrays = safetensors.numpy.load(members["arrays.safetensors"])
        members["arrays.safetensors"] = safetensors.numpy.save({**arrays, name: array})

    rewrite(path, change)


def test_round_trip_is_exact(saved: Path) -> None:
    assert_equal(load_avatar(saved), avatar())


def test_views_and_other_byte_orders_survive(tmp_path: Path) -> None:
    plain = avatar()
    odd = replace(plain, means=np.asfortranarray(plain.means), jaw=np.repeat(plain.jaw, 2)[::2].astype(">f4"))
    save_avatar(odd, tmp_path / "a.avatar")
    assert_equal(load_avatar(tmp_path / "a.avatar"), plain)


def test_header_tells_consent_and_provenance(saved: Path) -> None:
    header = read_header(saved)
    assert header.name == "tïny"
    assert header.consent == avatar().consent
    assert "synthetic" in header.provenance
    assert header.arrays["means"] == ("F32", (40, 3))
    assert header.size == saved.stat().st_size


def test_thumbnail_is_kept(saved: Path) -> None:
    np.testing.assert_array_equal(read_thumbnail(saved), avatar().thumbnail)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_packed_again_by_hand_still_loads(saved: Path, compression: int) -> None:
    rewrite(saved, lambda members: None, compression)
    assert_equal(load_avatar(saved), avatar())


def test_a_failed_save_leaves_the_old_file(saved: Path) -> None:
    before = saved.read_bytes()
    broken = replace(avatar(), name=object())  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        save_avatar(broken, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.glob(".*")) == []


def test_newer_version_says_update(saved: Path) -> None:
    change_header(saved, format_version=archive.FORMAT_VERSION + 1)
    with pytest.raises(UserError, match="newer version"):
        load_avatar(saved)


@pytest.mark.parametrize(
    "values",
    [
        {"format": "zip"},
        {"format_version": "1"},
        {"format_version": True},
        {"format_version": 0},
        {"name": None},
        {"name": "x" * 1001},
        {"engine": ["tiny"]},
        {"engine": "os:system"},
        {"meta": []},
        {"meta": {}},
        {"name": "tiny\x1b[2J"},
        {"program": "two\nlines"},
        {"name": "somebody else"},
        {"notes": "one"},
        {"notes": ["\x07"]},
        {"consent": {"stated": False, "by": "command line", "at": "2026-01-02T03:04:05+00:00"}},
        {"consent": {"stated": True, "by": "x" * 1001, "at": ""}},
        {"consent": {"stated": True, "by": "", "at": "\x1b]0;"}},
        {"consent": {"stated": "yes", "by": "", "at": ""}},
        {"consent": {"stated": True, "by": "", "at": "", "more": 1}},
        {"created": float("nan")},
    ],
)
def test_bad_header_is_refused(saved: Path, values: dict[str, Any]) -> None:
    change_header(saved, **values)
    with pytest.raises(UserError):
        load_avatar(saved)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(saved: Path, bad: float) -> None:
    means = avatar().means.copy()
    means[7, 1] = bad
    change_array(saved, "means", means)
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


@pytest.mark.parametrize(("name", "value"), [("means", 1e30), ("means", 11.0), ("colors", 2000.0), ("colors", 1e30)])
def test_values_out_of_range_are_refused(saved: Path, name: str, value: float) -> None:
    change_array(saved, name, np.full((40, 3), value, np.float32))
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_huge_splats_are_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pose = TinyAvatar.pose

    def huge(self: TinyAvatar, *arguments: Any) -> Any:
        gaussians = pose(self, *arguments)
        return replace(gaussians, scales=gaussians.scales * 0 + 2)

    monkeypatch.setattr(TinyAvatar, "pose", huge)
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ZeroDivisionError(), KeyError("bug")])
def test_what_is_not_the_files_fault_is_not_told_as_damage(
    saved: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(TinyAvatar, "pose", broken)
    with pytest.raises(type(error)):
        load_avatar(saved)


def test_notes_are_kept(tmp_path: Path) -> None:
    save_avatar(replace(avatar(), notes=("The face is small.",)), tmp_path / "a.avatar")
    assert read_header(tmp_path / "a.avatar").notes == ("The face is small.",)
    assert load_avatar(tmp_path / "a.avatar").notes == ("The face is small.",)


def test_misshapen_arrays_are_refused(saved: Path) -> None:
    change_array(saved, "colors", np.zeros((7, 3), np.float32))
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


@pytest.mark.parametrize("extra", ["../../escape.txt", "/etc/passwd", "avatar.json/..", "more.bin"])
def test_members_outside_the_list_are_refused(saved: Path, extra: str) -> None:
    rewrite(saved, lambda members: members.update({extra: b"x"}))
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_duplicate_members_are_refused(saved: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(saved, "a") as file:
        file.writestr("avatar.json", "{}")
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_a_missing_member_is_refused(saved: Path) -> None:
    rewrite(saved, lambda members: members.__delitem__("arrays.safetensors"))
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_a_zip_bomb_is_refused_by_its_declared_size(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(archive.LIMITS, "arrays.safetensors", 10_000)
    rewrite(saved, lambda m: m.update({"arrays.safetensors": bytes(1_000_000)}), zipfile.ZIP_DEFLATED)
    assert saved.stat().st_size < 100_000
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_a_zip_bomb_that_lies_about_its_size_is_refused(saved: Path) -> None:
    rewrite(saved, lambda m: m.update({"arrays.safetensors": bytes(1_000_000)}), zipfile.ZIP_DEFLATED)
    data = bytearray(saved.read_bytes())
    data = data.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 100))
    saved.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


def test_a_huge_directory_is_refused_before_it_is_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(saved, "w") as file:
        for i in range(2000):
            file.writestr(f"{i:040d}", b"")
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    with pytest.raises(UserError, match="damaged"):
        load_avatar(saved)


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"not a zip" * 100])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.avatar"
    path.write_bytes(data)
    with pytest.raises(UserError, match="not an avatar file"):
        load_avatar(path)


def test_missing_file_and_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file 'x\.avatar'"):
        load_avatar(tmp_path / "x.avatar")
    with pytest.raises(UserError, match="is a folder"):
        load_avatar(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_corruption_loads_equal_or_raises_user_error(saved: Path, data: st.DataObject) -> None:
    good = saved.read_bytes()
    bad = corrupted(data, good, tail=250)
    path = saved.with_name("bad.avatar")
    path.write_bytes(bad)
    try:
        loaded = load_avatar(path)
        read_header(path)
    except UserError:
        return
    assert_equal(loaded, avatar())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_members_changed_on_purpose_load_finite_or_raise_user_error(saved: Path, data: st.DataObject) -> None:
    def change(members: dict[str, bytes]) -> None:
        name = data.draw(st.sampled_from(["avatar.json", "arrays.safetensors"]))
        content = bytearray(members[name])
        for _ in range(data.draw(st.integers(1, 3))):
            # The first kilobyte holds the lists of names, types, shapes and offsets.
            at = data.draw(st.integers(0, min(1000, len(content) - 1)) | st.integers(0, len(content) - 1))
            content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4) | st.just(b"9"))
        members[name] = bytes(content)

    bad = saved.with_name("bad.avatar")
    bad.write_bytes(saved.read_bytes())
    rewrite(bad, change)
    try:
        read_header(bad)
        read_thumbnail(bad)
        loaded = load_avatar(bad)
    except UserError:
        return
    for array in loaded.state().arrays.values():
        assert np.isfinite(array).all()


def without_options(members: dict[str, bytes]) -> None:
    header = json.loads(members["avatar.json"])
    del header["meta"]["options"]
    members["avatar.json"] = json.dumps(header | {"format_version": 1}).encode()


def test_a_file_of_version_1_is_one_without_a_choice(saved: Path) -> None:
    rewrite(saved, without_options)
    assert read_header(saved).options == BuildOptions()
    assert_equal(load_avatar(saved), avatar())


@pytest.mark.parametrize(
    "options",
    [None, [], {"quality": "best"}, {"quality": 1}, {"head": "\x1b[2J"}, {"head": None}, {"jaw": "1"}],
)
def test_options_that_no_program_writes_are_damage(saved: Path, options: Any) -> None:
    def change(members: dict[str, bytes]) -> None:
        header = json.loads(members["avatar.json"])
        header["meta"]["options"] = options
        members["avatar.json"] = json.dumps(header).encode()

    rewrite(saved, change)
    for read in (read_header, load_avatar):
        with pytest.raises(UserError, match="damaged"):
            read(saved)
