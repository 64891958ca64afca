"""The `heads` commands."""

import json
from pathlib import Path

import pytest
from dome import write_flame, write_ict

from studio.cli import call


@pytest.fixture
def published(tmp_path: Path) -> Path:
    write_flame(tmp_path / "flame2023.pkl")
    write_ict(tmp_path / "FaceXModel")
    return tmp_path


def test_heads_are_added_listed_and_removed(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["heads", "list"]) == 0
    assert "No heads were added" in capfd.readouterr().out
    assert call(["heads", "add", str(published / "FaceXModel")]) == 0
    told = capfd.readouterr()
    assert told.out.startswith("Added the head 'ict': ict, 625 vertices")
    assert "reading" in told.err
    assert told.err.count("MIT") == 1
    assert call(["heads", "add", str(published / "flame2023.pkl"), "--name", "flame"]) == 0
    told = capfd.readouterr()
    assert "ARKit by ict" in told.out
    assert told.err.count("non-commercial") == 1
    assert call(["heads", "list"]) == 0
    assert [line.split()[0] for line in capfd.readouterr().out.splitlines()] == ["flame", "ict"]
    assert call(["heads", "remove", "flame"]) == 0
    assert "Removed the head 'flame'" in capfd.readouterr().out
    assert call(["heads", "remove", "flame"]) == 2
    assert "There is no head called 'flame' (added: ict)" in capfd.readouterr().err


def test_machines_get_json(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["heads", "add", str(published / "FaceXModel"), "--json"]) == 0
    told = capfd.readouterr()
    added = json.loads(told.out)
    assert added["kind"] == "ict"
    assert all(json.loads(line) for line in told.err.splitlines())
    assert call(["heads", "list", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"heads": [added]}
    assert call(["heads", "remove", "ict", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"removed": "ict"}


@pytest.mark.parametrize("content", [b"hello\n", b"\x80\x02cposix\nsystem\nU\x0bmkdir owned\x85R."])
def test_a_file_that_is_no_head_is_told_in_one_sentence(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.pkl").write_bytes(content)
    assert call(["heads", "add", "m.pkl"]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("'m.pkl' is no FLAME model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pkl"]


def test_heads_alone_shows_its_commands(capfd: pytest.CaptureFixture[str]) -> None:
    call(["heads", "--help"])
    shown = capfd.readouterr().out
    assert all(command in shown for command in ("add", "list", "remove"))
