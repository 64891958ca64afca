"""Exports that were cut off: what a killed program left half written is found and removed at the next start."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from studio.core.logs import NAME
from studio.core.project.claim import claim

_PATH = "path"
_TEMPORARY = re.compile(r"\.[0-9a-f]{12}\.part(\.[a-z0-9]{2,4})?")
"""Names that `atomic_path` and `atomic_folder` give; nothing else is ever removed."""


def default_folder() -> Path:
    """Return where running exports are noted."""
    return platformdirs.user_data_path(NAME, appauthor=False) / "exports"


@contextmanager
def noted(temporary: Path, folder: Path | None = None) -> Iterator[None]:
    """Note a temporary file or folder while the block runs, so that `sweep` finds it if this process is killed."""
    place = (folder or default_folder()) / secrets.token_hex(6)
    claimed = claim(place)
    assert claimed is not None  # nobody else knows the name
    try:
        (place / _PATH).write_bytes(os.fsencode(temporary.absolute()))
        yield
    finally:
        claimed.release()
        shutil.rmtree(place, ignore_errors=True)


def sweep(folder: Path | None = None) -> list[Path]:
    """Remove what programs that were killed left half written; return what it was."""
    removed: list[Path] = []
    folder = folder or default_folder()
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        note = place / _PATH
        with suppress(OSError):
            claimed = claim(place) if note.is_file() else None
            if claimed is None:
                continue  # an export that runs, or is about to
            left = Path(os.fsdecode(note.read_bytes()))
            if _TEMPORARY.fullmatch(left.name):
                for path in (left, left.with_name(f"{left.stem}.signed{left.suffix}")):
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                        removed.append(path)
                    elif path.exists():
                        path.unlink()
                        removed.append(path)
            claimed.release()
            shutil.rmtree(place, ignore_errors=True)
    return removed
