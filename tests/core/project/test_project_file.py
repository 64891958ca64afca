import errno
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corruption import corrupted
from fakes import TinyAvatar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.motion.motion import Motion
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.project.document import AvatarRef, Document, Media, ProjectState
from studio.core.project.links import Places
from studio.core.project.project_file import (
    BACKUPS,
    FORMAT_VERSION,
    Opened,
    Saved,
    backup,
    fingerprint,
    open_project,
    save_project,
)
from studio.core.project.timeline import Block, Curve, Key, Timeline

pytestmark = pytest.mark.usefixtures("tiny_engine")

KEY = "0123456789abcdef"


@dataclass
class Studio:
    """A machine: a library, a sound, and a project that uses both."""

    root: Path
    document: Document

    @property
    def places(self) -> Places:
        return Places(self.root / "library", self.root / "kept media")

    @property
    def path(self) -> Path:
        return self.root / "work" / "film.astudio"

    def save(self, path: Path | None = None, **options: Any) -> Saved:
        return run(save_project(path or self.path, self.document.state, self.document.motions, **options))

    def open(self, path: Path | None = None) -> Opened:
        return run(open_project(path or self.path, self.places))


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    for folder in ("library", "work", "sounds"):
        (tmp_path / folder).mkdir()
    avatar, sound = tmp_path / "library" / f"{KEY}.avatar", tmp_path / "sounds" / "speech.wav"
    save_avatar(TinyAvatar.make(40, name="Anna"), avatar)
    sound.write_bytes(b"RIFF" * 100)
    document = Document()
    keys = [
        document.store(Motion.from_frames("arkit", np.arange(30) / 30, np.full((30, 52), value)))
        for value in (0.25, 0.5, 0.75)
    ]
    takes = tuple(Block(str(i), key, f"Take {i}", float(i), 0, 1, ("mouth",)) for i, key in enumerate(keys[:2]))
    state = ProjectState(
        avatars=(AvatarRef(KEY, "Anna", str(avatar)),),
        shown=KEY,
        timeline=Timeline(
            sounds=(Block("s", "m", "speech", 0, 0, 2, ("audio",)),),
            takes=takes,
            curves=(Curve("jawOpen", (Key(0, 0.1), Key(1, 0.2))),),
            muted=frozenset({"gaze", "head"}),
        ),
        media={"m": Media(str(sound), "speech.wav", 2.0)},
        background="#102030",
        expression={"jawOpen": 0.25},
    )
    document.edit("Make a film", state)
    return Studio(tmp_path, document)


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Unpack, change the members, pack again."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)


def change_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    def change_members(members: dict[str, bytes]) -> None:
        header = json.loads(members["project.json"])
        change(header)
        members["project.json"] = json.dumps(header).encode()

    rewrite(path, change_members)


