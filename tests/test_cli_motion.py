"""The commands that take motion from a video."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_webcam import swaying
from fakes import TinyAvatar

from studio.cli import call
from studio.core import personalize, reenactment
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.track import load_track
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.tracking.gains import FaceGains


@pytest.fixture
def avatar(tmp_path: Path, tiny_engine: str) -> Path:
    path = tmp_path / "a.avatar"
    save_avatar(TinyAvatar.make(), path)
    return path


def test_a_video_becomes_a_track(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "v.mp4"
    with VideoWriter(video, 320, 240, 25) as writer:
        for frame in swaying(4):
            writer.write(frame)
    assert call(["track", str(video), "-o", str(tmp_path / "m.npz")]) == 0
    assert "4 frames, 0.16 s" in capfd.readouterr().out
    assert call(["track", str(video), "-o", str(tmp_path / "two.npz"), "--face", "2"]) == 2
    assert "shows no more than one face, so there is no face 2" in capfd.readouterr().err
    assert len(load_track(tmp_path / "m.npz").motion) == 4
    assert call(["track", str(video), "-o", str(tmp_path / "m.txt")]) == 2
    assert "should end with .npz or .csv" in capfd.readouterr().err


def test_gains_reach_the_job(avatar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def take(*arguments: object, refine: bool, face: int) -> object:
        given.extend([arguments[-1], refine, face])
        yield from ()
        return reenactment.ReenactReport(tmp_path / "c.mp4", 1, 25.0, 64, 64, 0.04, 0.1, 0.1, ())

    monkeypatch.setattr(reenactment, "reenact_clip", take)
    command = ["reenact", str(avatar), str(tmp_path / "v.mp4"), "-o", str(tmp_path / "c.mp4")]
    assert (
        call(
            [*command, "--gain", "jaw=1.2", "--gain", "eyeBlinkLeft=0", "--gain", "head=0.5", "--refine", "--face", "3"]
        )
        == 0
    )
    assert given == [FaceGains(head=0.5, channels={"jaw": 1.2, "eyeBlinkLeft": 0.0}), True, 3]
    blinks = FaceGains(channels={"eyeBlinkLeft": 0.0}).of_channels()
    assert np.count_nonzero(blinks == 0) == 1


def test_a_better_avatar_is_written_beside_the_old_one(
    avatar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple] = []

    def learn(start: TinyAvatar, *arguments: object, face: int) -> object:
        asked.append((*arguments, face))
        yield from ()
        return personalize.Personalized(replace(start, name="better"), 20.0, 24.5, 1.0, ("A sentence.",))

    monkeypatch.setattr(personalize, "personalize_avatar", learn)
    clip, out = tmp_path / "v.mp4", tmp_path / "b.avatar"
    assert (
        call(["personalize", str(avatar), str(clip), "-o", str(out), "--minutes", "2", "--same-person", "--face", "2"])
        == 0
    )
    said = capfd.readouterr()
    assert "20.0 → 24.5 dB" in said.out
    assert "A sentence." in said.err
    assert asked == [([clip], 2.0, True, tmp_path / ".b.avatar.learning", 2)]
    assert load_avatar(out).name == "better"
    assert load_avatar(avatar).name == "tiny"
    assert call(["personalize", str(avatar), str(clip), "-o", str(tmp_path / "b.zip")]) == 2


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ("jaw", "'jaw' is no gain"),
        ("nostril=1", "begins with 'nostril'"),
        ("jaw=9", "from 0 to 2"),
        ("head=3", "0 to 2"),
    ],
)
def test_gains_that_cannot_be_used_are_one_sentence(
    avatar: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], gain: str, said: str
) -> None:
    assert call(["reenact", str(avatar), "v.mp4", "-o", str(tmp_path / "c.mp4"), "--gain", gain]) == 2
    assert said in capfd.readouterr().err
