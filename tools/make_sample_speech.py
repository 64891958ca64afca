"""Make `assets/sample_speech.flac`: a sentence of synthesised speech for the demo.

Needs espeak-ng (Debian: apt-get install espeak-ng). The program's licence covers the program, not what it
says, so the recording is ours to give away; nothing of espeak-ng is distributed.
"""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np

from studio.core.assets import ASSETS
from studio.core.media.audio import load_audio

TEXT = "Hello! You have never heard my voice before. I was one picture, and now I am looking around."
RATE = 16_000


def synthesise() -> np.ndarray:
    """Return the sentence as ``[S]`` int16 at 16 kHz, a quarter of a second of silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en-us+f3", "-s", "165", "-w", str(wave), TEXT], check=True)
        speech = load_audio(wave, RATE)
    speech = np.pad(speech * (0.7 / abs(speech).max()), RATE // 4)
    return np.round(speech * 32767).astype(np.int16)


def write_flac(samples: np.ndarray, path: Path) -> None:
    """Write ``[S]`` int16 mono."""
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    """Write the recording and its manifest entry."""
    path = ASSETS / "sample_speech.flac"
    samples = synthesise()
    write_flac(samples, path)
    manifest = ASSETS / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8"))
    entries[path.name] = {
        "what": f"{len(samples) / RATE:.1f} s of synthesised speech for the demo: {TEXT}",
        "made_by": "tools/make_sample_speech.py with espeak-ng, voice en-us+f3",
        "licence": "Apache-2.0, as the project: a program's licence does not cover its output.",
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    manifest.write_text(json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
