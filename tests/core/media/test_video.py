import os
import subprocess
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sound_files import decode, write_wave

from studio.core.errors import UserError
from studio.core.media.files import atomic_path
from studio.core.media.video import missing_codecs, probe_clip, read_frames
from studio.core.media.video_writer import Sound, VideoWriter

RATE = 48_000


def noise_burst(seconds: float, start: float) -> np.ndarray:
    """Silence with half a second of noise, so that a shift in time shows."""
    samples = np.zeros(round(seconds * RATE), np.float32)
    at = round(start * RATE)
    samples[at : at + RATE // 2] = np.random.default_rng(0).normal(0, 0.2, RATE // 2)
    return samples


def laid(samples: np.ndarray) -> Sound:
    """Return samples ``[S]`` or ``[S,C]`` as a clip takes them, in blocks of odd lengths."""
    samples = samples.reshape(len(samples), -1)
    return Sound(np.split(samples, [7, 8, 5000, 20_000]), RATE, samples.shape[1])


def frame(i: int, size: int = 64) -> np.ndarray:
    """A grey ramp with a bar whose place counts the frames."""
    picture = np.full((size, size, 3), 60, np.uint8)
    picture[:, 2 * i : 2 * i + 8] = [220, 120, 40]
    return picture


def write(path: Path, fps: float | Fraction, frames: int, **options: object) -> None:
    with VideoWriter(path, 64, 64, fps, **options) as writer:  # pyright: ignore[reportArgumentType]
        for i in range(frames):
            writer.write(frame(i % 28))


@pytest.mark.parametrize("fps", [25, 24.5, Fraction(30000, 1001), 60])
def test_frames_and_sound_read_back(tmp_path: Path, fps: float | Fraction) -> None:
    frames = 40
    sound = noise_burst(float(frames / fps), 0.1)
    write(tmp_path / "a.mp4", fps, frames, audio=laid(sound))
    info = probe_clip(tmp_path / "a.mp4")
    assert (info.frames, info.width, info.height, info.fps) == (frames, 64, 64, Fraction(fps))
    assert abs(info.audio_duration - len(sound) / RATE) <= 1024 / RATE


def test_sound_stays_where_it_was(tmp_path: Path) -> None:
    sound = noise_burst(2.0, 0.75)
    write(tmp_path / "a.mp4", 25, 50, audio=laid(sound))
    decoded, rate = decode(tmp_path / "a.mp4")
    assert rate == RATE
    lags = np.fft.irfft(np.fft.rfft(decoded[: len(sound), 0]) * np.conj(np.fft.rfft(sound)))
    lag = int(np.argmax(lags))
    assert min(lag, len(sound) - lag) <= RATE // 1000


def test_stereo_stays_stereo(tmp_path: Path) -> None:
    sound = np.stack([noise_burst(1.0, 0.1), np.zeros(RATE, np.float32)], axis=1)
    write(tmp_path / "a.mp4", 25, 25, audio=laid(sound))
    decoded, _ = decode(tmp_path / "a.mp4")
    assert decoded.shape[1] == 2
    assert abs(decoded[:, 0]).max() > 10 * abs(decoded[:, 1]).max()


def test_frames_keep_order_time_and_colour(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 20)
    for i, (time, picture) in enumerate(read_frames(tmp_path / "a.mp4")):
        assert time == pytest.approx(i / 25)
        assert abs(picture.astype(int) - frame(i)).mean() < 6
        np.testing.assert_allclose(picture[32, 2 * i + 4], [220, 120, 40], atol=14)
    assert i == 19


def test_reading_is_bounded(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 20)
    assert len(list(read_frames(tmp_path / "a.mp4", max_frames=7))) == 7


def test_alpha_is_ignored(tmp_path: Path) -> None:
    rgba = np.dstack([frame(3), np.zeros((64, 64), np.uint8)])
    with VideoWriter(tmp_path / "a.mp4", 64, 64, 25) as writer:
        writer.write(rgba)
    ((_, picture),) = read_frames(tmp_path / "a.mp4")
    np.testing.assert_allclose(picture[32, 10], [220, 120, 40], atol=14)


def test_clips_say_that_they_are_synthetic(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 5, metadata={"title": "somebody (synthetic)"})
    tags = probe_clip(tmp_path / "a.mp4").metadata
    assert tags["comment"].startswith("synthetic")
    assert "Avatar Studio" in tags["comment"]
    assert tags["title"] == "somebody (synthetic)"


def test_the_index_comes_before_the_pictures(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 5, audio=laid(noise_burst(0.7, 0.1)))
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_colours_are_tagged_bt709(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 5)
    # The colr box of ISO/IEC 14496-12: primaries, transfer and matrix 1, studio range.
    assert b"colrnclx\x00\x01\x00\x01\x00\x01\x00" in (tmp_path / "a.mp4").read_bytes()


def test_odd_sides_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        VideoWriter(tmp_path / "a.mp4", 65, 64, 25)


def test_nothing_is_left_when_writing_stops_half_way(tmp_path: Path) -> None:
    def job() -> Generator[None, None, None]:
        sound = laid(noise_burst(2, 0.1))
        with (
            atomic_path(tmp_path / "a.mp4") as temporary,
            VideoWriter(temporary, 64, 64, 25, audio=sound) as writer,
        ):
            writer.write(frame(0))
            yield

    running = job()
    next(running)
    running.close()
    assert os.listdir(tmp_path) == []


def test_the_file_is_closed_where_finishing_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[None] = []

    def broken(_: object) -> None:
        raise OSError("no more at the end")

    writer = VideoWriter(tmp_path / "a.mp4", 64, 64, 25)
    writer.write(frame(0))
    monkeypatch.setattr(writer, "_container", SimpleNamespace(mux=broken, close=lambda: closed.append(None)))
    with pytest.raises(OSError, match="no more at the end"), writer:
        pass
    assert closed == [None]


def fill(path: Path) -> None:
    rng = np.random.default_rng(0)
    with atomic_path(path) as temporary, VideoWriter(temporary, 256, 256, 25) as writer:
        for _ in range(30):
            writer.write(rng.integers(0, 255, (256, 256, 3), dtype=np.uint8))


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        with pytest.raises(UserError, match="disk is full"):
            fill(folder / "a.mp4")
        assert os.listdir(folder) == []
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_files_that_are_no_clips_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"once upon a time" * 100)
    with pytest.raises(UserError, match="not a recording"):
        probe_clip(tmp_path / "a.mp4")


def test_a_clip_without_sound_and_a_sound_without_pictures(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 5)
    with pytest.raises(UserError, match="pictures but no sound"):
        decode(tmp_path / "a.mp4")
    write_wave(tmp_path / "a.wav", np.zeros((800, 1), np.int16), 16000)
    with pytest.raises(UserError, match="no pictures"):
        probe_clip(tmp_path / "a.wav")


def test_a_clip_cut_short_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 25, 40, audio=laid(noise_burst(1.6, 0.1)))
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[:400])
    with pytest.raises(UserError, match="cut short"):
        probe_clip(tmp_path / "a.mp4")


def test_folders_are_never_read_as_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("12:30").mkdir()
    write(Path("12:30/a.mp4"), 25, 5)
    assert probe_clip("12:30/a.mp4").frames == 5


def test_the_encoders_are_there() -> None:
    assert missing_codecs() == []
