"""flite as a tool: voices cut from human recordings of American, Scottish and other English."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import scipy.io.wavfile

from studio.core.errors import UserError

from .articulation import ARPABET, phones_from_events
from .utterance import Utterance

VOICES = ("rms", "slt", "awb", "kal16")


def say(text: str, voice: str, rng: np.random.Generator) -> Utterance:
    """Return `text` said by a flite voice at a random rate and pitch.

    Raises
    ------
    UserError
        If flite is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        stretch = rng.uniform(0.6, 1.25)
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "-psdur", "-t", text]
        try:
            done = subprocess.run([*command, "-o", str(path)], capture_output=True, text=True, check=True)
        except FileNotFoundError as error:
            raise UserError("flite is missing; install it with: apt-get install flite") from error
        rate, samples = scipy.io.wavfile.read(path)
    samples = samples.astype(np.float32) / 32768
    events, start = [], 0.0
    for token in done.stdout.split():
        name, end = token.rsplit(":", 1)
        events.append((start, ARPABET.get(name.upper(), "ə")))
        start = float(end)
    return Utterance(samples, rate, phones_from_events(events, len(samples) / rate), f"flite:{voice}")
