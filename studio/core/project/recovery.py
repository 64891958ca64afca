"""`Recovery`: the folder of journals: which belongs to which project, and what a crash or an end left behind."""

import hashlib
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from studio.core.project.claim import NAME as LOCK
from studio.core.project.claim import crashed

JOURNAL = "journal"
"""Name of the file in the folder of a project."""
UNTITLED = "untitled-"
KEPT_JOURNALS = 40
"""More than these are removed, the oldest first; a damaged one counts too."""


def default_folder() -> Path:
    """Return where this user's journals are kept."""
    return platformdirs.user_state_path("avatar-studio", appauthor=False) / "recovery"


@dataclass(frozen=True)
class Left:
    """A journal.

    Attributes
    ----------
    changed
        s since the epoch, of its last event.
    crashed
        Whether the program that wrote it ended without closing it.
    """

    folder: Path
    changed: float
    crashed: bool
    busy: bool = False
    """Whether a program has it."""

    @property
    def untitled(self) -> bool:
        """Whether it belongs to no project file."""
        return self.folder.name.startswith(UNTITLED)


class Recovery:
    """The folder; jobs read it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def folder_of(self, project: Path) -> Path:
        """Return where the journal of a project file lies; the same for every name of the file."""
        return self.folder / hashlib.sha256(str(project.resolve()).encode("utf-8", "replace")).hexdigest()[:24]

    def new_folder(self) -> Path:
        """Return a place for the journal of a project that has no file."""
        return self.folder / f"{UNTITLED}{secrets.token_hex(8)}"

    def left(self) -> list[Left]:
        """List the journals, those first that crashed, then the newest."""
        found = []
        for journal in self.folder.glob(f"*/{JOURNAL}"):
            with suppress(OSError):
                folder = journal.parent
                fell = crashed(folder)
                busy = not fell and (folder / LOCK).exists()
                found.append(Left(folder, journal.stat().st_mtime, fell, busy))
        return sorted(found, key=lambda left: (not left.crashed, -left.changed))

    def after_crash(self) -> bool:
        """Return whether any program ended without closing its project."""
        return any(crashed(lock.parent) for lock in self.folder.glob(f"*/{LOCK}"))

    def set_aside(self, folder: Path) -> Path:
        """Rename the journal of a folder, so that it is kept and nobody reads it; return its new name."""
        aside = _aside(folder)
        with suppress(FileNotFoundError):
            (folder / JOURNAL).replace(aside)
        return aside

    def copy_aside(self, folder: Path) -> Path:
        """Keep a copy of the journal of a folder, which is about to be written anew; return its name."""
        shutil.copy2(folder / JOURNAL, aside := _aside(folder))
        return aside

    def prune(self) -> None:
        """Remove what is older than the newest `KEPT_JOURNALS`, unless it crashed or is in use."""
        folders = [path for path in self.folder.glob("*/") if not (path / LOCK).exists()]
        folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for folder in folders[KEPT_JOURNALS:]:
            shutil.rmtree(folder, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder / time.strftime(f"{JOURNAL}.damaged-%Y%m%d-%H%M%S")
