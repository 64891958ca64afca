"""An hour of live drive in a few minutes: whether the memory of what hears, moves and draws stays flat.

    python benchmarks/live_memory.py [A.avatar] [--minutes 60] [--every 6]

Speech is pushed and read as the drive thread does it, 60 frames for each of its seconds, mixed with idle life and
blended; every `--every`th frame is posed, drawn and shaded. The seconds are the speech's own: nothing waits for a
clock, so the microphone, its ring buffer and the window have no part in it.
"""

import argparse
import json
from pathlib import Path

from machine import machine_line

from studio import __version__

RATE, FPS, SIZE = 16_000, 60, 256


def resident_mb() -> float:
    """Return how much memory this process holds now, MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


def run(path: Path | None, minutes: int, every: int) -> list[float]:
    """Drive for so many minutes; return MB after each."""
    import numpy as np

    from studio.core.avatar import render_bytes
    from studio.core.framing import square_camera
    from studio.core.media.audio import load_audio
    from studio.core.motion.idle import IdleMotion
    from studio.core.motion.mixer import Layer, blend
    from studio.core.motion.motion import Motion
    from studio.core.project.archive import load_avatar
    from studio.core.sample import sample_speech
    from studio.core.speech.stream import SpeechDriver

    if path is None:
        import sys

        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
        from fakes import TinyAvatar

        avatar = TinyAvatar.make(2000)
    else:
        avatar = load_avatar(path)
    camera = square_camera(avatar, SIZE)
    speech = load_audio(sample_speech(), RATE)
    driver, idle = SpeechDriver(look_ahead=0.05), IdleMotion(seed=0)
    held, pushed = [], 0
    for frame in range(minutes * 60 * FPS):
        now = frame / FPS
        due = round((now + 1 / FPS) * RATE)
        driver.push(np.take(speech, range(pushed, due), mode="wrap"))
        pushed = due
        shown = max(now - driver.look_ahead, 0.0)
        layers: dict[Layer, Motion] = {
            "speech": driver.read(shown),
            "base": idle.at(now, driver.speaking(shown), 1.0),
        }
        driver.forget(shown - 2.0)
        motion = blend(layers, frozenset(), None)
        if frame % every == 0:
            render_bytes(avatar, motion, camera)
        if frame % (60 * FPS) == 60 * FPS - 1:
            held.append(resident_mb())
    return held


def main() -> None:
    """Print MB after the first, the middle and the last minute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("avatar", nargs="?", type=Path)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--every", type=int, default=6)
    options = parser.parse_args()
    held = run(options.avatar, options.minutes, options.every)
    print(
        json.dumps(
            {
                "machine": machine_line(),
                "version": __version__,
                "minutes": options.minutes,
                "mb_after_1": round(held[0]),
                "mb_after_2": round(held[min(1, len(held) - 1)]),
                "mb_middle": round(held[len(held) // 2]),
                "mb_end": round(held[-1]),
            }
        )
    )


if __name__ == "__main__":
    main()
