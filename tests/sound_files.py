"""Recordings for tests: written by hand, read back whole."""

import wave
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.media.sound_track import SoundTrack


def write_wave(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write ``[S,C]``, int16 or −1..1, as 16 bits."""
    if samples.dtype.kind == "f":
        samples = np.rint(np.clip(samples, -1, 1) * 32767)
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def write_float_wave(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write ``[S]`` as 32-bit float, which `wave` cannot."""
    data = samples.astype("<f4").tobytes()
    header = b"WAVEfmt " + b"".join(
        value.to_bytes(size, "little")
        for value, size in ((16, 4), (3, 2), (1, 2), (rate, 4), (rate * 4, 4), (4, 2), (32, 2))
    )
    chunk = header + b"data" + len(data).to_bytes(4, "little") + data
    path.write_bytes(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk)
    return path


def write_encoded(path: Path, samples: np.ndarray, rate: int, codec: str, container: str, **options: str) -> Path:
    """Write ``[S,C]`` −1..1 with one of FFmpeg's encoders; of its muxer's options."""
    import av

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        context: Any = stream.codec_context
        given = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T, np.float32), format="fltp", layout=layout)
        given.sample_rate, given.pts = rate, 0
        converter = av.AudioResampler(context.format, layout, rate, frame_size=context.frame_size or None)
        for frame in [*converter.resample(given), *converter.resample(None), None]:
            output.mux(stream.encode(frame))  # pyright: ignore
    return path


def decode(path: str | Path) -> tuple[np.ndarray, int]:
    """Return the sound of a file ``[S,C]`` and its rate, Hz."""
    track = SoundTrack(path)
    blocks = list(track)
    return np.concatenate(blocks), track.rate
