"""What moves the mouth and what does not."""

import itertools

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.stream import SpeechDriver
from studio.core.speech.voice import VoiceTrust

MOUTH = [i for name, i in ARKIT_INDEX.items() if name.startswith(("jaw", "mouth"))]
SECONDS = 5.0
COUNT = int(SECONDS * SAMPLE_RATE)


def level(samples: np.ndarray, decibel: float) -> np.ndarray:
    return (samples / np.sqrt(np.mean(np.square(samples))) * 10 ** (decibel / 20)).astype(np.float32)


def keys() -> np.ndarray:
    """Two clicks a key, six keys a second: noise and a ringing plate."""
    rng, sound = np.random.default_rng(3), np.zeros(COUNT)
    n = int(0.03 * SAMPLE_RATE)
    t = np.arange(n) / SAMPLE_RATE
    for start in np.cumsum(rng.exponential(1 / 12, 50) + 0.04):
        i = int(start * SAMPLE_RATE)
        if i + n < COUNT:
            click = rng.standard_normal(n) * np.exp(-t / rng.uniform(0.002, 0.008))
            sound[i : i + n] += click + 3 * np.sin(2 * np.pi * rng.uniform(150, 350) * t) * np.exp(-t / 0.008)
    return sound


def breaths() -> np.ndarray:
    rng = np.random.default_rng(4)
    band = sosfilt(butter(2, (500, 4000), "bandpass", fs=SAMPLE_RATE, output="sos"), rng.standard_normal(COUNT))
    t = np.arange(COUNT) / SAMPLE_RATE
    return band * np.clip(np.sin(2 * np.pi * t / 2.5), 0, 1) ** 1.5


def piano() -> np.ndarray:
    """Single notes that ring out, two a second."""
    rng, sound = np.random.default_rng(5), np.zeros(COUNT)
    t = np.arange(int(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    for k in range(int(2 * SECONDS)):
        hz = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
        note = sum(np.sin(2 * np.pi * hz * n * t) / n**1.3 * np.exp(-t * (2 + 0.8 * n)) for n in range(1, 9))
        sound[k * len(t) : (k + 1) * len(t)] += note
    return sound


def voice(seconds: float = 1.0, hz: float = 120.0) -> np.ndarray:
    """One gliding open vowel in three syllables."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    cycles = hz * t + 4 * np.sin(2 * np.pi * 1.3 * t)
    sound = (np.diff(np.floor(cycles), prepend=0) > 0).astype(float)
    for formant, width in ((750, 90), (1200, 110), (2500, 170)):
        radius = np.exp(-np.pi * width / SAMPLE_RATE)
        sound = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / SAMPLE_RATE), radius**2], sound)
    return sound * np.clip(1.4 * np.abs(np.sin(np.pi * 3 * t / seconds)), 0, 1)


def moved(samples: np.ndarray, settings: SpeechSettings | None = None) -> np.ndarray:
    """Return ``[T]`` the largest mouth coefficient of every 10 ms."""
    driver = SpeechDriver(settings)
    driver.push(np.concatenate([samples, np.zeros(SAMPLE_RATE // 5, np.float32)]).astype(np.float32))
    return np.array([driver.read(t).code[0, MOUTH].max() for t in np.arange(0, len(samples) / SAMPLE_RATE, 0.01)])


@pytest.mark.parametrize("decibel", [-50, -35])
@pytest.mark.parametrize("noise", [keys, breaths])
def test_keys_and_breaths_do_not_move_the_mouth(noise, decibel: float) -> None:
    room = level(np.random.default_rng(6).standard_normal(COUNT), -65)
    assert moved(level(noise(), decibel) + room).max() < 0.05


def chords() -> np.ndarray:
    """Three notes at a time, four times a second, that ring into the next: no pitch stays, as if somebody sang."""
    rng, sound = np.random.default_rng(10), np.zeros(COUNT + SAMPLE_RATE)
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for start in range(0, COUNT, SAMPLE_RATE // 4):
        root = 110 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11]) / 12)
        for ratio, n in itertools.product((1, 1.26, 1.5), range(1, 9)):
            wave = np.sin(2 * np.pi * root * ratio * n * t + rng.uniform(0, 6)) * np.exp(-3 * t) / n
            sound[start : start + SAMPLE_RATE] += wave
    return sound[:COUNT]


def test_music_moves_the_mouth_for_a_moment_at_most() -> None:
    opening = moved(level(chords(), -26) + level(np.random.default_rng(11).standard_normal(COUNT), -65))
    assert (opening[100:] > 0.05).mean() < 0.05


def test_what_sounded_like_no_voice_is_forgotten_in_silence() -> None:
    trust = VoiceTrust()
    assert trust.push(0.5, True) == 1
    assert [trust.push(0.0, True) for _ in range(300)][-1] == 0
    assert [trust.push(0.0, False) for _ in range(1000)][-1] == 1


def test_notes_of_one_pitch_are_an_instrument() -> None:
    assert (moved(level(piano(), -28)) > 0.05).mean() < 0.1


@pytest.mark.parametrize("hiss", [-40, -50])
def test_a_fan_that_starts_moves_the_mouth_for_a_moment_at_most(hiss: float) -> None:
    rng = np.random.default_rng(7)
    t = np.arange(COUNT) / SAMPLE_RATE
    hum = level(np.sum([np.sin(2 * np.pi * 110 * k * t) / k for k in range(1, 6)], axis=0), -38)
    fan = (hum + level(rng.standard_normal(COUNT), hiss)) * (t > 2)
    assert moved(fan.astype(np.float32) + level(rng.standard_normal(COUNT), -65))[300:].max() < 0.05


@pytest.mark.parametrize("look_ahead", [0.05, 0.08])
def test_the_mouth_opens_with_a_voice_and_is_shut_150_ms_after_it(look_ahead: float) -> None:
    room = level(np.random.default_rng(8).standard_normal(4 * SAMPLE_RATE), -60)
    sound = room.copy()
    sound[2 * SAMPLE_RATE : 3 * SAMPLE_RATE] += level(voice(), -22)
    opening = moved(sound, SpeechSettings(look_ahead=look_ahead))
    assert opening[:180].max() < 0.05
    assert opening[200:215].max() > 0.05
    assert opening[200:300].max() > 0.2
    assert opening[315:].max() < 0.05


def test_an_insensitive_gate_needs_a_clearer_voice() -> None:
    rng = np.random.default_rng(9)
    sound = level(rng.standard_normal(4 * SAMPLE_RATE), -31)
    sound[2 * SAMPLE_RATE : 3 * SAMPLE_RATE] += level(voice(), -31)
    open_hops = [(moved(sound, SpeechSettings(sensitivity=s))[200:300] > 0.05).sum() for s in (0.0, 1.0)]
    assert open_hops[0] < open_hops[1]
