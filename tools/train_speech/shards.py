"""Shards of training data: many utterances, each as mel power, channel targets and phone labels per hop."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.features import MelStream

from . import articulation
from .utterance import Phone

_FLOOR = 1e-9  # of mel power, so that its logarithm fits into 16 bits


@dataclass(frozen=True)
class Example:
    """One utterance: natural log of mel power ``[T, 64]`` float16, channels ``[T, 8]`` uint8, labels ``[T]`` uint8."""

    log_power: NDArray[np.float16]
    channels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def example(samples: NDArray[np.float32], phones: list[Phone]) -> Example:
    """Return features and targets of 16 kHz samples ``[S]``."""
    power = MelStream().push(samples)
    return example_of(power, articulation.tracks(phones, len(power)), articulation.labels(phones, len(power)))


def example_of(power: NDArray[np.float32], channels: NDArray[np.float32], labels: NDArray[np.uint8]) -> Example:
    """Return mel power ``[T, 64]``, channels ``[T, 8]`` 0..1 and labels ``[T]`` as shards hold them."""
    return Example(np.log(power + _FLOOR).astype(np.float16), np.round(channels * 255).astype(np.uint8), labels)


def write(path: Path, examples: list[Example]) -> None:
    """Write a shard whole or not at all: a trainer may be reading the folder."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            log_power=np.concatenate([e.log_power for e in examples]),
            channels=np.concatenate([e.channels for e in examples]),
            labels=np.concatenate([e.labels for e in examples]),
            lengths=np.array([len(e.labels) for e in examples]),
        )
    os.replace(part, path)


def read(path: Path) -> list[Example]:
    """Return the examples of one shard."""
    with np.load(path) as shard:
        arrays = [shard[name] for name in ("log_power", "channels", "labels")]
        ends = np.cumsum(shard["lengths"])[:-1]
    return [Example(*parts) for parts in zip(*(np.split(array, ends) for array in arrays), strict=True)]
