"""How long a frame takes on the processor, step by step: `python benchmarks/render.py`.

A head-like shell of Gaussians fills about half of the picture, as an avatar does; posing is measured on the
sample portrait's avatar with as many surfels. Every figure is the median over many frames, in milliseconds of
wall clock; run it on a quiet machine. `--quick` measures the README's rows only, `--plot` draws how the cost
grows, `--against` pairs it with the prototype on the prototype's own scene, in one process.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import machine_line
from rich.console import Console
from rich.table import Table

from studio.core.build import build_avatar
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.framing import square_camera
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.jobs import run
from studio.core.motion.motion import Motion
from studio.core.render import numba_runtime
from studio.core.render.composite import composite
from studio.core.render.numba_backend import Workspace
from studio.core.render.rasterize import rasterize, warm_up
from studio.core.sample import CONSENT, sample_portrait

COUNTS = (50_000, 100_000, 175_000, 250_000)
SIZES = (256, 512, 1024)
SPEAKING = Motion.arkit(0.0, (0.02, 0.2, 0, 0, 0, 0), jawOpen=0.5, mouthSmileLeft=0.3)

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


def sample_avatar() -> LiftAvatar:
    avatar = run(build_avatar(sample_portrait(), consent=CONSENT))
    assert isinstance(avatar, LiftAvatar)
    return avatar


def resampled(avatar: LiftAvatar, count: int) -> LiftAvatar:
    """Return a head of `count` surfels: evenly some of the avatar's, or some of them twice, in their order."""
    state = avatar.state()
    n = len(state.arrays["means"])
    chosen = np.linspace(0, n - 1, count).round().astype(int)
    arrays = {name: array[chosen] if len(array) == n else array for name, array in state.arrays.items()}
    return LiftAvatar.from_state(replace(state, arrays=arrays))


def use_threads(threads: int) -> None:
    os.environ["AVATAR_STUDIO_THREADS"] = str(threads)
    numba_runtime.thread_count.cache_clear()


def forward_row(avatar: LiftAvatar, count: int, size: int, threads: int, repeats: int) -> list[str]:
    use_threads(threads)
    posed = resampled(avatar, count)
    view = square_camera(posed, size)
    motions = [replace(SPEAKING, code=SPEAKING.code * scale) for scale in (0.8, 1.0)]
    turn = iter(range(10**9))
    buffer = posed.pose(SPEAKING, view)
    gaussians, camera = head(count, size)
    workspace = Workspace()
    raster = workspace.render(gaussians, camera, threads)
    plate = np.full((size, size, 3), 0.5, np.float32)
    rgba = np.empty((size, size, 4), np.uint8)

    def bins() -> None:
        workspace.project(gaussians, camera, threads)
        workspace.bin(count)

    steps = [
        lambda: posed.pose(motions[next(turn) % 2], view, buffer),
        lambda: workspace.project(gaussians, camera, threads),
        bins,
        lambda: workspace.composite(gaussians.colors, True, camera, threads, out=raster),
        lambda: rasterize(gaussians, camera, backend="numba", out=raster),
        lambda: composite(raster, plate, rgba),
    ]
    pose, project, project_and_bin, over, total, convert = (median_ms(step, repeats) for step in steps)
    figures = pose, project, project_and_bin - project, over, total, convert
    return [f"{count // 1000}k", f"{size}²", str(threads), *(f"{ms:.2f}" for ms in figures)]


