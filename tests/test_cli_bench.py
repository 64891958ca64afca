"""`avatar-studio bench` from the command line."""

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.core.engines import registry


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.ENGINES, "flat", "flat_avatar:FlatEngine")


def test_a_folder_without_data_gives_a_report_that_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    asked = ["bench", "self", "lips", "--data", str(tmp_path), "-o", str(out), "--engines", "flat", "--json"]
    assert call(asked) == 0
    told = capfd.readouterr()
    answer = json.loads(told.out)
    assert (answer["rows"], answer["kept"], answer["failed"]) == (0, 0, 0)
    assert "there is no clip in talking/" in told.err
    assert "there is no clip in talking/" in (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("wrong", "sentence"), [("speed", "no suite called 'speed'"), ("self", "no engine called 'x'")]
)
def test_what_there_is_not_is_said(
    wrong: str, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(["bench", wrong, "--data", str(tmp_path), "-o", str(tmp_path / "o"), "--engines", "x"]) == 2
    assert sentence in capfd.readouterr().err
    assert not (tmp_path / "o").exists()
