"""How far the average speaker opens and shuts the mouth, as the shipped network hears: what a calibration aims at."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.calibration import SECONDS, mouth_range
from studio.core.speech.features import HOP_SECONDS, MELS, log_mel
from studio.core.speech.network import CHANNELS, NetworkStream

from . import shards

_SPEECH = CHANNELS.index("speech")
_EACH = 12  # speakers of a shard
_PAUSE = 50  # hops of silence before each speaker: the network forgets the one before


def ranges(folder: Path) -> dict[str, tuple[int, NDArray[np.float64]]]:
    """Return for each source, and for ``all`` alike, how many speakers there are and the median of their mouths.

    A speaker is as much of a shard as a calibration asks a person for; the median is of `jaw_low`, `jaw_high` and
    `closure_peak` of `Calibration`.
    """
    found: dict[str, list[tuple[float, float, float]]] = {}
    for path in sorted(folder.glob("*-*.npz")):
        for log_mels in islice(_speakers(path), _EACH):
            network = NetworkStream()
            network.push(log_mel(np.zeros((_PAUSE, MELS), np.float32)))
            heads = network.push(log_mels)[:, -1]
            found.setdefault(path.name.split("-")[0], []).append(mouth_range(heads, heads[:, _SPEECH] > 0.5))
    medians = {source: (len(some), np.median(some, axis=0)) for source, some in found.items()}
    return medians | {"all": (len(found), np.mean([median for _, median in medians.values()], axis=0))}


def _speakers(path: Path) -> Iterator[NDArray[np.float32]]:
    some: list[NDArray[np.float32]] = []
    for one in shards.read(path):
        some.append(log_mel(np.exp(one.log_power.astype(np.float32))))
        if sum(map(len, some)) * HOP_SECONDS >= SECONDS:
            yield np.concatenate(some)
            some = []
