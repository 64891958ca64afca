"""Read arrays out of an ``.npz`` file that may be hostile: no objects, and no memory its own bytes do not back."""

import ast
import io
import struct
import zipfile
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_END_RECORD = struct.Struct("<4s4H2LH")


class NpzRefused(Exception):  # noqa: N818 - a refusal, not a bug
    """The file is damaged or holds more than arrays of numbers; the text says which, as half a sentence."""


def read_npz(data: bytes, names: Iterable[str], limit: int) -> dict[str, NDArray]:
    """Return those arrays called `names` that the file holds.

    `limit` bounds the bytes of all of them together.

    Raises
    ------
    NpzRefused
        If the file is damaged, or one of them is too large or no array of numbers.
    """
    try:
        _check_directory(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = {}
            for name in names:
                if f"{name}.npy" not in archive.NameToInfo:
                    continue
                info = archive.getinfo(f"{name}.npy")
                limit -= info.file_size
                if limit < 0:
                    raise NpzRefused("it is larger than one")
                with archive.open(info) as member:
                    found[name] = _read_npy(member.read(info.file_size))
            return found
    except NpzRefused:
        raise
    except Exception as error:  # zipfile and zlib raise whatever a damaged file makes them raise
        raise NpzRefused("it is damaged") from error


def _check_directory(data: bytes) -> None:
    """Refuse a long list of members: `zipfile` would read any length into memory."""
    magic, *_, length, _, comment = _END_RECORD.unpack(data[-_END_RECORD.size :])
    zip64 = data[-_END_RECORD.size - 20 :].startswith(b"PK\x06\x07")
    if magic != b"PK\x05\x06" or zip64 or comment or length > 2**16:
        raise NpzRefused("it is damaged")


def _read_npy(data: bytes) -> NDArray:
    """Return the array of one member; numpy's own reader would allocate whatever the header says."""
    if data[:6] != b"\x93NUMPY" or data[6] not in (1, 2):
        raise NpzRefused("it is damaged")
    form = "<H" if data[6] == 1 else "<I"
    start = 8 + struct.calcsize(form)
    (length,) = struct.unpack(form, data[8:start])
    if length > 4096:
        raise NpzRefused("it is damaged")
    header = ast.literal_eval(data[start : start + length].decode("latin-1"))
    dtype, shape = np.dtype(header["descr"]), header["shape"]
    if dtype.kind not in "biuf" or len(shape) > 4:
        raise NpzRefused("it holds more than arrays of numbers")
    if any(type(size) is not int for size in shape):  # a text multiplied by a size is a long text
        raise NpzRefused("it is damaged")
    count = 1
    for size in shape:
        count *= size
    raw = data[start + length :]
    if count * dtype.itemsize != len(raw) or min(shape, default=0) < 0:
        raise NpzRefused("an array in it has another size than its shape says")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if header["fortran_order"] else "C")
