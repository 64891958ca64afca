"""Convert the trained speech network into `assets/` and describe it in the manifest.

    python tools/import_speech_weights.py ../shared/prototypes/speech/net_d.safetensors

The source holds PyTorch's own layouts (`Conv1d`, `GRU`, `Linear`); only the names change.
"""

import argparse
import hashlib
import json
from pathlib import Path

import safetensors.numpy

from studio.core.assets import ASSETS
from studio.core.speech.network import SHAPES, WEIGHTS

RENAMED = {"c1": "conv1", "c2": "conv2", "g": "gru", "o": "head"}

ENTRY = {
    "what": "speech to eight articulatory channels, 64 log-mels per 10 ms hop, heads at 20, 50 and 80 ms",
    "network": "2 causal convolutions (5 and 3 taps, 128) + 2 GRU layers (160) + linear head (3 x 8)",
    "trained_by": "prototype `speech/train.py` D: about 20 minutes of AdamW on two CPU cores",
    "trained_on": (
        "synthesised speech only, made for the purpose: espeak-ng in 23 languages with random custom "
        "voices, and four flite voices; augmented with cepstral re-excitation, reverberation, resampling, "
        "noise, equalisation, gain and vocal-tract warp. Targets: phoneme times of the synthesiser through "
        "an articulation table with Cohen-Massaro dominance."
    ),
    "licence": (
        "Apache-2.0, as the project. espeak-ng and flite (GPL, mixed) only made training audio; "
        "no part of either is imported or distributed."
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    source = safetensors.numpy.load_file(parser.parse_args().source)

    tensors = {}
    for key, value in source.items():
        layer, _, rest = key.partition(".")
        tensors[f"{RENAMED[layer]}.{rest}"] = value
    shapes = {key: value.shape for key, value in tensors.items()}
    if shapes != SHAPES:
        raise SystemExit(f"unexpected tensors: {shapes}")

    content = safetensors.numpy.save(tensors)
    (ASSETS / WEIGHTS).write_bytes(content)

    path = ASSETS / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    manifest[WEIGHTS] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **ENTRY,
        "shapes": {key: "x".join(map(str, shape)) for key, shape in shapes.items()},
    }
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    print(f"{WEIGHTS}: {len(content)} bytes, {sum(v.size for v in tensors.values())} parameters")


if __name__ == "__main__":
    main()
