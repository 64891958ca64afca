"""`Fit`: Gaussians that are moved, step by step, until they look like pictures."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.loss import PhotometricLoss
from studio.core.render.numba_adam import ADD, BETA1, BETA2, LOG, LOGIT, UNIT, adam
from studio.core.render.numba_backend import Workspace
from studio.core.render.numba_backward import composite_gradients, number_slots
from studio.core.render.numba_gradient_rows import SUM_COLOR
from studio.core.render.numba_projection import X0, Y1, camera_vector
from studio.core.render.numba_projection_backward import project_gradients
from studio.core.render.numba_runtime import kernel_threads
from studio.core.render.raster import GaussianGradients, Raster

_KINDS = {"means": ADD, "quats": UNIT, "scales": LOG, "opacities": LOGIT, "colors": ADD}
_NO_BOUND = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Rates:
    """Step sizes of Adam; a field whose rate is 0 stays as it is.

    Scales are moved in their logarithm, opacities in their logit, quaternions by adding and normalising, as is
    usual (Kerbl et al. 2023). An opacity of exactly 0 or 1 stays.

    Attributes
    ----------
    means
        m. Kerbl et al. take 1.6e-4 of the scene's radius; the default is that of a head.
    quats
        Of the unit quaternion.
    scales
        Of the natural logarithm.
    opacities
        Of the logit.
    colors
        RGB 0..1.
    """

    means: float = 1.6e-5
    quats: float = 1e-3
    scales: float = 5e-3
    opacities: float = 2.5e-2
    colors: float = 2.5e-3


@dataclass(frozen=True, eq=False)
class Confines:
    """How far a fit may take Gaussians from where they started; they stop there.

    Attributes
    ----------
    means
        ``[N]`` m, along each axis.
    shrink, stretch
        Factors within which scales stay, about 1.
    """

    means: NDArray[np.float32]
    shrink: float
    stretch: float


class Fit:
    """Gaussians on the way to looking like pictures, with the moments of Adam and the buffers of a step.

    One step renders, compares, pulls the gradient back and moves: everything on the processor, whatever
    `rasterize` would pick, and the same on any number of threads. Not for several threads at once.

    Parameters
    ----------
    gaussians
        Where to start, C=3; they are copied.
    rates
        Step sizes.
    movable
        ``[N]`` bool: Gaussians that may move; all if None.
    confines
        How far they may move; anywhere if None.

    Attributes
    ----------
    rates
        Step sizes; they may be replaced between two steps.
    steps
        How many were taken.
    raster
        What the last step saw before it moved anything; written anew by the next one.

    Raises
    ------
    ValueError
        If the colours are not RGB or `movable` has another length.
    """

    def __init__(
        self,
        gaussians: Gaussians,
        rates: Rates | None = None,
        *,
        movable: NDArray[np.bool_] | None = None,
        confines: Confines | None = None,
    ) -> None:
        n = len(gaussians)
        if gaussians.colors.shape[1] != 3:
            raise ValueError(f"colors have shape {gaussians.colors.shape}, expected {(n, 3)}")
        if movable is not None and movable.shape != (n,):
            raise ValueError(f"movable has shape {movable.shape}, expected {(n,)}")
        self.rates = rates or Rates()
        self.steps = 0
        self._live = _copied(gaussians)
        self._bounds = None if confines is None else _bounds(self._live, confines)
        self._fixed = None if movable is None else np.flatnonzero(~movable)
        self._gradients = GaussianGradients(**{name: np.zeros_like(getattr(self._live, name)) for name in _KINDS})
        self._moments = {
            name: (np.zeros(rows.size, np.float32), np.zeros(rows.size, np.float32))
            for name, rows in ((name, getattr(self._live, name)) for name in _KINDS)
        }
        self._workspace = Workspace()
        self.raster = Raster(np.empty((0, 0, 3), np.float32), np.empty((0, 0, 1), np.float32))
        self._slot_starts = np.empty(n + 1, np.int64)
        self._slots = np.empty((0, SUM_COLOR + 3), np.float32)

    @property
    def gaussians(self) -> Gaussians:
        """A copy of the Gaussians as they are now."""
        return _copied(self._live)

    def step(self, camera: Camera, loss: PhotometricLoss, moved: NDArray[np.float32] | None = None) -> float:
        """Take one step towards the picture of `loss`, seen by `camera`; returns the loss before it.

        `moved` ``[N,3]`` m is how far from their places the Gaussians stand in that picture.
        """
        means = self._live.means
        with kernel_threads() as threads:
            if moved is not None:
                self._live = replace(self._live, means=means + moved)
            self.render(camera, threads)
            value = loss.on_threads(self.raster.color, self.raster.alpha, threads)
            self.composite_back(loss, threads)
            self.project_back(camera)
            if moved is not None:
                self._live = replace(self._live, means=means)
            self.update()
        return value

    def render(self, camera: Camera, threads: int) -> None:
        """Fill `raster`; this and what follows are the parts of a step, for a caller that holds the threads."""
        self.raster = self._workspace.render(self._live, camera, threads, named=True, out=self.raster)

    def composite_back(self, loss: PhotometricLoss, threads: int) -> None:
        """Pull the gradient of `loss` back to the splats."""
        workspace = self._workspace
        splats = workspace.splats[: len(self._live)]
        number_slots(splats[:, X0 : Y1 + 1], self._slot_starts)
        needed = int(self._slot_starts[-1])
        if needed > len(self._slots):
            self._slots = np.empty((needed + needed // 4, SUM_COLOR + 3), np.float32)
        slots = self._slots[:needed]
        slots[:] = 0
        composite_gradients(
            *(splats, self._live.colors, workspace.entries, workspace.tile_starts, workspace.tiles_x, threads),
            *(self.raster.color, self.raster.alpha, loss.grad_color, loss.grad_alpha, self._slot_starts, slots),
        )

    def project_back(self, camera: Camera) -> None:
        """Pull the gradient of the splats back to the Gaussians."""
        live, out = self._live, self._gradients
        project_gradients(
            *(live.means, live.quats, live.scales, live.opacities, camera_vector(camera)),
            *(self._workspace.splats[: len(live)], self._slot_starts, self._slots),
            *(out.means, out.quats, out.scales, out.opacities, out.colors),
        )

    def update(self) -> None:
        """Move every field that has a rate."""
        self.steps += 1
        biases = 1 / (1 - BETA1**self.steps), 1 / (1 - BETA2**self.steps)
        for field in fields(self.rates):
            rate, gradient = getattr(self.rates, field.name), getattr(self._gradients, field.name)
            if rate == 0:
                continue
            if self._fixed is not None:
                gradient[self._fixed] = 0
            bounds = (0.0, 1.0) if field.name == "colors" else (-_NO_BOUND, _NO_BOUND)
            adam(
                *(getattr(self._live, field.name).reshape(-1), gradient.reshape(-1), *self._moments[field.name]),
                *(_KINDS[field.name], *(np.float32(x) for x in (rate, *biases, *bounds))),
            )
        for name, (low, high) in (self._bounds or {}).items():
            values = getattr(self._live, name)
            np.clip(values, low, high, out=values)


def _bounds(gaussians: Gaussians, confines: Confines) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    means, scales, reach = gaussians.means, gaussians.scales, confines.means[:, None]
    return {
        "means": (means - reach, means + reach),
        "scales": (scales * np.float32(confines.shrink), scales * np.float32(confines.stretch)),
    }


def _copied(gaussians: Gaussians) -> Gaussians:
    """Copy what a fit moves, laid out as the kernels want it."""
    return replace(gaussians, **{name: np.array(getattr(gaussians, name), np.float32, order="C") for name in _KINDS})
