"""Clips: every format read back and compared with the studio's own frames."""

import errno
import os
import subprocess
import sys
import threading
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import TinyAvatar
from sound_files import decode, write_wave

from studio.core import export_clip
from studio.core.avatar import Avatar, Consent, render_frame
from studio.core.errors import UserError
from studio.core.export_clip import ClipOptions, speak_clip, write_clip
from studio.core.export_estimate import estimate_clip
from studio.core.frame_stream import allocate
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Progress, run
from studio.core.media.alpha import extended, over, psnr
from studio.core.media.audio import load_audio
from studio.core.media.clip_format import format_of
from studio.core.media.decoded_sound import decode_sound
from studio.core.media.mixdown import mixdown
from studio.core.media.picture_folder import read_folder
from studio.core.media.video import probe_clip, read_frames, read_rgba
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.performance import Played, Turntable, as_motion, timeline_played
from studio.core.performance import speech as spoken
from studio.core.project.sound_mix import SoundMix
from studio.core.project.timeline import Block, CameraKey, Timeline
from studio.core.sample import CONSENT, sample_speech
from studio.core.speech.hidden import hidden_states, hidden_window
from studio.core.speech.settings import SpeechSettings
from studio.core.unfinished import sweep


def square(size: int = 64, fps: float | Fraction = 25, **more: Any) -> ClipOptions:
    return ClipOptions(size, size, fps, **more)


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
    report = run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64, fps)), seen.append)
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
        run(speak_clip(avatar, speech, tmp_path / name, square(64), seed=3))
        pictures.append(np.stack([picture for _, picture in read_frames(tmp_path / name)]))
    np.testing.assert_array_equal(*pictures)


def test_clips_of_the_sample_show_the_word_synthetic(tmp_path: Path, speech: Path) -> None:
    corners = []
    for name, consent in (("own", Consent(True, "command line", "now")), ("sample", CONSENT)):
        avatar = TinyAvatar.make(50, consent=consent)
        run(speak_clip(avatar, speech, tmp_path / f"{name}.mp4", square(256, background=(0.2, 0.2, 0.2))))
        _, picture = next(iter(read_frames(tmp_path / f"{name}.mp4")))
        corners.append(picture[230:, 180:].astype(int))
    changed = (abs(corners[1] - corners[0]) > 60).any(-1)
    assert 60 < changed.sum() < changed.size // 2


def test_the_clips_sound_is_the_recording(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
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
    run(speak_clip(avatar, tmp_path / "eight.wav", tmp_path / "c.mp4", square(64)))
    heard, _ = decode(tmp_path / "c.mp4")
    assert heard[10_000:30_000].std() == pytest.approx(9000 / 32768 / np.sqrt(2), rel=0.1)


def test_what_is_wrong_with_a_recording_is_told_with_the_clip(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    speech.write_bytes(speech.read_bytes()[:20_044])
    report = run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
    assert report.duration == pytest.approx(10_000 / 16_000, abs=0.04)
    assert report.notes == (
        "'speech.wav' is cut short: of 1.2 s the first 0.6 s are there; get a whole copy of it to have the rest.",
    )


def test_a_recording_that_changes_meanwhile_gives_no_clip(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    job = speak_clip(avatar, speech, tmp_path / "c.mp4", square(64))
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
        run(speak_clip(avatar, words, tmp_path / "c.mp4", square(64), settings=SpeechSettings(gain=gain)))
        pictures.append(np.stack([picture for _, picture in read_frames(tmp_path / "c.mp4")]).astype(int))
    assert abs(pictures[0] - pictures[1]).max() > 20
    np.testing.assert_array_equal(pictures[1], pictures[2])


def test_the_rest_of_the_time_is_told_by_the_speed_of_rendering(
    tmp_path: Path, avatar: TinyAvatar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long recording's many reports, the ETA falls as its frames are done."""
    monkeypatch.setattr(export_clip, "_PREVIEW_EVERY", 0)
    path = write_wave(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, (48_000, 1)), 16000)
    seen: list[Progress] = []
    run(speak_clip(avatar, path, tmp_path / "c.mp4", square(64)), seen.append)
    etas = np.array([progress.eta for progress in seen if progress.message == "rendering"], float)
    assert len(etas) == 75
    assert (etas > 0).all()
    assert etas[-5:].max() < etas[5:15].max()


def test_closing_the_job_leaves_nothing_behind(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    (tmp_path / "c.mp4").write_bytes(b"the old clip")
    job = speak_clip(avatar, speech, tmp_path / "c.mp4", square(64))
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
    class Forgetful(export_clip.VideoWriter):
        def write(self, picture: np.ndarray) -> None:
            if self._frames != 3:
                super().write(picture)
            self._frames += self._frames == 3

    monkeypatch.setattr(export_clip, "VideoWriter", Forgetful)
    with pytest.raises(RuntimeError, match="reads back"):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
    assert os.listdir(tmp_path) == ["in"]


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(export_clip.VideoWriter):
        def write(self, picture: np.ndarray) -> None:
            if self._frames == 5:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(picture)

    monkeypatch.setattr(export_clip, "VideoWriter", Full)
    with pytest.raises(UserError, match="The disk is full"):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
    assert os.listdir(tmp_path) == ["in"]
    assert "encoder" not in [thread.name for thread in threading.enumerate()]


def test_nothing_is_opened_where_the_memory_does_not_suffice(
    tmp_path: Path, avatar: TinyAvatar, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    class Watched(export_clip.VideoWriter):
        def __init__(self, path: Path, *arguments: Any, **options: Any) -> None:
            opened.append(path)
            super().__init__(path, *arguments, **options)

    def allocate_little(avatar: Avatar, camera: Camera, count: int, kind: Any = np.uint8) -> list[np.ndarray]:
        if count > 1:
            raise MemoryError
        return allocate(avatar, camera, count, kind)

    monkeypatch.setattr(export_clip, "VideoWriter", Watched)
    monkeypatch.setattr(export_clip, "allocate", allocate_little)
    with pytest.raises(MemoryError):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
    assert opened == []
    monkeypatch.setattr(export_clip, "allocate", allocate)
    run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64)))
    assert len(opened) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"width": 62},
        {"height": 65},
        {"width": 99998},
        {"quality": "best"},
        {"begin": 2.0},
        {"fps": 0},
        {"fps": float("nan")},
        {"fps": 1000},
        {"background": "transparent"},
    ],
)
def test_bad_options_are_refused(tmp_path: Path, avatar: TinyAvatar, speech: Path, options: dict) -> None:
    with pytest.raises(UserError):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", replace(square(64), **options)))
    with pytest.raises(UserError, match="seed"):
        run(speak_clip(avatar, speech, tmp_path / "c.mp4", square(64), seed=-1))
    assert os.listdir(tmp_path) == ["in"]


