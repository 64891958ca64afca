"""The `.avatar` file: a zip of JSON and safetensors, written atomically, distrusted when read.

Members, in this order and nothing else:

``avatar.json``
    format, version, engine, name, consent, notes, provenance and the engine's own JSON values (`meta`).
``arrays.safetensors``
    The engine's arrays, bit for bit.
``thumbnail.png``
    For lists and file managers; `load_avatar` does not read it.

Members are lightly deflated: an avatar of 19 MB shrinks to 6 MB in 0.2 s and is read back in 0.05 s.
"""

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.engines.base import BuildOptions
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.media.files import atomic_path, opened
from studio.core.media.provenance import PROGRAM, STATEMENT
from studio.core.motion.motion import Motion
from studio.core.project.bounded_zip import DamagedError, is_text, open_zip, read_json, read_member
from studio.core.speech.style import SpeakingStyle

FORMAT = "avatar-studio/avatar"
FORMAT_VERSION = 2
"""Version 2 keeps what was chosen for the build among `meta`; version 1 had no choice."""

LIMITS = {
    "avatar.json": 4 * 2**20,
    "arrays.safetensors": 512 * 2**20,
    "thumbnail.png": 4 * 2**20,
}
MAX_FILE = sum(LIMITS.values()) + 2**16
MAX_ARRAYS = 512
MAX_ARRAYS_HEADER = 2**20
MAX_THUMBNAIL = 1024  # px
MAX_TEXT = 1000  # characters
MAX_NOTES = 50
# A head is decimetres large and its splats millimetres; huge splats would cost gigabytes to draw.
MAX_VALUES = {"means": 10.0, "scales": 1.0, "colors": 1000.0}  # m, m, times white


@dataclass(frozen=True)
class AvatarHeader:
    """What an avatar file says about itself.

    Attributes
    ----------
    notes
        Sentences about what will look worse than it could.
    arrays
        Name to (dtype, shape).
    size
        Bytes on disk.
    """

    name: str
    engine: str
    created: str
    program: str
    provenance: str
    consent: Consent
    options: BuildOptions
    style: SpeakingStyle
    notes: tuple[str, ...]
    arrays: dict[str, tuple[str, tuple[int, ...]]]
    size: int


def save_avatar(avatar: Avatar, path: str | os.PathLike[str]) -> None:
    """Write an avatar so that `load_avatar` gives it back exactly.

    Raises
    ------
    UserError
        If it cannot be written there.
    """
    state = avatar.state()
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": PROGRAM,
        "provenance": STATEMENT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": state.engine,
        "name": avatar.name,
        "consent": asdict(avatar.consent),
        "notes": list(avatar.notes),
        "meta": state.meta,
    }
    thumbnail = io.BytesIO()
    Image.fromarray(avatar.thumbnail).save(thumbnail, format="PNG")
    # safetensors writes the buffer as it lies, so views and other byte orders are laid out first.
    arrays = {name: _plain(array) for name, array in state.arrays.items()}
    with atomic_path(path) as temporary, _new_zip(temporary) as archive:
        archive.writestr("avatar.json", json.dumps(header, ensure_ascii=False, allow_nan=False, indent=1))
        archive.writestr("arrays.safetensors", safetensors.numpy.save(arrays))
        archive.writestr("thumbnail.png", thumbnail.getvalue())


def load_avatar(path: str | os.PathLike[str]) -> Avatar:
    """Read an avatar file.

    Raises
    ------
    UserError
        If it cannot be read, is no avatar file, is damaged or hostile, or comes from a newer version.
    """
    path = Path(path)
    with _opened(path) as archive:
        header = _header(archive)
        arrays = safetensors.numpy.load(_member(archive, "arrays.safetensors"))
        if len(arrays) > MAX_ARRAYS:
            raise DamagedError("too many arrays")
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise DamagedError(f"{name} holds values that are not finite")
    avatar = load_engine(header["engine"]).load(AvatarState(header["engine"], arrays, header["meta"]))
    # Engines keep name and consent in their own state too; whoever changed only one of them hides the other.
    if (avatar.name, avatar.consent) != (header["name"], Consent(**header["consent"])):
        raise _damaged(path)
    _check_posed(avatar, path)
    return avatar


