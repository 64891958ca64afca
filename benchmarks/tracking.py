"""The tracker: how fast it is live, how near its model comes to the landmarks, how much its track shakes.

Live, frames of 640x480 px go through `LiveTracker` one by one, network included; decoding and scaling are not timed.

    python benchmarks/tracking.py [--clips news garden]
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from machine import machine_line
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from studio.core.evaluate.face_points import N_SKIN
from studio.core.jobs import run
from studio.core.media.video import read_frames
from studio.core.motion.poses import placement_matrix
from studio.core.motion.track import Track
from studio.core.perception.landmarks import MeshTracker
from studio.core.tracking.clip import track_clip
from studio.core.tracking.face_model import FaceModel
from studio.core.tracking.live import LiveTracker
from studio.core.tracking.solve import View
from studio.core.training import metrics

LIVE, ERROR, JITTER = 40.0, 2.5, 1.2
_WARM = 20  # frames before the clock runs: kernels load, the face is fitted


def modelled(track: Track) -> NDArray[np.float64]:
    """Return where the track says the landmarks are in the clip ``[T,478,2]`` px."""
    model, matrices = FaceModel.of(track.rest), placement_matrix(track.placement)
    view = View(track.focal, np.array([track.width / 2, track.height / 2]))
    code = track.motion.code.astype(np.float64)
    return np.stack([
        view.project(model.points(c) @ m[:3, :3].T + m[:3, 3]) for c, m in zip(code, matrices, strict=True)
    ])  # fmt: skip


def jitter(path: Path, track: Track) -> float:
    """Return the acceleration of the track's landmarks over that of the network's own."""
    mesh = MeshTracker()
    found = [mesh.track(rgb) for _, rgb in read_frames(path)]
    mesh.close()
    there = np.array([points is not None for points in found])
    real = np.stack([points for points in found if points is not None]).astype(np.float64)
    return metrics.jitter(modelled(track)[there][:, :N_SKIN, :2]) / metrics.jitter(real[:, :N_SKIN, :2])


def live_rate(path: Path) -> tuple[float, float]:
    """Return frames a second of wall clock, and ms of processor time a frame."""
    frames = [(at, cv2.resize(rgb, (640, 480))) for at, rgb in read_frames(path, max_frames=200)]
    tracker = LiveTracker()
    for at, rgb in frames[:_WARM]:
        tracker.push(rgb.astype(np.uint8), at)
    began, used = time.perf_counter(), time.process_time()
    for at, rgb in frames[_WARM:]:
        tracker.push(rgb.astype(np.uint8), at)
    count = len(frames) - _WARM
    rate, busy = count / (time.perf_counter() - began), 1e3 * (time.process_time() - used) / count
    tracker.close()
    return rate, busy


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", nargs="+", default=[""], help="parts of the clips' names; all by default")
    arguments = parser.parse_args()
    everything = sorted((arguments.data / "talking").glob("*.mp4")) + sorted((arguments.data / "driving").glob("*.mp4"))
    clips = [path for path in everything if any(part in path.name for part in arguments.clips)]
    if not clips:
        parser.error(f"no clip in {arguments.data} is called so")
    console = Console(width=140)
    table = Table("clip", "live frames/s", "ms processor", "error %", "jitter ×", "confidence", "lost")
    for path in clips:
        rate, busy = live_rate(path)
        tracked = run(track_clip(path))
        error = float(np.nanmedian(tracked.error) * 100)
        shaken = jitter(path, tracked.track)
        met = "" if rate >= LIVE and error <= ERROR and shaken <= JITTER else " MISSED"
        confidence = float(np.median(tracked.track.motion.confidence))
        lost = int(np.isnan(tracked.error).sum())
        cells = [f"{rate:.0f}", f"{busy:.1f}", f"{error:.2f}", f"{shaken:.2f}", f"{confidence:.2f}", f"{lost}{met}"]
        table.add_row(path.stem, *cells)
        console.print(path.stem, *cells)
    console.print(table)
    console.print(f"at least {LIVE:.0f} frames/s, at most {ERROR} % of the distance between the eyes, jitter {JITTER}")
    console.print(machine_line())


if __name__ == "__main__":
    main()
