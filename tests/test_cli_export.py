import json
import os
from pathlib import Path

import fakes
import numpy as np
import pytest
from sound_files import write_wave

from studio.cli import call
from studio.core.avatar import render_frame
from studio.core.gaussians.splat_file import read_splats
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import run
from studio.core.media.alpha import psnr
from studio.core.media.picture_folder import read_folder
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.project.document import AvatarRef, Media, ProjectState
from studio.core.project.project_file import save_project
from studio.core.project.timeline import Block, CameraKey, Timeline


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


@pytest.mark.parametrize("name", ["c.mp4", "c.mov", "c.webm", "c"])
def test_clips_are_written_as_their_name_says(name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    behind = "#203040" if name == "c.mp4" else "transparent"
    command = ["turntable", "a.avatar", "-o", name, "--seconds", "0.2", "--size", "96x64", "--background", behind]
    assert call([*command, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["frames"], answer["width"], answer["height"], answer["path"]) == (5, 96, 64, name)
    assert answer["psnr"] > 25
    assert sorted(os.listdir(folder)) == ["a.avatar", name]


def test_the_motion_of_speech_goes_into_a_csv(capfd: pytest.CaptureFixture[str]) -> None:
    write_wave(Path("s.wav"), np.random.default_rng(0).normal(0, 0.1, (4000, 1)), 16_000)
    assert call(["speak", "a.avatar", "s.wav", "-o", "m.csv", "--fps", "60"]) == 0
    lines = Path("m.csv").read_text().splitlines()
    assert (len(lines), lines[0].split(",")[2]) == (16, "EyeBlinkLeft")


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "c.avi"],
        ["-o", "c.mp4", "--background", "transparent"],
        ["-o", "c.mp4", "--size", "big"],
        ["-o", "c.mp4", "--size", "65x64"],
        ["-o", "c.mp4", "--depth", "16"],
        ["-o", "c", "--depth", "12"],
        ["-o", "full"],
        ["-o", "c.mp4", "--quality", "best"],
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(options: list[str], folder: Path) -> None:
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    assert call(["turntable", "a.avatar", *options]) == 2
    assert sorted(os.listdir(folder)) == ["a.avatar", "full"]


def test_a_projects_timeline_becomes_a_clip(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = np.zeros((2, 52), np.float32)
    code[:, ARKIT_INDEX["jawOpen"]] = 0.5
    write_wave(Path("s.wav"), np.random.default_rng(0).normal(0, 0.1, (4800, 1)), 16_000)
    timeline = Timeline(
        sounds=(Block("s", "voice", "s.wav", 0.0, 0.0, 0.3, ("audio",)),),
        takes=(Block("t", "take", "take", 0.0, 0.0, 0.4, ("mouth",)),),
        camera=(CameraKey(0.0, Orbit()), CameraKey(0.4, Orbit(20.0))),
    )
    state = ProjectState(
        (AvatarRef("a", "tiny", str(folder / "a.avatar")),), "a", timeline,
        {"voice": Media(str(folder / "s.wav"), "s.wav", 0.3)}, gains={"jawOpen": 2.0},
    )  # fmt: skip
    motion = Motion.from_frames("arkit", np.array([0.0, 0.4]), code)
    run(save_project(folder / "p.astudio", state, {"take": motion}))
    assert call(["render", "p.astudio", "-o", "c", "--size", "64", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["frames"], sorted(os.listdir("c"))[-1]) == (10, "sound.wav")
    picture = list(read_folder("c"))[5]
    frame, view = Motion.arkit(0.0, None, jawOpen=1.0), timeline.view_at(0.2)
    assert view is not None
    avatar = load_avatar("a.avatar")
    assert psnr(picture, render_frame(avatar, frame, view.camera(avatar, 64))) > 45
    assert call(["render", "a.avatar", "-o", "d.mp4"]) == 2