def read_header(path: str | os.PathLike[str]) -> AvatarHeader:
    """Return what an avatar file says about itself; its arrays are listed, not read.

    Raises
    ------
    UserError
        As `load_avatar`.
    """
    path = Path(path)
    with _opened(path) as archive:
        header = _header(archive)
        with archive.open("arrays.safetensors") as member:
            (length,) = struct.unpack("<Q", member.read(8))
            if length > MAX_ARRAYS_HEADER:
                raise DamagedError("the list of arrays is too long")
            listed = json.loads(member.read(length))
        return AvatarHeader(
            name=header["name"],
            engine=header["engine"],
            created=header["created"],
            program=header["program"],
            provenance=header["provenance"],
            consent=Consent(**header["consent"]),
            options=BuildOptions.from_meta(header["meta"]),
            style=SpeakingStyle.from_meta(header["meta"]),
            notes=tuple(header["notes"]),
            arrays={
                name: (str(entry["dtype"]), tuple(entry["shape"]))
                for name, entry in listed.items()
                if name != "__metadata__"
            },
            size=path.stat().st_size,
        )


def read_thumbnail(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return the picture ``[H,W,3]`` that stands for an avatar file in lists.

    Raises
    ------
    UserError
        As `load_avatar`.
    """
    with _opened(Path(path)) as archive:
        _header(archive)
        with Image.open(io.BytesIO(_member(archive, "thumbnail.png")), formats=("PNG",)) as picture:
            if max(picture.size) > MAX_THUMBNAIL:
                raise DamagedError("the thumbnail is too large")
            return np.asarray(picture.convert("RGB"))


def _new_zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def _plain(array: NDArray) -> NDArray:
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _damaged(path: Path) -> UserError:
    return UserError(f"'{path.name}' is damaged or not an avatar file; build it again.")


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the zip; whatever a damaged or hostile file makes the parsers raise becomes a `UserError`.

    Only parsing belongs into the block: a bug elsewhere must not be told as a damaged file.
    """
    with opened(path) as file:
        try:
            with open_zip(file, MAX_FILE, entries=8) as archive:
                yield archive
        except (UserError, MemoryError):
            raise
        except Exception as error:
            raise _damaged(path) from error


def _check_posed(avatar: Avatar, path: Path) -> None:
    """Refuse an avatar whose neutral pose nobody could draw."""
    if avatar.motion_space != "arkit":
        return
    gaussians = avatar.pose(Motion.neutral(), avatar.camera)
    try:
        gaussians.check_finite()
    except ValueError as error:
        raise _damaged(path) from error
    for name, most in MAX_VALUES.items():
        if abs(getattr(gaussians, name)).max(initial=0) > most:
            raise _damaged(path)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    return read_member(archive, name, LIMITS[name])


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Check the list of members and return the checked ``avatar.json``."""
    members = archive.infolist()
    if sorted(info.filename for info in members) != sorted(LIMITS):
        raise DamagedError("unexpected members")
    header = read_json(_member(archive, "avatar.json"))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DamagedError("not an avatar")
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise DamagedError("no version")
    if version > FORMAT_VERSION:
        raise UserError("This avatar was made by a newer version of the program; update it and try again.")
    texts = ("engine", "name", "created", "program", "provenance")
    if not all(_is_text(header.get(key)) for key in texts):
        raise DamagedError("texts are missing, too long or not printable")
    notes = header.get("notes")
    if not isinstance(notes, list) or len(notes) > MAX_NOTES or not all(map(_is_text, notes)):
        raise DamagedError("notes are missing or not texts")
    if not isinstance(header.get("meta"), dict) or not _is_consent(header.get("consent")):
        raise DamagedError("meta or consent is missing")
    return header


def _is_text(value: Any) -> bool:
    return is_text(value, MAX_TEXT)


def _is_consent(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"stated", "by", "at"}
        and type(value["stated"]) is bool
        and _is_text(value["by"])
        and _is_text(value["at"])
    )
