import os
import re
from pathlib import Path

import numpy as np
import pytest
import soxr
from sound_files import write_float_wave, write_wave

from studio.core.errors import UserError
from studio.core.jobs import Progress, run
from studio.core.media import audio
from studio.core.media.audio import Recording, load_audio, read_audio_blocks, read_channels, survey


def tone(rate: int, seconds: float = 1.0, frequency: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2), (48000, 8), (192000, 2)])
def test_any_rate_and_channels_become_mono_at_16_khz(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_wave(tmp_path / "a.wav", np.repeat(tone(rate)[:, None], channels, axis=1), rate)
    samples = load_audio(path)
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16000) <= 1
    np.testing.assert_allclose(samples[500:-500], tone(16000)[500 : len(samples) - 500], atol=0.01)


def test_a_lone_microphone_among_eight_channels_keeps_its_level(tmp_path: Path) -> None:
    channels = np.zeros((16000, 8))
    channels[:, 5] = tone(16000)
    path = write_wave(tmp_path / "a.wav", channels, 16000)
    np.testing.assert_allclose(load_audio(path), channels[:, 5], atol=1e-4)
    assert run(survey(path)).notes == ("Only 1 of the 8 channels of 'a.wav' carries sound; the rest is left out.",)


def test_channels_in_opposite_phase_do_not_cancel(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", np.stack([tone(16000), -tone(16000)], axis=1), 16000)
    np.testing.assert_allclose(np.abs(load_audio(path)), np.abs(tone(16000)), atol=1e-4)
    assert "cancel each other" in run(survey(path)).notes[0]


def test_blocks_are_what_resampling_at_once_gives(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(0, 0.2, (100_000, 2)).astype(np.float32)
    recording = run(survey(write_wave(tmp_path / "a.wav", samples, 44_100)))
    written = np.rint(np.clip(samples, -1, 1) * 32767) / np.float32(32768)
    blocks = list(read_audio_blocks(recording))
    assert len(blocks) > 3
    np.testing.assert_allclose(np.concatenate(blocks), soxr.resample(written.mean(1), 44_100, 16_000), atol=1e-5)
    sound = np.concatenate(list(read_channels(recording, 48_000)))
    np.testing.assert_allclose(sound, np.clip(soxr.resample(written, 44_100, 48_000), -1, 1), atol=1e-5)


def left_only(samples: np.ndarray) -> np.ndarray:
    return np.stack([samples, np.zeros_like(samples)], axis=1)


FAULTS = {
    "none": (tone(16000)[:, None], 16000, ()),
    "one dead channel": (left_only(tone(16000)), 16000, ("Only the left channel",)),
    "telephone": (tone(8000)[:, None], 8000, (r"telephone sound \(8000 Hz\)",)),
    "clipping": (4 * tone(16000)[:, None], 16000, (r"overdriven: 5\d",)),
    "offset": (tone(16000)[:, None] - 0.3, 16000, ("constant offset of 30 %",)),
    "several": (left_only(4 * tone(8000)), 8000, ("left", "telephone", "overdriven")),
}


@pytest.mark.parametrize(("samples", "rate", "faults"), FAULTS.values(), ids=FAULTS)
def test_faults_that_can_be_lived_with_are_named(
    tmp_path: Path, samples: np.ndarray, rate: int, faults: tuple[str, ...]
) -> None:
    recording = run(survey(write_wave(tmp_path / "a.wav", samples, rate)))
    assert (recording.rate, recording.samples, recording.seconds) == (rate, len(samples), 1)
    assert len(recording.notes) == len(faults)
    for note, fault in zip(recording.notes, faults, strict=True):
        assert re.search(fault, note)
        assert re.fullmatch(r".*'a\.wav'.*; .*\.", note)


def test_what_is_missing_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", tone(16000)[:, None], 16000)
    path.write_bytes(path.read_bytes()[:16044])
    recording = run(survey(path))
    assert recording.samples == 8000
    assert recording.notes[0].startswith("'a.wav' is cut short: of 1.0 s the first 0.5 s are there; ")
    assert len(load_audio(path)) == 8000


@pytest.mark.parametrize("change", ["longer", "shorter", "stereo"])
def test_a_recording_that_changes_meanwhile_is_told(tmp_path: Path, change: str) -> None:
    path = write_wave(tmp_path / "a.wav", tone(16000)[:, None], 16000)
    recording = run(survey(path))
    if change == "stereo":
        write_wave(path, np.repeat(tone(16000)[:, None], 2, axis=1), 16000)
    else:
        write_wave(path, tone(16000, 1.5 if change == "longer" else 0.5)[:, None], 16000)
    for read in (read_audio_blocks, read_channels):
        with pytest.raises(UserError, match="changed while it was read"):
            list(read(recording, 48_000))


def test_a_clip_keeps_stereo_and_drops_a_dead_side(tmp_path: Path) -> None:
    def channels(samples: np.ndarray) -> tuple[Recording, np.ndarray]:
        recording = run(survey(write_wave(tmp_path / "a.wav", samples, 48_000)))
        return recording, np.concatenate(list(read_channels(recording, 48_000)))

    stereo = np.stack([tone(48_000), 0.5 * tone(48_000, frequency=300)], axis=1)
    recording, sound = channels(stereo)
    assert recording.clip_channels == 2
    np.testing.assert_allclose(sound, stereo, atol=1e-4)
    recording, sound = channels(left_only(tone(48_000)))
    assert recording.clip_channels == 1
    np.testing.assert_allclose(sound[:, 0], tone(48_000), atol=1e-4)


def test_surveying_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_TELL_EVERY", 0)
    seen: list[Progress] = []
    run(survey(write_wave(tmp_path / "a.wav", tone(16000, 5)[:, None], 16000)), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 3


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed by Linux's /proc")
def test_a_survey_that_is_cancelled_closes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_TELL_EVERY", 0)
    path = write_wave(tmp_path / "a.wav", tone(16000, 5)[:, None], 16000)

    def is_open() -> bool:
        return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())

    job = survey(path)
    next(job)
    next(job)
    assert is_open()
    job.close()
    assert not is_open()


def test_too_long_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wave(tmp_path / "a.wav", tone(16000)[:, None], 16000)
    monkeypatch.setattr(audio, "_MAX_LOADED_SECONDS", 0.5)
    with pytest.raises(UserError, match="longer than two hours"):
        load_audio(path)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(16000), "only silence"),
        (np.full(16000, 0.4), "only silence"),
        (np.r_[tone(16000), np.nan], "damaged samples"),
        (np.r_[tone(16000), np.inf], "damaged samples"),
        (np.zeros(0), "no sound"),
    ],
)
def test_sound_without_speech_in_it_is_refused(tmp_path: Path, samples: np.ndarray, sentence: str) -> None:
    path = write_float_wave(tmp_path / "a.wav", samples, 16000)
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
