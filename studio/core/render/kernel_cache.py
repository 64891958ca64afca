"""Where compiled kernels are kept, and whether all that the window needs are there; numba is not loaded for it."""

import hashlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import platformdirs

_CORE = Path(__file__).resolve().parents[1]
_COMPLETE = "complete"


def cache_folder() -> str:
    """Name the user's folder for the kernels of exactly these sources.

    Numba renews a cached kernel when the file it stands in changes, but not when a function or constant
    it took from another file does; an update of the program would leave such kernels stale.
    """
    sources = sorted(Path(__file__).parent.glob("numba_*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    return str(Path(platformdirs.user_cache_dir("avatar-studio", appauthor=False)) / "kernels" / digest[:16])


def folder() -> Path:
    """Return where kernels are kept: ``NUMBA_CACHE_DIR``, or `cache_folder`."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder())


def is_complete() -> bool:
    """Return whether `mark_complete` was called for exactly these sources, libraries and this kind of machine."""
    try:
        return (folder() / _COMPLETE).read_text() == _stamp()
    except OSError:
        return False


def mark_complete() -> None:
    """Keep in mind that every kernel was compiled.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / _COMPLETE).write_text(_stamp())


def _stamp() -> str:
    """Name what compiled kernels depend on; numba itself goes by the time and size of their files."""
    told = [sys.version, platform.machine(), _processor(), *(f"{name} {version(name)}" for name in _LIBRARIES)]
    for path in sorted(_CORE.rglob("*.py")):
        if b"numba" in path.read_bytes():
            told.append(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}")
    return hashlib.sha256("\n".join(told).encode(errors="surrogateescape")).hexdigest()


_LIBRARIES = ("numba", "llvmlite", "numpy", "pymatting")


def _processor() -> str:
    """Name the processor, "" where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("model name")), "")
