"""Batches for training: utterances in a row, under noise, through other microphones, at other levels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.features import HOP_SECONDS, MELS, log_mel
from studio.core.speech.network import CHANNELS

from . import articulation, shards
from .shards import Example

HOPS = 300  # of one row of a batch: 3 s, enough to get to know a voice
# How often a row comes from each source: the nearer to human speech, the more often. A source of which there is
# little is heard less, or its sentences would be learnt by heart.
_SHARES = {"kokoro": 0.34, "festival": 0.2, "flite": 0.22, "espeak": 0.24, "lips": 0.3}
_ENOUGH_HOURS = 0.5

Power = NDArray[np.float32]  # [T, MELS]


class Corpus:
    """The shards of a folder, by source; `refresh` takes in those that came since."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self._examples: dict[str, list[Example]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the shards that are new."""
        for path in sorted(self.folder.glob("*-*.npz")):
            if path.name not in self.names:
                self.names.append(path.name)
                self._examples.setdefault(path.name.split("-")[0], []).extend(shards.read(path))
        self._sources = sorted(self._examples)
        hours = np.array([sum(len(e.labels) for e in self._examples[s]) * HOP_SECONDS / 3600 for s in self._sources])
        weights = np.array([_SHARES[s] for s in self._sources]) * np.minimum(hours / _ENOUGH_HOURS, 1)
        self._weights = weights / weights.sum()
        self.hours = float(hours.sum())

    def draw(self, rng: np.random.Generator) -> Example:
        """Return a random utterance."""
        examples = self._examples[self._sources[rng.choice(len(self._sources), p=self._weights)]]
        return examples[rng.integers(len(examples))]


def batch(
    corpus: Corpus, noises: Sequence[Power], rng: np.random.Generator, rows: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return log-mels ``[B, T, 64]``, channel targets ``[B, T, 8]`` and phone labels ``[B, T]``."""
    log_mels = np.empty((rows, HOPS, MELS), np.float32)
    channels = np.empty((rows, HOPS, len(CHANNELS)), np.float32)
    labels = np.empty((rows, HOPS), np.int64)
    for row in range(rows):
        power, channels[row], labels[row] = passage(corpus, rng)
        log_mels[row] = picked_up(power, corpus, noises, rng)
    return log_mels, channels, labels


def passage(corpus: Corpus, rng: np.random.Generator) -> tuple[Power, NDArray, NDArray]:
    """Return `HOPS` hops cut from utterances with pauses of all lengths between them, or of silence alone."""
    if rng.random() < 0.04:
        return np.zeros((HOPS, MELS), np.float32), np.zeros((HOPS, len(CHANNELS))), np.zeros(HOPS)
    parts: list[tuple[NDArray, NDArray, NDArray]] = []
    count = 0
    while count < HOPS + 60:
        drawn = corpus.draw(rng)
        level = np.exp(rng.normal(0, 0.5))  # the next speaker is nearer or farther
        parts.append((np.exp(drawn.log_power.astype(np.float32)) * level, drawn.channels, drawn.labels))
        count += len(drawn.labels)
        if rng.random() < 0.25:
            pause = int(rng.integers(20, 200))
            parts.append((np.zeros((pause, MELS)), np.zeros((pause, len(CHANNELS))), np.zeros(pause)))
            count += pause
    power, channels, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    start = rng.integers(0, count - HOPS)
    window = slice(start, start + HOPS)
    targets = articulation.opened(channels[window] / np.float32(255), labels[window].astype(int))
    return power[window].astype(np.float32), targets, labels[window]


def picked_up(power: Power, corpus: Corpus, noises: Sequence[Power], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the log-mels ``[HOPS, MELS]`` of a random microphone that is before the speech, in noise, at any level."""
    bands = np.arange(MELS)
    if rng.random() < 0.4:
        power = _warped(power, rng.uniform(0.93, 1.08))
    if rng.random() < 0.7:
        power = power * equaliser(5, rng)
    speech_level = max(float(power.mean()), 1e-4)
    for chance in (0.78, 0.2):
        if rng.random() < chance:
            power = power + _noise(speech_level, corpus, noises, rng)
    if rng.random() < 0.15:
        low, high = rng.integers(0, 9), rng.integers(36, 64)
        power = power * np.where((bands >= low) & (bands < high), 1, 10 ** rng.uniform(-5, -2))
    first, last = (rng.uniform(-24, 12) for _ in range(2))
    slope = np.linspace(first, last if rng.random() < 0.2 else first, HOPS)[:, None]
    heard = log_mel((power * 10 ** (slope / 10)).astype(np.float32))
    if rng.random() < 0.3:
        width = int(rng.integers(1, 8))
        band = int(rng.integers(0, MELS - width))
        heard[:, band : band + width] = heard.mean()
    if rng.random() < 0.15:  # a dropped packet
        length = int(rng.integers(2, 8))
        start = int(rng.integers(0, HOPS - length))
        heard[start : start + length] = heard[start]
    return heard + rng.normal(0, 0.03, heard.shape).astype(np.float32)


def _warped(power: Power, factor: float) -> Power:
    """Stretch the frequency axis: a longer or shorter vocal tract."""
    source = np.clip(np.arange(MELS) * factor, 0, MELS - 1)
    low = source.astype(int)
    part = (source - low).astype(np.float32)
    return power[:, low] * (1 - part) + power[:, np.minimum(low + 1, MELS - 1)] * part


def equaliser(decibels: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a smooth random gain ``[MELS]`` of power, of that standard deviation."""
    knots = rng.normal(0, decibels, 6)
    return (10 ** (np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 6), knots) / 10)).astype(np.float32)


def _noise(speech_level: float, corpus: Corpus, noises: Sequence[Power], rng: np.random.Generator) -> Power:
    """Return a noise 5 dB above to 30 dB below the speech; other people's talk stays further below."""
    if rng.random() < 0.15:
        found, lowest = np.zeros((HOPS, MELS), np.float32), 5.0
        for _ in range(rng.integers(2, 7)):
            other = np.exp(corpus.draw(rng).log_power.astype(np.float32))
            found += np.resize(np.roll(other, rng.integers(len(other)), axis=0), found.shape)
    else:
        noise = noises[rng.integers(len(noises))]
        start = rng.integers(0, len(noise) - HOPS)
        found, lowest = noise[start : start + HOPS], -5.0
    ratio = rng.uniform(lowest, 30)
    scale = speech_level / (float(found.mean()) + 1e-9) * 10 ** (-ratio / 10)
    return (found * scale * equaliser(4, rng)).astype(np.float32)
