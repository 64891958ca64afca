"""Each fault of a microphone is named once, and sound recordings raise none."""

import os
from pathlib import Path

import numpy as np
import pytest
import soxr

from studio.core.media.audio import load_audio
from studio.core.media.input_health import InputHealth

RATE, BLOCK = 48000, 480
SHARED = Path(os.environ.get("AVATAR_STUDIO_SHARED", Path(__file__).resolve().parents[4] / "shared" / "data"))
RECORDINGS = sorted([*(SHARED / "speech").glob("*.wav"), *(SHARED / "speech_more").glob("*.flac")])


def voice(seconds: float, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Syllables of a buzz and of hissing, over a little room noise."""
    chance = np.random.default_rng(seed)
    t = np.arange(rate) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30))
    hiss = chance.normal(0, 1, len(t))
    syllable = np.maximum(np.sin(2 * np.pi * 3 * t), 0)
    consonant = np.maximum(-np.sin(2 * np.pi * 3 * t), 0)
    sound = 0.08 * buzz * syllable + 0.02 * hiss * consonant + chance.normal(0, 3e-4, len(t))
    return np.resize(sound, round(seconds * rate)).astype(np.float32)


def hear(sound: np.ndarray, health: InputHealth | None = None, rate: int = RATE) -> list[str]:
    """Push a recording ``[S]`` or ``[S,C]`` block by block and return all that was said."""
    blocks = sound[:, None] if sound.ndim == 1 else sound
    health = health or InputHealth("'Desk'", rate, blocks.shape[1])
    return [said for k in range(0, len(blocks), BLOCK) for said in health.push(blocks[k : k + BLOCK])]


def test_a_good_microphone_needs_no_words() -> None:
    assert hear(voice(20)) == []
    assert hear(np.stack([voice(20), 0.5 * voice(20, seed=1)], axis=1)) == []
    assert hear(np.random.default_rng(0).normal(0, 3e-4, 30 * RATE).astype(np.float32)) == []  # a quiet room


def test_clipping_is_named_while_it_lasts_but_not_in_every_block() -> None:
    (said,) = hear(np.clip(20 * voice(20), -1, 1))
    assert said.startswith("The sound of 'Desk' is clipped; turn its level down")
    assert len(hear(np.clip(20 * voice(70), -1, 1))) == 3
    assert len(hear(np.clip(20 * (voice(20) + 0.02), -1, 1))) == 1  # one-sided, but not for a fault of the line
    knock = voice(20)
    knock[RATE : RATE + 400] = 1.0
    assert hear(knock) == []


def test_an_offset_is_named() -> None:
    (said,) = hear(voice(8) + np.float32(0.05))
    assert "'Desk' has a constant (DC) offset" in said


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_telephone_sound_is_named_at_whatever_rate_it_comes(rate: int) -> None:
    narrow = soxr.resample(voice(8, 8000), 8000, rate) if rate != 8000 else voice(8, 8000)
    (said,) = hear(np.asarray(narrow, np.float32), rate=rate)
    assert said.startswith("'Desk' sounds like a telephone (8 kHz)")


@pytest.mark.parametrize("dead", [0, 1])
def test_a_dead_channel_is_named_and_left_out(dead: int) -> None:
    sound = np.stack([voice(6)] * 2, axis=1)
    sound[:, dead] = 1e-5 * np.random.default_rng(1).normal(size=len(sound))
    health = InputHealth("'Desk'", RATE, 2)
    (said,) = hear(sound, health)
    assert said.startswith(f"The {('left', 'right')[dead]} channel of 'Desk' is dead")
    np.testing.assert_allclose(health.mix(sound[:BLOCK]), sound[:BLOCK, 1 - dead])
    assert hear(np.stack([voice(6)] * 2, axis=1), health) == []
    np.testing.assert_allclose(health.weights, 0.5)


def test_silence_is_named_and_its_end() -> None:
    health = InputHealth("'Desk'", RATE, 1)
    assert hear(np.zeros(9 * RATE, np.float32), health) == []
    (said,) = hear(np.zeros(3 * RATE, np.float32), health)
    assert said.startswith("Nothing is heard from 'Desk'")
    assert hear(voice(2), health) == ["Sound is heard from 'Desk' again."]


def test_lost_sound_is_named() -> None:
    health = InputHealth("'Desk'", RATE, 1)
    block = voice(0.01)[:, None]
    assert health.push(block, overflows=0) == []
    assert "too busy, and sound of 'Desk' was lost" in health.push(block, overflows=1)[0]
    assert health.push(block, overflows=2) == []
    assert health.push(block, overflows=2) == []


@pytest.mark.skipif(not RECORDINGS, reason="needs shared/data")
def test_recordings_of_people_raise_no_alarm() -> None:
    for path in RECORDINGS:
        assert hear(load_audio(path, 16000), rate=16000) == [], path.name
