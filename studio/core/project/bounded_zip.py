"""Zip files from anywhere, read with a bound on everything before it is decoded."""

import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from studio.core.media.files import atomic_path

_END_RECORD = struct.Struct("<4s4H2LH")
_CHUNK = 2**20


class DamagedError(Exception):
    """The file is not what this program writes."""


def open_zip(file: BinaryIO, largest: int, entries: int, directory: int = 2**16) -> zipfile.ZipFile:
    """Open a zip of at most so many bytes, entries, and bytes of directory.

    Raises
    ------
    DamagedError
        If it is larger, or none.
    zipfile.BadZipFile
        If its directory is damaged.
    """
    size = os.fstat(file.fileno()).st_size
    if size > largest or not _is_small_zip(file, size, entries, directory):
        raise DamagedError("not a small zip file")
    archive = zipfile.ZipFile(file)
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist()):
        raise DamagedError("unexpected compression")
    return archive


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Read a member; both what the directory declares and what really comes out are bounded.

    Raises
    ------
    DamagedError
        If it is larger than `limit` bytes, or not as long as declared.
    KeyError, zipfile.BadZipFile, zlib.error
        If it is missing or damaged.
    """
    return b"".join(_chunks(archive, name, limit))


def extract_member(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> None:
    """Write a member to a file of its own, which appears only if all of it is well; errors as `read_member`."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for chunk in _chunks(archive, name, limit):
            file.write(chunk)


def read_json(data: bytes) -> Any:
    """Return what strict JSON says: no NaN, no infinity.

    Raises
    ------
    ValueError, RecursionError, DamagedError
        If it is none.
    """
    return json.loads(data.decode("utf-8"), parse_constant=_refuse)


def is_text(value: Any, most: int) -> bool:
    """Return whether a value is a text of at most so many characters; shown in terminals, it may not steer one."""
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def _is_small_zip(file: BinaryIO, size: int, most: int, longest: int) -> bool:
    """Check the end record ourselves: `zipfile` would read a directory of any length into memory."""
    span = min(size, _END_RECORD.size + 20)
    file.seek(size - span)
    tail = file.read(span)
    if len(tail) < _END_RECORD.size:
        return False
    magic, _, _, _, entries, directory, _, comment = _END_RECORD.unpack(tail[-_END_RECORD.size :])
    zip64 = tail[: -_END_RECORD.size].startswith(b"PK\x06\x07")
    return magic == b"PK\x05\x06" and not zip64 and not comment and entries <= most and directory <= longest


def _chunks(archive: zipfile.ZipFile, name: str, limit: int) -> Iterator[bytes]:
    info = archive.getinfo(name)
    if info.file_size > limit:
        raise DamagedError(f"{name} is too large")
    total = 0
    with archive.open(info) as member:
        # No more than one byte beyond what is declared is ever decompressed.
        while chunk := member.read(min(_CHUNK, info.file_size + 1 - total)):
            total += len(chunk)
            yield chunk
            if total > info.file_size:
                break
    if total != info.file_size:
        raise DamagedError(f"{name} is not as long as declared")


def _refuse(constant: str) -> NoReturn:
    raise DamagedError(f"{constant} is not JSON")
