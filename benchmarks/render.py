"""How long a frame takes on the processor: `python benchmarks/render.py`.

A head-like shell of Gaussians fills about half of the picture, as an avatar does. Every figure is the
median over many frames, in milliseconds of wall clock; run it on a quiet machine.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import numba_runtime
from studio.core.render.composite import composite, to_bytes
from studio.core.render.numba_backend import Workspace
from studio.core.render.rasterize import rasterize, rasterize_vjp, warm_up

RADII = np.array([0.078, 0.112, 0.095])  # m, of an ellipsoid like a head
DISTANCE = 0.6  # m
FILL = 0.5  # share of the picture


def head(count: int, size: int, seed: int = 0) -> tuple[Gaussians, Camera]:
    """Cover an ellipsoid with flat, mostly opaque Gaussians about as wide as their spacing."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    means = directions * RADII * (1 + 0.01 * rng.normal(size=(count, 1)))
    normals = directions / RADII
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    focal = np.sqrt(FILL / (np.pi * RADII[0] * RADII[1])) * size * DISTANCE
    # The quaternion that turns z to the normal.
    quats = np.column_stack([1 + normals[:, 2], -normals[:, 1], normals[:, 0], np.zeros(count)])
    spacing = 1.5 * np.sqrt(50_000 / count) * DISTANCE / focal * size / 512
    scales = spacing * np.exp(rng.normal(0, 0.25, (count, 3))) * [1, 1, 0.15]
    opacities = np.clip(rng.normal(0.9, 0.06, count), 0.3, 0.99)
    colors = np.clip(0.5 + 0.35 * np.sin(25 * means) + 0.06 * rng.normal(size=(count, 3)), 0, 1)
    means, quats, scales, opacities, colors = (a.astype(np.float32) for a in (means, quats, scales, opacities, colors))
    return Gaussians(means, quats, scales, opacities, colors), Camera.frontal(size, focal, DISTANCE)


def median_ms(run: Callable[[], object], repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor()
    python, numbers = platform.python_version(), np.__version__
    return f"{cpu}, {os.cpu_count()} cores · Python {python} · numba {numba.__version__} · numpy {numbers}"


def forward_row(count: int, size: int, threads: int, repeats: int) -> list[str]:
    gaussians, camera = head(count, size)
    workspace = Workspace()
    raster = workspace.render(gaussians, camera, threads)
    plate = np.full((size, size, 3), 0.5, np.float32)
    picture = composite(raster, plate)
    steps = [
        lambda: workspace.project(gaussians, camera),
        lambda: workspace.bin(count, camera, threads),
        lambda: (workspace.bin(count, camera, threads), workspace.composite(gaussians.colors, True, camera, threads)),
        lambda: rasterize(gaussians, camera, backend="numba"),
        lambda: composite(raster, plate),
        lambda: to_bytes(picture),
    ]
    project, bins, bin_and_composite, total, shade, convert = (median_ms(step, repeats) for step in steps)
    figures = project, bins, bin_and_composite - bins, total, shade, convert
    return [f"{count // 1000}k", f"{size}²", str(threads), *(f"{ms:.2f}" for ms in figures)]


def backward_row(count: int, threads: int, repeats: int) -> list[str]:
    gaussians, camera = head(count, 512)
    raster, pullback = rasterize_vjp(gaussians, camera, backend="numba")
    forward = median_ms(lambda: rasterize_vjp(gaussians, camera, backend="numba"), repeats)
    backward = median_ms(lambda: pullback(raster.color, raster.alpha), repeats)
    figures = forward, backward, forward + backward
    return [f"{count // 1000}k", "512²", str(threads), *(f"{ms:.2f}" for ms in figures)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    repeats = parser.parse_args().repeats
    console = Console(width=110)
    console.print(machine())
    console.print(f"kernels ready after {warm_up():.1f} s")
    columns = ["Gaussians", "size", "threads"]
    steps = ["project", "bin", "sort + composite", "rasterize", "over plate", "to bytes"]
    forward = Table(*columns, *steps, title="forward, ms")
    backward = Table(*columns, "forward", "backward", "both", title="forward and backward, ms")
    for threads in sorted({1, numba_runtime.thread_count()}):
        os.environ["AVATAR_STUDIO_THREADS"] = str(threads)
        numba_runtime.thread_count.cache_clear()
        for size in (256, 512):
            for count in (50_000, 100_000, 175_000):
                forward.add_row(*forward_row(count, size, threads, repeats))
        for count in (50_000, 100_000):
            backward.add_row(*backward_row(count, threads, repeats))
    console.print(forward)
    console.print(backward)


if __name__ == "__main__":
    main()