def damage(path: Path, member: str) -> None:
    """Flip bytes in the middle of a member."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    data = bytearray(path.read_bytes())
    at = info.header_offset + 30 + len(member) + info.compress_size // 2
    for i in range(at, at + 4):
        data[i] ^= 0xFF
    path.write_bytes(data)


def test_a_project_comes_back_exactly(studio: Studio) -> None:
    saved = studio.save()
    opened = studio.open()
    assert opened.state == studio.document.state
    assert (opened.remarks, opened.whole, opened.collects) == ((), True, False)
    assert saved.fingerprint == opened.fingerprint == fingerprint(studio.path)
    assert opened.motions.keys() == {take.source for take in opened.state.timeline.takes}
    for key, motion in opened.motions.items():
        for name in ("times", "code", "head_pose", "confidence"):
            np.testing.assert_array_equal(getattr(motion, name), getattr(studio.document.motions[key], name))


def test_a_head_that_the_library_lost_comes_out_of_the_project(studio: Studio) -> None:
    studio.save()
    path = Path(studio.document.state.avatars[0].path)
    content = path.read_bytes()
    path.unlink()
    opened = studio.open()
    assert opened.whole
    assert path.read_bytes() == content
    assert opened.state == studio.document.state


def test_a_project_from_another_machine_brings_its_head_into_the_library(studio: Studio, tmp_path: Path) -> None:
    elsewhere = replace(studio.document.state.avatars[0], key="/home/her/Anna.avatar", path="/home/her/Anna.avatar")
    content = Path(studio.document.state.avatars[0].path).read_bytes()
    state = replace(studio.document.state, avatars=(elsewhere,), shown=elsewhere.key)
    studio.document.edit("x", state)
    assert "Anna" in studio.save().remark  # nowhere to be found
    (tmp_path / "Anna.avatar").write_bytes(content)
    here = replace(elsewhere, path=str(tmp_path / "Anna.avatar"))
    studio.document.edit("y", replace(state, avatars=(here,)))
    assert studio.save().remark == ""
    (tmp_path / "Anna.avatar").unlink()
    opened = studio.open()
    (ref,) = opened.state.avatars
    assert ref.key == opened.state.shown == Path(ref.path).stem
    assert Path(ref.path).parent == studio.places.avatars
    assert load_avatar(ref.path).name == "Anna"
    assert studio.open().state.avatars == (ref,)


def test_what_only_the_earlier_file_holds_is_taken_along(studio: Studio) -> None:
    studio.save(collect=True)
    Path(studio.document.state.avatars[0].path).unlink()
    Path(studio.document.state.media["m"].path).unlink()
    copy = studio.path.with_name("copy.astudio")
    assert studio.save(copy, collect=True, earlier=studio.path).remark == ""
    opened = studio.open(copy)
    assert opened.whole
    assert opened.collects
    assert Path(opened.state.media["m"].path).read_bytes() == b"RIFF" * 100
    assert load_avatar(opened.state.avatars[0].path).name == "Anna"


def test_missing_media_are_named_and_found_again_by_name(studio: Studio) -> None:
    studio.save()
    sound = Path(studio.document.state.media["m"].path)
    sound.unlink()
    opened = studio.open()
    assert opened.whole
    assert "“speech.wav” is missing; put it into the project's folder" in opened.remarks[0]
    (studio.path.parent / "speech.wav").write_bytes(b"new place")
    opened = studio.open()
    assert Path(opened.state.media["m"].path) == studio.path.parent / "speech.wav"
    assert "found beside" in opened.remarks[0]


def test_a_moved_folder_keeps_its_media(studio: Studio) -> None:
    sound = studio.root / "work" / "sounds" / "speech.wav"
    sound.parent.mkdir()
    sound.write_bytes(b"RIFF")
    media = {"m": Media(str(sound), "speech.wav")}
    studio.document.edit("x", replace(studio.document.state, media=media))
    studio.save()
    (studio.root / "work").rename(studio.root / "moved")
    opened = studio.open(studio.root / "moved" / "film.astudio")
    assert Path(opened.state.media["m"].path) == studio.root / "moved" / "sounds" / "speech.wav"


def test_three_saves_before_this_one_are_kept(studio: Studio) -> None:
    prints = [studio.save().fingerprint for _ in range(6)]
    assert fingerprint(studio.path) == prints[-1]
    kept = [fingerprint(backup(studio.path, number)) for number in range(1, BACKUPS + 1)]
    assert kept == prints[-2:-5:-1]
    assert len(list(studio.path.parent.iterdir())) == 1 + BACKUPS


@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_take_is_left_out_and_the_rest_opens(studio: Studio, number: int) -> None:
    studio.save()
    take = studio.document.state.timeline.takes[number]
    damage(studio.path, f"motions/{take.source}.safetensors")
    opened = studio.open()
    assert not opened.whole
    assert opened.remarks == (f"“{take.name}” could not be read and was left out.",)
    assert [kept.id for kept in opened.state.timeline.takes] == [str(1 - number)]
    assert replace(opened.state, timeline=studio.document.state.timeline) == studio.document.state


def test_a_damaged_head_does_not_matter_while_it_is_in_the_library(studio: Studio) -> None:
    studio.save()
    damage(studio.path, "avatars/0.avatar")
    assert studio.open().whole
    Path(studio.document.state.avatars[0].path).unlink()
    opened = studio.open()
    assert not opened.whole
    assert opened.remarks == ("The avatar “Anna” in the project is damaged.",)
    assert list(studio.places.avatars.iterdir()) == []


def test_a_damaged_project_names_the_backup_that_opens(studio: Studio) -> None:
    studio.save()
    damage(studio.path, "project.json")
    with pytest.raises(UserError, match="no project"):
        studio.open()
    studio.save()
    studio.save()
    damage(studio.path, "project.json")
    with pytest.raises(UserError, match=r"open 'film\.backup1\.astudio'"):
        studio.open()
    assert studio.open(backup(studio.path, 1)).state == studio.document.state


def test_what_another_program_changed_is_not_written_over(studio: Studio) -> None:
    mine = studio.save().fingerprint
    theirs = studio.save().fingerprint
    with pytest.raises(UserError, match="another program"):
        studio.save(expected=mine)
    assert fingerprint(studio.path) == theirs
    studio.save(expected=theirs)


def test_a_full_disk_leaves_the_old_file_and_its_backups(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [studio.save().fingerprint for _ in range(3)]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    state = studio.document.state
    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(UserError, match="disk is full"):
            studio.save()
    assert studio.document.state is state
    assert [fingerprint(studio.path), fingerprint(backup(studio.path, 1))] == before[:0:-1]
    assert not list(studio.path.parent.glob(".*"))
    studio.save()


def test_a_cancelled_save_leaves_nothing(studio: Studio) -> None:
    job = save_project(studio.path, studio.document.state, studio.document.motions)
    for _ in range(2):
        next(job)
    job.close()
    assert list(studio.path.parent.iterdir()) == []


def test_nonsense_is_left_out_and_said(studio: Studio) -> None:
    studio.save()

    def confuse(header: dict[str, Any]) -> None:
        timeline = header["state"]["timeline"]
        timeline["curves"][0]["channel"] = "tail"
        timeline["takes"][0]["end"] = -5.0
        timeline["sounds"][0]["gain"] = 1e300
        timeline["camera"] = [{"time": 1, "view": {"zoom": 0.0}}]
        timeline["markers"] = [{"time": 2, "name": "b"}, {"time": 1, "name": "a"}]
        header["state"]["shown"] = "nobody"
        header["state"]["expression"]["jawOpen"] = 1e30

    change_header(studio.path, confuse)
    state = studio.open().state
    assert (state.timeline.curves, state.timeline.sounds, state.timeline.camera) == ((), (), ())
    assert [take.id for take in state.timeline.takes] == ["1"]
    assert [mark.time for mark in state.timeline.markers] == [1, 2]
    assert (state.shown, state.expression) == ("", {})
    assert len(studio.open().remarks) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"format": "zip"},
        {"format_version": "1"},
        {"format_version": True},
        {"save": ""},
        {"save": "\x1b[2J"},
        {"state": []},
        {"state": {"shown": 5}},
        {"state": {"timeline": {"muted": ["nose"]}}},
        {"parts": {}},
        {"parts": [{"of": "avatars", "key": "a", "member": "avatars/0.avatar", "sha256": "../../x"}]},
        {"parts": [{"of": "system", "key": "a", "member": "x", "sha256": "0" * 64}]},
        {"beside": []},
        {"created": float("nan"), "state": {"gains": {"jawOpen": float("nan")}}},
    ],
)
def test_a_bad_header_is_refused(studio: Studio, change: dict[str, Any]) -> None:
    studio.save()
    change_header(studio.path, lambda header: header.update(change))
    with pytest.raises(UserError, match="damaged"):
        studio.open()


def test_a_newer_version_says_update(studio: Studio) -> None:
    studio.save()
    change_header(studio.path, lambda header: header.update(format_version=FORMAT_VERSION + 1))
    with pytest.raises(UserError, match="newer version"):
        studio.open()


@pytest.mark.parametrize("extra", ["../../escape.txt", "/etc/passwd", "motions/../x.safetensors", "avatars/0.exe"])
def test_members_of_other_names_are_refused(studio: Studio, extra: str) -> None:
    studio.save()
    rewrite(studio.path, lambda members: members.update({extra: b"x"}))
    with pytest.raises(UserError, match="damaged"):
        studio.open()


def test_a_zip_bomb_among_the_motions_is_left_out(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.core.project.project_file.MAX_BYTES", 100_000)
    studio.save()
    take = studio.document.state.timeline.takes[0]
    with zipfile.ZipFile(studio.path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members[f"motions/{take.source}.safetensors"] = bytes(10_000_000)
    with zipfile.ZipFile(studio.path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    opened = studio.open()
    assert not opened.whole
    assert take.source not in opened.motions


def test_a_huge_directory_is_refused_before_it_is_read(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(studio.path, "w") as file:
        for i in range(9000):
            file.writestr(f"motions/{i}.safetensors", b"")
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    with pytest.raises(UserError, match="damaged"):
        studio.open()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_corruption_opens_with_a_sentence_or_raises_one(studio: Studio, data: st.DataObject) -> None:
    if not studio.path.exists():
        studio.save()
    good = studio.path.read_bytes()
    bad = corrupted(data, good, tail=400)
    path = studio.path.with_name("bad.astudio")
    path.write_bytes(bad)
    try:
        opened = studio.open(path)
    except UserError:
        return
    lost = len(studio.document.state.timeline.takes) - len(opened.state.timeline.takes)
    assert opened.whole == (lost == 0)
    assert opened.state == studio.document.state or opened.remarks
    for key, motion in opened.motions.items():
        np.testing.assert_array_equal(motion.code, studio.document.motions[key].code)


def test_a_file_system_without_links_has_backups_too(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    first = studio.save().fingerprint
    studio.save()
    assert fingerprint(backup(studio.path, 1)) == first
