"""The `.astudio` file: a project in a zip, written atomically with backups beside it, distrusted when read.

Members:

``project.json``
    Format, version, the identity of this very save, the state of the project, and where the rest is.
``motions/KEY.safetensors``
    What the takes of the timeline play.
``avatars/N.avatar``
    Every avatar of the project, always: it may have cost a long personalisation, its file may be on another machine
    when the project is opened there, and a few megabytes are nothing against that.
``media/N.SUFFIX``
    The sounds and pictures, where the project collects them; otherwise they stay where they are.
"""

import json
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.core.media.files import atomic_path, opened
from studio.core.media.provenance import PROGRAM, STATEMENT
from studio.core.motion.motion import Motion
from studio.core.project.bounded_zip import DamagedError, is_text, open_zip, read_json, read_member
from studio.core.project.document import ProjectState
from studio.core.project.links import Found, Part, Places, find_files, parts_of
from studio.core.project.mending import mended, without_takes_of
from studio.core.project.patches import from_json, to_json
from studio.core.project.stored_motion import MAX_BYTES, motion_bytes, motion_from

FORMAT = "avatar-studio/project"
FORMAT_VERSION = 1
SUFFIX = ".astudio"
BACKUPS = 3

MAX_PROJECT = 2**32 - 2**16  # bytes, of the file and of all that it holds
MAX_JSON = 24 * 2**20
MAX_MOTIONS = 2**30
MAX_FILES = 1000
MAX_MEMBERS = 8192
_MAX_DIRECTORY = 2**20
_MEMBER = re.compile(
    r"project\.json|motions/[\w-]{1,64}\.safetensors|avatars/\d{1,4}\.avatar|media/\d{1,4}(\.\w{1,8})?", re.ASCII
)


@dataclass(frozen=True)
class Saved:
    """What came of a save.

    Attributes
    ----------
    fingerprint
        Of the file as it was written.
    remark
        A sentence about what the file lacks, "" where it holds everything.
    """

    path: Path
    fingerprint: str
    remark: str = ""


@dataclass(frozen=True)
class Opened:
    """A project that was read.

    Attributes
    ----------
    state
        With every path where the file lies on this machine now.
    found
        What was moved to get there.
    remarks
        Sentences about what is damaged, missing or was found elsewhere.
    whole
        Whether nothing was lost; otherwise the file must not be written over.
    """

    path: Path
    fingerprint: str
    state: ProjectState
    motions: dict[str, Motion]
    collects: bool
    found: Found
    remarks: tuple[str, ...]
    whole: bool


def save_project(
    path: Path,
    state: ProjectState,
    motions: Mapping[str, Motion],
    *,
    collect: bool = False,
    earlier: Path | None = None,
    expected: str = "",
) -> Job[Saved]:
    """Write a project; the three files that were there before it stay as backups.

    Parameters
    ----------
    motions
        By key; only those that the takes of `state` need are written.
    collect
        Whether sounds and pictures become part of the file.
    earlier
        The project file as it was opened, which may hold what is nowhere else any more.
    expected
        The fingerprint that `path` had when it was read or written last; another one is not written over.

    Raises
    ------
    UserError
        If it cannot be written there, is too large, or was changed by another program.
    """
    yield Progress(0.0, "writing the project")
    if expected and _known(path) not in ("", expected):
        raise UserError(
            f"'{path.name}' was changed by another program since it was opened here; "
            "save the project under another name."
        )
    with _earlier_zip(earlier) as old:
        parts, lost = parts_of(state, collect, old, {} if old is None else _members(old))
        total = sum(part.size for part in parts)
        if total > MAX_PROJECT - 2**29:
            raise UserError("The project would be larger than 4 GB; save it without collecting its media.")
        saved = secrets.token_hex(16)
        with atomic_path(path) as temporary:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                written = 0
                for part in parts:
                    for count in part.write(archive, old):
                        written += count
                        yield Progress(0.9 * written / max(total, 1), "writing the project")
                for key in sorted({take.source for take in state.timeline.takes} & motions.keys()):
                    archive.writestr(f"motions/{key}.safetensors", motion_bytes(motions[key]))
                header = {
                    "format": FORMAT,
                    "format_version": FORMAT_VERSION,
                    "program": PROGRAM,
                    "provenance": STATEMENT,
                    "written": datetime.now(UTC).isoformat(timespec="seconds"),
                    "save": saved,
                    "collects": collect,
                    "state": to_json(state),
                    "beside": {key: _relative(media.path, path) for key, media in state.media.items()},
                    "parts": [part.told() for part in parts],
                }
                archive.writestr("project.json", json.dumps(header, ensure_ascii=False, allow_nan=False))
            yield Progress(0.97, "keeping a backup")
            _rotate(path)
    missing = ", ".join(f"“{name}”" for name in lost)
    remark = f"The file of {missing} is missing; the project refers to it without holding it." if lost else ""
    return Saved(path, saved, remark)


