"""The whole frame of a real head, step by step: `python benchmarks/frame.py --avatar HEAD.avatar`.

The head (an .avatar file, or built from `--portrait`, by default the sample) says a sentence; every view takes the
same frames of it. For each view: ms of posing (in which blending the shapes is contained), projecting, binning,
sorting and compositing, shading into bytes, and of all of it as the live loop asks for it (`render_bytes`).

The second row of a view tells what leaving out could save at most. It draws one of the frames again with only those
Gaussians that colour a pixel by more than a thousandth in sum, known from the gradient of the picture: no test of back
faces, of the view's borders or of what is hidden can leave out more and keep the picture, and each would cost time.

Figures are the fastest over the frames, which a busy machine spoils least, and in the last column the median.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import machine_line
from rich.console import Console
from rich.table import Table

from studio.core.avatar import FrameBuffers, render_bytes
from studio.core.build import build_avatar
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.rig import jaw_open
from studio.core.framing import orbit, square_camera
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.template import shape_weights
from studio.core.jobs import run
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.project.archive import load_avatar
from studio.core.render import numba_runtime
from studio.core.render.numba_backend import Workspace
from studio.core.render.rasterize import Raster, rasterize, rasterize_vjp, warm_up
from studio.core.sample import CONSENT, sample_portrait, sample_speech
from studio.core.speech.recording import speech_motion

RATE = 16_000
LEAST_WEIGHT = 1e-3
# Yaw in degrees and zoom.
VIEWS = {"front": (0, 1.0), "-30°": (-30, 1.0), "+30°": (30, 1.0), "-45°": (-45, 1.0), "+45°": (45, 1.0)}
CLOSE = {"front ×2.5": (0, 2.5)}
COLUMNS = ("view", "Gaussians", "blend", "pose", "project", "bin", "sort+composite", "shade to bytes", "frame")


class Steps:
    """The best and the median time of each step, ms."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def take(self, name: str, work: Callable[[], object]) -> None:
        """Run one step."""
        start = time.perf_counter()
        work()
        self.times.setdefault(name, []).append(1000 * (time.perf_counter() - start))

    def best(self) -> list[str]:
        """Return the fastest of each step, and of the last the median too."""
        figures = [f"{min(times):.2f}" for times in self.times.values()]
        return [*figures, f"{np.median(list(self.times.values())[-1]):.2f}"]


def frames_of_speech(count: int) -> list[Motion]:
    motion = speech_motion(load_audio(sample_speech(), RATE), 25.0, 0)
    return [motion.at(float(t)) for t in np.linspace(0.4, 5.0, count)]


def measure(avatar: LiftAvatar, camera: Camera, frames: list[Motion], threads: int) -> list[str]:
    """Return the figures of one view."""
    workspace, buffers, steps = Workspace(), FrameBuffers(), Steps()
    picture = np.empty((camera.height, camera.width, 4), np.uint8)
    raster = rasterize(avatar.pose(frames[0], camera, buffers.gaussians), camera, backend="numba")
    for frame in frames:
        weights, jaw = shape_weights(frame.code[0]), jaw_open(frame.code[0])
        buffers.gaussians = posed = avatar.pose(frame, camera, buffers.gaussians)
        steps.take("blend", lambda weights=weights, jaw=jaw: avatar.rig.displacements(weights, jaw))
        steps.take("pose", lambda frame=frame: avatar.pose(frame, camera, buffers.gaussians))
        take_raster(steps, workspace, posed, camera, raster, threads)
        steps.take("shade", lambda frame=frame: avatar.shade(raster, frame, camera, "plate", picture))
        steps.take(
            "frame",
            lambda frame=frame: render_bytes(avatar, frame, camera, backend="numba", buffers=buffers, out=picture),
        )
    return ["100%", *steps.best()]


def measure_what_shows(
    avatar: LiftAvatar, camera: Camera, frame: Motion, threads: int, repeats: int
) -> tuple[list[str], str]:
    """Return the figures of the Gaussians that show in one frame, and the PSNR they reach."""
    whole = avatar.pose(frame, camera)
    full, pullback = rasterize_vjp(whole, camera, backend="numba")
    weight = pullback(np.ones_like(full.color), None).colors[:, 0]
    kept = whole[weight > LEAST_WEIGHT]
    workspace, steps = Workspace(), Steps()
    raster = rasterize(kept, camera, backend="numba")
    error = float(((raster.color - full.color) ** 2).mean())
    for _ in range(repeats):
        take_raster(steps, workspace, kept, camera, raster, threads)
    figures = [f"{min(times):.2f}" for times in steps.times.values()]
    return [f"{len(kept) / len(whole):.0%}", "", "", *figures], f"{-10 * np.log10(max(error, 1e-12)):.0f} dB"


def take_raster(
    steps: Steps, workspace: Workspace, gaussians: Gaussians, camera: Camera, raster: Raster, threads: int
) -> None:
    """Time the rasteriser's three steps."""
    with numba_runtime.kernel_threads():
        steps.take("project", lambda: workspace.project(gaussians, camera, threads))
        steps.take("bin", lambda: workspace.bin(len(gaussians)))
        steps.take("composite", lambda: workspace.composite(gaussians.colors, True, camera, threads, out=raster))


def head_from(arguments: argparse.Namespace) -> LiftAvatar:
    if arguments.avatar is not None:
        avatar = load_avatar(arguments.avatar)
    else:
        avatar = run(build_avatar(arguments.portrait or sample_portrait(), face=1, consent=CONSENT))
    assert isinstance(avatar, LiftAvatar)
    return avatar


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--avatar", type=Path, help="an .avatar file")
    source.add_argument("--portrait", type=Path, help="a picture to build one from; without either the sample")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, numba_runtime.thread_count()}))
    arguments = parser.parse_args()
    console = Console(width=132)
    avatar, frames = head_from(arguments), frames_of_speech(arguments.frames)
    warm_up()
    console.print(f"{len(avatar)} Gaussians, {len(avatar.rig.vertices)} vertices, {len(frames)} frames")
    for size in arguments.sizes:
        for threads in arguments.threads:
            os.environ["AVATAR_STUDIO_THREADS"] = str(threads)
            numba_runtime.thread_count.cache_clear()
            table = Table(*COLUMNS, "median", title=f"{size}², {threads} threads, ms", title_justify="left")
            for name, (yaw, zoom) in (VIEWS | CLOSE).items():
                camera = orbit(avatar, square_camera(avatar, size), yaw, 0.0, zoom)
                table.add_row(name, *measure(avatar, camera, frames, threads))
                figures, psnr = measure_what_shows(avatar, camera, frames[len(frames) // 2], threads, len(frames))
                table.add_row("  what shows", *figures, "", psnr)
            console.print(table)
    console.print(machine_line())


if __name__ == "__main__":
    main()
