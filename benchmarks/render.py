"""How long a frame takes on the processor, step by step: `python benchmarks/render.py`.

A head-like shell of Gaussians fills about half of the picture, as an avatar does; posing is measured on the
sample portrait's avatar with as many surfels. Every figure is the median over many frames, in milliseconds of
wall clock; run it on a quiet machine. `--quick` measures the README's rows only, `--plot` draws how the cost
grows, `--against` pairs it with the prototype on the prototype's own scene, in one process.

Columns: `pose`; `project`; `bin + sort`; `composite`; `rasterize`, which is the three before it as the program calls
them; `convert`, the picture over its plate to bytes; `upload`, the bytes into the view's texture (see `handing`).
The program sorts a tile's entries just before it composites them, in one kernel. `bin + sort` is measured as
project, bin and a kernel of this file that lists and sorts the entries of every tile as the program's does and
composites nothing, less project alone; `composite` is the program's kernel less the sorting one. Turns are taken
frame by frame, so that a machine that slows down slows both sides of a difference.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numba
import numpy as np
from handing import Handing
from machine import machine_line
from numba import prange
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
from studio.core.render.numba_binning import list_entries, sort_entries, tiles_by_work
from studio.core.render.numba_runtime import KERNEL, take_ticket
from studio.core.render.rasterize import rasterize, warm_up
from studio.core.sample import CONSENT, sample_portrait

COUNTS = (50_000, 100_000, 175_000, 250_000)
SIZES = (256, 512, 1024)
COLUMNS = ("Gaussians", "size", "threads")
STEPS = ("pose", "project", "bin + sort", "composite", "rasterize", "convert", "upload")
RASTERIZE = len(COLUMNS) + STEPS.index("rasterize")
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


@numba.njit(parallel=True, **KERNEL)
def sort_tiles(rows, tile_starts, workers, entries):
    """List and sort the entries of every tile as `composite_tiles` does, and leave out the rest of it."""
    order = tiles_by_work(tile_starts)
    row_bits = rows.view(np.uint32)
    longest = 0
    for t in range(order.shape[0]):
        longest = max(longest, tile_starts[t + 1] - tile_starts[t])
    tickets = np.zeros(1, np.int64)
    for _ in prange(workers):
        scratch = np.empty(longest, np.uint64)
        histogram = np.empty(256, np.int64)
        k = take_ticket(tickets)
        while k < order.shape[0]:
            t = order[k]
            k = take_ticket(tickets)
            tile_entries = entries[tile_starts[t] : tile_starts[t + 1]]
            list_entries(row_bits, tile_starts[t], tile_entries)
            sort_entries(tile_entries, scratch, histogram)


def medians_ms(steps: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median time of each step; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(taken[1:])) for name, taken in times.items()}


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


@contextmanager
def on_threads(threads: int) -> Iterator[None]:
    with patch.dict(os.environ, AVATAR_STUDIO_THREADS=str(threads)):
        numba_runtime.thread_count.cache_clear()
        yield
    numba_runtime.thread_count.cache_clear()


def forward_row(avatar: LiftAvatar, handing: Handing, count: int, size: int, threads: int, repeats: int) -> list[str]:
    posed = resampled(avatar, count)
    view = square_camera(posed, size)
    motions = [replace(SPEAKING, code=SPEAKING.code * scale) for scale in (0.8, 1.0)]
    turn = iter(range(10**9))
    buffer = posed.pose(SPEAKING, view)
    gaussians, camera = head(count, size)
    workspace = Workspace()
    plate = np.full((size, size, 3), 0.5, np.float32)
    pictures = list(np.empty((2, size, size, 4), np.uint8))
    with numba_runtime.kernel_threads():
        raster = workspace.render(gaussians, camera, threads)

    def project() -> None:
        workspace.project(gaussians, camera, threads)

    def bin_and_sort() -> None:
        workspace.project(gaussians, camera, threads)
        workspace.bin(count)
        sort()

    def sort() -> None:
        sort_tiles(workspace.tile_rows, workspace.tile_starts, threads, workspace.entries)

    def sort_and_composite() -> None:
        workspace.composite(gaussians.colors, True, camera, threads, out=raster)

    with numba_runtime.kernel_threads():
        ms = medians_ms(
            {"project": project, "bin and sort": bin_and_sort, "sort": sort, "over": sort_and_composite}, repeats
        )
    ms |= medians_ms(
        {
            "pose": lambda: posed.pose(motions[next(turn) % 2], view, buffer),
            "rasterize": lambda: rasterize(gaussians, camera, backend="numba", out=raster),
            "convert": lambda: composite(raster, plate, pictures[0]),
        },
        repeats,
    )
    pictures[1][:] = pictures[0][:, ::-1]
    upload = handing.seconds(pictures, repeats)
    figures = (
        ms["pose"], ms["project"], ms["bin and sort"] - ms["project"], ms["over"] - ms["sort"], ms["rasterize"],
        ms["convert"],
    )  # fmt: skip
    uploaded = f"{1000 * np.median(upload):.2f}" if upload else "–"
    return [f"{count // 1000}k", f"{size}²", str(threads), *(f"{figure:.2f}" for figure in figures), uploaded]


def features_row(count: int, size: int, threads: int, repeats: int) -> list[str]:
    gaussians, camera = head(count, size)
    features = np.random.default_rng(0).random((count, 32), dtype=np.float32)
    gaussians = replace(gaussians, colors=features)
    ms = medians_ms({"rasterize": lambda: rasterize(gaussians, camera, backend="numba")}, max(3, repeats // 5))
    return [f"{count // 1000}k", f"{size}²", str(threads), f"{ms['rasterize']:.1f}"]


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
        x, y = [float(row[0][:-1]) for row in chosen], [float(row[RASTERIZE]) for row in chosen]
        plot.plot(x, y, pen=pg.mkPen(color, width=2), symbol="o", symbolBrush=color, name=size)
    plot.getViewBox().setRange(xRange=(0, max(COUNTS) / 1000), yRange=(0, max(float(row[RASTERIZE]) for row in rows)))
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
    handing = Handing()
    console.print(f"kernels ready after {warm_up():.1f} s")
    most = numba_runtime.thread_count()
    sizes, threads = ((512,), (most,)) if options.quick else (SIZES, sorted({1, most}))
    avatar = sample_avatar()
    forward = Table(*COLUMNS, *STEPS, title="C=3, ms")
    features = Table(*COLUMNS, "rasterize", title="C=32, ms")
    rows = []
    for used, size, count in product(threads, sizes, COUNTS):
        with on_threads(used):
            rows.append(forward_row(avatar, handing, count, size, used, options.repeats))
            if not options.quick:
                features.add_row(*features_row(count, size, used, options.repeats))
    for row in rows:
        forward.add_row(*row)
    handing.close()
    console.print(forward)
    console.print(handing.means)
    if not options.quick:
        console.print(features)
    if options.against:
        console.print(against(options.against, options.repeats))
    if options.plot:
        draw_plot(rows, options.plot)
    console.print(machine_line())


if __name__ == "__main__":
    main()
