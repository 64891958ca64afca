import errno
import os
import threading
import wave
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import gsplat_on_cpu
import numpy as np
import pytest
from device_avatar import MovableAvatar, TinyTwin
from fakes import TinyAvatar
from sound_files import decode, write_wave

from studio.core import export
from studio.core.avatar import Avatar, Consent, render_frame
from studio.core.errors import UserError
from studio.core.export import SHEET_ROWS, SHEET_YAWS, speak_clip, view_picture, view_sheet
from studio.core.frame_stream import allocate
from studio.core.framing import portrait_camera
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Progress, run
from studio.core.media.audio import load_audio
from studio.core.media.video import probe_clip, read_frames
from studio.core.motion.motion import Motion
from studio.core.render import gsplat_backend
from studio.core.sample import CONSENT, sample_speech
from studio.core.speech.settings import SpeechSettings


@pytest.fixture(scope="module")
def avatar() -> TinyAvatar:
    return TinyAvatar.make(400)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """1.23 s: silence, a loud buzz, silence."""
    folder = tmp_path / "in"
    folder.mkdir()
    time = np.arange(round(1.23 * 16000)) / 16000
    buzz = np.where((time > 0.3) & (time < 0.9), np.sign(np.sin(2 * np.pi * 130 * time)), 0)
    with wave.open(str(folder / "speech.wav"), "wb") as file:
        file.setparams((1, 2, 16000, len(buzz), "NONE", ""))
        file.writeframes((buzz * 9000).astype("<i2").tobytes())
    return folder / "speech.wav"


@pytest.mark.parametrize("fps", [25, Fraction(30000, 1001)])
def test_a_clip_is_as_long_as_the_recording(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, fps: float | Fraction
) -> None:
    seen: list[Progress] = []
    report = run(speak_clip(avatar, speech, tmp_path / "c.mp4", fps, 64), seen.append)
    frames = int(np.ceil(1.23 * fps))
    info = probe_clip(tmp_path / "c.mp4")
    assert (info.frames, info.width, info.height, info.fps) == (frames, 64, 64, Fraction(fps))
    assert abs(info.audio_duration - 1.23) <= 1 / fps
    assert report.frames == frames
    assert report.duration == pytest.approx(frames / fps)
    assert "synthetic" in info.metadata["comment"]
    assert sorted(os.listdir(tmp_path)) == ["c.mp4", "in"]
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    previews = [progress.preview for progress in seen if progress.preview is not None]
    assert previews[0].shape == (64, 64, 3)
    assert previews[0].dtype == np.float32


