import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sound_files import decode, write_encoded, write_float_wave, write_wave

from studio.core.errors import UserError
from studio.core.media import sound_track
from studio.core.media.sound_track import SoundTrack


def noise(seconds: float = 2.0, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.2, (round(seconds * rate), channels)).clip(-1, 1)


@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 44100), (8, 48000), (1, 192000)])
def test_wave_files_decode_exactly(tmp_path: Path, channels: int, rate: int) -> None:
    samples = np.random.default_rng(0).integers(-30000, 30000, (rate // 10, channels)).astype(np.int16)
    decoded, found = decode(write_wave(tmp_path / "a.wav", samples, rate))
    assert found == rate
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, samples / 32768, atol=1e-6)


def test_it_knows_how_much_is_read(tmp_path: Path) -> None:
    track = SoundTrack(write_wave(tmp_path / "a.wav", noise(10), 16000))
    shares = []
    for block in track:
        assert len(block) < 20_000
        shares.append((track.share_read, track.seconds / 10))
    read, heard = np.transpose(shares)
    np.testing.assert_allclose(read, heard, atol=0.15)
    assert (np.diff(read) >= 0).all()
    assert track.seconds == 10


@pytest.mark.parametrize(
    ("suffix", "codec", "container", "options"),
    [
        ("wav", "pcm_s16le", "wav", {}),
        ("flac", "flac", "flac", {}),
        ("mp3", "mp3", "mp3", {}),
        ("m4a", "aac", "mp4", {"movflags": "+faststart"}),
        ("mka", "flac", "matroska", {}),
        ("aiff", "pcm_s16be", "aiff", {}),
    ],
)
def test_of_a_file_cut_short_the_rest_is_read_and_the_loss_is_told(
    tmp_path: Path, suffix: str, codec: str, container: str, options: dict[str, str]
) -> None:
    path = write_encoded(tmp_path / f"a.{suffix}", noise(4), 16000, codec, container, **options)
    whole = SoundTrack(path)
    assert sum(len(block) for block in whole) / whole.rate == pytest.approx(4, abs=0.2)
    assert whole.missing == ""
    path.write_bytes(path.read_bytes()[: os.path.getsize(path) * 6 // 10])
    cut = SoundTrack(path)
    assert sum(len(block) for block in cut) / cut.rate == pytest.approx(2.4, abs=0.4)
    assert cut.missing.startswith("is cut short: of 4.")


def test_a_recorder_that_never_wrote_its_length_is_believed(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", noise(1), 16000)
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:])
    track = SoundTrack(path)
    assert sum(len(block) for block in track) == 16000
    assert track.missing == ""


def test_one_damaged_place_does_not_end_a_recording(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "a.flac", noise(4), 16000, "flac", "flac")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    track = SoundTrack(path)
    read = sum(len(block) for block in track) / 16000
    assert 3 < read <= 4
    assert track.missing


def test_a_clip_without_its_index_is_called_cut_short(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "a.m4a", noise(1), 16000, "aac", "mp4")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UserError, match=r"'a\.m4a' is cut short.*whole copy"):
        decode(path)


@pytest.mark.parametrize("suffix", ["flac", "mp3", "txt", ""])
def test_a_wrong_suffix_is_no_hindrance(tmp_path: Path, suffix: str) -> None:
    path = write_wave(tmp_path / f"a.{suffix}", noise(0.1), 16000)
    assert len(decode(path)[0]) == 1600


def header(rate: int, channels: int, bits: int, kind: int = 1) -> bytes:
    """Return a WAV file whose header says so, over two seconds of 16-bit sound at 16 kHz."""
    samples = b"\1\40" * 32_000
    parts = ((kind, 2), (channels, 2), (rate, 4), (32_000, 4), (2, 2), (bits, 2))
    chunk = b"WAVEfmt " + (16).to_bytes(4, "little") + b"".join(value.to_bytes(n, "little") for value, n in parts)
    chunk += b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + len(chunk).to_bytes(4, "little") + chunk


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a recording"),
        (b"once upon a time" * 100, "not a recording"),
        (header(1, 1, 16), "sample rate of 1 Hz"),
        (header(2**31 - 1, 1, 16), "sample rate of 2147483647 Hz"),
        (header(16000, 64, 16), "64 sound channels"),
        (header(16000, 0, 16), "damaged"),
        (header(16000, 1, 16, 0x9999), "not known here"),
        (header(16000, 1, 16)[:44], "no sound"),
        (header(16000, 1, 16)[:30], "not a recording"),
    ],
)
def test_hostile_files_are_named_and_not_decoded(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(UserError, match=rf"'a\.wav' .*{sentence}.*; "):
        decode(tmp_path / "a.wav")


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        decode(tmp_path / "none.wav")
    with pytest.raises(UserError, match="is a folder"):
        decode(tmp_path)


def test_an_empty_recording_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sound"):
        decode(write_float_wave(tmp_path / "a.wav", np.zeros(0), 16000))


def test_sound_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wave(tmp_path / "a.wav", noise(3), 16000)
    monkeypatch.setattr(sound_track, "MAX_SECONDS", 2)
    track = SoundTrack(path)
    with pytest.raises(UserError, match="longer than"):
        for _ in track:
            pass
    assert track.seconds < 3.1


@pytest.mark.parametrize(
    ("first", "second"), [((1, 44100), (2, 44100)), ((2, 44100), (1, 44100)), ((1, 44100), (2, 48000))]
)
def test_a_recording_whose_format_changes_midway_is_read_whole(
    tmp_path: Path, first: tuple[int, int], second: tuple[int, int]
) -> None:
    bare = {"write_xing": "0", "id3v2_version": "0"}  # frames that may be laid end to end
    parts = [
        write_encoded(tmp_path / f"{i}.mp3", noise(1, rate, channels), rate, "mp3", "mp3", **bare).read_bytes()
        for i, (channels, rate) in enumerate((first, second))
    ]
    (tmp_path / "a.mp3").write_bytes(3 * parts[0] + 3 * parts[1])
    samples, rate = decode(tmp_path / "a.mp3")
    assert (samples.shape[1], rate) == first
    assert len(samples) == pytest.approx(6 * rate, rel=0.1)
    for half in np.array_split(samples, 2):
        assert half.std() > 0.1


@pytest.mark.parametrize("name", ["12:30.wav", "http:a.wav", "data:,a.wav", "%03d.wav", os.fsdecode(b"\xff.wav")])
def test_names_are_never_read_as_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_wave(Path(name), np.ones((800, 1), np.int16), 16000)
    assert len(decode(name)[0]) == 800


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one program is read from Linux's /proc")
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from studio.core.media.sound_track import SoundTrack\n"
        "for _ in SoundTrack(sys.argv[1]): pass\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    peaks = []
    for seconds in (2, 400):  # 400 s at 48 kHz, stereo, are 150 MB as float32
        path = write_wave(tmp_path / f"{seconds}.wav", np.zeros((48_000 * seconds, 2), np.int16), 48_000)
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 15
