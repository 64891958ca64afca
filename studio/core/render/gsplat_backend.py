"""Rasterise on an NVIDIA GPU with gsplat (Ye et al. 2024, arXiv:2409.06765), version 1.5.

The only module that knows gsplat. It is imported inside the functions: it pulls in torch and, the first
time, compiles its CUDA kernels for some minutes.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render.raster import GaussianGradients, Pullback, Raster

FIELDS = ("means", "quats", "scales", "opacities", "colors")


@cache
def why_unavailable() -> str | None:
    """Return why gsplat cannot run here, or None if it can.

    Looks at files and at the driver only, so that a machine without a GPU never waits for torch.
    """
    torch_folder, gsplat_folder = _package_folder("torch"), _package_folder("gsplat")
    if torch_folder is None or gsplat_folder is None:
        return f"{'torch' if torch_folder is None else 'gsplat'} is not installed"
    if _cuda_version(torch_folder) is None:
        return "the installed torch is built without CUDA"
    devices = _cuda_device_count()
    if devices is None:
        return "no NVIDIA driver found"
    if devices == 0:
        return "no CUDA device found"
    if not any(gsplat_folder.glob("csrc*.so")) and not any(gsplat_folder.glob("csrc*.pyd")) and not _has_nvcc():
        return "no nvcc found to compile gsplat's CUDA kernels"
    return None


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _cuda_version(torch_folder: Path) -> str | None:
    """Read the CUDA version torch was built with from its version file, without importing torch."""
    spec = importlib.util.spec_from_file_location("torch_version", torch_folder / "version.py")
    if spec is None or spec.loader is None:
        return None
    version = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(version)
    return version.cuda


def _cuda_device_count() -> int | None:
    """Ask the driver how many devices there are; None without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def _has_nvcc() -> bool:
    """Look where torch and gsplat look for the CUDA compiler."""
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda"
    return shutil.which("nvcc") is not None or (Path(home) / "bin" / "nvcc").is_file()


def _require_gsplat() -> None:
    reason = why_unavailable()
    if reason is not None:
        raise UserError(f"The CUDA renderer cannot run here: {reason}; use the numba renderer instead.")


def rasterize(gaussians: Gaussians, camera: Camera, *, depth: bool = False) -> Raster:
    """Render Gaussians; see `studio.core.render.rasterize.rasterize`.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    """
    _require_gsplat()
    import torch

    with torch.no_grad():
        color, alpha, mean_depth = _render(_tensors(gaussians, _drawable(gaussians)), camera, depth)
    return Raster(_array(color), _array(alpha), _array(mean_depth) if depth else None)


def rasterize_vjp(gaussians: Gaussians, camera: Camera) -> tuple[Raster, Pullback]:
    """Render Gaussians and return the way back; see `studio.core.render.rasterize.rasterize_vjp`.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    """
    _require_gsplat()
    import torch

    drawable = _drawable(gaussians)
    tensors = [t.requires_grad_() for t in _tensors(gaussians, drawable)]
    color, alpha, _ = _render(tensors, camera, False)

    def pullback(grad_color: NDArray[np.float32], grad_alpha: NDArray[np.float32] | None) -> GaussianGradients:
        grad_alpha = np.zeros(alpha.shape, np.float32) if grad_alpha is None else grad_alpha
        upstream = [torch.tensor(g, dtype=torch.float32, device="cuda") for g in (grad_color, grad_alpha)]
        grads = torch.autograd.grad([color, alpha], tensors, upstream, retain_graph=True)
        fields = {}
        for name, grad in zip(FIELDS, grads, strict=True):
            fields[name] = np.zeros_like(getattr(gaussians, name))
            fields[name][drawable] = _array(grad)
        return GaussianGradients(**fields)

    return Raster(_array(color), _array(alpha)), pullback


def _drawable(gaussians: Gaussians) -> NDArray[np.bool_]:
    """Leave out what the other backends do not draw either: values that are not finite numbers."""
    columns = (getattr(gaussians, name).reshape(len(gaussians), -1) for name in FIELDS)
    return np.logical_and.reduce([np.isfinite(c).all(axis=1) for c in columns])


def _tensors(gaussians: Gaussians, drawable: NDArray[np.bool_]) -> list[Any]:
    import torch

    return [torch.from_numpy(getattr(gaussians, name)[drawable]).cuda() for name in FIELDS]


def _array(tensor: Any) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy()


def _render(tensors: list[Any], camera: Camera, depth: bool) -> tuple[Any, Any, Any]:
    """Call gsplat; returns colour ``[H,W,C]``, alpha ``[H,W,1]`` and, if asked for, depth ``[H,W,1]``."""
    import torch
    from gsplat import rasterization

    means, quats, scales, opacities, colors = tensors
    pixels, alpha, _ = rasterization(
        means,
        quats,
        scales,
        opacities.clamp(max=1),
        colors,
        viewmats=torch.from_numpy(camera.world_to_camera).float().cuda()[None],
        Ks=torch.from_numpy(camera.K).float().cuda()[None],
        width=camera.width,
        height=camera.height,
        near_plane=0.01,
        eps2d=0.3,
        packed=False,
        render_mode="RGB+ED" if depth else "RGB",
    )
    channels = colors.shape[-1]
    return pixels[0, ..., :channels], alpha[0], pixels[0, ..., channels:]
