"""What this machine can do, and why not the rest."""

import ctypes.util
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import platformdirs

from studio import __version__
from studio.core.assets import ASSETS
from studio.core.engines.registry import ENGINES, PLANNED
from studio.core.errors import UserError
from studio.core.jobs import Job, Progress, run
from studio.core.logs import NAME, home_as_tilde, log_folder, scrub

Verdict = Literal["ok", "limited", "broken"]

PACKAGES = (
    "torch", "gsplat", "PySide6-Essentials", "pyqtgraph", "vispy", "sounddevice", "opencv-contrib-python",
    "numpy", "trimesh", "mediapipe", "numba", "scipy", "scikit-image", "pymatting", "pillow", "av", "soxr",
    "safetensors",
)  # fmt: skip

LITTLE_ROOM = 2.0  # GB; with less, long clips and footage soon cannot be written


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes
    ----------
    verdict
        "ok", "limited" (works, and `found` says what is missing) or "broken" (`found` ends with what to do).
    """

    name: str
    verdict: Verdict
    found: str


@dataclass(frozen=True)
class Report:
    """All findings, in the order in which they are read."""

    checks: tuple[Check, ...]

    @property
    def broken(self) -> bool:
        """Whether anything keeps the main job from working."""
        return any(check.verdict == "broken" for check in self.checks)

    def as_dict(self) -> dict:
        """Return the findings as JSON values."""
        return {"version": __version__, "broken": self.broken, "checks": [asdict(c) for c in self.checks]}

    def as_text(self) -> str:
        """Return one line a finding."""
        marks = {"ok": "✓", "limited": "·", "broken": "✗"}
        width = max(len(check.name) for check in self.checks)
        return "\n".join(f"{marks[c.verdict]} {c.name:<{width}}  {c.found}" for c in self.checks)


def report() -> Report:
    """Look at everything; nothing here changes the machine, and paths are shown with the home as ~."""
    return run(reporting())


def machine() -> str:
    """Return processor, memory and renderer in a line: what figures were taken on."""
    return f"{_processor()[1]}; {_memory()[1]}; renderer {_renderer()[1]}"


def reporting() -> Job[Report]:
    """Look at everything, one thing a step; see `report`."""
    looks: dict[str, Callable[[], tuple[Verdict, str]]] = {
        "studio": _studio,
        "packages": _packages,
        "processor": _processor,
        "memory": _memory,
        "graphics card": _graphics_card,
        "renderer": _renderer,
        "renderer cache": _renderer_cache,
        "CUDA compiler": _cuda_compiler,
        "CUDA to screen": _cuda_to_screen,
        "window": _window,
        "microphones": _microphones,
        "sound outputs": _outputs,
        "cameras": _cameras,
        "clip codecs": _codecs,
        "Content Credentials": _credentials,
        "virtual camera": _virtual_camera,
        "data folder": lambda: _folder(platformdirs.user_data_path(NAME, appauthor=False)),
        "log folder": lambda: _folder(log_folder()),
        "assets": _assets,
        "engines": _engines,
    }
    checks = []
    for i, (name, look) in enumerate(looks.items()):
        yield Progress(i / len(looks), f"looking at: {name}")
        checks.append(_look(name, look))
    return Report(tuple(checks))


def _look(name: str, look: Callable[[], tuple[Verdict, str]]) -> Check:
    try:
        verdict, found = look()
    except Exception as error:  # a broken package must not hide the other findings
        verdict, found = "broken", scrub(f"{type(error).__name__}: {error}")
    return Check(name, verdict, home_as_tilde(found))


def _studio() -> tuple[Verdict, str]:
    return "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def _packages() -> tuple[Verdict, str]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return "broken", f"missing: {', '.join(missing)}; run make setup"
    return "ok", ", ".join(found)


def _processor() -> tuple[Verdict, str]:
    from studio.core.render import cpu_machine, numba_runtime

    usable = len(cpu_machine.affinity())
    model = platform.processor() or "unknown model"
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    found = f"{model}, {usable} of {os.cpu_count()} threads usable"
    try:
        limit = numba_runtime.thread_limit()
    except UserError as error:
        return "broken", f"{found}. {error}"
    return ("ok" if limit.threads > 1 else "limited"), f"{found}; drawing on {limit.threads}: {limit.reason}"


def _memory() -> tuple[Verdict, str]:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "limited", "its size cannot be told on this system"
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return ("ok" if total >= 4 else "limited"), f"{total:.1f} GB (4 GB are enough)"


def _graphics_card() -> tuple[Verdict, str]:
    from studio.core.render import cuda_machine

    driver = cuda_machine.driver()
    if driver is not None and driver.devices:
        major, minor = driver.version
        return "ok", f"{driver.name}, its driver runs CUDA {major}.{minor}"
    return "limited", "no NVIDIA card that can be used; the processor draws"


def _renderer() -> tuple[Verdict, str]:
    from studio.core.render.rasterize import choose_backend

    choice = choose_backend()
    if choice.name == "gsplat":
        return "ok", f"{choice.name}: {choice.reason}"
    return "ok", f"{choice.name}; CUDA is not used: {choice.reason}"


def _cuda_compiler() -> tuple[Verdict, str]:
    from studio.core.render import cuda_machine, gsplat_backend

    if gsplat_backend.is_prebuilt():
        return "ok", "not needed: gsplat brought its kernels"
    home, wanted = cuda_machine.toolkit(), cuda_machine.torch_cuda()
    found = home and cuda_machine.toolkit_cuda(home)
    if home is None:
        return "limited", "no CUDA toolkit; an NVIDIA card needs one to compile gsplat's kernels, once"
    told = f"{home}, CUDA {'.'.join(map(str, found))}" if found else str(home)
    if wanted and found and wanted[0] != found[0]:
        return "limited", f"{told}; torch needs CUDA {'.'.join(map(str, wanted))}"
    if cuda_machine.host_compiler() is None:
        return "limited", f"{told}, but no C++ compiler beside it; install one"
    return "ok", told


def _cuda_to_screen() -> tuple[Verdict, str]:
    try:
        return "ok", f"cuda-core {version('cuda-core')}"
    except PackageNotFoundError:
        return "limited", "no cuda-core: frames of an NVIDIA card take the way through memory; install the cuda extra"


def _renderer_cache() -> tuple[Verdict, str]:
    from studio.core.render import kernel_cache

    compiled = len(list(kernel_cache.folder().rglob("*.nbi")))
    if compiled:
        return "ok", f"{compiled} compiled kernels"
    return "limited", "empty: the first picture takes about a minute longer while kernels are compiled"


def _window() -> tuple[Verdict, str]:
    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return "limited", "no display: use the commands, or avatar-studio demo"
        missing = [name for name in ("GL", "EGL", "xcb-cursor") if ctypes.util.find_library(name) is None]
        if missing:
            return "broken", f"missing libraries: {', '.join(missing)}; run make setup"
    return "ok", "a display and the GL libraries are there"


def _microphones() -> tuple[Verdict, str]:
    from studio.core.media.sound_devices import input_devices

    try:
        devices = input_devices()
    except UserError as error:
        return "limited", str(error)
    # Names of devices may hold the name of a person ("Anna's headset"): only their number is told.
    if not devices:
        return "limited", "none; connect one to speak live"
    return "ok", f"{len(devices)} found"


def _outputs() -> tuple[Verdict, str]:
    from studio.core.media.sound_devices import output_devices

    try:
        devices = output_devices()
    except UserError as error:
        return "limited", str(error)
    if not devices:
        return "limited", "none; connect one to hear what the head says"
    return "ok", f"{len(devices)} found; the system's own is used"


def _cameras() -> tuple[Verdict, str]:
    from studio.core.media.webcam import webcams

    names = webcams()
    if not names:
        return "limited", "none; connect one to drive a head with your face"
    return "ok", f"{len(names)} found"


def _codecs() -> tuple[Verdict, str]:
    from studio.core.media.video import missing_codecs

    missing = missing_codecs()
    if missing:
        return "broken", f"this PyAV has no {' and no '.join(missing)}; run make setup"
    return "ok", "H.264 with AAC, ProRes 4444 with PCM, VP9 with Opus"


def _credentials() -> tuple[Verdict, str]:
    from studio.core.media import credentials

    if reason := credentials.missing():
        return "limited", reason
    made = (credentials.default_folder() / "credentials.key").is_file()
    return (
        "ok",
        f"exports are signed with this installation's own key, {'made' if made else 'made at the first export'}",
    )


def _virtual_camera() -> tuple[Verdict, str]:
    from studio.core.media import virtual_camera

    if reason := virtual_camera.missing():
        return "limited", reason
    if sys.platform.startswith("linux") and not Path("/sys/module/v4l2loopback").exists():
        return "limited", f"pyvirtualcam {version('pyvirtualcam')}, but no driver; {virtual_camera.driver_advice()}"
    return "ok", f"pyvirtualcam {version('pyvirtualcam')}, in a process of its own"


def _folder(folder: Path) -> tuple[Verdict, str]:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        return "broken", f"{folder} cannot be written; change the permissions of {existing}"
    free = shutil.disk_usage(existing).free / 1e9
    if free < LITTLE_ROOM:
        return "limited", f"{folder}, {free:.1f} GB free; make room, long clips and footage need it"
    return "ok", f"{folder}, {free:.0f} GB free"


def _assets() -> tuple[Verdict, str]:
    entries = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    bad = []
    for name, entry in entries.items():
        path = ASSETS / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            bad.append(name)
    if bad:
        return "broken", f"missing or damaged: {', '.join(bad)}; restore them with git checkout assets"
    return "ok", f"{len(entries)} files as the manifest says"


def _engines() -> tuple[Verdict, str]:
    return "ok", f"{', '.join(ENGINES)} (planned: {', '.join(PLANNED)})"
