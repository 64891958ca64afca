"""The `.avatar` file: a zip of JSON and safetensors, written atomically, distrusted when read.

Members, in this order and nothing else:

``avatar.json``
    format, version, engine, name, consent, provenance and the engine's own JSON values (`meta`).
``arrays.safetensors``
    The engine's arrays, bit for bit.
``thumbnail.png``
    For file managers; never read back.

Members are stored, not deflated: float32 arrays shrink by about a tenth and take ten times as long.
"""

import io
import json
import os
import struct
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.media.files import atomic_path
from studio.core.media.provenance import PROGRAM, STATEMENT
from studio.core.motion.motion import Motion

FORMAT = "avatar-studio/avatar"
FORMAT_VERSION = 1

LIMITS = {
    "avatar.json": 4 * 2**20,
    "arrays.safetensors": 512 * 2**20,
    "thumbnail.png": 4 * 2**20,
}
MAX_FILE = sum(LIMITS.values()) + 2**16
MAX_ARRAYS = 512

_END_RECORD = struct.Struct("<4s4H2LH")


@dataclass(frozen=True)
class AvatarHeader:
    """What an avatar file says about itself.

    Attributes
    ----------
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
        "meta": state.meta,
    }
    thumbnail = io.BytesIO()
    Image.fromarray(avatar.thumbnail).save(thumbnail, format="PNG")
    # safetensors writes the buffer as it lies, so views and other byte orders are laid out first.
    arrays = {name: _plain(array) for name, array in state.arrays.items()}
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
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
    header, arrays = _read(path)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(
                f"'{path.name}' holds values that are not numbers ({name}); build the avatar again."
            )
    engine = load_engine(header["engine"])
    try:
        avatar = engine.load(AvatarState(header["engine"], arrays, header["meta"]))
        if avatar.motion_space == "arkit":
            avatar.pose(Motion.neutral(), avatar.camera).check_finite()
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        _damaged(path, error)
    return avatar


def read_header(path: str | os.PathLike[str]) -> AvatarHeader:
    """Return what an avatar file says about itself without building the avatar.

    Raises
    ------
    UserError
        As `load_avatar`.
    """
    path = Path(path)
    header, arrays = _read(path)
    return AvatarHeader(
        name=header["name"],
        engine=header["engine"],
        created=header["created"],
        program=header["program"],
        provenance=header["provenance"],
        consent=Consent(**header["consent"]),
        arrays={name: (str(a.dtype), a.shape) for name, a in arrays.items()},
        size=path.stat().st_size,
    )


def _plain(array: NDArray) -> NDArray:
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _damaged(path: Path, cause: Exception | None = None) -> NoReturn:
    raise UserError(f"'{path.name}' is damaged or not an avatar file; build it again.") from cause


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Return the checked header and the arrays."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size > MAX_FILE or not _is_small_zip(file, size):
                _damaged(path)
            members = _read_members(file, path)
    except FileNotFoundError as error:
        raise UserError(f"There is no file '{path.name}'; check the name and the folder.") from error
    except IsADirectoryError as error:
        raise UserError(f"'{path.name}' is a folder; choose an avatar file inside it.") from error
    except PermissionError as error:
        raise UserError(f"'{path.name}' may not be read; change its permissions or copy it.") from error
    # zipfile raises these on damage; RuntimeError means encrypted, NotImplementedError an odd compression.
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, struct.error) as error:
        _damaged(path, error)
    header = _read_json(members["avatar.json"], path)
    return header, _read_arrays(members["arrays.safetensors"], path)


def _is_small_zip(file: io.BufferedReader, size: int) -> bool:
    """Check the end record ourselves: `zipfile` would read a directory of any length into memory."""
    span = min(size, _END_RECORD.size + 20)
    file.seek(size - span)
    tail = file.read(span)
    if len(tail) < _END_RECORD.size:
        return False
    magic, _, _, _, entries, directory, _, comment = _END_RECORD.unpack(tail[-_END_RECORD.size :])
    zip64 = tail[: -_END_RECORD.size].startswith(b"PK\x06\x07")
    return magic == b"PK\x05\x06" and not zip64 and not comment and entries <= 8 and directory <= 2**16


def _read_members(file: io.BufferedReader, path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        names = [info.filename for info in archive.infolist()]
        if sorted(names) != sorted(LIMITS):
            _damaged(path)
        members = {}
        for info in archive.infolist():
            limit = LIMITS[info.filename]
            # Both what the directory declares and what really comes out are bounded.
            if info.file_size > limit or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                _damaged(path)
            if info.filename == "thumbnail.png":
                continue
            with archive.open(info) as member:
                data = member.read(limit + 1)
            if len(data) != info.file_size:
                _damaged(path)
            members[info.filename] = data
        return members


def _read_json(data: bytes, path: Path) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    try:
        header = json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        _damaged(path, error)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        _damaged(path)
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        _damaged(path)
    if version > FORMAT_VERSION:
        raise UserError(
            f"'{path.name}' was made by a newer version of this program; update the program and try again."
        )
    texts = ("engine", "name", "created", "program", "provenance")
    if not all(isinstance(header.get(key), str) and len(header[key]) <= 1000 for key in texts):
        _damaged(path)
    if not isinstance(header.get("meta"), dict) or not _is_consent(header.get("consent")):
        _damaged(path)
    return header


def _is_consent(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"stated", "by", "at"}
        and type(value["stated"]) is bool
        and isinstance(value["by"], str)
        and isinstance(value["at"], str)
    )


def _read_arrays(data: bytes, path: Path) -> dict[str, NDArray]:
    try:
        arrays = safetensors.numpy.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        _damaged(path, error)
    if len(arrays) > MAX_ARRAYS:
        _damaged(path)
    return arrays
