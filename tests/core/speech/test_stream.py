import math
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media.audio import load_audio
from studio.core.motion.driver import Driver
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.stream import LOOK_AHEADS, SpeechDriver

JAW, CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]


def vowels(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    """Syllables of an open vowel: pulses that glide about 120 Hz through four formants, five a second, then a pause."""
    rng = np.random.default_rng(seed)
    count = int(seconds * SAMPLE_RATE)
    t = np.arange(count) / SAMPLE_RATE
    # A voice is never on one pitch: what is would be taken for an instrument.
    cycles = 120 * t + 4 * np.sin(2 * np.pi * 1.3 * t)
    voice = (np.diff(np.floor(cycles), prepend=0) > 0) + 0.01 * rng.standard_normal(count)
    for formant, width in ((750, 90), (1200, 110), (2500, 170), (3500, 250)):
        radius = np.exp(-np.pi * width / SAMPLE_RATE)
        voice = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / SAMPLE_RATE), radius**2], voice)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * t) ** 2 * 1.5 - 0.2, 0, 1)
    voice = voice * syllables * (t % 1.6 < 1.0)
    return (0.3 * voice / np.abs(voice).max()).astype(np.float32)


def mouth(samples: np.ndarray, driver: SpeechDriver | None = None) -> np.ndarray:
    driver = driver or SpeechDriver()
    driver.push(samples)
    return np.concatenate([driver.read(t).code for t in np.arange(0, len(samples) / SAMPLE_RATE, 0.01)])


def test_it_is_a_driver_of_arkit_by_speech() -> None:
    driver = SpeechDriver(look_ahead=0.05)
    assert isinstance(driver, Driver)
    assert (driver.source, driver.space, driver.look_ahead) == ("speech", "arkit", 0.05)


def test_an_unknown_look_ahead_is_refused() -> None:
    with pytest.raises(ValueError, match="look_ahead"):
        SpeechDriver(look_ahead=0.03)


@pytest.mark.parametrize("bad", [np.zeros((10, 2), np.float32), np.array([0, np.nan], np.float32)])
def test_what_is_not_mono_sound_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite mono"):
        SpeechDriver().push(bad)


def test_before_any_sound_the_mouth_rests() -> None:
    assert SpeechDriver().read(0.0).code.max() == 0


@pytest.mark.parametrize("look_ahead", LOOK_AHEADS)
def test_live_equals_offline_and_final_frames_never_change(look_ahead: float) -> None:
    samples = vowels(2.0)
    offline = SpeechDriver(look_ahead=look_ahead)
    offline.push(samples)
    live, rng, pushed = SpeechDriver(look_ahead=look_ahead), np.random.default_rng(1), 0
    while pushed < len(samples):
        step = int(rng.integers(0, 1500))
        live.push(samples[pushed : pushed + step])
        pushed = min(pushed + step, len(samples))
        final = pushed / SAMPLE_RATE - look_ahead - 0.01
        if final > 0:
            np.testing.assert_allclose(live.read(final).code, offline.read(final).code, atol=2e-3)


def test_past_what_is_known_the_newest_frame_is_held() -> None:
    driver = SpeechDriver()
    driver.push(vowels(0.5))
    np.testing.assert_array_equal(driver.read(0.42).code, driver.read(9.0).code)


def test_what_is_forgotten_changes_nothing_later() -> None:
    samples = vowels(12.0)
    whole, forgetful = SpeechDriver(), SpeechDriver()
    for start in range(0, len(samples), 1600):
        now = start / SAMPLE_RATE
        for driver in (whole, forgetful):
            driver.push(samples[start : start + 1600])
        forgetful.forget(now)
        np.testing.assert_array_equal(forgetful.read(now + 0.033).code, whole.read(now + 0.033).code)
    jaws = [[driver.read(t).code[0, JAW] for t in np.arange(0, 1, 0.05)] for driver in (forgetful, whole)]
    assert np.ptp(jaws[0]) == 0 < np.ptp(jaws[1])


def test_reset_forgets_everything() -> None:
    driver = SpeechDriver()
    first = mouth(vowels(1.0), driver)
    driver.reset()
    assert driver.read(0.5).code.max() == 0
    np.testing.assert_array_equal(mouth(vowels(1.0), driver), first)


def test_a_voice_opens_the_mouth_and_a_pause_shuts_it() -> None:
    code = mouth(vowels(3.2))
    times = np.arange(len(code)) * 0.01
    pause = (times % 1.6 > 1.25) & (times % 1.6 < 1.5)
    assert code[:, JAW].max() > 0.2
    assert code[pause].max() < 0.02


@pytest.mark.parametrize("decibel", [-35, -20, 10])
def test_quiet_and_hot_voices_open_the_mouth_alike(decibel: float) -> None:
    samples = load_audio(sample_speech())
    usual = mouth(samples)[400:, JAW]
    other = mouth((samples * 10 ** (decibel / 20)).astype(np.float32))[400:, JAW]
    assert other.mean() == pytest.approx(usual.mean(), rel=0.3)


@pytest.mark.parametrize("decibel", [-120, -70, -50, -35])
def test_steady_noise_does_not_move_the_mouth(decibel: float) -> None:
    noise = np.random.default_rng(0).standard_normal(5 * SAMPLE_RATE) * 10 ** (decibel / 20)
    assert mouth(noise.astype(np.float32))[150:].max() < 0.05


def test_an_offset_and_rumble_are_not_sound() -> None:
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    assert mouth((0.2 + 0.2 * np.sin(2 * np.pi * 8 * t)).astype(np.float32))[50:].max() < 0.05


def test_lips_follow_the_sound_within_a_frame() -> None:
    samples = vowels(3.0)
    loudness = np.sqrt(np.mean(np.square(samples.reshape(-1, 160)), axis=1))
    jaw = mouth(samples)[:, JAW]
    scores = {k: np.corrcoef(np.roll(jaw, -k)[20:-20], loudness[20:-20])[0, 1] for k in range(-15, 16)}
    assert abs(max(scores, key=lambda k: scores[k])) <= 4


def test_real_bilabials_close_the_lips(shared_data: Path) -> None:
    """Lips seal during p, b, m far more often than during vowels (by the forced alignment of s01)."""
    samples = load_audio(shared_data / "speech/s01_en_male_phones_27s.wav")
    lines = (shared_data / "speech/s01_en_male_phones_27s.TextGrid").read_text().splitlines()
    start = lines.index('"phones"') + 4
    phones = [(float(lines[k]), float(lines[k + 1]), lines[k + 2]) for k in range(start, len(lines) - 2, 3)]
    code = mouth(samples)
    sealed = code[:, CLOSE] > 0.9 * np.maximum(code[:, JAW], 1e-3)

    def rate(labels: tuple[str, ...]) -> float:
        spans = [(a, b) for a, b, label in phones if label.strip('"0123456789') in labels]
        hits = [sealed[int(a * 100) : math.ceil(b * 100)].any() for a, b in spans]
        return float(np.mean(hits))

    assert rate(("P", "B", "M")) > 0.4
    assert rate(("AA", "AE", "EH", "AY", "AW")) < 0.15
