"""Rasterise on an NVIDIA GPU with gsplat (Ye et al. 2024, arXiv:2409.06765), version 1.5.

The only module that knows gsplat. It is imported inside the functions: it pulls in torch and, the first
time, compiles its CUDA kernels for some minutes.

Tensors stay where they are: Gaussians of tensors give a `Raster` of tensors, on the same device and in its
current stream, and nothing here waits for the device. gsplat itself waits once per call, to learn how many
pairs of tile and splat it has to sort. Arrays are uploaded, and their raster is downloaded.
"""

import logging
import os
import shutil
import sysconfig
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import cuda_machine
from studio.core.render.raster import GaussianGradients, Pullback, Raster

FIELDS = ("means", "quats", "scales", "opacities", "colors")

DEVICE = "cuda"
"""Where arrays are uploaded to."""

BLUR = 0.3
NEAR = 0.01

# Beyond these, gsplat's float32 projection may overflow, and CUDA's min(0.999, NaN) is 0.999: an opaque picture.
_LARGEST_SCALE = 1e4  # m
_LARGEST_SUM = 1e10

log = logging.getLogger(__name__)

_loading = Lock()
_loaded = False
_failure: str | None = None


def why_unavailable() -> str | None:
    """Return why gsplat cannot run here, or None if it can.

    Looks at files and at the driver only, so that a machine without a GPU never waits for torch; later it
    also knows if gsplat's kernels did not compile.
    """
    return _failure or _why_unavailable_by_machine()


@cache
def _why_unavailable_by_machine() -> str | None:
    for package in ("torch", "gsplat"):
        if cuda_machine.package_folder(package) is None:
            return f"{package} is not installed"
    driver = cuda_machine.driver()
    if driver is None:
        return {
            None: "no NVIDIA driver found",
            0: "no NVIDIA graphics card found",
        }.get(cuda_machine.nvidia_cards(), "there is an NVIDIA card, but no NVIDIA driver: install it")
    if driver.error:
        return f"the NVIDIA driver does not start (CUDA error {driver.error})"
    if driver.devices == 0:
        return "the NVIDIA driver offers no CUDA device"
    cuda = cuda_machine.torch_cuda()
    if cuda is None:
        return "the installed torch is built without CUDA: install its CUDA build"
    if driver.version[0] < cuda[0]:
        return f"the NVIDIA driver runs CUDA {_dotted(driver.version)}, torch needs {_dotted(cuda)}: update the driver"
    return None if is_prebuilt() else _why_not_compilable(cuda)


def _why_not_compilable(cuda: cuda_machine.Version) -> str | None:
    home = cuda_machine.toolkit()
    if home is None:
        return f"no CUDA toolkit found to compile gsplat's kernels: install that of CUDA {_dotted(cuda)}"
    version = cuda_machine.toolkit_cuda(home)
    if version is not None and version[0] != cuda[0]:
        return f"nvcc is of CUDA {_dotted(version)}, but torch of {_dotted(cuda)}: install that toolkit"
    if cuda_machine.host_compiler() is None:
        return "no C++ compiler found to compile gsplat's kernels: install one"
    return None


def _dotted(version: cuda_machine.Version) -> str:
    return ".".join(map(str, version))


def is_prebuilt() -> bool:
    """Whether gsplat came as a wheel with kernels, as those of its own index do."""
    folder = cuda_machine.package_folder("gsplat")
    return folder is not None and any(any(folder.glob(name)) for name in ("csrc*.so", "csrc*.pyd"))


def needs_compiling() -> bool:
    """Whether the first picture must wait for nvcc; imports torch.

    Asks torch where gsplat's build lies by the private function by which gsplat 1.5 asks; neither works without it.
    """
    if is_prebuilt():
        return False
    from torch.utils.cpp_extension import _get_build_directory

    folder = Path(_get_build_directory("gsplat_cuda", verbose=False))
    return not any((folder / f"gsplat_cuda{suffix}").exists() for suffix in (".so", ".lib", ".pyd"))


