"""Where a personalisation stopped: a file from which the same job goes on after the program was closed or killed."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.engines.base import Footage
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.heads.npz import NpzRefused, read_npz
from studio.core.media.files import atomic_path

_MAX_BYTES = 1 << 30
_FACTS = 4


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What is learnt, by name, as it is and as frames held back liked it best; the score dB, and how far it is.

    Attributes
    ----------
    stale
        How often since the best the frames held back were asked in vain.
    seconds
        s of learning so far.
    """

    parameters: Mapping[str, NDArray[np.float32]]
    best: Mapping[str, NDArray[np.float32]]
    score: float
    step: int
    stale: int
    seconds: float


def digest_of(avatar: LiftAvatar, footage: Footage) -> str:
    """Name a job by what goes into it."""
    digest = hashlib.sha256(footage.frames.tobytes())
    for array in (footage.times, avatar.surfels.means, avatar.surfels.colors, avatar.plate):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save_checkpoint(checkpoint: Checkpoint, path: Path, digest: str) -> None:
    """Write a checkpoint of the job of that digest.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    arrays = {f"now_{name}": values for name, values in checkpoint.parameters.items()}
    arrays |= {f"best_{name}": values for name, values in checkpoint.best.items()}
    facts = np.array([checkpoint.score, checkpoint.step, checkpoint.stale, checkpoint.seconds], np.float64)
    data = io.BytesIO()
    np.savez(data, facts=facts, digest=np.frombuffer(bytes.fromhex(digest), np.uint8), **arrays)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.getbuffer())


def load_checkpoint(path: Path, digest: str, like: Mapping[str, NDArray[np.float32]]) -> Checkpoint | None:
    """Read a checkpoint; None where there is none, or none of this job with parameters of these shapes."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        names = [f"{state}_{name}" for state in ("now", "best") for name in like]
        arrays = read_npz(path.read_bytes(), ["facts", "digest", *names], _MAX_BYTES)
    except (OSError, NpzRefused):
        return None
    if arrays.keys() != {"facts", "digest", *names} or arrays["digest"].tobytes().hex() != digest:
        return None
    now, best = ({name: arrays[f"{state}_{name}"] for name in like} for state in ("now", "best"))
    fitting = all(
        state[name].shape == values.shape and state[name].dtype == np.float32 and np.isfinite(state[name]).all()
        for state in (now, best)
        for name, values in like.items()
    )
    if not fitting or arrays["facts"].shape != (_FACTS,):
        return None
    score, step, stale, seconds = (float(value) for value in arrays["facts"])
    return Checkpoint(now, best, score, int(step), int(stale), seconds)
