"""`Library`: every avatar that was built here, kept in the user's data folder, so that nothing is lost."""

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from studio.core.avatar import Avatar, Consent
from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.jobs import Job, Progress

SUFFIX = ".avatar"
REMOVED_FOR = 30 * 86400.0
"""s for which a removed avatar can be brought back."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One avatar of the list."""

    key: str
    name: str
    path: Path
    thumbnail: NDArray[np.uint8]
    """``[H,W,3]``."""
    options: BuildOptions
    """What it was built with."""


def default_folder() -> Path:
    """Return where this user's avatars are kept."""
    return user_data_path("avatar-studio", appauthor=False) / "avatars"


class Library:
    """The folder; only jobs read and write it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def scan(self) -> Job[list[Entry]]:
        """List what is there, oldest first; a file that cannot be read is left out and left alone."""
        entries = []
        paths = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for i, path in enumerate(paths):
            yield Progress(i / len(paths), "reading the library")
            entry = read_entry(path)
            if entry is not None:
                entries.append(entry)
        return entries

    def keep(self, avatar: Avatar) -> Entry:
        """Save a finished build under a name of its own."""
        from studio.core.project.archive import save_avatar

        self.folder.mkdir(parents=True, exist_ok=True)
        key = secrets.token_hex(8)
        path = self.folder / f"{key}{SUFFIX}"
        save_avatar(avatar, path)
        return entry_of(key, path, avatar)

    def forget(self, entry: Entry) -> None:
        """Put an avatar that lies in the library aside, from where `bring_back` has it; files elsewhere stay.

        After `REMOVED_FOR` it is deleted when the next one is removed.
        """
        if entry.path.parent != self.folder:
            return
        self._removed.mkdir(exist_ok=True)
        for path in self._removed.glob(f"*{SUFFIX}"):
            if time.time() - path.stat().st_mtime > REMOVED_FOR:
                path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            os.utime(entry.path)  # its thirty days begin
            entry.path.replace(self._removed / entry.path.name)

    def bring_back(self, paths: list[Path]) -> Job[list[Entry]]:
        """Undo `forget` for these files, and list those that are there then."""
        entries = []
        for path in paths:
            yield Progress(len(entries) / len(paths), "bringing it back")
            aside = self._removed / path.name
            if path.parent == self.folder and not path.exists() and aside.exists():
                aside.replace(path)
            entry = read_entry(path)
            if entry is not None:
                entries.append(entry)
        return entries

    @property
    def _removed(self) -> Path:
        return self.folder / "removed"

    def consent_for(self, picture: Path, face: int | None = None) -> Consent | None:
        """Return what was stated before about this very picture, or about one of several faces in it."""
        stated = self._consents().get(person(picture, face))
        return None if stated is None else Consent(**stated)

    def remember_consent(self, picture: Path, face: int | None, consent: Consent) -> None:
        """Write down what was stated about a person, so that it is asked once."""
        from studio.core.media.files import atomic_path

        consents = self._consents() | {person(picture, face): asdict(consent)}
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "consents.json") as temporary:
            temporary.write_text(json.dumps(consents, indent=1), encoding="utf-8")

    def _consents(self) -> dict[str, dict]:
        try:
            consents = json.loads((self.folder / "consents.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return consents if isinstance(consents, dict) else {}


def entry_of(key: str, path: Path, avatar: Avatar) -> Entry:
    """Return what a list shows of a built avatar."""
    options = BuildOptions.from_meta(avatar.state().meta)
    return Entry(key, avatar.name, path, np.asarray(avatar.thumbnail), options)


def stated_now() -> Consent:
    """Return the consent that somebody states in the window at this moment."""
    return Consent(True, "window", datetime.now(UTC).isoformat(timespec="seconds"))


def person(picture: Path, face: int | None) -> str:
    """Return the SHA-256 of a file and the face's number, which name a person without showing who it is."""
    with picture.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest if face is None else f"{digest}#{face}"


def read_entry(path: Path) -> Entry | None:
    """Read name and thumbnail of an avatar file; None where it is no readable avatar."""
    from studio.core.project.archive import read_header, read_thumbnail

    try:
        header = read_header(path)
        return Entry(path.stem, header.name[:200], path, read_thumbnail(path), header.options)
    except UserError:
        return None
