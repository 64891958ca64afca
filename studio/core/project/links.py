"""Where the files of a project are, its avatars and media: here or in the project file, and how they are found."""

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal, TypeAlias

from studio.core.jobs import Job, Progress
from studio.core.project.bounded_zip import DamagedError, extract_member
from studio.core.project.document import AvatarRef, Media, ProjectState

AVATAR_SUFFIX = ".avatar"
MAX_MEDIA = 2**32
_CHUNK = 2**22
_LIBRARY_KEY = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True)
class Places:
    """Folders that receive what a project file holds and this machine has not: the library, and one for media."""

    avatars: Path
    media: Path


Kind: TypeAlias = Literal["avatars", "media"]


@dataclass
class Part:
    """A file that is a member of the project file.

    Attributes
    ----------
    of, key
        Of which avatar or media.
    path
        Where it is read from for writing; None: from the earlier project file.
    """

    of: Kind
    key: str
    member: str
    sha256: str = ""
    path: Path | None = None
    earlier: str = ""
    size: int = 0

    @staticmethod
    def read(entry: Any) -> "Part":
        """Return the part that a project file tells of.

        Raises
        ------
        ValueError
            If it tells of none.
        """
        match entry:
            case {"of": "avatars" | "media" as of, "key": str(key), "member": str(member), "sha256": str(sha256)}:
                if _SHA256.fullmatch(sha256):
                    return Part(of, key, member, sha256)
        raise ValueError("not a part")

    def told(self) -> dict[str, str]:
        """Return what the project file tells of it."""
        return {"of": self.of, "key": self.key, "member": self.member, "sha256": self.sha256}

    def write(self, archive: zipfile.ZipFile, old: zipfile.ZipFile | None) -> Iterator[int]:
        """Copy it into a new project file, a number of bytes at a time, and note its sum."""
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(self.member)  # stored as it is: avatars and media are compressed already
        info.file_size = self.size
        if self.path is not None:
            source: Any = self.path.open("rb")
        else:
            assert old is not None
            source = old.open(self.earlier)
        with source, archive.open(info, "w") as member:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                member.write(chunk)
                yield len(chunk)
        self.sha256 = digest.hexdigest()


def parts_of(
    state: ProjectState, collect: bool, old: zipfile.ZipFile | None, before: dict[tuple[str, str], str]
) -> tuple[list[Part], list[str]]:
    """Return what a project file is to hold, and the names of what cannot be found.

    Parameters
    ----------
    old, before
        The project file as it was, and its members by kind and key: what is nowhere else is taken from there.
    """
    wanted: list[tuple[Kind, str, str, str, str]] = []
    for ref in state.avatars:
        wanted.append(("avatars", ref.key, ref.path, ref.name, AVATAR_SUFFIX))
    for key, media in state.media.items():
        if collect:
            wanted.append(("media", key, media.path, media.name, Path(media.name).suffix))
    parts, lost = [], []
    for number, (of, key, path, name, suffix) in enumerate(wanted):
        member = f"{of}/{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        earlier = before.get((of, key), "")
        if path and _is_file(Path(path)):
            parts.append(Part(of, key, member, path=Path(path), size=Path(path).stat().st_size))
        elif old is not None and earlier:
            parts.append(Part(of, key, member, earlier=earlier, size=old.getinfo(earlier).file_size))
        else:
            lost.append(name)
    return parts, lost


@dataclass
class Found:
    """Where the files of a project were found, by key, and what is to be said about it."""

    avatars: dict[str, AvatarRef] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    damaged: bool = False

    def applied(self, state: ProjectState) -> ProjectState:
        """Return a state of the project with the files where they are."""
        avatars = tuple(self.avatars.get(ref.key, ref) for ref in state.avatars)
        media = {key: self.media.get(key, media) for key, media in state.media.items()}
        shown = self.avatars[state.shown].key if state.shown in self.avatars else state.shown
        if (avatars, media, shown) == (state.avatars, state.media, state.shown):
            return state
        return replace(state, avatars=avatars, media=media, shown=shown)