def features_row(count: int, size: int, threads: int, repeats: int) -> list[str]:
    use_threads(threads)
    gaussians, camera = head(count, size)
    features = np.random.default_rng(0).random((count, 32), dtype=np.float32)
    gaussians = replace(gaussians, colors=features)
    ms = median_ms(lambda: rasterize(gaussians, camera, backend="numba"), max(3, repeats // 5))
    return [f"{count // 1000}k", f"{size}²", str(threads), f"{ms:.1f}"]


def draw_plot(rows: list[list[str]], path: Path) -> None:
    """Draw rasterising time over Gaussians, a line per picture size, at the most threads measured."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import pyqtgraph as pg
    from pyqtgraph.exporters import ImageExporter

    app = pg.mkQApp()
    threads = max(row[2] for row in rows)
    plot = pg.PlotItem(title=f"rasterise, ms on {threads} threads")
    plot.addLegend(offset=(40, 10))
    plot.setLabel("bottom", "Gaussians, thousands")
    plot.setLabel("left", "ms per frame")
    for color, size in zip(("#5aa9e6", "#7fd1ae", "#f4a259"), dict.fromkeys(row[1] for row in rows), strict=False):
        chosen = [row for row in rows if row[1] == size and row[2] == threads]
        x, y = [float(row[0][:-1]) for row in chosen], [float(row[7]) for row in chosen]
        plot.plot(x, y, pen=pg.mkPen(color, width=2), symbol="o", symbolBrush=color, name=size)
    plot.getViewBox().setRange(xRange=(0, max(COUNTS) / 1000), yRange=(0, max(float(row[7]) for row in rows)))
    view = pg.GraphicsView()
    view.setCentralItem(plot)
    view.resize(720, 420)
    view.show()
    app.processEvents()
    ImageExporter(plot).export(str(path))


def against(folder: Path, repeats: int) -> Table:
    """Pair the rasteriser with the prototype: its scene, one process, turns taken frame by frame."""
    sys.path.insert(0, str(folder))
    from numba_forward import NB  # pyright: ignore[reportMissingImports]
    from scene import make_scene  # pyright: ignore[reportMissingImports]

    threads = numba_runtime.thread_count()
    table = Table("Gaussians", "prototype best", "median", "this best", "median", title="against the prototype, ms")
    for count in COUNTS[:3]:
        scene = make_scene(count)
        gaussians = Gaussians(*(scene[name] for name in ("means", "quats", "scales", "op", "col")))
        K = np.array([[scene["fx"], 0, scene["cx"]], [0, scene["fy"], scene["cy"]], [0, 0, 1]])
        camera = Camera(scene["V"].astype(np.float64), K, scene["W"], scene["H"])
        prototype, workspace = NB(threads), Workspace()
        steps = [
            lambda p=prototype, s=scene: p.render(s),
            lambda w=workspace, g=gaussians, c=camera: w.render(g, c, threads),
        ]
        times: list[list[float]] = [[], []]
        with numba_runtime.kernel_threads():
            for _ in range(repeats + 2):
                for step, taken in zip(steps, times, strict=True):
                    start = time.perf_counter()
                    step()
                    taken.append(1000 * (time.perf_counter() - start))
        table.add_row(f"{count // 1000}k", *(f"{f(t[2:]):.2f}" for t in times for f in (min, np.median)))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="only 512², C=3, and the most threads")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="with the prototype's numba_forward.py")
    options = parser.parse_args()
    console = Console(width=110)
    console.print(f"kernels ready after {warm_up():.1f} s")
    most = numba_runtime.thread_count()
    sizes, threads = ((512,), (most,)) if options.quick else (SIZES, sorted({1, most}))
    avatar = sample_avatar()
    columns = ["Gaussians", "size", "threads"]
    steps = ["pose", "project", "bin", "sort + composite", "rasterize", "over plate to bytes"]
    forward = Table(*columns, *steps, title="C=3, ms")
    rows = [
        forward_row(avatar, count, size, used, options.repeats)
        for used in threads for size in sizes for count in COUNTS
    ]  # fmt: skip
    for row in rows:
        forward.add_row(*row)
    console.print(forward)
    if not options.quick:
        features = Table(*columns, "rasterize", title="C=32, ms")
        for used in threads:
            for size in sizes:
                for count in COUNTS:
                    features.add_row(*features_row(count, size, used, options.repeats))
        console.print(features)
    use_threads(most)
    if options.against:
        console.print(against(options.against, options.repeats))
    if options.plot:
        draw_plot(rows, options.plot)
    console.print(machine_line())


if __name__ == "__main__":
    main()
