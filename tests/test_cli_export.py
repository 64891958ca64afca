import json
from pathlib import Path

import fakes
import pytest

from studio.cli import call
from studio.core.gaussians.splat_file import read_splats
from studio.core.project.archive import save_avatar


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, tiny_engine: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_avatar(fakes.TinyAvatar.make(50), "a.avatar")
    return tmp_path


@pytest.mark.parametrize("suffix", ["ply", "spz", "glb"])
def test_splats_are_written_as_the_name_says(suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["export", "a.avatar", "-o", f"head.{suffix}", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["gaussians"] == len(read_splats(f"head.{suffix}")) == 50
    assert answer["psnr"] > 38


def test_an_expression_is_in_the_splats() -> None:
    assert call(["export", "a.avatar", "-o", "rest.ply"]) == 0
    assert call(["export", "a.avatar", "-o", "open.ply", "--expression", "jawOpen=1"]) == 0
    assert abs(read_splats("rest.ply").means - read_splats("open.ply").means).max() > 0.01


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-o", "head.obj"], "should end with .ply or .spz or .glb"),
        (["-o", "head.ply", "--mesh"], "should end with .glb"),
        (["-o", "head.glb", "--mesh"], "has no mesh"),
        (["-o", "head.glb", "--mesh", "--expression", "jawOpen=1"], "leave out --expression"),
        (["-o", "gone/head.ply"], "There is no folder"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    folder: Path, options: list[str], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(["export", "a.avatar", *options]) == 2
    assert sentence in capfd.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["a.avatar"]