def test_bad_paths_are_refused(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        run(speak_clip(avatar, tmp_path / "none.wav", tmp_path / "c.mp4", square(64)))
    with pytest.raises(UserError, match="no folder"):
        run(speak_clip(avatar, speech, tmp_path / "none" / "c.mp4", square(64)))


def slow_turn(seconds: float = 0.4) -> Played:
    """The jaw opens while the head turns."""
    frames = [Motion.arkit(0.0, [0, 0.3 * t, 0, 0, 0, 0], jawOpen=t) for t in (0.0, 1.0)]
    code = np.concatenate([frame.code for frame in frames])
    pose = np.concatenate([frame.head_pose for frame in frames])
    return Played(Motion.from_frames("arkit", np.array([0.0, seconds / 2]), code, pose))


def own_frame(avatar: Avatar, time: float, options: ClipOptions) -> np.ndarray:
    frame = next(slow_turn().frames(time, 1, 25.0))
    return render_frame(avatar, frame, options.view.camera(avatar, options.width, options.height), options.background)


@pytest.mark.parametrize(
    ("name", "depth", "least"),
    [("c.mov", 8, 45), ("c.webm", 8, 32), ("c", 8, 45), ("d", 16, 80)],
)
def test_what_is_transparent_lies_over_any_colour_as_the_studios_own_frame_does(
    tmp_path: Path, avatar: TinyAvatar, name: str, depth: int, least: float
) -> None:
    """Straight alpha: the same sum over red as over black, of frames that were read back."""
    options = ClipOptions(96, 64, background="transparent", depth=depth, quality="high")
    report = run(write_clip(avatar, slow_turn(), tmp_path / name, options))
    pictures = list(read_rgba(tmp_path / name) if "." in name else read_folder(tmp_path / name))
    assert len(pictures) == report.frames == 10
    assert pictures[0].shape == (64, 96, 4)
    for i in (0, 4, 9):
        own = own_frame(avatar, i / 25, options)
        assert 0 < own[..., 3].mean() < 0.9
        for color in ((1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.2, 0.7, 0.3)):
            error = np.mean(np.square(over(pictures[i], color) - over(own, color)))
            assert -10 * np.log10(error) > least
    assert report.psnr > least
    assert sorted(os.listdir(tmp_path)) == [name]


@pytest.mark.parametrize("name", ["c.mp4", "c.mov", "c.webm", "c"])
def test_what_is_opaque_reads_back_with_its_sound(tmp_path: Path, avatar: TinyAvatar, speech: Path, name: str) -> None:
    report = run(speak_clip(avatar, speech, tmp_path / name, ClipOptions(64, 96, quality="high")))
    assert (report.frames, report.width, report.height, report.psnr > 35) == (31, 64, 96, True)
    samples, rate = decode(tmp_path / name / "sound.wav" if name == "c" else tmp_path / name)
    loud = np.flatnonzero(abs(samples[:, 0]) > 0.1) / rate
    assert (loud[0], loud[-1]) == (pytest.approx(0.3, abs=0.02), pytest.approx(0.9, abs=0.02))


def test_colours_go_on_under_what_is_clear(avatar: TinyAvatar) -> None:
    camera = Orbit().camera(avatar, 64)
    picture = render_frame(avatar, Motion.neutral(), camera, "transparent")
    assert picture[0, 0, :3].max() == 0
    for wanted in (picture, np.rint(picture * 255).astype(np.uint8)):
        found = extended(wanted)
        assert found[0, 0, :3].min() > 0
        np.testing.assert_array_equal(found[wanted[..., 3] > 0], wanted[wanted[..., 3] > 0])
        assert psnr(found, wanted) > 100
    opaque = np.ones((4, 4, 4), np.float32)
    assert extended(opaque) is opaque


def test_a_range_is_that_part_of_the_whole(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    run(speak_clip(avatar, speech, tmp_path / "whole", square()))
    run(speak_clip(avatar, speech, tmp_path / "part", square(begin=0.4, end=0.8)))
    whole, part = (list(read_folder(tmp_path / name)) for name in ("whole", "part"))
    assert len(part) == 10
    np.testing.assert_array_equal(part, whole[10:20])
    samples, rate = decode(tmp_path / "part" / "sound.wav")
    assert (len(samples) / rate, abs(samples[:1000]).mean() > 0.1) == (pytest.approx(0.4, abs=1e-3), True)


def test_a_timeline_brings_its_sounds_its_motion_and_its_camera(
    tmp_path: Path, avatar: TinyAvatar, speech: Path
) -> None:
    motion = slow_turn().motion
    timeline = Timeline(
        sounds=(Block("s", "voice", "speech.wav", 0.2, 0.3, 0.5, ("audio",)),),
        takes=(Block("t", "take", "take", 0.0, 0.0, 0.6, ("mouth", "head")),),
        camera=(CameraKey(0.0, Orbit()), CameraKey(0.6, Orbit(30.0, zoom=1.5))),
    )
    performance = run(timeline_played(timeline, {"take": motion}, {"voice": speech}))
    run(write_clip(avatar, performance, tmp_path / "c", square(64)))
    pictures = list(read_folder(tmp_path / "c"))
    assert len(pictures) == 15
    view, frame = timeline.view_at(0.4), timeline.motion_at(0.4, {"take": motion})
    assert view is not None
    own = render_frame(avatar, frame, view.camera(avatar, 64))
    assert psnr(pictures[10], own) > 45
    samples, rate = decode(tmp_path / "c" / "sound.wav")
    loud = np.flatnonzero(abs(samples[:, 0]) > 0.1) / rate
    assert (loud[0], loud[-1]) == (pytest.approx(0.2, abs=0.01), pytest.approx(0.4, abs=0.01))
    muted = replace(timeline, muted=frozenset({"audio"}))
    assert run(timeline_played(muted, {"take": motion}, {})).heard() == ()
    with pytest.raises(UserError, match="missing"):
        run(timeline_played(timeline, {"take": motion}, {}))
    with pytest.raises(UserError, match="empty"):
        run(timeline_played(Timeline(), {}, {}))


def test_a_timeline_is_heard_in_a_clip_as_the_window_plays_it(tmp_path: Path, avatar: TinyAvatar, speech: Path) -> None:
    timeline = Timeline(
        sounds=(
            Block("a", "voice", "a", 0.1, 0.35, 0.7, ("audio",), gain=0.5),
            Block("b", "voice", "b", 0.25, 0.4, 0.6, ("audio",)),
        )
    )
    (tmp_path / "scratch").mkdir()
    decoded = run(decode_sound(speech, tmp_path / "scratch"))
    played = SoundMix(timeline, {"voice": decoded}).read(0, 24_000)
    performance = run(timeline_played(timeline, {}, {"voice": speech}))
    heard = np.concatenate(list(mixdown(performance.heard(), 48_000, 0.0, 0.45)))
    np.testing.assert_allclose(heard[:, 0], played[: len(heard), 0], atol=2e-3)
    part = np.concatenate(list(mixdown(performance.heard(), 48_000, 0.2, 0.45)))
    np.testing.assert_allclose(part, heard[9600:], atol=1e-6)


def test_a_head_that_follows_sound_hears_a_timeline_as_it_hears_the_recording(speech: Path) -> None:
    timeline = Timeline(sounds=(Block("s", "voice", "speech.wav", 1.0, 0.0, 1.2, ("audio",)),))
    performance = run(timeline_played(timeline, {}, {"voice": speech}, heard=True))
    (frame,) = performance.frames(1.8, 1, 25.0)
    assert frame.heard is not None
    np.testing.assert_allclose(frame.heard[0], hidden_window(hidden_states(load_audio(speech)), 0.8), atol=1e-3)
    assert next(run(timeline_played(timeline, {}, {"voice": speech})).frames(1.8, 1, 25.0)).heard is None


def test_a_turntable_ends_where_it_began(tmp_path: Path, avatar: TinyAvatar) -> None:
    run(write_clip(avatar, Turntable(1.0, sweep=180), tmp_path / "c", square(64, 8)))
    pictures = [picture.astype(int) for picture in read_folder(tmp_path / "c")]
    assert len(pictures) == 8
    # One step from the last to the first, as between any two.
    steps = [abs(pictures[i] - pictures[i - 1]).mean() for i in range(8)]
    assert max(steps) < 3 * np.median(steps)
    assert abs(pictures[4] - pictures[0]).mean() > 5  # the back


def test_a_label_shows_also_where_nothing_lies_behind(tmp_path: Path, avatar: TinyAvatar) -> None:
    corners = []
    for name, label in (("plain", False), ("marked", True)):
        options = square(256, background="transparent", label=label, end=0.04)
        run(write_clip(avatar, slow_turn(), tmp_path / name, options))
        (picture,) = read_folder(tmp_path / name)
        corners.append(picture[236:, 190:])
    assert corners[0][..., 3].max() == 0
    assert corners[1][..., 3].max() > 200
    assert corners[1][..., :3].max() > 200


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, avatar: TinyAvatar) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="there already"):
        run(write_clip(avatar, slow_turn(), tmp_path / "c", square()))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["c", "mine.txt"]