def open_project(path: Path, places: Places) -> Job[Opened]:
    """Read a project, and bring out what it holds where this machine does not have it.

    Damage to one part leaves the rest; `Opened.remarks` says what is missing, and `Opened.whole` is then False.

    Raises
    ------
    UserError
        If it cannot be read, is no project or hostile, comes from a newer version, or what it says of itself is
        damaged; the sentence names a backup that can be opened.
    """
    yield Progress(0.0, "reading the project")
    with opened(path) as file:
        try:
            with _checked_zip(file) as archive:
                header = _header(archive)
                state: ProjectState = from_json(header["state"])
                bring = [Part.read(entry) for entry in header["parts"]]
                if len(state.avatars) + len(state.media) > MAX_FILES:
                    raise DamagedError("too many files")
                beside = {str(key): str(value) for key, value in header["beside"].items()}
        except (UserError, MemoryError):
            raise
        except Exception as error:  # whatever a damaged or hostile file makes the parsers raise
            raise _damaged(path) from error
        with _checked_zip(file) as archive:
            yield Progress(0.1, "reading what was recorded")
            motions, lost = _read_motions(archive, state)
            remarks = []
            if lost:
                names = [take.name for take in state.timeline.takes if take.source in lost]
                remarks.append(f"{_listed(names)} could not be read and was left out.")
                state = without_takes_of(state, lost)
            yield Progress(0.3, "looking for its files")
            found = yield from find_files(state, path, archive, bring, beside, places)
    state, mends = mended(found.applied(state))
    remarks += [*found.remarks, *mends]
    whole = not lost and not found.damaged
    return Opened(path, header["save"], state, motions, bool(header.get("collects")), found, tuple(remarks), whole)


def fingerprint(path: Path) -> str:
    """Return what tells one save of a project from every other.

    Raises
    ------
    UserError
        If the file cannot be read or is no project.
    """
    with opened(path) as file:
        try:
            with _checked_zip(file) as archive:
                return _header(archive)["save"]
        except (UserError, MemoryError):
            raise
        except Exception as error:
            raise _damaged(path) from error


def backup(path: Path, number: int) -> Path:
    """Return where a backup of a project lies, 1 for the newest."""
    return path.with_name(f"{path.stem}.backup{number}{path.suffix}")


def _rotate(path: Path) -> None:
    """Let what is there become the newest backup, while it stays where it is."""
    if not path.exists():
        return
    for number in range(BACKUPS, 1, -1):
        with suppress(FileNotFoundError):
            backup(path, number - 1).replace(backup(path, number))
    try:
        os.link(path, backup(path, 1))
    except OSError:  # a file system without links
        shutil.copy2(path, backup(path, 1))


def _known(path: Path) -> str:
    """Return the fingerprint of a file, "" where it is no project that can be read."""
    try:
        return fingerprint(path)
    except UserError:
        return ""


def _damaged(path: Path) -> UserError:
    for number in range(1, BACKUPS + 1):
        if _known(earlier := backup(path, number)):
            return UserError(f"'{path.name}' is damaged; open '{earlier.name}' beside it, which was saved before it.")
    return UserError(f"'{path.name}' is damaged or no project; open another file.")


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _relative(path: str, project: Path) -> str:
    try:
        return os.path.relpath(path, project.parent)
    except ValueError:  # on another drive
        return ""


@contextmanager
def _checked_zip(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    with open_zip(file, MAX_PROJECT, MAX_MEMBERS, _MAX_DIRECTORY) as archive:
        names = archive.namelist()
        if len(set(names)) != len(names) or not all(_MEMBER.fullmatch(name) for name in names):
            raise DamagedError("unexpected members")
        if sum(info.file_size for info in archive.infolist()) > MAX_PROJECT:
            raise DamagedError("too large")
        yield archive


@contextmanager
def _earlier_zip(path: Path | None) -> Iterator[zipfile.ZipFile | None]:
    """Open the file as it was before, if it is still there and can be read."""
    if path is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(_checked_zip(stack.enter_context(opened(path))))
        except (UserError, DamagedError, zipfile.BadZipFile):
            archive = None
        yield archive


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    header = read_json(read_member(archive, "project.json", MAX_JSON))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DamagedError("not a project")
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise DamagedError("no version")
    if version > FORMAT_VERSION:
        raise UserError("This project was made by a newer version of the program; update it and try again.")
    if not is_text(header.get("save"), 64) or not header["save"]:
        raise DamagedError("no identity")
    if not isinstance(header.get("parts"), list) or not isinstance(header.get("beside"), dict):
        raise DamagedError("no parts")
    return header


def _members(archive: zipfile.ZipFile) -> dict[tuple[str, str], str]:
    """Return the members of a project file by what they are of; none where they cannot be told."""
    try:
        parts = [Part.read(entry) for entry in _header(archive)["parts"]]
    except (UserError, MemoryError):
        raise
    except Exception:  # as `open_project`
        return {}
    names = set(archive.namelist())
    return {(part.of, part.key): part.member for part in parts if part.member in names}


def _read_motions(archive: zipfile.ZipFile, state: ProjectState) -> tuple[dict[str, Motion], set[str]]:
    """Read what the takes need; return it, and the keys of what is damaged or missing."""
    motions: dict[str, Motion] = {}
    lost: set[str] = set()
    left = MAX_MOTIONS
    for key in sorted({take.source for take in state.timeline.takes}):
        try:
            data = read_member(archive, f"motions/{key}.safetensors", min(MAX_BYTES, left))
            left -= len(data)
            motions[key] = motion_from(data)
        except MemoryError:
            raise
        except Exception:  # as `open_project`; it is told in a sentence
            lost.add(key)
    return motions, lost
