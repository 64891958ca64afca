import json
import os
import signal
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import fakes
import numpy as np
import pytest
import typer
from PIL import Image

from studio import cli
from studio.cli import call, parse_expression
from studio.core import build, export, export_clip, performance, sample
from studio.core.engines.registry import PLANNED
from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.project import archive
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.speech.settings import RANGES, SpeechSettings

BUILD = ["build", "portrait.png", "--engine", "tiny"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, tiny_engine: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a portrait, an avatar and a recording, with the tiny engine for every build."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "prepare_portrait", fakes.tiny_prepare)
    Image.fromarray(np.full((64, 64, 3), 99, np.uint8)).save("portrait.png")
    save_avatar(fakes.TinyAvatar.make(50), "a.avatar")
    write_buzz("speech.wav", 0.25)
    return tmp_path


def write_buzz(name: str, seconds: float) -> None:
    with wave.open(name, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((np.arange(round(seconds * 16000)) % 120 * 100 - 5950).astype("<i2").tobytes())


@pytest.fixture
def files(folder: Path) -> set[str]:
    return set(os.listdir(folder))


def test_build_writes_an_avatar_and_says_that_consent_was_not_stated(capfd: pytest.CaptureFixture[str]) -> None:
    assert call([*BUILD, "-o", "b.avatar"]) == 0
    assert "not stated" in capfd.readouterr().err
    avatar = load_avatar("b.avatar")
    assert avatar.name == "portrait"
    assert not avatar.consent.stated


def test_build_records_consent(capfd: pytest.CaptureFixture[str]) -> None:
    assert call([*BUILD, "-o", "b.avatar", "--consent"]) == 0
    assert "not stated" not in capfd.readouterr().err
    consent = load_avatar("b.avatar").consent
    assert (consent.stated, consent.by) == (True, "command line")
    assert consent.at.startswith("20")


def test_build_takes_landmarks_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict = {}

    def prepare(*arguments, **options):
        asked.update(options)
        return fakes.tiny_prepare(*arguments, **options)

    monkeypatch.setattr(build, "prepare_portrait", prepare)
    Path("f.json").write_text(json.dumps([[1.0, 2.0]] * 478))
    assert call([*BUILD, "-o", "b.avatar", "--landmarks", "f.json", "--seed", "5"]) == 0
    assert asked["landmarks"].shape == (478, 3)
    same = fakes.TinyAvatar.make(600, 5)
    np.testing.assert_array_equal(load_avatar("b.avatar").state().arrays["colors"], same.colors)


def test_view_writes_a_picture(capfd: pytest.CaptureFixture[str]) -> None:
    options = "--yaw -20 --pitch 5 --zoom 1.2 --size 96 --expression jawOpen=0.7,eyeBlinkLeft=1"
    assert call(["view", "a.avatar", "-o", "v.png", *options.split(), "--background", "transparent"]) == 0
    with Image.open("v.png") as picture:
        assert picture.size == (96, 96)
        assert picture.mode == "RGBA"
        assert "synthetic" in picture.info["Comment"]
    assert "v.png" in capfd.readouterr().out


def test_view_writes_a_sheet() -> None:
    assert call(["view", "a.avatar", "-o", "s.png", "--sheet", "--size", "64"]) == 0
    with Image.open("s.png") as picture:
        assert picture.width > 7 * 64
        assert picture.height > 4 * 64


@pytest.mark.parametrize("options", [[], ["--sheet"]])
def test_view_shows_what_is_guessed(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    known = replace(load_avatar("a.avatar"), seen=np.arange(50) % 2 == 0)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(archive, "load_avatar", lambda _: known)
    pictures = []
    for more in ([], ["--guessed"]):
        assert call(["view", "a.avatar", "-o", "v.png", "--size", "64", *options, *more]) == 0
        with Image.open("v.png") as picture:
            pictures.append(np.asarray(picture.convert("RGB")).astype(int))
    assert abs(pictures[0] - pictures[1]).max() > 60


def test_speak_writes_a_clip(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--size", "64", "--fps", "20", "--json"]) == 0
    captured = capfd.readouterr()
    answer = json.loads(captured.out)
    assert (answer["path"], answer["frames"], answer["fps"]) == ("c.mp4", 5, 20)
    lines = [json.loads(line) for line in captured.err.splitlines()]
    assert lines[0] == {"note": "This avatar was built without stated consent."}
    assert lines[-1] == {"fraction": 1.0, "message": "done", "eta": 0.0}


def test_speak_tells_what_is_wrong_with_the_recording(capfd: pytest.CaptureFixture[str]) -> None:
    Path("speech.wav").write_bytes(Path("speech.wav").read_bytes()[:4044])
    assert call(["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--size", "64"]) == 0
    assert "'speech.wav' is cut short" in capfd.readouterr().err
    assert call(["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--size", "64", "--json"]) == 0
    captured = capfd.readouterr()
    (note,) = json.loads(captured.out)["notes"]
    assert {"note": note} in map(json.loads, captured.err.splitlines())


def test_speak_passes_its_settings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[object] = []
    usual = performance.motion_frames

    def watched(blocks, fps, settings, seed, **options):
        used.append(settings)
        return usual(blocks, fps, settings, seed, **options)

    monkeypatch.setattr(performance, "motion_frames", watched)
    wanted = {"gain": 1.5, "closure": 0.5, "emphasis": 0.2, "smoothing": 0.3, "sensitivity": 0.9}
    options = [part for name, value in wanted.items() for part in (f"--{name}", str(value))]
    assert call(["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--size", "64", *options]) == 0
    assert used == [SpeechSettings(**wanted)]


def test_speak_offers_the_settings_with_their_ranges_and_defaults() -> None:
    command: Any = typer.main.get_command(cli.app)
    options = {option.name: option for option in command.commands["speak"].params}
    for name, (low, high) in RANGES.items():
        assert (options[name].min, options[name].max) == (low, high)
        assert options[name].default == getattr(SpeechSettings(), name)


@pytest.mark.parametrize("command", [["info", "a.avatar"], ["doctor"]])
def test_info_and_doctor_answer_in_text_and_json(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert call(command) == 0
    text = capfd.readouterr().out
    assert len(text.splitlines()) > 3
    assert call([*command, "--json"]) == 0
    assert isinstance(json.loads(capfd.readouterr().out), dict)


def test_info_tells_consent(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["info", "a.avatar", "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["consent"] == {"stated": False, "by": "", "at": ""}
    assert answer["engine"] == "tiny"
    assert "synthetic" in answer["provenance"]


def test_demo_builds_views_and_speaks(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    quick = build.build_avatar
    monkeypatch.setattr(build, "build_avatar", lambda *a, **k: quick(*a, **k, engine="tiny"))
    monkeypatch.setattr(sample, "sample_speech", lambda: Path("speech.wav").resolve())
    monkeypatch.setattr(export, "view_sheet", lambda avatar: np.zeros((8, 8, 3), np.uint8))
    assert call(["demo", "-o", "made"]) == 0
    assert sorted(os.listdir("made")) == ["sample.avatar", "sample.mp4", "sample_sheet.png"]
    out = capfd.readouterr().out
    for name in os.listdir("made"):
        assert name in out
    assert load_avatar("made/sample.avatar").consent.by == "public domain"


BAD = {
    "no such command": ["frobnicate"],
    "no output": ["build", "portrait.png"],
    "a bad number": [*BUILD, "-o", "b.avatar", "--seed", "x"],
    "an unknown option": ["view", "a.avatar", "-o", "v.png", "--jaw", "1"],
    "no such picture": ["build", "none.png", "-o", "b.avatar"],
    "not a picture": ["build", "speech.wav", "-o", "b.avatar"],
    "an unknown engine": ["build", "portrait.png", "-o", "b.avatar", "--engine", "nerf"],
    "a planned engine": ["build", "portrait.png", "-o", "b.avatar", "--engine", PLANNED[0]],
    "no such landmarks": [*BUILD, "-o", "b.avatar", "--landmarks", "none.json"],
    "a strange suffix": [*BUILD, "-o", "b.zip"],
    "no such folder": [*BUILD, "-o", "none/b.avatar"],
    "an unknown quality": [*BUILD, "-o", "b.avatar", "--quality", "best"],
    "an unknown head": [*BUILD, "-o", "b.avatar", "--head", "nobody"],
    "a negative seed": [*BUILD, "-o", "b.avatar", "--seed", "-1"],
    "a negative seed of motion": ["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--seed", "-1"],
    "landmarks and a face": [*BUILD, "-o", "b.avatar", "--landmarks", "none.json", "--face", "1"],
    "a turned sheet": ["view", "a.avatar", "-o", "v.png", "--sheet", "--yaw", "10"],
    "a sheet of one expression": ["view", "a.avatar", "-o", "v.png", "--sheet", "--expression", "jawOpen=1"],
    "a transparent sheet": ["view", "a.avatar", "-o", "v.png", "--sheet", "--background", "transparent"],
    "a parent with an endless name": [*BUILD, "-o", "x" * 300 + "/b.avatar"],
    "a picture with an endless name": ["build", "x" * 300 + ".png", "-o", "b.avatar"],
    "no such avatar": ["view", "none.avatar", "-o", "v.png"],
    "not an avatar": ["view", "portrait.png", "-o", "v.png"],
    "what nobody knows to be guessed": ["view", "a.avatar", "-o", "v.png", "--guessed"],
    "an unknown blendshape": ["view", "a.avatar", "-o", "v.png", "--expression", "jawOpne=1"],
    "a bad background": ["view", "a.avatar", "-o", "v.png", "--background", "blue"],
    "a bad size": ["view", "a.avatar", "-o", "v.png", "--size", "0"],
    "an odd size": ["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--size", "65"],
    "a gain beyond the scale": ["speak", "a.avatar", "speech.wav", "-o", "c.mp4", "--gain", "3"],
    "no such recording": ["speak", "a.avatar", "none.wav", "-o", "c.mp4"],
    "not a recording": ["speak", "a.avatar", "portrait.png", "-o", "c.mp4"],
    "no such avatar to tell about": ["info", "none.avatar"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_exits_with_two_and_one_sentence(
    arguments: list[str], folder: Path, files: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == 2
    captured = capfd.readouterr()
    message = captured.err.splitlines()[-1]
    assert message.strip()
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert set(os.listdir(folder)) == files
    assert call([*arguments, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["kind"] in ("input", "usage")


@pytest.mark.parametrize(
    "command",
    [
        [*BUILD, "-o", "none/b.avatar"],
        ["view", "a.avatar", "-o", "none/v.png"],
        ["speak", "a.avatar", "speech.wav", "-o", "none/c.mp4"],
        ["demo", "-o", "portrait.png"],
    ],
)
def test_where_to_write_is_checked_before_the_work(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: object, **__: object) -> None:
        pytest.fail("the work began")

    for module, name in ((build, "build_avatar"), (export, "view_picture"), (export_clip, "speak_clip")):
        monkeypatch.setattr(module, name, work)
    assert call(command) == 2


def test_notes_of_the_portrait_are_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    make = fakes.TinyAvatar.make
    monkeypatch.setattr(fakes.TinyAvatar, "make", lambda *a, **k: replace(make(*a, **k), notes=("The face is small.",)))
    assert call([*BUILD, "-o", "b.avatar"]) == 0
    assert "The face is small." in capfd.readouterr().err
    assert call([*BUILD, "-o", "b.avatar", "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["notes"] == ["The face is small."]
    assert {"note": "The face is small."} in map(json.loads, captured.err.splitlines())
    assert call(["info", "b.avatar"]) == 0
    assert "The face is small." in capfd.readouterr().out


def test_a_name_that_is_no_text_is_built_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(b"\xff.png")
    os.rename("portrait.png", odd)
    assert call(["build", odd, "--engine", "tiny", "-o", os.fsdecode(b"\xff.avatar")]) == 0
    assert "Built" in capfd.readouterr().out


def test_help_describes_the_landmarks(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["build", "--help"]) == 0
    assert "MediaPipe" in capfd.readouterr().out


def test_a_bug_exits_with_one_and_names_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], files: set[str], folder: Path
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("portrait.png")

    monkeypatch.setattr(fakes.TinyEngine, "reconstruct", broken)
    assert call([*BUILD, "-o", "b.avatar"]) == 1
    captured = capfd.readouterr()
    assert "ZeroDivisionError" in captured.err
    assert "Traceback" not in captured.err
    log = Path(captured.err.strip().rpartition(" ")[2])
    assert "in broken" in log.read_text()
    assert not Path("b.avatar").exists()
    with pytest.raises(ZeroDivisionError):
        call(["--debug", *BUILD, "-o", "b.avatar"])


def test_without_a_display_the_window_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert call([]) == 2
    assert "avatar-studio demo" in capfd.readouterr().err


def test_help_and_version_load_nothing_heavy() -> None:
    code = "import sys, studio.cli as c; c.call(['--help']); c.call(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1]
    for command in ("build", "view", "speak", "info", "doctor"):
        assert command in done.stdout
    for heavy in ("'numpy'", "'torch'", "'numba'", "'av'", "'PIL'", "'PySide6'", "'studio.ui'"):
        assert heavy not in modules


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_leaves_nothing_half_written(folder: Path, number: int) -> None:
    write_buzz("long.wav", 20)
    program = (
        f"import signal, sys; sys.path.insert(0, {str(Path(fakes.__file__).parent)!r})\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # tests that run in the background ignore it
        "from studio.core.engines import registry; registry.ENGINES['tiny'] = 'fakes:TinyEngine'\n"
        "from studio.cli import main; main()"
    )
    arguments = ["speak", "a.avatar", "long.wav", "-o", "c.mp4", "--json"]
    before = set(os.listdir(folder))
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if json.loads(line).get("message") == "rendering":
                break
        written = set(os.listdir(folder)) - before
        running.send_signal(number)
        out, _ = running.communicate()
    assert len(written) == 1
    assert running.returncode == 130
    assert json.loads(out)["kind"] == "interrupted"
    assert set(os.listdir(folder)) == before


def test_expressions_are_read() -> None:
    assert parse_expression("") == {}
    assert parse_expression(" jawOpen = 0.7 , eyeBlinkLeft=1,") == {"jawOpen": 0.7, "eyeBlinkLeft": 1.0}
    assert parse_expression(",".join(f"{name}=0" for name in ARKIT_NAMES)).keys() == set(ARKIT_NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jawopen=1", "did you mean jawOpen"),
        ("mouthSmileLfet=1", "did you mean mouthSmileLeft"),
        ("qqq=1", "such as jawOpen"),
        ("jawOpen", "from 0 to 1"),
        ("jawOpen=", "from 0 to 1"),
        ("jawOpen=2", "from 0 to 1"),
        ("jawOpen=nan", "from 0 to 1"),
        ("=1", "no blendshape"),
    ],
)
def test_bad_expressions_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_expression(text)


def test_main_exits_with_the_code() -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["frobnicate"])
    assert caught.value.code == 2


def test_quality_and_head_are_kept_and_told(files: set[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call([*BUILD, "-o", "b.avatar", "--quality", "high"]) == 0
    capfd.readouterr()
    assert call(["info", "b.avatar"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert "quality    high" in lines
    assert "head       template" in lines
    assert call(["info", "b.avatar", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["options"] == {"quality": "high", "head": "template"}
