"""Sounds that are not speech: they are laid under it, and alone they must leave the mouth at rest."""

from collections.abc import Callable

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.speech.features import SAMPLE_RATE, MelStream

Sound = NDArray[np.floating]


def noise_bank(seed: int, seconds: int = 30) -> list[NDArray[np.float32]]:
    """Return mel powers ``[T, MELS]`` of noises at one common level."""
    bank = []
    for make, variants in _KINDS:
        for i in range(variants):
            rng = np.random.default_rng([seed, len(bank), i])
            sound = make(seconds * SAMPLE_RATE, rng)
            sound = sound * 0.1 / (np.sqrt(np.mean(sound**2)) + 1e-9)
            bank.append(MelStream().push(sound.astype(np.float32)))
    return bank


def _coloured(count: int, rng: np.random.Generator) -> Sound:
    """White to brown, its loudness wandering: ventilation, traffic, rain, hiss."""
    pole = 1 - 10 ** rng.uniform(-2.5, 0)
    steady = np.asarray(scipy.signal.lfilter([1], [1, -pole], rng.standard_normal(count)))
    swell = np.exp(rng.uniform(0, 0.8) * _wander(count, rng.uniform(0.1, 2), rng))
    return steady / steady.std() * swell


def _hum(count: int, rng: np.random.Generator) -> Sound:
    """Mains and motors: harmonics of a steady tone over a little hiss."""
    t, tone = np.arange(count) / SAMPLE_RATE, rng.choice([50, 60, 100, 120, rng.uniform(70, 400)])
    orders, fall = np.arange(1, 15)[:, None], rng.uniform(0.5, 1.5)
    phases = rng.uniform(0, 2 * np.pi, orders.shape)
    harmonics = (np.sin(2 * np.pi * tone * orders * t + phases) / orders**fall).sum(0)
    return harmonics + 0.1 * rng.standard_normal(count)


def _music(count: int, rng: np.random.Generator) -> Sound:
    """Plucked or held chords with a beat of noise, no voice."""
    sound = np.zeros(count)
    beat = int(rng.uniform(0.2, 0.7) * SAMPLE_RATE)
    held, brightness = rng.uniform(0.2, 6), rng.uniform(0.8, 2)
    for start in range(0, count, beat):
        length = min(int(1.6 * beat), count - start)
        t = np.arange(length) / SAMPLE_RATE
        for pitch in 110 * 2 ** (rng.choice([0, 3, 5, 7, 10, 12, 15, 19, 24, 27], rng.integers(1, 5)) / 12):
            note = sum(np.sin(2 * np.pi * pitch * k * t) / k**brightness for k in range(1, 8))
            sound[start : start + length] += note * np.exp(-held * t)
        if rng.random() < 0.6:
            drum = rng.standard_normal(length) * np.exp(-t / rng.uniform(0.01, 0.08))
            sound[start : start + length] += rng.uniform(0.2, 2) * drum
    return sound


def _clicks(count: int, rng: np.random.Generator) -> Sound:
    """Keyboard, mouse and things put down: short resonant strokes, often in pairs."""
    sound = 0.003 * rng.standard_normal(count)
    for start in rng.integers(0, count - 3000, int(count / SAMPLE_RATE * rng.uniform(2, 10))):
        for offset in (0, int(rng.uniform(700, 2000)))[: rng.integers(1, 3)]:
            stroke = rng.standard_normal(900) * np.exp(-np.arange(900) / rng.uniform(15, 160))
            stroke = np.asarray(scipy.signal.lfilter([1], [1, -1.4 * rng.random(), 0.75], stroke))
            sound[start + offset : start + offset + 900] += stroke * rng.uniform(0.3, 1)
    return sound


def _breaths(count: int, rng: np.random.Generator) -> Sound:
    """Breathing in and out, sniffs and laughter without voice: puffs of throaty noise."""
    sound = 0.002 * rng.standard_normal(count)
    position = 0
    while position < count - 2 * SAMPLE_RATE:
        position += int(rng.uniform(0.3, 2.5) * SAMPLE_RATE)
        puffs, length = (int(rng.integers(3, 8)), 0.12) if rng.random() < 0.25 else (1, rng.uniform(0.15, 0.9))
        low = rng.uniform(200, 1500)
        band = scipy.signal.butter(2, [low, low * rng.uniform(2, 4.5)], "bandpass", fs=SAMPLE_RATE, output="sos")
        for _ in range(puffs):
            size = int(length * SAMPLE_RATE)
            if position + size >= count:
                break
            puff = scipy.signal.sosfilt(band, rng.standard_normal(size)) * np.hanning(size) ** rng.uniform(0.4, 2)
            sound[position : position + size] += puff
            position += int(1.4 * size)
    return sound


def _bumps(count: int, rng: np.random.Generator) -> Sound:
    """Wind on the microphone, knocks on the table, cloth: low noise that comes and goes."""
    low = scipy.signal.butter(2, rng.uniform(80, 500), "lowpass", fs=SAMPLE_RATE, output="sos")
    rumble = np.asarray(scipy.signal.sosfilt(low, rng.standard_normal(count)))
    return rumble.astype(np.float64) * np.exp(1.5 * _wander(count, rng.uniform(1, 6), rng))


def _chirps(count: int, rng: np.random.Generator) -> Sound:
    """Notifications, birds, squeaking chairs: gliding tones."""
    sound = 0.003 * rng.standard_normal(count)
    for start in rng.integers(0, count - SAMPLE_RATE, count // SAMPLE_RATE):
        length = int(rng.uniform(0.05, 0.6) * SAMPLE_RATE)
        pitch = rng.uniform(300, 4000) * np.exp(np.linspace(0, rng.normal(0, 0.4), length))
        sound[start : start + length] += np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.hanning(length)
    return sound


def _wander(count: int, per_second: float, rng: np.random.Generator) -> Sound:
    knots = rng.standard_normal(max(3, int(count / SAMPLE_RATE * per_second)))
    return np.interp(np.arange(count), np.linspace(0, count, len(knots)), knots)


_KINDS: tuple[tuple[Callable[[int, np.random.Generator], Sound], int], ...] = (
    (_coloured, 12),
    (_hum, 5),
    (_music, 8),
    (_clicks, 6),
    (_breaths, 6),
    (_bumps, 4),
    (_chirps, 3),
)
