"""Recordings that heads speak in a data set: what the mouth does, and what the speech network heard."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.datasets.clear import is_clear
from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import HIDDEN_RATE, hidden_states
from studio.core.speech.recording import speech_motion

SOUNDS = {".wav", ".flac", ".mp3", ".ogg", ".m4a"}


@dataclass(frozen=True, eq=False)
class Spoken:
    """One recording.

    Attributes
    ----------
    motion
        At `HIDDEN_RATE`: the one that the heads show, so it is known exactly.
    states
        ``[T,160]`` float16, see `studio.core.speech.hidden`.
    ships
        Whether weights that are shipped may learn from it.
    """

    name: str
    motion: Motion
    states: NDArray[np.float16]
    ships: bool

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float(self.motion.times[-1])


def told(spoken: Sequence[Spoken]) -> list[Any]:
    """Return what a set's settings say of its recordings: name, whether it ships, sha256 of what was heard."""
    return [[said.name, said.ships, hashlib.sha256(said.states.tobytes()).hexdigest()] for said in spoken]


def recordings_in(folder: Path | None) -> list[Path]:
    """Return the recordings of a folder by their names, or the sample speech.

    Raises
    ------
    UserError
        If there are none.
    """
    if folder is None:
        return [sample_speech()]
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SOUNDS) if folder.is_dir() else []
    if not found:
        raise UserError(f"There are no recordings in '{folder.name}'; give a folder of WAV, FLAC, MP3 or OGG files.")
    return found


def hear(recordings: Sequence[Path], seed: int = 0) -> Job[list[Spoken]]:
    """Listen to recordings.

    Raises
    ------
    UserError
        If one cannot be read.
    """
    heard = []
    for k, path in enumerate(recordings):
        yield Progress(k / len(recordings), f"listening to recording {k + 1} of {len(recordings)}")
        # The sample is synthesised.
        ships = is_clear(path) or path == sample_speech()
        samples = load_audio(path, SAMPLE_RATE)
        motion = speech_motion(samples, HIDDEN_RATE, seed)
        heard.append(Spoken(path.name, motion, hidden_states(samples).astype(np.float16), ships))
    return heard
