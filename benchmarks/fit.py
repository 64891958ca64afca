"""What a step of fitting Gaussians to a picture costs on the processor: `python benchmarks/fit.py`.

The scene is the head-like shell of `render.py`, perturbed; every column is run in turn within each of many
steps, and the figure is the median (or, with --best, the best) in milliseconds of wall clock. "step" is
`Fit.step` on its own, not the sum of the columns. Run it on a quiet machine.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from machine import machine_line
from render import head
from rich.console import Console
from rich.table import Table

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import numba_runtime
from studio.core.render.fitting import Fit
from studio.core.render.loss import PhotometricLoss
from studio.core.render.numba_runtime import kernel_threads
from studio.core.render.rasterize import rasterize
from studio.core.training import metrics

PARTS = ["forward", "loss", "composite back", "project back", "update", "step"]


def perturbed(gaussians: Gaussians, seed: int = 1) -> Gaussians:
    """Shift by half a millimetre, stretch and tint."""
    rng = np.random.default_rng(seed)
    n = len(gaussians)
    return replace(
        gaussians,
        means=(gaussians.means + rng.normal(0, 5e-4, (n, 3))).astype(np.float32),
        scales=(gaussians.scales * np.exp(rng.normal(0, 0.2, (n, 3)))).astype(np.float32),
        colors=np.clip(gaussians.colors + rng.normal(0, 0.1, (n, 3)), 0, 1).astype(np.float32),
    )


def measure(count: int, size: int, steps: int) -> tuple[dict[str, list[float]], float, float]:
    """Return the seconds of every part in every step, and the PSNR before and after all of them."""
    gaussians, camera = head(count, size)
    target = rasterize(gaussians, camera, backend="numba").color
    fit, loss = Fit(perturbed(gaussians)), PhotometricLoss(target)

    def psnr() -> float:
        shown = rasterize(fit.gaussians, camera, backend="numba").color
        return metrics.psnr(shown, target)

    before = psnr()
    fit.step(camera, loss)
    seconds: dict[str, list[float]] = {part: [] for part in PARTS}
    for _ in range(steps):
        start = time.perf_counter()
        fit.step(camera, loss)
        seconds["step"].append(time.perf_counter() - start)
        time_parts(fit, camera, loss, seconds)
    return seconds, before, psnr()


def time_parts(fit: Fit, camera: Camera, loss: PhotometricLoss, seconds: dict[str, list[float]]) -> None:
    """Take one more step, part by part."""

    def timed(part: str, run: Callable) -> None:
        start = time.perf_counter()
        run()
        seconds[part].append(time.perf_counter() - start)

    with kernel_threads() as threads:
        timed("forward", lambda: fit.render(camera, threads))
        raster = fit.raster
        timed("loss", lambda: loss.on_threads(raster.color, raster.alpha, threads))
        timed("composite back", lambda: fit.composite_back(loss, threads))
        timed("project back", lambda: fit.project_back(camera))
        timed("update", fit.update)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--best", action="store_true", help="the best instead of the median, for a busy machine")
    parser.add_argument("--counts", type=int, nargs="+", default=[25_000, 50_000, 100_000])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    options = parser.parse_args()
    pick = np.min if options.best else np.median
    title = f"a step of fitting, {'best' if options.best else 'median'} of {options.steps}, ms"
    table = Table("Gaussians", "size", "threads", *PARTS, "PSNR before → after, dB", title=title)
    for threads in sorted({1, numba_runtime.thread_count()}):
        os.environ["AVATAR_STUDIO_THREADS"] = str(threads)
        numba_runtime.thread_count.cache_clear()
        for size in options.sizes:
            for count in options.counts:
                seconds, before, after = measure(count, size, options.steps)
                figures = (f"{1000 * pick(seconds[part]):.1f}" for part in PARTS)
                table.add_row(f"{count // 1000}k", f"{size}²", str(threads), *figures, f"{before:.1f} → {after:.1f}")
    console = Console(width=120)
    console.print(table)
    console.print(machine_line())


if __name__ == "__main__":
    main()
