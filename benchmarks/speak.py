"""How fast clips are made: `speak` at 512x512, 25 frames per second.

    python benchmarks/speak.py --data ../shared/data

One portrait is built and speaks every recording of ``DATA/speech``. The factor is seconds of clip per second
of work; at least 1 keeps up with real time. The first clip is made twice and its first run thrown away.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import tempfile
from pathlib import Path

from machine import machine_line

from studio.core.build import build_avatar
from studio.core.export import speak_clip
from studio.core.framing import square_camera
from studio.core.jobs import run
from studio.core.motion.motion import Motion


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--portrait", default="p02_man_frontal_551.png")
    parser.add_argument("--size", type=int, default=512)
    arguments = parser.parse_args()
    avatar = run(build_avatar(arguments.data / "portraits" / arguments.portrait, face=1))
    count = len(avatar.pose(Motion.neutral(), square_camera(avatar, arguments.size)))
    recordings = sorted((arguments.data / "speech").glob("*.wav"))
    print(f"{arguments.portrait}, {count} Gaussians, {arguments.size} px")
    print(f"{'recording':<32}{'clip s':>8}{'work s':>8}{'factor':>8}   steps, s")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "clip.mp4"
        run(speak_clip(avatar, recordings[-1], out, size=arguments.size))
        for recording in recordings:
            report = run(speak_clip(avatar, recording, out, size=arguments.size))
            steps = ", ".join(f"{name.split()[0]} {seconds:.1f}" for name, seconds in report.steps.items())
            print(
                f"{recording.name:<32}{report.duration:>8.1f}{report.seconds:>8.1f}"
                f"{report.real_time_factor:>8.2f}   {steps}",
                flush=True,
            )
    print(machine_line())


if __name__ == "__main__":
    main()
