"""What this machine has for CUDA: card, driver, compiler. Found out from files and the driver, without torch.

Importing torch takes seconds, which a machine that cannot use it should not spend.
"""

import ctypes
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, int]

_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
_NVIDIA, _DISPLAY = "0x10de", "0x03"  # PCI vendor, and the class of display controllers


@dataclass(frozen=True)
class Driver:
    """The NVIDIA driver.

    Attributes
    ----------
    version
        The newest CUDA it runs.
    devices
        How many devices it offers.
    error
        Of its start (CUDA driver API), 0 if it started.
    name
        Of the first device.
    """

    version: Version
    devices: int
    error: int = 0
    name: str = ""


def package_folder(name: str) -> Path | None:
    """Return where a package lies, or None if it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def torch_cuda() -> Version | None:
    """Return the CUDA that torch was built with, read from its version file; None if it was built without."""
    folder = package_folder("torch")
    spec = folder and importlib.util.spec_from_file_location("torch_version", folder / "version.py")
    if not spec or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return None if module.cuda is None else _version(module.cuda)


def driver() -> Driver | None:
    """Ask the NVIDIA driver; None where there is none."""
    try:
        library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    number, count, name = ctypes.c_int(0), ctypes.c_int(0), ctypes.create_string_buffer(100)
    library.cuDriverGetVersion(ctypes.byref(number))
    version = number.value // 1000, number.value % 1000 // 10
    error = library.cuInit(0) or library.cuDeviceGetCount(ctypes.byref(count))
    if not error and count.value:
        library.cuDeviceGetName(name, len(name), 0)
    return Driver(version, count.value, 0 if error == _NO_DEVICE else error, name.value.decode(errors="replace"))


def nvidia_cards(bus: Path = Path("/sys/bus/pci/devices")) -> int | None:
    """Count NVIDIA display controllers on the PCI bus; None where that cannot be told."""
    if not bus.is_dir():
        return None
    cards = 0
    for device in bus.iterdir():
        try:
            vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        cards += vendor == _NVIDIA and kind.startswith(_DISPLAY)
    return cards


def toolkit() -> Path | None:
    """Return the folder of the CUDA toolkit that can compile extensions of torch, or None.

    Where `torch.utils.cpp_extension` looks: CUDA_HOME, CUDA_PATH, around the nvcc on the path, /usr/local/cuda;
    but with the headers there too, which an nvcc linked to /usr/local/bin does not have beside it.
    """
    named, found = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH"), shutil.which("nvcc")
    homes = [Path(named)] if named else [*([Path(found).parents[1]] if found else []), Path("/usr/local/cuda")]
    for home in homes:
        if nvcc(home).is_file() and (home / "include" / "cuda_runtime.h").is_file():
            return home
    return None


def nvcc(home: Path) -> Path:
    """Return the compiler of a toolkit."""
    return home / "bin" / ("nvcc.exe" if sys.platform == "win32" else "nvcc")


def toolkit_cuda(home: Path) -> Version | None:
    """Ask a toolkit's compiler for its version; None if it does not say."""
    try:
        told = subprocess.run([nvcc(home), "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    release = re.search(r"release (\d+\.\d+)", told)
    return _version(release[1]) if release else None


def host_compiler() -> str | None:
    """Return the C++ compiler that nvcc and torch need beside them."""
    return shutil.which(os.environ.get("CXX") or ("cl" if sys.platform == "win32" else "c++"))


def _version(text: str) -> Version:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)
