import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fakes
import numpy as np
import pytest
from dome import write_ict
from PIL import Image

from studio.core import build
from studio.core.avatar import Consent
from studio.core.build import build_avatar, read_landmarks
from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.heads import library
from studio.core.jobs import Progress, run
from studio.core.media import image
from studio.core.perception.handles import fit_landmarks, guess_handles
from studio.core.perception.portrait import Portrait
from studio.core.project.archive import load_avatar, read_header, save_avatar


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.full((64, 80, 3), 120, np.uint8)).save(tmp_path / "anna.png")
    return tmp_path / "anna.png"


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stand in for perception and record what it was asked."""
    asked: list[dict[str, Any]] = []

    def prepare(*arguments: Any, **options: Any) -> Any:
        asked.append(options)
        return fakes.tiny_prepare(*arguments, **options)

    monkeypatch.setattr(build, "prepare_portrait", prepare)
    return asked


def test_a_picture_becomes_an_avatar(picture: Path, prepared: list, tiny_engine: str) -> None:
    seen: list[Progress] = []
    consent = Consent(True, "command line", "2026-01-01T00:00:00+00:00")
    avatar = run(build_avatar(picture, engine=tiny_engine, face=2, consent=consent), seen.append)
    assert (avatar.name, avatar.consent) == ("anna", consent)
    assert prepared[0]["face"] == 2
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert any(isinstance(progress.preview, fakes.TinyAvatar) for progress in seen)


def test_landmarks_follow_a_reduced_picture(
    picture: Path, prepared: list, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "LONG_SIDE", 40)
    run(build_avatar(picture, engine=tiny_engine, landmarks=np.full((478, 3), 20, np.float32)))
    np.testing.assert_allclose(prepared[0]["landmarks"], 10)


def test_handles_place_the_face_in_the_files_pixels_and_colour_finds_its_outline(
    picture: Path, prepared: list, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "LONG_SIDE", 40)
    handles = guess_handles(80, 64)
    run(build_avatar(picture, engine=tiny_engine, landmarks=handles))
    np.testing.assert_allclose(prepared[0]["landmarks"], fit_landmarks(guess_handles(40, 32), 40, 32), atol=1e-3)
    with pytest.raises(UserError, match="chin lies outside the picture"):
        run(build_avatar(picture, engine=tiny_engine, landmarks=handles.moved({"chin": (40, 70)})))


@pytest.mark.parametrize("known", [True, False])
def test_an_outline_found_by_colour_is_told(
    picture: Path, prepared: list, tiny_engine: str, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    matte = np.ones((64, 80), np.float32)
    monkeypatch.setattr(build, "colour_matte", lambda *_: None if known else matte)
    portraits = []
    engine = fakes.TinyEngine()

    def reconstruct(portrait: Portrait, **options: Any) -> Any:
        portraits.append(portrait)
        return engine.reconstruct(portrait, **options)

    monkeypatch.setattr(build, "load_engine", lambda _: SimpleNamespace(reconstruct=reconstruct))
    run(build_avatar(picture, engine=tiny_engine, landmarks=guess_handles(80, 64)))
    assert any("outline was found by colour" in note for note in portraits[0].notes) == (not known)


@pytest.mark.parametrize(
    ("stem", "name"),
    [(b"an\xffna", "an\N{REPLACEMENT CHARACTER}na"), ("a\u202fb\x1b".encode(), "a b\N{REPLACEMENT CHARACTER}")],
)
def test_any_file_name_gives_a_name_that_can_be_saved(
    picture: Path, prepared: list, tiny_engine: str, stem: bytes, name: str
) -> None:
    odd = picture.with_name(os.fsdecode(stem + b".png"))
    picture.rename(odd)
    avatar = run(build_avatar(odd, engine=tiny_engine))
    assert avatar.name == name
    save_avatar(avatar, picture.with_name("a.avatar"))
    assert load_avatar(picture.with_name("a.avatar")).name == name


def test_closing_the_job_closes_the_engines(
    picture: Path, prepared: list, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = fakes.TinyEngine()
    monkeypatch.setattr(build, "load_engine", lambda name: engine)
    job = build_avatar(picture, engine=tiny_engine)
    while next(job).message != "sharpening":
        pass
    job.close()
    assert engine.closed == 1


def test_unknown_and_planned_engines_say_so(picture: Path) -> None:
    with pytest.raises(UserError, match="use one of: lift"):
        run(build_avatar(picture, engine="nerf"))
    with pytest.raises(UserError, match="not part of this version"):
        run(build_avatar(picture, engine="sdtalk"))


@pytest.mark.parametrize(("count", "width"), [(478, 3), (478, 2), (468, 2), (468, 3)])
@pytest.mark.parametrize("wrapped", [False, True])
def test_landmarks_are_read(tmp_path: Path, count: int, width: int, wrapped: bool) -> None:
    points = np.random.default_rng(0).uniform(0, 500, (count, width)).round(2)
    values = {"landmarks": points.tolist()} if wrapped else points.tolist()
    (tmp_path / "f.json").write_text(json.dumps(values))
    found = read_landmarks(tmp_path / "f.json")
    assert isinstance(found, np.ndarray)
    assert found.shape == (count, 3)
    np.testing.assert_allclose(found[:, :width], points, rtol=1e-6)
    assert width == 3 or not found[:, 2].any()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "3", "null", '"landmarks"', json.dumps([[1, 2]] * 477), json.dumps([[1, 2]] * 477 + [[1]]),
     json.dumps([[1, "a"]] * 478), json.dumps([[1, None]] * 478), "[" * 100_000, json.dumps([[1, 1e300]] * 478),
     "[" + "[NaN, 1]," * 477 + "[1, 1]]", json.dumps([[1, 2e5]] * 478), " " * 2_000_000],
)  # fmt: skip
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(UserError, match="JSON"):
        read_landmarks(tmp_path / "f.json")


def test_handles_are_read(tmp_path: Path) -> None:
    handles = guess_handles(300, 400).with_lids(True).with_muzzle(0.25)
    (tmp_path / "f.json").write_text(json.dumps(handles.to_json()))
    assert read_landmarks(tmp_path / "f.json") == handles


@pytest.mark.parametrize("values", [{"chin": [1, 2]}, [[1, 2]] * 12, None, {}, 3])
def test_other_handles_are_refused(tmp_path: Path, values: Any) -> None:
    (tmp_path / "f.json").write_text(json.dumps({"handles": values}))
    with pytest.raises(UserError, match="handles"):
        read_landmarks(tmp_path / "f.json")


def test_missing_landmarks_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="check the name"):
        read_landmarks(tmp_path / "f.json")


def test_the_options_reach_the_engine_and_the_file(picture: Path, prepared: list, tiny_engine: str) -> None:
    avatar = run(build_avatar(picture, engine=tiny_engine, options=BuildOptions("high")))
    save_avatar(avatar, picture.with_name("a.avatar"))
    assert read_header(picture.with_name("a.avatar")).options == BuildOptions("high")


def test_a_head_that_is_not_there_or_cannot_be_used_is_told_before_the_picture_is_read(
    picture: Path, tiny_engine: str, tmp_path: Path
) -> None:
    unread = picture.with_name("none.png")
    with pytest.raises(UserError, match="no head called 'mine'"):
        run(build_avatar(unread, engine=tiny_engine, options=BuildOptions(head="mine")))
    run(library.add(write_ict(tmp_path / "FaceXModel")))
    with pytest.raises(UserError, match="'tiny' has a head of its own; build with the head 'template'"):
        run(build_avatar(unread, engine=tiny_engine, options=BuildOptions(head="ict")))
