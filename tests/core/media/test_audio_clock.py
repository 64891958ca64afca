"""Hours of a device whose clock is off and whose blocks come late, through the clock the live picture follows."""

import math

import numpy as np
import pytest

from studio.core.media.audio_clock import AudioClock, Playhead

RATE, BLOCK, TICK = 48000, 1024, 1 / 25
FRAME = 1 / 60


def stream(seconds: float, ppm: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return per block: its first sample, when it says it was captured, and when the program hears of it, s."""
    chance = np.random.default_rng(seed)
    samples = np.arange(0, int(seconds * RATE), BLOCK)
    true = 5.0 + samples / (RATE * (1 + ppm * 1e-6))
    said = true + chance.normal(0, 0.001, len(true))
    said[chance.random(len(true)) < 0.002] -= 0.5  # as PulseAudio's latency now and then
    late = np.minimum(chance.exponential(0.004, len(true)), 0.04)
    heard = np.maximum.accumulate(true + BLOCK / RATE + late)
    return samples, said, heard


def follow(seconds: float, ppm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for every tick how far the picture is behind the microphone, what is measured of that, what is known."""
    samples, said, heard = (part.tolist() for part in stream(seconds, ppm))
    clock, playhead = AudioClock(RATE), Playhead()
    true_rate = 1 + ppm * 1e-6
    behind, measured, read = [], [], []
    now, k, known = heard[0], 0, 0.0
    while k < len(samples):
        while k < len(samples) and heard[k] <= now:
            clock.update(samples[k], said[k])
            k += 1
            known = k * BLOCK / RATE
        shown = playhead.at(clock.sample_at(now) / RATE, known)
        behind.append((now - 5.0) * true_rate - shown)
        measured.append(now - clock.time_of(shown * RATE))
        read.append(known)
        now += TICK
    return np.array(behind), np.array(measured), np.array(read)


def test_eight_hours_drift_by_less_than_a_frame() -> None:
    hours, ppm = 8, 200.0
    behind, measured, _ = follow(hours * 3600.0, ppm)
    minute = int(60 / TICK)
    by_minute = np.median(behind[: len(behind) // minute * minute].reshape(-1, minute), axis=1)
    assert len(by_minute) >= 60 * hours - 1
    assert np.ptp(by_minute) < FRAME / 4
    # Between two blocks and their delays the picture waits for sound, hardly ever for a whole frame.
    settled = behind[int(10 / TICK) :]
    assert np.percentile(np.abs(settled - np.median(settled)), 98) < FRAME
    assert settled.min() > 0
    assert settled.max() < BLOCK / RATE + 0.04 + 0.002
    # What is measured of it is true.
    assert np.abs(measured - behind)[int(10 / TICK) :].max() < 0.003
    # Following wall time, the picture would be off by this.
    assert hours * 3600 * ppm * 1e-6 > 300 * FRAME


def test_the_picture_moves_more_evenly_than_sound_comes() -> None:
    behind, _, known = follow(60.0, -100.0)
    steps = TICK - np.diff(behind[int(10 / TICK) :])
    assert steps.min() >= 0
    assert np.std(steps) < 0.7 * np.std(np.diff(known[int(10 / TICK) :]))
    assert np.mean(steps) == pytest.approx(TICK, rel=1e-3)


def test_a_device_that_lost_sound_is_found_again() -> None:
    clock = AudioClock(RATE)
    for k in range(1000):
        clock.update(k * 480, 3.0 + k * 0.01)
    for k in range(1000, 1200):  # 0.3 s of sound never came
        clock.update(k * 480, 3.3 + k * 0.01)
    assert clock.time_of(1199 * 480) == pytest.approx(3.3 + 11.99, abs=0.002)
    assert clock.sample_at(3.3 + 11.99) == pytest.approx(1199 * 480, abs=100)


def test_a_clock_that_never_ran_says_so() -> None:
    clock = AudioClock(RATE)
    assert not clock.running
    assert clock.sample_at(1.0) == 0
    assert math.isnan(clock.time_of(0))
