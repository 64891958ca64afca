"""How fast clips are made: `speak` at 512x512, 25 frames per second; and how much memory long ones need.

    python benchmarks/speak.py --data ../shared/data
    python benchmarks/speak.py --data ../shared/data --memory

One portrait is built and speaks every recording of ``DATA/speech``. The factor is seconds of clip per second
of work; at least 1 keeps up with real time. The first clip is made twice and its first run thrown away.

``--memory`` repeats a recording until it lasts a minute and an hour (44.1 kHz, stereo), and takes the peak of a
process of its own for each: of everything but the pictures (survey, motion at 25 frames per second, the clip's
sound), and of small clips of one and ten minutes.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
from machine import machine_line

from studio.core.avatar import Avatar
from studio.core.build import build_avatar
from studio.core.export_clip import ClipOptions, speak_clip
from studio.core.framing import square_camera
from studio.core.jobs import run
from studio.core.media.audio import load_audio, read_audio_blocks, read_channels, survey
from studio.core.motion.motion import Motion
from studio.core.performance import SPEECH_RATE
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.speech.recording import motion_frames

LONG_RATE = 44_100
CLIP_RATE = 48_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--portrait", default="p02_man_frontal_551.png")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--minutes", type=float, nargs=2, default=(1, 60), help="of recordings that are listened to")
    parser.add_argument("--clip-minutes", type=float, nargs=2, default=(1, 10), help="of recordings that are spoken")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        (listen if len(arguments.child) == 1 else speak)(*map(Path, arguments.child))
        return
    avatar = run(build_avatar(arguments.data / "portraits" / arguments.portrait, face=1))
    recordings = sorted((arguments.data / "speech").glob("*.wav"))
    with tempfile.TemporaryDirectory() as folder:
        if arguments.memory:
            measure_memory(avatar, recordings[0], Path(folder), arguments.minutes, arguments.clip_minutes)
        else:
            measure_speed(avatar, arguments.portrait, recordings, Path(folder), arguments.size)
    print(machine_line())


def measure_speed(avatar: Avatar, portrait: str, recordings: list[Path], folder: Path, size: int) -> None:
    count = len(avatar.pose(Motion.neutral(), square_camera(avatar, size)))
    print(f"{portrait}, {count} Gaussians, {size} px")
    print(f"{'recording':<32}{'clip s':>8}{'work s':>8}{'factor':>8}   steps, s")
    out = folder / "clip.mp4"
    run(speak_clip(avatar, recordings[-1], out, ClipOptions(size, size)))
    for recording in recordings:
        report = run(speak_clip(avatar, recording, out, ClipOptions(size, size)))
        steps = ", ".join(f"{name.split()[0]} {seconds:.1f}" for name, seconds in report.steps.items())
        print(
            f"{recording.name:<32}{report.duration:>8.1f}{report.seconds:>8.1f}"
            f"{report.real_time_factor:>8.2f}   {steps}",
            flush=True,
        )


def measure_memory(
    avatar: Avatar, recording: Path, folder: Path, minutes: tuple[float, float], clip_minutes: tuple[float, float]
) -> None:
    save_avatar(avatar, folder / "a.avatar")
    print(f"{'what':<28}{'minutes':>8}{'peak MB':>9}{'work s':>8}")
    for what, lengths, more in (
        ("all but the pictures", minutes, []),
        ("clip, 64 px, 5 fps", clip_minutes, ["a.avatar"]),
    ):
        for length in lengths:
            path = folder / "long.wav"
            write_long(path, load_audio(recording, LONG_RATE), length)
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, __file__, "--child", path, *(folder / name for name in more)],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds = time.perf_counter() - start
            print(f"{what:<28}{length:>8g}{int(done.stdout) / 1024:>9.0f}{seconds:>8.0f}", flush=True)


def write_long(path: Path, samples: np.ndarray, minutes: float) -> None:
    """Repeat samples ``[S]`` on both sides of a stereo file."""
    stereo = np.repeat(np.rint(samples.clip(-1, 1) * 32767).astype("<i2")[:, None], 2, axis=1)
    left = round(60 * minutes * LONG_RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, LONG_RATE, 0, "NONE", ""))
        while left > 0:
            file.writeframes(stereo[:left].tobytes())
            left -= len(stereo)


def listen(path: Path) -> None:
    recording = run(survey(path))
    frames = sum(1 for _ in motion_frames(read_audio_blocks(recording, SPEECH_RATE), 25.0))
    samples = sum(len(block) for block in read_channels(recording, CLIP_RATE))
    assert frames / 25 >= samples / CLIP_RATE - 0.04
    print(peak_kilobytes())


def speak(path: Path, avatar_path: Path) -> None:
    run(speak_clip(load_avatar(avatar_path), path, path.with_suffix(".mp4"), ClipOptions(64, 64, 5)))
    print(peak_kilobytes())


def peak_kilobytes() -> int:
    """Return the most memory this program held; getrusage would give the peak of the one that started it."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
