"""How fast clips leave the program: seconds of clip per second of work, by size, and where the time goes.

    python benchmarks/export.py [A.avatar] [--sound speech.wav] [--sizes 256 512 1024] [--seconds 6]

"clip" is the whole of `speak_clip`: reading and listening to the recording, rendering, encoding, and decoding the
finished file for the check; kB/s is its size. "render" and "encode" are the two halves alone, ms per frame, each on
an idle machine; the clip does both at once. Where CUDA can be used the frames are drawn in batches on the GPU; the
last line says what drew. The first clip is made twice and its first run thrown away.

    python benchmarks/export.py [A.avatar] --formats

Every format and quality instead, at 512 px and of two seconds: seconds of clip per second of work, bytes, and the dB
of frames read back against the studio's own, over black and over white, the worse of both. What can be transparent
is; the estimate made beforehand stands beside what came of it.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import tempfile
import time
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from machine import machine_line
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Background, on_fastest_device
from studio.core.build import build_avatar
from studio.core.export_clip import ClipOptions, speak_clip, write_clip
from studio.core.export_estimate import estimate_clip
from studio.core.frame_stream import allocate, batch_size, stream
from studio.core.framing import square_camera
from studio.core.jobs import run
from studio.core.media.audio import load_audio
from studio.core.media.clip_format import FORMATS, QUALITIES
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.motion import Motion
from studio.core.performance import SPEECH_RATE, speech
from studio.core.project.archive import load_avatar
from studio.core.sample import CONSENT, sample_portrait, sample_speech
from studio.core.speech.recording import speech_motion

FPS = 25


def rendered(avatar: Avatar, motion: Motion, size: int, frames: int) -> Iterator[NDArray[np.uint8]]:
    """Yield frames as a clip gets them; each is valid until the next."""
    camera = square_camera(avatar, size)
    memory = allocate(avatar, camera, 2 * batch_size(avatar, camera) + 1)
    for picture in stream(avatar, (motion.at(i / FPS) for i in range(frames)), camera, "plate", memory.pop):
        yield picture
        memory.append(picture)


def render_ms(avatar: Avatar, motion: Motion, size: int, frames: int) -> float:
    start = time.perf_counter()
    for _ in rendered(avatar, motion, size, frames):
        pass
    return 1000 * (time.perf_counter() - start) / frames


def encode_ms(pictures: list[NDArray[np.uint8]], size: int, path: Path) -> float:
    start = time.perf_counter()
    with VideoWriter(path, size, size, Fraction(FPS)) as writer:
        for picture in pictures:
            writer.write(picture)
    return 1000 * (time.perf_counter() - start) / len(pictures)


def formats(avatar: Avatar, sound: Path, seconds: float = 2.0) -> None:
    """Print one line per format and quality."""
    performance = run(speech(sound))
    print(f"{'format':<9}{'quality':<10}{'factor':>7}{'MB':>8}{'dB':>7}{'estimate: s':>13}{'(took)':>8}{'MB':>8}")
    for form in FORMATS.values():
        for quality in QUALITIES if form.graded else ("standard",):
            behind: Background = "transparent" if form.alpha else "plate"
            options = ClipOptions(512, 512, FPS, behind, quality, end=seconds, depth=16 if form.name == "png16" else 8)
            with tempfile.TemporaryDirectory() as folder:
                guess = run(estimate_clip(avatar, performance, form, options))
                report = run(write_clip(avatar, performance, Path(folder) / f"clip{form.suffix}", options))
            print(
                f"{form.name:<9}{quality if form.graded else '':<10}{report.real_time_factor:>7.2f}"
                f"{report.bytes / 1e6:>8.2f}{report.psnr:>7.1f}"
                f"{guess.seconds:>13.1f}{report.seconds:>8.1f}{guess.bytes / 1e6:>8.2f}",
                flush=True,
            )
    print(machine_line())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatar", type=Path, nargs="?", help="by default the sample portrait's")
    parser.add_argument("--sound", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--formats", action="store_true")
    options = parser.parse_args()
    if options.avatar is None:
        avatar = run(build_avatar(sample_portrait(), consent=CONSENT))
    else:
        avatar = load_avatar(options.avatar)
    if options.formats:
        formats(avatar, options.sound or sample_speech())
        return
    samples = load_audio(options.sound or sample_speech(), SPEECH_RATE)[: round(options.seconds * SPEECH_RATE)]
    motion = speech_motion(samples, float(FPS), 0)
    frames = int(len(samples) / SPEECH_RATE * FPS)
    count = len(avatar.pose(Motion.neutral(), avatar.camera))
    print(f"{count} Gaussians, {frames} frames at {FPS} fps, best of {options.repeats}")
    print(f"{'size':>6}{'clip s':>9}{'work s':>9}{'factor':>9}{'render':>9}{'encode':>9}   ms per frame")
    with tempfile.TemporaryDirectory() as folder:
        sound, out, silent = (Path(folder) / name for name in ("speech.wav", "clip.mp4", "silent.mp4"))
        with wave.open(str(sound), "wb") as file:
            file.setparams((1, 2, SPEECH_RATE, len(samples), "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        run(speak_clip(avatar, sound, out, ClipOptions(options.sizes[0], options.sizes[0], FPS)))
        fast = on_fastest_device(avatar)
        for size in options.sizes:
            clips = [run(speak_clip(avatar, sound, out, ClipOptions(size, size, FPS))) for _ in range(options.repeats)]
            best = min(clips, key=lambda clip: clip.seconds)
            pictures = [picture.copy() for picture in rendered(fast, motion, size, min(frames, 50))]
            render = min(render_ms(fast, motion, size, frames) for _ in range(options.repeats))
            encode = min(encode_ms(pictures, size, silent) for _ in range(options.repeats))
            print(
                f"{size:>6}{best.duration:>9.2f}{best.seconds:>9.2f}{best.real_time_factor:>9.2f}"
                f"{render:>9.2f}{encode:>9.2f}   {best.path.stat().st_size / 1024 / best.duration:.0f} kB/s",
                flush=True,
            )
    print(machine_line())


if __name__ == "__main__":
    main()