def warm_up(on_message: Callable[[str], None] | None = None) -> float:
    """Compile or load gsplat's kernels and draw with them once, before the first frame has to wait for it.

    Parameters
    ----------
    on_message
        Told before compiling starts and how long it took, for a status line.

    Returns
    -------
    Seconds taken: minutes the first time on a machine, a few seconds later.

    Raises
    ------
    UserError
        If gsplat cannot run here or its kernels do not compile; from then on `why_unavailable` says so.
    """
    start = time.perf_counter()
    _load(on_message)
    import torch

    camera = Camera.frontal(16, 20.0, 0.5)
    for channels in (3, 4):
        means, quats, scales, colors = (np.full((2, k), 0.02, np.float32) for k in (3, 4, 3, channels))
        scene = Gaussians(means, quats, scales, np.full(2, 0.5, np.float32), colors)
        rasterize(scene.on(DEVICE), camera, depth=True)
        raster, pullback = rasterize_vjp(scene, camera)
        pullback(raster.color, raster.alpha)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _load(on_message: Callable[[str], None] | None = None) -> None:
    """Import gsplat's kernels, which compiles them the first time on a machine; nothing if it was done."""
    global _failure, _loaded
    reason = why_unavailable()
    if reason is not None:
        raise UserError(f"The CUDA renderer cannot run here: {reason}; use the numba renderer instead.")
    tell = on_message or (lambda _: None)
    with _loading:
        if _loaded:
            return
        if shutil.which("ninja") is None:
            # torch runs ninja by name; outside an activated environment it would not find the one beside Python.
            os.environ["PATH"] += os.pathsep + sysconfig.get_path("scripts")
        if home := cuda_machine.toolkit():
            os.environ["CUDA_HOME"] = str(home)
        compiling, start = False, time.perf_counter()
        try:
            if compiling := needs_compiling():
                tell("compiling the CUDA renderer: some minutes, and only this once…")
            # gsplat leaves None where its own search for a CUDA toolkit fails.
            found = _kernels() is not None
            _failure = None if found else "gsplat finds no CUDA toolkit to compile its kernels with"
        except (AttributeError, ImportError, OSError, RuntimeError, TypeError) as error:
            # Also those of a torch whose build functions, which gsplat and `needs_compiling` call, have changed.
            log.exception("gsplat's kernels did not compile")
            told = str(error).strip() or type(error).__name__
            _failure = f"gsplat's CUDA kernels did not compile ({told.splitlines()[0]})"
        if _failure:
            raise UserError(f"{_failure[0].upper()}{_failure[1:]}; the log says more; use the numba renderer instead.")
        _loaded = True
        if compiling:
            tell(f"CUDA renderer compiled in {time.perf_counter() - start:.0f} s")


def _kernels() -> Any:
    from gsplat.cuda import _backend

    return _backend._C  # pyright: ignore[reportAttributeAccessIssue]


def rasterize(gaussians: Gaussians, camera: Camera, *, depth: bool = False) -> Raster:
    """Render Gaussians; see `studio.core.render.rasterize.rasterize`.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    """
    return rasterize_batch([gaussians], [camera], depth=depth)[0]


def rasterize_batch(gaussians: Sequence[Gaussians], cameras: Sequence[Camera], *, depth: bool = False) -> list[Raster]:
    """Render many frames in one pass of every kernel: less waiting for launches than frame by frame.

    Parameters
    ----------
    gaussians
        One per frame, all of the same N and C and all arrays or all tensors.
    cameras
        One per frame, all of one size.
    depth
        Whether the results carry depth.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    ValueError
        If the frames differ in what they must share.
    """
    _load()
    import torch

    if len(gaussians) != len(cameras):
        raise ValueError(f"{len(gaussians)} frames have {len(cameras)} cameras; give each its own")
    for what, values in (
        ("N and C", {tuple(g.colors.shape) for g in gaussians}),
        ("size", {(camera.width, camera.height) for camera in cameras}),
        ("kind", {g.on_host for g in gaussians}),
    ):
        if len(values) > 1:
            raise ValueError(f"frames of one batch must share their {what}, these have {sorted(values)}")
    with torch.no_grad():
        every = [_tensors(g) for g in gaussians]
        # A batch of one needs no copy.
        fields = [t[0][None] if len(t) == 1 else torch.stack(t) for t in zip(*every, strict=True)]
        images = _render(fields, cameras, depth)
    download = _array if gaussians[0].on_host else lambda tensor: tensor
    return [
        Raster(download(color), download(alpha), download(mean_depth) if depth else None)
        for color, alpha, mean_depth in zip(*images, strict=True)
    ]


def rasterize_vjp(gaussians: Gaussians, camera: Camera) -> tuple[Raster, Pullback]:
    """Render Gaussians and return the way back; see `studio.core.render.rasterize.rasterize_vjp`.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    """
    _load()
    import torch

    tensors = [t.detach().requires_grad_() for t in _tensors(gaussians)]
    with torch.enable_grad():
        color, alpha = (image[0] for image in _render([t[None] for t in tensors], [camera], False)[:2])
    download = _array if gaussians.on_host else lambda tensor: tensor.detach()

    def pullback(grad_color: Any, grad_alpha: Any) -> GaussianGradients:
        upstream = []
        for name, grad, image in (("color", grad_color, color), ("alpha", grad_alpha, alpha)):
            if grad is None:
                grad = torch.zeros_like(image)
            if tuple(grad.shape) != tuple(image.shape):
                raise ValueError(f"gradient of {name} has shape {tuple(grad.shape)}, expected {tuple(image.shape)}")
            upstream.append(torch.as_tensor(grad, dtype=torch.float32, device=image.device))
        if len(gaussians) == 0:
            grads = [torch.zeros_like(t) for t in tensors]
        else:
            grads = torch.autograd.grad([color, alpha], tensors, upstream, retain_graph=True)
        return GaussianGradients(*map(download, grads))

    return Raster(download(color), download(alpha)), pullback


