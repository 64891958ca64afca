"""`rasterize`: Gaussians and a camera in, a `Raster` out; picks the backend."""

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import numba_backend
from studio.core.render.raster import Raster

__all__ = ["Raster", "rasterize"]


def rasterize(gaussians: Gaussians, camera: Camera, *, depth: bool = False, backend: str = "auto") -> Raster:
    """Render Gaussians."""
    return numba_backend.rasterize(gaussians, camera, depth=depth)
