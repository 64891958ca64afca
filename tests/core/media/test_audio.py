import wave
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.audio import downmix, load_audio


def write_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write ``[S,C]`` −1..1 as 16-bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write ``[S]`` as 32-bit float, which `wave` cannot."""
    data = samples.astype("<f4").tobytes()
    header = b"WAVEfmt " + b"".join(
        value.to_bytes(size, "little")
        for value, size in ((16, 4), (3, 2), (1, 2), (rate, 4), (rate * 4, 4), (4, 2), (32, 2))
    )
    chunk = header + b"data" + len(data).to_bytes(4, "little") + data
    path.write_bytes(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk)
    return path


def tone(rate: int, seconds: float = 1.0, frequency: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2), (48000, 8), (192000, 2)])
def test_any_rate_and_channels_become_mono_at_16_khz(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_wav(tmp_path / "a.wav", np.repeat(tone(rate)[:, None], channels, axis=1), rate)
    samples = load_audio(path)
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16000) <= 1
    np.testing.assert_allclose(samples[500:-500], tone(16000)[500 : len(samples) - 500], atol=0.01)


def test_a_lone_microphone_among_eight_channels_keeps_its_level() -> None:
    channels = np.zeros((1000, 8), np.float32)
    channels[:, 5] = tone(1000)
    np.testing.assert_array_equal(downmix(channels), channels[:, 5])


def test_channels_in_opposite_phase_do_not_cancel() -> None:
    one = tone(1000).astype(np.float32)
    np.testing.assert_array_equal(np.abs(downmix(np.stack([one, -one], axis=1))), np.abs(one))


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(16000), "only silence"),
        (np.r_[tone(16000), np.nan], "damaged samples"),
        (np.r_[tone(16000), np.inf], "damaged samples"),
        (np.zeros(0), "no sound"),
    ],
)
def test_sound_without_speech_in_it_is_refused(tmp_path: Path, samples: np.ndarray, sentence: str) -> None:
    path = write_float_wav(tmp_path / "a.wav", samples, 16000)
    with pytest.raises(UserError, match=rf"'a\.wav' .*{sentence}.*; "):
        load_audio(path)


def test_files_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "speech.wav"
    text.write_text("not a recording")
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    for path in (text, empty, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(UserError):
            load_audio(path)


def test_real_recordings_load(shared_data: Path) -> None:
    samples = load_audio(shared_data / "speech/s03_zh_male_11s.wav")
    assert len(samples) == pytest.approx(255232 / 24000 * 16000, abs=2)
    assert np.isfinite(samples).all()