def test_closing_leaves_no_folder_behind(tmp_path: Path, avatar: TinyAvatar) -> None:
    job = write_clip(avatar, slow_turn(40.0), tmp_path / "c", square())
    while next(job).message != "rendering":
        pass
    job.close()
    assert os.listdir(tmp_path) == []


def test_a_performance_is_also_one_motion(speech: Path) -> None:
    motion = as_motion(run(spoken(speech)), 25.0)
    assert (len(motion), motion.space) == (31, "arkit")
    part = as_motion(slow_turn(), 50.0, 0.1, 0.2)
    np.testing.assert_allclose(part.times, np.arange(5) / 50)
    np.testing.assert_allclose(part.head_pose[:, 1], 0.3 * (0.1 + np.arange(5) / 50) / 0.2, atol=1e-6)


@pytest.mark.parametrize("name", ["c.mp4", "c.mov", "c.webm", "c"])
def test_an_estimate_is_near_what_the_clip_is(tmp_path: Path, avatar: TinyAvatar, speech: Path, name: str) -> None:
    performance = run(spoken(speech))
    estimate = run(estimate_clip(avatar, performance, format_of(name), square(96)))
    report = run(write_clip(avatar, performance, tmp_path / name, square(96)))
    assert (estimate.frames, estimate.duration) == (report.frames, pytest.approx(report.duration))
    assert report.bytes / 3 < estimate.bytes < 3 * report.bytes
    assert estimate.seconds > 0


