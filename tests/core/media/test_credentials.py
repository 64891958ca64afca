"""Content Credentials: signed, read back, found broken, and told."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar

from studio.cli import call
from studio.core.avatar import Consent
from studio.core.errors import UserError
from studio.core.export_clip import ClipOptions, write_clip
from studio.core.inspection import inspect_file
from studio.core.jobs import run
from studio.core.media import credentials
from studio.core.media.credentials import Claimed, default_folder, read, sign
from studio.core.media.image import save_png
from studio.core.performance import Turntable

CLAIMED = Claimed("somebody (synthetic)", {"stated": True, "by": "window", "at": "2026-11-21T00:00:00+00:00"})


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    save_png(tmp_path / "a.png", pixels, None, CLAIMED)
    return tmp_path / "a.png"


def test_a_signed_picture_says_what_it_is_and_who_consented(picture: Path) -> None:
    found = read(picture)
    assert (found.credentials, found.intact, found.known, found.problems) == (True, True, True, ())
    assert found.source_type.endswith("/trainedAlgorithmicMedia")
    assert found.statement.startswith("synthetic")
    assert (found.title, found.consent) == (CLAIMED.title, CLAIMED.consent)
    assert os.listdir(picture.parent) == ["a.png"]


def test_the_key_is_made_once_and_is_nobody_elses(picture: Path) -> None:
    key = default_folder() / "credentials.key"
    before = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sign(picture, CLAIMED)
    assert key.read_bytes() == before


def test_a_changed_picture_is_found_out(picture: Path) -> None:
    data = bytearray(picture.read_bytes())
    data[-200] ^= 1
    picture.write_bytes(data)
    found = read(picture)
    assert (found.credentials, found.intact, found.known) == (True, False, False)
    assert found.problems


def test_another_installation_is_not_taken_for_this_one(picture: Path, tmp_path: Path) -> None:
    found = read(picture, tmp_path / "elsewhere")
    assert (found.intact, found.known) == (True, False)
    sign(tmp_path / "a.png", CLAIMED, tmp_path / "other")
    assert not read(picture).known


def test_a_picture_without_credentials_has_none(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", np.zeros((32, 32, 3), np.uint8))
    assert not read(tmp_path / "a.png").credentials
    assert inspect_file(tmp_path / "a.png").says_synthetic  # its metadata does


@pytest.mark.parametrize(("name", "signed"), [("c.mp4", True), ("c.mov", True), ("c.webm", False), ("c", False)])
def test_every_clip_says_that_it_is_synthetic(tmp_path: Path, name: str, signed: bool) -> None:
    avatar = TinyAvatar.make(50, consent=Consent(True, "window", "now"))
    report = run(write_clip(avatar, Turntable(0.2), tmp_path / name, ClipOptions(64, 64)))
    found = inspect_file(tmp_path / name)
    assert found.says_synthetic
    assert "synthetic" in found.tags["comment"]
    assert (report.signed, found.credentials.credentials, found.credentials.intact) == (signed, signed, signed)
    if signed:
        assert found.credentials.consent == {"stated": True, "by": "window", "at": "now"}


def test_inspect_tells_it_in_words(picture: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["inspect", str(picture)]) == 0
    told = capfd.readouterr().out
    for words in ("whole, as signed", "trainedAlgorithmicMedia", "stated (window", "it says so"):
        assert words in told
    (tmp_path / "notes.txt").write_text("no picture")
    for name in ("notes.txt", "none.png"):
        assert call(["inspect", str(tmp_path / name)]) == 2


def test_without_the_packages_plain_metadata_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Path
) -> None:
    monkeypatch.setattr(credentials, "find_spec", lambda name: None)
    save_png(tmp_path / "b.png", np.zeros((32, 32, 3), np.uint8), None, CLAIMED)
    found = inspect_file(tmp_path / "b.png")
    assert "make setup" in found.unread
    assert found.says_synthetic
    with pytest.raises(UserError, match="make setup"):
        read(picture)