def test_the_same_seed_gives_the_same_clip(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    pictures = []
    for name in ("a.mp4", "b.mp4"):
        run(speak_clip(avatar, speech, tmp_path / name, size=64, seed=3))
        pictures.append(np.stack([picture for _, picture in read_frames(tmp_path / name)]))
    np.testing.assert_array_equal(*pictures)


def test_clips_of_the_sample_show_the_word_synthetic(tmp_path: Path, speech: Path) -> None:
    corners = []
    for name, consent in (("own", Consent(True, "command line", "now")), ("sample", CONSENT)):
        avatar = TinyAvatar.make(50, consent=consent)
        run(speak_clip(avatar, speech, tmp_path / f"{name}.mp4", size=256, background=(0.2, 0.2, 0.2)))
        _, picture = next(iter(read_frames(tmp_path / f"{name}.mp4")))
        corners.append(picture[230:, 180:].astype(int))
    changed = (abs(corners[1] - corners[0]) > 60).any(-1)
    assert 60 < changed.sum() < changed.size // 2


def test_the_clips_sound_is_the_recording(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    samples, rate = decode(tmp_path / "c.mp4")
    loud = np.flatnonzero(abs(samples[:, 0]) > 0.1) / rate
    assert loud[0] == pytest.approx(0.3, abs=0.01)
    assert loud[-1] == pytest.approx(0.9, abs=0.01)


def test_one_live_channel_of_eight_keeps_its_level(tmp_path: Path, avatar: TinyAvatar) -> None:
    samples = np.zeros((16000, 8))
    samples[:, 5] = 9000 * np.sin(2 * np.pi * 300 * np.arange(16000) / 16000)
    with wave.open(str(tmp_path / "eight.wav"), "wb") as file:
        file.setparams((8, 2, 16000, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    run(speak_clip(avatar, tmp_path / "eight.wav", tmp_path / "c.mp4", size=64))
    heard, _ = decode(tmp_path / "c.mp4")
    assert heard[10_000:30_000].std() == pytest.approx(9000 / 32768 / np.sqrt(2), rel=0.1)


def test_what_is_wrong_with_a_recording_is_told_with_the_clip(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    speech.write_bytes(speech.read_bytes()[:20_044])
    report = run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    assert report.duration == pytest.approx(10_000 / 16_000, abs=0.04)
    assert report.notes == (
        "'speech.wav' is cut short: of 1.2 s the first 0.6 s are there; get a whole copy of it to have the rest.",
    )


def test_a_recording_that_changes_meanwhile_gives_no_clip(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    job = speak_clip(avatar, speech, tmp_path / "c.mp4", size=64)
    while next(job).message == "reading the recording":
        pass
    speech.write_bytes(speech.read_bytes()[:20_044])
    with pytest.raises(UserError, match="changed while it was read"):
        run(job)
    assert os.listdir(tmp_path) == ["in"]


def test_a_mouth_moves_with_the_settings(tmp_path: Path, avatar: TinyAvatar) -> None:
    words = write_wave(tmp_path / "words.wav", load_audio(sample_speech())[:32_000, None], 16_000)
    pictures = []
    for gain in (0.0, 1.0, 1.0):
        run(speak_clip(avatar, words, tmp_path / "c.mp4", size=64, settings=SpeechSettings(gain=gain)))
        pictures.append(np.stack([picture for _, picture in read_frames(tmp_path / "c.mp4")]).astype(int))
    assert abs(pictures[0] - pictures[1]).max() > 20
    np.testing.assert_array_equal(pictures[1], pictures[2])


def test_the_rest_of_the_time_is_told_by_the_speed_of_rendering(
    tmp_path: Path, avatar: TinyAvatar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long recording's many reports, the ETA falls as its frames are done."""
    monkeypatch.setattr(export, "_PREVIEW_EVERY", 0)
    path = write_wave(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, (48_000, 1)), 16000)
    seen: list[Progress] = []
    run(speak_clip(avatar, path, tmp_path / "c.mp4", size=64), seen.append)
    etas = np.array([progress.eta for progress in seen if progress.message == "rendering"], float)
    assert len(etas) == 75
    assert (etas > 0).all()
    assert etas[-5:].max() < etas[5:15].max()


def test_closing_the_job_leaves_nothing_behind(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    (tmp_path / "c.mp4").write_bytes(b"the old clip")
    job = speak_clip(avatar, speech, tmp_path / "c.mp4", size=64)
    while next(job).message != "rendering":
        pass
    assert len(os.listdir(tmp_path)) == 3
    job.close()
    assert sorted(os.listdir(tmp_path)) == ["c.mp4", "in"]
    assert (tmp_path / "c.mp4").read_bytes() == b"the old clip"
    assert "encoder" not in [thread.name for thread in threading.enumerate()]


def test_a_clip_that_does_not_read_back_is_not_kept(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(export.VideoWriter):
        def write(self, picture: np.ndarray) -> None:
            if self._frames != 3:
                super().write(picture)
            self._frames += self._frames == 3

    monkeypatch.setattr(export, "VideoWriter", Forgetful)
    with pytest.raises(RuntimeError, match="reads back"):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    assert os.listdir(tmp_path) == ["in"]


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(export.VideoWriter):
        def write(self, picture: np.ndarray) -> None:
            if self._frames == 5:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(picture)

    monkeypatch.setattr(export, "VideoWriter", Full)
    with pytest.raises(UserError, match="The disk is full"):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    assert os.listdir(tmp_path) == ["in"]
    assert "encoder" not in [thread.name for thread in threading.enumerate()]


def test_nothing_is_opened_where_the_memory_does_not_suffice(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    class Watched(export.VideoWriter):
        def __init__(self, path: Path, *arguments: Any, **options: Any) -> None:
            opened.append(path)
            super().__init__(path, *arguments, **options)

    def allocate_little(avatar: Avatar, camera: Camera, count: int) -> list[np.ndarray]:
        if count > 1:
            raise MemoryError
        return allocate(avatar, camera, count)

    monkeypatch.setattr(export, "VideoWriter", Watched)
    monkeypatch.setattr(export, "allocate", allocate_little)
    with pytest.raises(MemoryError):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    assert opened == []
    monkeypatch.setattr(export, "allocate", allocate)
    run(speak_clip(avatar, speech, tmp_path / "c.mp4", size=64))
    assert len(opened) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"size": 63},
        {"size": 65},
        {"size": 99999},
        {"fps": 0},
        {"fps": float("nan")},
        {"fps": 1000},
        {"background": "transparent"},
        {"seed": -1},
    ],
)
def test_bad_options_are_refused(tmp_path: Path, avatar: TinyAvatar, speech: Path, options: dict) -> None:
    with pytest.raises(UserError):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", **options))
    assert os.listdir(tmp_path) == ["in"]


def test_bad_paths_are_refused(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        run(speak_clip(avatar, tmp_path / "none.wav", tmp_path / "c.mp4", size=64))
    with pytest.raises(UserError, match="no folder"):
        run(speak_clip(avatar, speech, tmp_path / "none" / "c.mp4", size=64))


def test_a_view_without_turning_is_the_portraits_own(avatar: TinyAvatar) -> None:
    own = render_frame(avatar, Motion.neutral(), portrait_camera(avatar, 96))
    np.testing.assert_allclose(view_picture(avatar, size=96) / 255, own, atol=1 / 255)


def test_views_follow_yaw_zoom_expression_and_background(avatar: TinyAvatar) -> None:
    home = view_picture(avatar, size=96, background=(0.0, 0.0, 1.0))
    assert home.shape == (96, 96, 4)
    assert (home[0, 0] == [0, 0, 255, 255]).all()
    closer = view_picture(avatar, size=96, zoom=1.3, background=(0.0, 0.0, 1.0))
    blue = [(picture[..., :3] == [0, 0, 255]).all(-1).sum() for picture in (home, closer)]
    assert blue[1] < blue[0]
    turned = view_picture(avatar, size=96, yaw=30)
    opened = view_picture(avatar, size=96, expression={"jawOpen": 1.0})
    for other in (turned, opened):
        assert (abs(view_picture(avatar, size=96).astype(int) - other) > 40).any()
    assert view_picture(avatar, size=96, background="transparent")[0, 0, 3] == 0


def test_views_and_sheets_show_what_is_guessed_where_the_avatar_knows(avatar: TinyAvatar) -> None:
    known = replace(avatar, seen=avatar.means[:, 1] > 0)
    for view in (partial(view_picture, size=64), partial(view_sheet, size=64)):
        plain, tinted = (view(known, show_guessed=on).astype(int) for on in (False, True))
        assert abs(tinted - plain).max() > 60
        assert np.array_equal(view(avatar), plain)
        with pytest.raises(UserError, match="build it again"):
            view(avatar, show_guessed=True)


class MovesToStandIns(MovableAvatar):
    """Moves to torch's CPU wherever it is sent, and remembers."""

    twins: list[TinyTwin]

    @staticmethod
    def of(avatar: TinyAvatar) -> "MovesToStandIns":
        movable = MovesToStandIns(avatar.means, avatar.colors, avatar.jaw, avatar.plate)
        movable.twins = []
        return movable

    def on(self, device: str) -> TinyTwin:
        assert device == "cuda"
        self.twins.append(super().on("cpu"))
        return self.twins[-1]


def test_views_are_drawn_on_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    movable = MovesToStandIns.of(TinyAvatar.make(60))
    view, sheet = view_picture(movable, size=64, yaw=20), view_sheet(movable, 64)
    assert movable.twins == []
    gsplat_on_cpu.install(monkeypatch)
    drawn = view_picture(movable, size=64, yaw=20)
    assert [twin.batches for twin in movable.twins] == [[1]]
    assert abs(drawn.astype(int) - view).max() <= 2
    drawn = view_sheet(movable, 64)
    assert [sum(twin.batches) for twin in movable.twins[1:]] == [len(SHEET_ROWS) * len(SHEET_YAWS)]
    assert abs(drawn.astype(int) - sheet).max() <= 2


def test_where_gsplat_does_not_compile_views_are_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    movable = MovesToStandIns.of(TinyAvatar.make(60))
    view = view_picture(movable, size=64)
    gsplat_on_cpu.install(monkeypatch)
    monkeypatch.setattr(gsplat_backend, "_loaded", False)
    monkeypatch.setattr(gsplat_backend, "_failure", None)
    monkeypatch.setattr(gsplat_backend, "needs_compiling", lambda: False)
    monkeypatch.setattr(gsplat_backend, "_kernels", lambda: None)
    monkeypatch.setenv("PATH", os.environ["PATH"])  # both are set for the compiler, and put back after the test
    monkeypatch.setenv("CUDA_HOME", os.environ.get("CUDA_HOME", ""))
    with caplog.at_level("INFO", "studio.core.export"):
        drawn = view_picture(movable, size=64)
    assert movable.twins == []
    assert "finds no CUDA toolkit" in caplog.text
    np.testing.assert_array_equal(drawn, view)


@pytest.mark.parametrize("options", [{"size": 1}, {"size": 10**6}, {"zoom": 0}, {"yaw": 1e9}, {"pitch": 91}])
def test_bad_views_are_refused(avatar: TinyAvatar, options: dict) -> None:
    with pytest.raises(UserError, match="out of range"):
        view_picture(avatar, **options)


def test_a_transparent_sheet_is_refused(avatar: TinyAvatar) -> None:
    with pytest.raises(UserError, match="cannot be transparent"):
        view_sheet(avatar, 64, "transparent")


def test_a_sheet_holds_every_cell(avatar: TinyAvatar) -> None:
    size = 64
    sheet = view_sheet(avatar, size)
    rows, columns = len(SHEET_ROWS), len(SHEET_YAWS)
    top, left = sheet.shape[0] - rows * size, sheet.shape[1] - columns * size
    cells = sheet[top:, left:].reshape(rows, size, columns, size, 3).transpose(0, 2, 1, 3, 4)
    assert sheet.dtype == np.uint8
    assert (abs(cells[0, 3].astype(int) - cells[0, 4]).max(-1) > 40).sum() > 20  # turned
    assert (abs(cells[0, 3].astype(int) - cells[1, 3]).max(-1) > 40).sum() > 20  # jaw open
    assert sheet[:top].max() > 200  # labels
    assert sheet[:, :left].max() > 200