def find_files(
    state: ProjectState,
    project: Path,
    archive: zipfile.ZipFile,
    parts: list[Part],
    beside: dict[str, str],
    places: Places,
) -> Job[Found]:
    """Find every file of a project: where it was, beside the project, or in it.

    Parameters
    ----------
    beside
        Where media lay as seen from the project's folder, by key.
    """
    found = Found()
    held = {(part.of, part.key): part for part in parts}
    total = len(state.avatars) + len(state.media)
    for number, ref in enumerate(state.avatars):
        yield Progress(0.3 + 0.7 * number / total, "looking for its avatars")
        _find_avatar(ref, held.get(("avatars", ref.key)), archive, places, found)
    for number, (key, media) in enumerate(state.media.items(), len(state.avatars)):
        yield Progress(0.3 + 0.7 * number / total, "looking for its media")
        _find_media(key, media, held.get(("media", key)), archive, project, beside.get(key, ""), places, found)
    return found


def _find_avatar(ref: AvatarRef, part: Part | None, archive: zipfile.ZipFile, places: Places, found: Found) -> None:
    path = Path(ref.path) if ref.path else None
    if path is not None and _is_file(path) and (part is None or _sum(path) == part.sha256):
        return
    if part is None:
        found.remarks.append(f"The file of the avatar “{ref.name}” is missing; put it back, or build the avatar again.")
        return
    key = ref.key if _LIBRARY_KEY.fullmatch(ref.key) else part.sha256[:16]
    target = places.avatars / (key + AVATAR_SUFFIX)
    if target.exists() and _sum(target) != part.sha256:
        key = part.sha256[:16]
        target = places.avatars / (key + AVATAR_SUFFIX)
    try:
        _bring_out(archive, part, target)
    except _NotWhole:
        found.damaged = True
        found.remarks.append(f"The avatar “{ref.name}” in the project is damaged.")
        return
    found.avatars[ref.key] = replace(ref, key=key, path=str(target))


def _find_media(
    key: str,
    media: Media,
    part: Part | None,
    archive: zipfile.ZipFile,
    project: Path,
    beside: str,
    places: Places,
    found: Found,
) -> None:
    if _is_file(Path(media.path)):
        return
    # The path may be of another system, where the other slash divides it.
    names = {PurePosixPath(media.path).name, PureWindowsPath(media.path).name, PurePosixPath(media.name).name} - {""}
    candidates = [project.parent / beside] if beside else []
    candidates += [project.parent / folder / name for name in sorted(names) for folder in ("", "media")]
    for candidate in candidates:
        if _is_file(candidate):
            found.media[key] = replace(media, path=str(candidate.resolve()))
            found.remarks.append(f"“{media.name}” was found beside the project.")
            return
    if part is None:
        found.remarks.append(f"“{media.name}” is missing; put it into the project's folder and open the project again.")
        return
    suffix = Path(part.member).suffix
    target = places.media / (part.sha256[:16] + (suffix if _SUFFIX.fullmatch(suffix) else ""))
    try:
        _bring_out(archive, part, target)
    except _NotWhole:
        found.damaged = True
        found.remarks.append(f"“{media.name}” in the project is damaged; put it into the project's folder.")
        return
    found.media[key] = replace(media, path=str(target))


class _NotWhole(Exception):  # noqa: N818 - not an error of the program
    """A member is damaged."""


def _bring_out(archive: zipfile.ZipFile, part: Part, target: Path) -> None:
    """Write a member to a file, unless it is there already."""
    if _is_file(target) and _sum(target) == part.sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.part")
    try:
        extract_member(archive, part.member, MAX_MEDIA, fresh)
        if _sum(fresh) != part.sha256:
            raise DamagedError("another sum")
        os.replace(fresh, target)
    except (
        DamagedError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise _NotWhole from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero in it
        return False


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
