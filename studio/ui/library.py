"""`Library`: every avatar that was built here, kept in the user's data folder, so that nothing is lost."""

import hashlib
import io
import json
import secrets
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from studio.core.avatar import Avatar, Consent
from studio.core.jobs import Job, Progress

SUFFIX = ".avatar"
THUMBNAIL = 96  # px


@dataclass(frozen=True, eq=False)
class Entry:
    """One avatar of the list."""

    key: str
    name: str
    path: Path
    thumbnail: NDArray[np.uint8]
    """``[H,W,3]``."""


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
        return Entry(key, avatar.name, path, np.asarray(avatar.thumbnail))

    def forget(self, entry: Entry) -> None:
        """Delete an avatar that lies in the library; files elsewhere stay."""
        if entry.path.parent == self.folder:
            entry.path.unlink(missing_ok=True)

    def consent_for(self, picture: Path) -> Consent | None:
        """Return what was stated before about this very picture."""
        stated = self._consents().get(digest(picture))
        return None if stated is None else Consent(**stated)

    def remember_consent(self, picture: Path, consent: Consent) -> None:
        """Write down what was stated about a picture, so that it is asked once."""
        from studio.core.media.files import atomic_path

        consents = self._consents() | {digest(picture): asdict(consent)}
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "consents.json") as temporary:
            temporary.write_text(json.dumps(consents, indent=1), encoding="utf-8")

    def _consents(self) -> dict[str, dict]:
        try:
            consents = json.loads((self.folder / "consents.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return consents if isinstance(consents, dict) else {}


def stated_now() -> Consent:
    """Return the consent that somebody states in the window at this moment."""
    return Consent(True, "window", datetime.now(UTC).isoformat(timespec="seconds"))


def digest(picture: Path) -> str:
    """Return the SHA-256 of a file, which names a picture without showing whom it shows."""
    with picture.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_entry(path: Path) -> Entry | None:
    """Read name and thumbnail of an avatar file; None where it is no readable avatar."""
    from PIL import Image

    try:
        with zipfile.ZipFile(path) as archive, archive.open("avatar.json") as header:
            name = json.loads(header.read(2**22))["name"]
            with archive.open("thumbnail.png") as member:
                picture = Image.open(io.BytesIO(member.read(2**22)), formats=("PNG",))
                picture.thumbnail((THUMBNAIL * 2, THUMBNAIL * 2))
                thumbnail = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, Image.DecompressionBombError):
        return None
    return Entry(path.stem, str(name)[:200], path, thumbnail)
