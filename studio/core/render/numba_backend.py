"""Rasterise on the processor: project, bin, composite, with work buffers kept between frames."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.numba_binning import TILE, bin_splats
from studio.core.render.numba_compositing import composite_tiles
from studio.core.render.numba_projection import DEPTH, SPLAT_WIDTH, camera_vector, project
from studio.core.render.numba_runtime import kernel_threads
from studio.core.render.raster import Raster


@dataclass(eq=False)
class Workspace:
    """Buffers of one frame at a time; they grow to the largest frame so far.

    Attributes
    ----------
    splats, boxes
        ``[>=N,16]`` float32 and ``[>=N,4]`` int32 of `project`.
    entries, tile_starts
        ``[>=M]`` uint64 and ``[tiles+1]`` int64 of `bin_splats`.
    """

    splats: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, SPLAT_WIDTH), np.float32))
    boxes: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 4), np.int32))
    entries: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    tile_starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    tiles_x: int = 0

    def project(self, gaussians: Gaussians, camera: Camera) -> None:
        """Fill `splats` and `boxes`."""
        n = len(gaussians)
        if n > len(self.splats):
            self.splats = _cache_aligned(n + n // 4)
            self.boxes = np.empty((n + n // 4, 4), np.int32)
        project(
            *map(np.ascontiguousarray, (gaussians.means, gaussians.quats, gaussians.scales)),
            *map(np.ascontiguousarray, (gaussians.opacities, gaussians.colors)),
            camera_vector(camera),
            self.splats[:n],
            self.boxes[:n],
        )

    def bin(self, n: int, camera: Camera, threads: int) -> None:
        """Fill `entries` and `tile_starts` from the first `n` boxes."""
        self.tiles_x, tiles_y = -(-camera.width // TILE), -(-camera.height // TILE)
        tiles = self.tiles_x * tiles_y
        if len(self.tile_starts) != tiles + 1:
            self.tile_starts = np.empty(tiles + 1, np.int64)
        counts = np.empty((threads, tiles), np.uint32)
        depth_keys = self.splats.view(np.uint32)[:n, DEPTH]
        for _ in range(2):
            needed = bin_splats(
                self.boxes[:n], depth_keys, self.tiles_x, threads, counts, self.tile_starts, self.entries
            )
            if needed <= len(self.entries):
                return
            self.entries = np.empty(needed + needed // 4, np.uint64)

    def composite(self, colors: NDArray[np.float32], camera: Camera, threads: int) -> Raster:
        """Composite the binned splats with colours ``[N,C]``."""
        shape = (camera.height, camera.width)
        raster = Raster(np.empty((*shape, colors.shape[1]), np.float32), np.empty((*shape, 1), np.float32))
        n = len(colors)
        composite_tiles(
            *(self.splats[:n], np.ascontiguousarray(colors), self.entries, self.tile_starts),
            *(self.tiles_x, threads, raster.color, raster.alpha),
        )
        return raster


def _cache_aligned(rows: int) -> NDArray[np.float32]:
    """Allocate splat rows that do not straddle cache lines."""
    flat = np.empty((rows + 1) * SPLAT_WIDTH, np.float32)
    skip = -flat.ctypes.data // flat.itemsize % SPLAT_WIDTH
    return flat[skip : skip + rows * SPLAT_WIDTH].reshape(rows, SPLAT_WIDTH)


_workspace = Workspace()


def rasterize(gaussians: Gaussians, camera: Camera, *, depth: bool = False) -> Raster:
    """Render Gaussians; see `studio.core.render.rasterize.rasterize`. Any thread may call this."""
    with kernel_threads() as threads:
        return forward(_workspace, gaussians, camera, threads, depth=depth)


def forward(workspace: Workspace, gaussians: Gaussians, camera: Camera, threads: int, *, depth: bool = False) -> Raster:
    """Render with a workspace of the caller's, who holds the kernel threads."""
    workspace.project(gaussians, camera)
    workspace.bin(len(gaussians), camera, threads)
    if not depth:
        return workspace.composite(gaussians.colors, camera, threads)
    depths = workspace.splats[: len(gaussians), DEPTH, None]
    raster = workspace.composite(np.hstack([gaussians.colors, depths]), camera, threads)
    weighted = raster.color[..., -1:]
    mean = np.divide(weighted, raster.alpha, out=np.zeros_like(weighted), where=raster.alpha > 0)
    return Raster(np.ascontiguousarray(raster.color[..., :-1]), raster.alpha, mean)
