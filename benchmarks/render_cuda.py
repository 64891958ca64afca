"""How fast frames are drawn on an NVIDIA GPU; exits with 2 and the reason where CUDA cannot be used.

    python benchmarks/render_cuda.py [A.avatar]

Prints, at 512 px: ms of gsplat alone by number of Gaussians and channels, forward and with gradients; of a lift
avatar, if one is given, ms of posing (recorded as a CUDA graph, and kernel by kernel), of the whole frame from a
motion to bytes on the GPU, of the copy of these bytes into a buffer on the GPU, and frames per second in batches
with the copy to the host. The scene is that of benchmarks/render.py: 100k Gaussians fill half of the picture.

Every figure is the median of wall-clock times that each end with a synchronisation, so the host's part is in them.
The copy to an OpenGL texture, which also maps the texture, is measured in the window by benchmarks/live.py.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_line
from render import head
from rich.console import Console
from rich.table import Table

from studio.core.avatar import Avatar, FrameBuffers, on_fastest_device, render_bytes
from studio.core.frame_stream import allocate, batch_size, stream
from studio.core.framing import square_camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion
from studio.core.project.archive import load_avatar
from studio.core.render.gsplat_backend import rasterize_batch, why_unavailable
from studio.core.render.rasterize import rasterize, rasterize_vjp, warm_up

SIZE = 512
BATCH = 16


def median_ms(run: Callable[[], Any], repeats: int) -> float:
    """Return the median ms of `run` and all it started on the GPU."""
    import torch

    times = []
    for _ in range(repeats + 5):
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times[5:]))


def with_channels(gaussians: Gaussians, channels: int) -> Gaussians:
    colors = np.tile(gaussians.colors, (1, -(-channels // 3)))[:, :channels].copy()
    return Gaussians(gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, colors)


def raster_row(count: int, channels: int, repeats: int) -> list[str]:
    gaussians, camera = head(count, SIZE)
    gaussians = with_channels(gaussians, channels).on("cuda")
    raster, pullback = rasterize_vjp(gaussians, camera)
    figures = (
        median_ms(lambda: rasterize(gaussians, camera), repeats),
        median_ms(lambda: rasterize_batch([gaussians] * BATCH, [camera] * BATCH), repeats) / BATCH,
        median_ms(lambda: pullback(raster.color, raster.alpha), repeats),
    )
    return [f"{count // 1000}k", str(channels), *(f"{ms:.2f}" for ms in figures)]


def motions(count: int) -> list[Motion]:
    turn = np.linspace(0, 2 * np.pi, count)
    return [Motion.arkit(0.0, [0, 0.2 * np.sin(t), 0, 0, 0, 0], jawOpen=0.5 + 0.5 * float(np.sin(3 * t))) for t in turn]


def whole_frame(avatar: Avatar, repeats: int) -> dict[str, str]:
    """Time a lift avatar's frame and its parts."""
    import torch

    twin: Any = on_fastest_device(avatar)
    camera, frames = square_camera(avatar, SIZE), motions(256)
    moving = iter(frames * 100)
    picture: Any = render_bytes(twin, frames[0], camera)
    copy = torch.empty_like(picture)
    buffers = FrameBuffers()

    memory = allocate(twin, camera, 3 * batch_size(twin, camera))

    def streamed() -> None:
        for shown in stream(twin, frames, camera, "plate", memory.pop):
            memory.append(shown)

    frame_ms = median_ms(lambda: render_bytes(twin, next(moving), camera, buffers=buffers), repeats)
    together = median_ms(lambda: twin.pose_batch(frames[:BATCH], camera), repeats)
    batch_ms = median_ms(streamed, 5) / len(frames)
    return {
        "Gaussians": str(len(avatar.pose(frames[0], camera))),
        "pose, recorded graph": f"{median_ms(lambda: twin.pose(next(moving), camera), repeats):.3f} ms",
        "pose, kernel by kernel": f"{median_ms(lambda: twin.pose_batch([next(moving)], camera), repeats):.3f} ms",
        f"pose, of a batch of {BATCH}": f"{together / BATCH:.3f} ms",
        "whole frame, motion to bytes on the GPU": f"{frame_ms:.3f} ms, {1000 / frame_ms:.0f} frames/s",
        "copy of the bytes on the GPU": f"{median_ms(lambda: copy.copy_(picture), repeats):.3f} ms",
        "batches, to bytes on the host": f"{batch_ms:.3f} ms, {1000 / batch_ms:.0f} frames/s",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatar", type=Path, nargs="?")
    parser.add_argument("--repeats", type=int, default=100)
    options = parser.parse_args()
    reason = why_unavailable()
    if reason is not None:
        print(f"Nothing was measured: {reason}.")
        sys.exit(2)
    console = Console(width=110)
    console.print(f"ready after {warm_up(console.print):.1f} s")
    table = Table(
        "Gaussians", "channels", "forward", f"in a batch of {BATCH}", "backward", title=f"gsplat, {SIZE}², ms"
    )
    for count in (50_000, 100_000, 175_000, 250_000):
        for channels in (3, 32):
            table.add_row(*raster_row(count, channels, options.repeats))
    console.print(table)
    if options.avatar is not None:
        for name, figure in whole_frame(load_avatar(options.avatar), options.repeats).items():
            console.print(f"{name:<42} {figure}")
    console.print(machine_line())


if __name__ == "__main__":
    main()
