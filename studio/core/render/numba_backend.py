"""Rasterise on the processor: project, bin, composite, and the way back.

Any thread may call these functions: frames take turns (see `kernel_threads`). Those of `rasterize` share one
workspace, which stays as large as the largest of its latest frames; each of `rasterize_vjp` has its own, for its way
back.
The picture does not depend on the number of threads.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import cpu_machine
from studio.core.render.numba_backward import SUM_COLOR, composite_gradients, number_slots
from studio.core.render.numba_binning import bin_splats, place_tiles
from studio.core.render.numba_lanes import WIDTH
from studio.core.render.numba_projection import (
    DEPTH,
    MOST_SPLATS,
    SPLAT_WIDTH,
    TILE,
    X0,
    Y1,
    camera_vector,
    project,
)
from studio.core.render.numba_projection_backward import project_gradients
from studio.core.render.numba_runtime import kernel_array, kernel_threads
from studio.core.render.numba_tiles import composite_tiles
from studio.core.render.raster import GaussianGradients, Pullback, Raster

LARGEST_SHARE = 1 / 4
"""Of the memory: what the rows and entries of all tiles may take. Those of a head take some hundredths of a GB; where
splats cover the picture hundreds of times over, the avatar has gone wrong. The way back takes half as much again,
with 32 channels twice as much."""
PATIENCE = 600
"""Frames after which rows and entries are released, if in all that time less than 1 / `SLACK` of them was needed."""
SLACK = 4


@dataclass(eq=False)
class Workspace:
    """The buffers of one frame; they grow to the largest of the latest frames.

    Attributes
    ----------
    splats
        ``[>=N,16]`` float32 of `project`.
    tile_rows, tile_starts
        ``[>=M,16]`` float32 and ``[tiles+1]`` int64 of `bin_splats`.
    entries
        ``[>=M]`` uint64 of `composite_tiles`.
    counts
        ``[threads,tiles]`` int64, scratch.
    tiles_x
        Tiles per row of the image.
    """

    splats: NDArray[np.float32] = field(default_factory=lambda: _cache_aligned(0))
    tile_rows: NDArray[np.float32] = field(default_factory=lambda: _cache_aligned(0))
    tile_starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    entries: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    tiles_x: int = 0
    # Frames since it was last looked whether there is too much room, and the entries of the largest of them.
    _frames: int = 0
    _most: int = 0

    def project(self, gaussians: Gaussians, camera: Camera, threads: int) -> None:
        """Fill `splats` and `counts`."""
        n = len(gaussians)
        if n > MOST_SPLATS:
            raise ValueError(f"{n} Gaussians are more than the {MOST_SPLATS} that can be drawn")
        if n + WIDTH > len(self.splats):
            self.splats = _cache_aligned(n + n // 4 + WIDTH)
        self.tiles_x, tiles_y = -(-camera.width // TILE), -(-camera.height // TILE)
        if self.counts.shape != (threads, self.tiles_x * tiles_y):
            tiles = self.tiles_x * tiles_y
            self.counts, self.tile_starts = np.empty((threads, tiles), np.int64), np.empty(tiles + 1, np.int64)
        means, quats, scales, opacities, colors = (array.reshape(-1) for array in kernel_inputs(gaussians))
        project(
            *(means, quats, scales, opacities, colors, gaussians.colors.shape[1]),
            *(camera_vector(camera), self.tiles_x, self.splats, self.counts),
        )

    def bin(self, n: int) -> None:
        """Fill `tile_rows` and `tile_starts`; `counts` are used up.

        Raises
        ------
        UserError
            If they would take more than `LARGEST_SHARE` of the memory.
        """
        place_tiles(self.counts, self.tile_starts)
        needed = int(self.tile_starts[-1])
        if needed > len(self.entries):
            self._resize(needed)
        self._frames, self._most = self._frames + 1, max(self._most, needed)
        if self._frames == PATIENCE:
            if len(self.entries) > SLACK * self._most:
                self._resize(self._most)
            self._frames = self._most = 0
        bin_splats(self.splats, n, self.tiles_x, self.counts, self.tile_rows)

    def _resize(self, needed: int) -> None:
        """Make room for so many rows and entries and some more; what was in them is lost."""
        largest = int(LARGEST_SHARE * cpu_machine.memory()) // _BYTES_PER_ENTRY
        if needed > largest:
            raise UserError(
                "The avatar's Gaussians cover the picture so many times over that drawing it takes "
                f"{needed * _BYTES_PER_ENTRY / 2**30:.1f} GB of memory; draw it smaller or build the avatar again."
            )
        room = min(needed + needed // 4, largest)
        # Both or neither: what follows a frame there was no memory for must not find one of them too short. And the
        # old ones go first: there need not be memory for both.
        self.entries, self.tile_rows = np.empty(0, np.uint64), _cache_aligned(0)
        self.entries, self.tile_rows = np.empty(room, np.uint64), _cache_aligned(room)

    def composite(
        self,
        colors: NDArray[np.float32],
        packed: bool,
        camera: Camera,
        threads: int,
        named: bool = False,
        out: Raster | None = None,
        deep: bool = False,
    ) -> Raster:
        """Sort and composite the splats with colours ``[N,C]``, or those `packed` in the rows.

        The entries name splats if asked for. `out` is written if it fits. Depth comes with packed colours only.
        """
        shape = (camera.height, camera.width)
        if out is None or not isinstance(out.color, np.ndarray) or out.color.shape != (*shape, colors.shape[1]):
            out = Raster(np.empty((*shape, colors.shape[1]), np.float32), np.empty((*shape, 1), np.float32))
        if deep == (out.depth is None):
            out = replace(out, depth=np.empty((*shape, 1), np.float32) if deep else None)
        composite_tiles(
            *(self.tile_rows, kernel_array(colors), packed, self.tile_starts, self.tiles_x, threads, named),
            *(self.entries, out.color, out.alpha, _NO_DEPTH if out.depth is None else out.depth),
        )
        return out

    def render(
        self, gaussians: Gaussians, camera: Camera, threads: int, named: bool = False, out: Raster | None = None
    ) -> Raster:
        """Project, bin and composite."""
        self.project(gaussians, camera, threads)
        self.bin(len(gaussians))
        return self.composite(gaussians.colors, gaussians.colors.shape[1] == 3, camera, threads, named, out)

    def render_depth(self, gaussians: Gaussians, camera: Camera, threads: int, out: Raster | None = None) -> Raster:
        """Render with depth: rows hold it beside three colours, of more channels it becomes one."""
        self.project(gaussians, camera, threads)
        self.bin(len(gaussians))
        if gaussians.colors.shape[1] == 3:
            return self.composite(gaussians.colors, True, camera, threads, out=out, deep=True)
        with_depth = np.hstack([gaussians.colors, self.splats[: len(gaussians), DEPTH, None]])
        raster = self.composite(with_depth, False, camera, threads)
        weighted = raster.color[..., -1:]
        depth = np.divide(weighted, raster.alpha, out=np.zeros_like(weighted), where=raster.alpha > 0)
        return Raster(np.ascontiguousarray(raster.color[..., :-1]), raster.alpha, depth)

    def gradients(
        self,
        gaussians: Gaussians,
        camera: Camera,
        raster: Raster,
        grad_color: NDArray[np.float32],
        grad_alpha: NDArray[np.float32],
        threads: int,
    ) -> GaussianGradients:
        """Pull the gradient of the picture just rendered, with `named` entries, back to the Gaussians."""
        n = len(gaussians)
        inputs = means, quats, scales, opacities, colors = kernel_inputs(gaussians)
        slot_starts = np.empty(n + 1, np.int64)
        number_slots(self.splats[:n, X0 : Y1 + 1], slot_starts)
        slots = np.zeros((slot_starts[-1], SUM_COLOR + colors.shape[1]), np.float32)
        composite_gradients(
            *(self.splats[:n], colors, self.entries, self.tile_starts, self.tiles_x, threads),
            *(raster.color, raster.alpha, grad_color, grad_alpha, slot_starts, slots),
        )
        out = GaussianGradients(*map(np.empty_like, inputs))
        project_gradients(
            *(means, quats, scales, opacities, camera_vector(camera), self.splats[:n], slot_starts, slots),
            *(out.means, out.quats, out.scales, out.opacities, out.colors),
        )
        return out


def kernel_inputs(gaussians: Gaussians) -> tuple[NDArray[np.float32], ...]:
    """Return means, quats, scales, opacities and colours in the one layout the kernels are compiled for."""
    g = gaussians
    return tuple(kernel_array(a) for a in (g.means, g.quats, g.scales, g.opacities, g.colors))


def _cache_aligned(rows: int) -> NDArray[np.float32]:
    """Allocate splat rows that do not straddle cache lines."""
    flat = np.empty((rows + 1) * SPLAT_WIDTH, np.float32)
    skip = -flat.ctypes.data // flat.itemsize % SPLAT_WIDTH
    return flat[skip : skip + rows * SPLAT_WIDTH].reshape(rows, SPLAT_WIDTH)


_BYTES_PER_ENTRY = 4 * SPLAT_WIDTH + 8
_NO_DEPTH = np.empty((0, 0, 1), np.float32)
_workspace = Workspace()


def rasterize(gaussians: Gaussians, camera: Camera, *, depth: bool = False, out: Raster | None = None) -> Raster:
    """Render Gaussians; see `studio.core.render.rasterize.rasterize`."""
    with kernel_threads() as threads:
        if depth:
            return _workspace.render_depth(gaussians, camera, threads, out)
        return _workspace.render(gaussians, camera, threads, out=out)


def rasterize_vjp(gaussians: Gaussians, camera: Camera) -> tuple[Raster, Pullback]:
    """Render Gaussians and return the way back; see `studio.core.render.rasterize.rasterize_vjp`."""
    workspace = Workspace()
    with kernel_threads() as threads:
        raster = workspace.render(gaussians, camera, threads, named=True)

    def pullback(grad_color: NDArray[np.float32], grad_alpha: NDArray[np.float32] | None) -> GaussianGradients:
        if grad_alpha is None:
            grad_alpha = np.zeros_like(raster.alpha)
        for name, grad, values in (("color", grad_color, raster.color), ("alpha", grad_alpha, raster.alpha)):
            if grad.shape != values.shape:
                raise ValueError(f"gradient of {name} has shape {grad.shape}, expected {values.shape}")
        grads = kernel_array(grad_color), kernel_array(grad_alpha)
        with kernel_threads() as threads:
            return workspace.gradients(gaussians, camera, raster, *grads, threads)

    return raster, pullback