def _tensors(gaussians: Gaussians) -> list[Any]:
    import torch

    fields = [getattr(gaussians, name) for name in FIELDS]
    return [torch.tensor(field, device=DEVICE) for field in fields] if gaussians.on_host else fields


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()


def _render(fields: list[Any], cameras: Sequence[Camera], depth: bool) -> tuple[Any, Any, Any]:
    """Call gsplat on fields ``[B,N,*]``; returns colour ``[B,H,W,C]``, alpha ``[B,H,W,1]`` and depth.

    Depth is ``[B,H,W,1]``, or ``[B,H,W,0]`` if not asked for.
    """
    import torch

    views = [_uploaded(camera, str(fields[0].device)) for camera in cameras]
    size = cameras[0].width, cameras[0].height
    return _draw(fields, torch.stack([view for view, _ in views]), torch.stack([K for _, K in views]), size, depth)


def draw(fields: Sequence[Any], world_to_camera: Any, K: Any, size: tuple[int, int]) -> tuple[Any, Any]:
    """Draw a batch of tensors in one pass of every kernel, so that torch can differentiate it; cameras get no gradient.

    Parameters
    ----------
    fields
        means ``[B,N,3]``, quats ``[B,N,4]``, scales ``[B,N,3]``, opacities ``[B,N]`` and colors ``[B,N,C]``, float32.
    world_to_camera, K
        ``[B,4,4]`` and ``[B,3,3]`` float32, on the same device.
    size
        Width and height, px.

    Returns
    -------
    Premultiplied colour ``[B,H,W,C]`` and alpha ``[B,H,W,1]``.

    Raises
    ------
    UserError
        If there is no CUDA device or gsplat cannot be compiled.
    """
    _load()
    return _draw(list(fields), world_to_camera.detach(), K.detach(), size, False)[:2]


def _draw(fields: list[Any], views: Any, Ks: Any, size: tuple[int, int], depth: bool) -> tuple[Any, Any, Any]:
    import torch
    from gsplat import rasterization

    means, quats, scales, _, colors = fields
    batch, n, channels = colors.shape
    width, height = size
    if n == 0:  # gsplat's kernels divide by N
        images = (torch.zeros(batch, height, width, c, device=means.device) for c in (channels, 1, int(depth)))
        return tuple(images)  # pyright: ignore[reportReturnType]
    pixels, alpha, _ = rasterization(
        means,
        quats,
        scales,
        _drawn_opacities(*fields),
        colors,
        viewmats=views[:, None],
        Ks=Ks[:, None],
        width=width,
        height=height,
        near_plane=NEAR,
        radius_clip=0.0,
        eps2d=BLUR,
        packed=False,
        render_mode="RGB+ED" if depth else "RGB",
        rasterize_mode="classic",
    )
    return pixels[:, 0, ..., :channels], alpha[:, 0], pixels[:, 0, ..., channels:]


def _drawn_opacities(means: Any, quats: Any, scales: Any, opacities: Any, colors: Any) -> Any:
    """Return opacities ``[B,N]`` of at most 1, and 0 for every Gaussian that is not to be drawn.

    gsplat's projection drops a Gaussian below an opacity of 1/255 before anything else of it is used, so a
    value that is not a finite number reaches no pixel and no gradient.
    """
    import torch

    with torch.no_grad():
        # One NaN or infinity makes the sum of all one.
        total = means.sum(-1) + quats.sum(-1) + scales.sum(-1) + colors.sum(-1) + opacities
        drawn = (total.abs() < _LARGEST_SUM) & (scales.amax(-1) < _LARGEST_SCALE)
    return torch.where(drawn, opacities.clamp(max=1), torch.zeros_like(opacities))


def _uploaded(camera: Camera, device: str) -> tuple[Any, Any]:
    """Return world_to_camera ``[4,4]`` and K ``[3,3]`` of a camera as float32 tensors."""
    values = np.concatenate([camera.world_to_camera.ravel(), camera.K.ravel()]).astype(np.float32)
    tensor = _upload(values.tobytes(), device)
    return tensor[:16].view(4, 4), tensor[16:].view(3, 3)


@lru_cache(maxsize=64)
def _upload(values: bytes, device: str) -> Any:
    """Upload float32 values once; a standing camera costs nothing from its second frame on."""
    import torch

    # Pageable memory is staged before the call returns: nothing waits, and nothing is overtaken.
    return torch.from_numpy(np.frombuffer(values, np.float32).copy()).to(device, non_blocking=True)
