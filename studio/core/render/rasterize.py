"""`rasterize`: Gaussians and a camera in, a `Raster` out; picks the backend."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import gsplat_backend, numba_backend, reference
from studio.core.render.composite import composite, to_bytes
from studio.core.render.raster import GaussianGradients, Pullback, Raster

__all__ = [
    "BackendChoice",
    "GaussianGradients",
    "Pullback",
    "Raster",
    "choose_backend",
    "rasterize",
    "rasterize_vjp",
    "warm_up",
]


@dataclass(frozen=True)
class BackendChoice:
    """Which backend "auto" stands for on this machine, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def choose_backend() -> BackendChoice:
    """Choose gsplat where CUDA can run it, else numba; changes once, if gsplat's kernels do not compile.

    ``AVATAR_STUDIO_RENDERER=numba`` leaves the card alone.
    """
    if os.environ.get("AVATAR_STUDIO_RENDERER") == "numba":
        return BackendChoice("numba", "the preferences, or AVATAR_STUDIO_RENDERER, ask for the processor")
    reason = gsplat_backend.why_unavailable()
    if reason is None:
        return BackendChoice("gsplat", "CUDA device found")
    return BackendChoice("numba", reason)


def _backend_for(gaussians: Gaussians) -> str:
    return choose_backend().name if gaussians.on_host else "gsplat"


def rasterize(
    gaussians: Gaussians,
    camera: Camera,
    *,
    depth: bool = False,
    backend: str = "auto",
    out: Raster | None = None,
) -> Raster:
    """Render Gaussians.

    EWA splatting as in gsplat: 0.3 px² of blur on the 2D covariance, alpha cut below 1/255 and at most
    0.999, pixel centres at +0.5, nothing nearer than 0.01 m; front to back by the depth of the means, ties
    by index. The skew of K is ignored. A Gaussian with a value that is not a finite number is not
    drawn; an opacity over 1 counts as 1. May be called from any thread. Gaussians of CUDA tensors give a
    raster of CUDA tensors, which no copy takes to the host; arrays give arrays.

    Parameters
    ----------
    gaussians
        N of them, C channels; N may be 0.
    camera
        Its width and height are those of the result.
    depth
        Whether the result carries depth; it costs another channel.
    backend
        "numba" (processor), "gsplat" (CUDA), "reference" (float64, seconds per frame) or "auto": gsplat
        for tensors, `choose_backend` for arrays.
    out
        An earlier result that nobody needs any more. A backend may write the new one into it,
        if it fits, or ignore it.

    Raises
    ------
    UserError
        If "gsplat" is asked for where it cannot run.
    ValueError
        If there is no backend of that name.
    """
    name = _backend_for(gaussians) if backend == "auto" else backend
    if name == "numba":
        return numba_backend.rasterize(gaussians, camera, depth=depth, out=out)
    if name == "gsplat":
        return gsplat_backend.rasterize(gaussians, camera, depth=depth)
    if name == "reference":
        return reference.rasterize(gaussians, camera, depth=depth)
    raise ValueError(f"no backend '{backend}'; there are auto, numba, gsplat and reference")


def rasterize_vjp(gaussians: Gaussians, camera: Camera, *, backend: str = "auto") -> tuple[Raster, Pullback]:
    """Render Gaussians and return the way back (vector-Jacobian product).

    Returns
    -------
    raster
        Of `rasterize`, without depth.
    pullback
        ``pullback(grad_color [H,W,C], grad_alpha [H,W,1] or None) -> GaussianGradients``. It holds the
        buffers of its frame and may be called again. The depth order and the limits of alpha count as
        constant.

    Raises
    ------
    UserError
        If "gsplat" is asked for where it cannot run.
    ValueError
        If the backend has no gradients.
    """
    name = _backend_for(gaussians) if backend == "auto" else backend
    if name == "numba":
        return numba_backend.rasterize_vjp(gaussians, camera)
    if name == "gsplat":
        return gsplat_backend.rasterize_vjp(gaussians, camera)
    raise ValueError(f"backend '{backend}' has no gradients; use auto, numba or gsplat")


def warm_up(on_message: Callable[[str], None] | None = None) -> float:
    """Compile or load every kernel that drawing needs, before the first frame has to wait for it.

    Parameters
    ----------
    on_message
        Told what is going on, for a status line.

    Returns
    -------
    Seconds taken: some the first time, a fraction from the cache.
    """
    start = time.perf_counter()
    if on_message:
        on_message("preparing renderer…")
    if choose_backend().name == "gsplat":
        with suppress(UserError):  # from then on the choice is numba, and the last message says why
            gsplat_backend.warm_up(on_message)
    camera = Camera.frontal(16, 20.0, 0.5)
    ones = np.ones(2, np.float32)
    for channels in (3, 4):
        gaussians = Gaussians(
            means=np.zeros((2, 3), np.float32),
            quats=np.ones((2, 4), np.float32),
            scales=np.full((2, 3), 0.02, np.float32),
            opacities=0.5 * ones,
            colors=np.ones((2, channels), np.float32),
        )
        rasterize(gaussians, camera, depth=True)
        raster, pullback = rasterize_vjp(gaussians, camera)
        pullback(raster.color, raster.alpha)
        if channels == 3:
            to_bytes(composite(raster, None))
            composite(raster, (0.0, 0.0, 0.0))
    seconds = time.perf_counter() - start
    if on_message:
        on_message(f"renderer ready after {seconds:.1f} s ({choose_backend()})")
    return seconds