def test_a_short_turn_is_measured_whole(avatar: TinyAvatar) -> None:
    estimate = run(estimate_clip(avatar, Turntable(0.2), format_of("c.mp4"), square()))
    assert (estimate.frames, estimate.bytes > 1000) == (5, True)


def killed_while_exporting(out: Path) -> None:
    """Start an export in a process of its own and kill it while it renders."""
    code = (
        "import sys; from pathlib import Path; from fakes import TinyAvatar;"
        "from studio.core.export_clip import ClipOptions, write_clip; from studio.core.performance import Turntable;"
        "job = write_clip(TinyAvatar.make(50), Turntable(600.0), Path(sys.argv[1]), ClipOptions(64, 64));"
        "[print(report.message, flush=True) for report in job]"
    )
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(out)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith(b"rendering") for line in process.stdout)
        process.kill()


@pytest.mark.parametrize("name", ["c.mp4", "c"])
def test_what_a_killed_export_left_is_removed_by_the_next(tmp_path: Path, avatar: TinyAvatar, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".notes.part.mp4").write_bytes(b"somebody else's")
    running = write_clip(avatar, slow_turn(40.0), out / "running.mp4", square())
    while next(running).message != "rendering":
        pass
    killed_while_exporting(out / name)
    assert len(os.listdir(out)) == 3
    run(write_clip(avatar, slow_turn(), out / "next.mp4", square()))
    assert len(os.listdir(out)) == 3  # the one that runs is left alone
    assert {"next.mp4", ".notes.part.mp4"} < set(os.listdir(out))
    running.close()
    assert sorted(os.listdir(out)) == [".notes.part.mp4", "next.mp4"]
    assert sweep() == []
