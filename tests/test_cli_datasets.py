"""The commands of `avatar-studio dataset`."""

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.core.datasets import spoken


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is listened to, which takes seconds."""

    def nothing(*_: object) -> object:
        yield from ()
        return []

    monkeypatch.setattr(spoken, "hear", nothing)


def test_heads_are_rendered_into_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    command = ["dataset", "make", "--source", "rendered", "-o", str(out), "--identities", "1", "--takes", "1"]
    command += ["--views", "2", "--size", "128", "--workers", "1", "--json"]
    assert call(command) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["scenes"], told["views"], told["ships"], told["sources"]) == (1, 2, 1, {"rendered": 1})
    assert json.loads((out / "manifest.json").read_text())["scenes"] == 1
    assert (out / told["shards"][0]["file"]).stat().st_size == told["bytes"]
    assert (out / "contact_sheet.png").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["make"], "give both or neither"),
        (["make", "PICTURES", "--source", "rendered"], "give both or neither"),
        (["make", "PICTURES", "--size", "100"], "--size 128 or --size 256"),
        (["make", "PICTURES"], "no such pictures"),
        (["prepare", "PICTURES"], "There are no clips"),
    ],
)
def test_what_cannot_be_made_is_said(
    options: list[str], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pictures").mkdir()
    options = [option.replace("PICTURES", str(tmp_path / "pictures")) for option in options]
    assert call(["dataset", *options, "-o", str(tmp_path / "set")]) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "set").exists()
