import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.project.take_recorder import TakeRecorder, cut_off, read_recorded_motion

RATE = 16000
HOP = 160


def tone(first: int, count: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 300 * np.arange(first, first + count) / RATE)).astype(np.float32)


def live(recorder: TakeRecorder, begin: float, end: float, late: float = 0.1) -> None:
    """Sound arrives hop by hop; the picture shows it `late` s after; the jaw says the second it belongs to."""
    for k in range(round(begin * 100), round(end * 100)):
        recorder.hear(tone(k * HOP, HOP), k / 100)
        second = k / 100 - late
        recorder.see(Motion.arkit(jawOpen=second / 10), second)


def jaws(motion: Motion) -> np.ndarray:
    return motion.code.max(axis=1)


def test_frames_lie_at_the_sound_that_they_show(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path / "media", RATE)
    live(recorder, 2.0, 4.0)
    assert recorder.seconds == pytest.approx(2.0)
    take = recorder.finish()
    motion = read_recorded_motion(take.motion)
    assert len(motion) == take.frames == pytest.approx(190, abs=1)
    np.testing.assert_allclose(jaws(motion), (motion.times + 2.0) / 10, atol=1e-6)
    assert take.sound is not None
    heard = load_audio(take.sound, RATE)
    np.testing.assert_allclose(heard, tone(2 * RATE, 2 * RATE), atol=1e-3)
    assert take.complaint == ""


def test_a_pause_is_left_out_of_sound_and_motion_alike(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path, RATE)
    live(recorder, 1.0, 2.0)
    recorder.paused = True
    live(recorder, 2.0, 5.0)
    recorder.paused = False
    live(recorder, 5.0, 6.0)
    take = recorder.finish()
    assert take.seconds == pytest.approx(2.0)
    motion = read_recorded_motion(take.motion)
    shown = 10 * jaws(motion)
    before = motion.times < 1.0
    np.testing.assert_allclose(shown[before], motion.times[before] + 1.0, atol=1e-5)
    np.testing.assert_allclose(shown[~before], motion.times[~before] + 4.0, atol=1e-5)
    # The last frames of the first stretch come only after the pause has begun.
    assert motion.times[before].max() > 0.98
    assert np.all(np.diff(motion.times) > 0)


def test_without_sound_frames_count_by_themselves(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path, 0)
    for k in range(50):
        recorder.paused = 20 <= k < 30
        recorder.see(Motion.arkit(jawOpen=k / 100), 100 + k / 50)
    take = recorder.finish()
    motion = read_recorded_motion(take.motion)
    assert take.sound is None
    assert motion.times[0] == 0
    assert motion.times[-1] == pytest.approx(0.8 - 0.02, abs=0.021)
    assert np.diff(motion.times).max() < 0.05


def test_what_was_written_is_whole_before_it_is_finished(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path, RATE)
    live(recorder, 0.0, 3.5)
    (wav,) = tmp_path.glob("*.wav")  # as after a crash
    assert len(load_audio(wav, RATE)) >= 3 * RATE
    (frames,) = tmp_path.glob("*.motion")
    assert read_recorded_motion(frames).times[-1] > 3.3
    recorder.finish()


class _Full:
    """A disk that has no room for more than so many bytes."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room
        self.name = file.name

    def write(self, data: bytes) -> int:
        if self._room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = min(len(data), self._room)
        self._room -= count
        return self._file.write(data[:count])

    def seek(self, *place: int) -> int:
        return self._file.seek(*place)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("sound", [True, False])
def test_a_full_disk_is_said_and_what_was_recorded_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    opened = Path.open

    def open_full(self: Path, mode: str = "r", **options):
        file = opened(self, mode, **options)
        limited = self.suffix == (".wav" if sound else ".motion") and "x" in mode
        return _Full(file, 20_001) if limited else file

    monkeypatch.setattr(Path, "open", open_full)
    recorder = TakeRecorder(tmp_path, RATE)
    live(recorder, 0.0, 3.0)
    assert recorder.complaint.startswith("The disk is full")
    take = recorder.finish()
    motion = read_recorded_motion(take.motion)
    assert 0.3 < motion.times[-1] < 1.1
    assert take.sound is not None
    monkeypatch.undo()
    assert 0.3 < len(load_audio(take.sound, RATE)) / RATE < 1.5


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        TakeRecorder(tmp_path / "media", RATE)


def test_a_take_that_a_crash_cut_off_is_found_with_its_place(tmp_path: Path) -> None:
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_take_recorder import RATE, TakeRecorder, live
from pathlib import Path
recorder = TakeRecorder(Path({str(tmp_path)!r}), RATE, 1.25)
live(recorder, 0.0, 3.5)
empty = TakeRecorder(Path({str(tmp_path)!r}), RATE)
os._exit(9)
"""
    folders = os.pathsep.join(path for path in sys.path if path)
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": folders}, check=False)
    assert ended.returncode == 9
    recording = TakeRecorder(tmp_path, RATE)  # of a program that runs
    live(recording, 0.0, 1.0)
    ((take, start),) = cut_off(tmp_path)
    assert start == 1.25
    assert take.frames == len(read_recorded_motion(take.motion)) == pytest.approx(340, abs=1)
    assert take.sound is not None
    assert take.seconds == pytest.approx(3.0, abs=0.1)  # its header is true every second
    recording.finish()
    assert len(list(tmp_path.glob("*.motion"))) == 2
