"""Put trained weights into `assets/` and describe them in the manifest."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

from studio.core.assets import ASSETS
from studio.core.errors import UserError
from studio.core.speech.network import CHANNELS, RECORDING_SHAPES, RECORDING_WEIGHTS, SHAPES, VOICE_WEIGHTS, WEIGHTS

# Where the lips of the face are half shut (`studio.core.speech.articulation`): a closure is decided there.
_HALF_SHUT = 0.35
_CLOSE = CHANNELS.index("close")

_TRAINED_ON = (
    "synthesised speech only, made for the purpose: Kokoro-82M (Apache-2.0) with mixed speakers, voices cut from "
    "recordings in Festival (US English, Italian, Czech, Russian, Finnish, Catalan, Hindi, Marathi; BSD-like, GPL, "
    "LGPL, as Debian main distributes them) and flite (four English voices), and espeak-ng in 40 languages with "
    "random voices. They said sentences of WordNet (WordNet licence) and common words (wordfreq). Augmented with new "
    "excitation, slurring, tempo, tract length, rooms, telephone, clipping, noise, equalisation and gain. Targets: "
    "the synthesisers' own phone times through an articulation table with Cohen-Massaro dominance."
)
_LICENCE = (
    "Apache-2.0, as the project. The synthesisers only made training audio; no part of any is imported or distributed."
)
_WHAT = {
    WEIGHTS: "speech to eight articulatory channels, 64 log-mels per 10 ms hop, heads at 20, 50 and 80 ms",
    RECORDING_WEIGHTS: "what recordings need beside the live network: a GRU from the future back, and its head",
    VOICE_WEIGHTS: "whether the live network hears a voice, or music and noise",
}
_NETWORK = {
    WEIGHTS: "2 causal convolutions (5 and 3 taps, 128) + 2 GRU layers (160) + linear head (3 x 8), 96 jaw units",
    RECORDING_WEIGHTS: "backward GRU (128) on the live network's second GRU + linear head (8)",
    VOICE_WEIGHTS: "logistic regression on the live network's second GRU",
}


def export(checkpoint: Path, thresholds: Sequence[float], note: str = "") -> Path:
    """Write the averaged weights of `checkpoint` to `assets/`, with a manifest entry, and return the file.

    Parameters
    ----------
    checkpoint
        As `train` writes it, of either network.
    thresholds
        0..1, one per head: the value of `close` from which a closure is more likely than not, chosen on
        development recordings. The bias of `close` is shifted so that the face's lips are half shut there.
    note
        For the manifest: what the weights began with, if not with chance.

    Raises
    ------
    UserError
        If the checkpoint is missing, or the number of thresholds is not that of its heads.
    """
    if not checkpoint.exists():
        raise UserError(f"There is no checkpoint '{checkpoint}'; train one first with the command train.")
    saved = torch.load(checkpoint, weights_only=True)
    average: dict[str, torch.Tensor] = saved["average"]
    recording = any(name.startswith("live.") for name in average)
    name, shapes = (RECORDING_WEIGHTS, RECORDING_SHAPES) if recording else (WEIGHTS, SHAPES)
    tensors = {key: average[key].numpy().astype(np.float32) for key in shapes}
    heads = tensors["head.bias"].reshape(-1, len(CHANNELS))
    if len(thresholds) != len(heads):
        raise UserError(f"{name} has {len(heads)} heads; give as many thresholds.")
    heads[:, _CLOSE] += _logit(_HALF_SHUT) - _logit(np.asarray(thresholds))
    how = f"python -m tools.train_speech (README there), {saved['step']} steps on one CPU thread{note and ', '}{note}"
    return write(name, tensors, how)


def write(name: str, tensors: dict[str, np.ndarray], how: str, beside: str = "") -> Path:
    """Write tensors to ``assets/<name>`` with a manifest entry; `beside` is what else than speech they learnt from."""
    content = safetensors.numpy.save(tensors)
    (ASSETS / name).write_bytes(content)
    manifest_path = ASSETS / "manifest.json"
    manifest = json.loads(manifest_path.read_text("utf-8"))
    manifest[name] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "what": _WHAT[name],
        "network": _NETWORK[name],
        "shapes": {key: "x".join(map(str, value.shape)) for key, value in tensors.items()},
        "trained_by": how,
        "trained_on": _TRAINED_ON + beside,
        "licence": _LICENCE,
    }
    manifest_path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return ASSETS / name


def how_made(name: str) -> str:
    """Return what the manifest says of how ``assets/<name>`` was trained."""
    return json.loads((ASSETS / "manifest.json").read_text("utf-8"))[name]["trained_by"]


def _logit(p: float | np.ndarray) -> np.ndarray:
    p = np.asarray(p, np.float32)
    return np.log(p) - np.log1p(-p)
