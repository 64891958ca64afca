"""Learn to tell a voice from music by what the live network hears: one linear unit on its second GRU.

The live network was taught what mouths do, never what is no voice: of music it moves as if it were sung. What it
hears holds the difference all the same, so nothing of it has to be trained again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from studio.core.speech.features import MELS, MelStream, log_mel
from studio.core.speech.network import DELAYS, Listener, speech_weights

from . import mixing
from .mixing import Corpus, Power
from .music import piece
from .noises import noise_bank

ROWS, PIECES, PIECE_SECONDS = 2400, 160, 20
_SETTLING = 60  # hops at the beginning of a row that teach nothing
_STRIDE = 12  # hops: neighbours say the same
_SPEECH_WEIGHT = 1.5  # a mouth that misses a word is worse than one that hums along
_DECAY = 1e-4  # of the weights
_BED_DB = (0.0, 25.0)  # by which music lies under speech
_LEVELS_DB = (-24.0, 12.0)
_KINDS = (0.4, 0.6, 0.9)  # shares, added up: speech, speech over music, music; the rest is other noise


def music_bank(seed: int, pieces: int = PIECES) -> list[Power]:
    """Return mel powers ``[T, MELS]`` of pieces of music."""
    made = (piece(PIECE_SECONDS, np.random.default_rng([seed, k])) for k in range(pieces))
    return [MelStream().push(sound) for sound in made]


def rows(
    corpus: Corpus, music: Sequence[Power], noises: Sequence[Power], count: int, seed: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield log-mels ``[T, MELS]`` of speech, speech over music, music or noise, and where somebody speaks ``[T]``."""
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        kind = int(np.searchsorted(_KINDS, rng.random(), side="right"))
        if kind < 2:
            power, _, labels = mixing.passage(corpus, rng)
            if kind == 1:
                bed = _cut(music, rng)
                power = power + bed * np.float32(power.mean() / bed.mean() * 10 ** (-rng.uniform(*_BED_DB) / 10))
            yield mixing.picked_up(power, corpus, noises, rng), labels > 0
        else:
            power = _cut(music if kind == 2 else noises, rng)
            level = 10 ** (rng.uniform(*_LEVELS_DB) / 10)
            yield log_mel((power * mixing.equaliser(5, rng) * level).astype(np.float32)), np.zeros(len(power), bool)


def learn(shards: Path, seed: int = 0, count: int = ROWS, pieces: int = PIECES) -> dict[str, NDArray[np.float32]]:
    """Return ``voice.weight [160]`` and ``voice.bias []``: logistic regression on rows of `shards` and of music."""
    corpus, music, noises = Corpus(shards), music_bank(seed, pieces), noise_bank(seed)
    heard, spoken = [], []
    for log_mels, voice in rows(corpus, music, noises, count, seed):
        hidden = Listener(speech_weights()).push(log_mels)
        late = DELAYS[0]  # the network has understood a sound some hops after it
        heard.append(hidden[_SETTLING::_STRIDE])
        spoken.append(voice[_SETTLING - late : len(voice) - late : _STRIDE])
    weight, bias = regression(np.concatenate(heard), np.concatenate(spoken))
    return {"voice.weight": weight.astype(np.float32), "voice.bias": np.asarray(bias, np.float32)}


def regression(seen: NDArray[np.float32], spoken: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Return weight ``[K]`` and bias by which ``seen [N,K]`` tells best what is `spoken` ``[N]``."""
    mean, spread = seen.mean(0), seen.std(0) + 1e-3
    x = ((seen - mean) / spread).astype(np.float32)
    wanted = spoken.astype(np.float32)
    importance = np.where(spoken, np.float32(_SPEECH_WEIGHT), np.float32(1))

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weight = parameters[:-1]
        z = x @ weight.astype(np.float32) + np.float32(parameters[-1])
        wrong = (1 / (1 + np.exp(-z)) - wanted) * importance
        value = float(np.mean((np.logaddexp(0, z) - wanted * z) * importance)) + _DECAY * float(weight @ weight)
        return value, np.append(x.T @ wrong / len(x) + 2 * _DECAY * weight, wrong.mean())

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 150}).x
    weight = found[:-1] / spread
    return weight, float(found[-1] - weight @ mean)


def _cut(bank: Sequence[Power], rng: np.random.Generator) -> Power:
    sound = bank[rng.integers(len(bank))]
    start = rng.integers(0, len(sound) - mixing.HOPS)
    return sound[start : start + mixing.HOPS] + np.full(MELS, 1e-9, np.float32)
