"""The GLB container: one JSON document and the arrays it speaks of (glTF 2.0, sections 3.6 and 4.4)."""

import json
import struct
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC, _VERSION, _JSON, _BIN = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_COMPONENTS = {np.dtype("<f4"): 5126, np.dtype("<u4"): 5125}
VERTICES, INDICES = 34962, 34963
"""What an array is to the graphics card."""


class GlbWriter:
    """Collects arrays, then writes them behind a document that refers to them by number."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._length = 0
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def array(self, values: NDArray, target: int = VERTICES, bounded: bool = False) -> int:
        """Add float32 or uint32 values ``[N]`` or ``[N,1..4]``; returns the accessor's number.

        `bounded` writes the least and the greatest of each column, as glTF asks of places.
        """
        values = np.atleast_2d(values.T).T
        accessor: dict[str, Any] = {
            "bufferView": self.bytes(np.ascontiguousarray(values).tobytes(), target),
            "componentType": _COMPONENTS[values.dtype],
            "count": len(values),
            "type": _TYPES[values.shape[1]],
        }
        if bounded:
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def bytes(self, content: bytes, target: int | None = None) -> int:
        """Add bytes, a picture's for instance; returns the buffer view's number."""
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(content)}
        self._views.append(view if target is None else view | {"target": target})
        content += b"\0" * (-len(content) % 4)
        self._chunks.append(content)
        self._length += len(content)
        return len(self._views) - 1

    def write(self, path: str | PathLike[str], *, title: str, comment: str, **document: Any) -> None:
        """Write the file; `document` holds what the arrays are for: meshes, nodes, scenes, materials."""
        whole = {
            "asset": {"version": "2.0", "generator": title, "extras": {"comment": comment}},
            **document,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": self._length}],
        }
        words = json.dumps(whole, separators=(",", ":")).encode()
        words += b" " * (-len(words) % 4)
        with Path(path).open("wb") as file:
            file.write(struct.pack("<3I", _MAGIC, _VERSION, 28 + len(words) + self._length))
            file.write(struct.pack("<2I", len(words), _JSON) + words)
            file.write(struct.pack("<2I", self._length, _BIN))
            file.writelines(self._chunks)


class GlbReader:
    """What `GlbWriter` wrote.

    Attributes
    ----------
    document
        The JSON.

    Raises
    ------
    ValueError
        If the file is no GLB of one document and one buffer.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        content = Path(path).read_bytes()
        try:
            magic, version, length = struct.unpack_from("<3I", content)
            words, kind = struct.unpack_from("<2I", content, 12)
            size, second = struct.unpack_from("<2I", content, 20 + words)
        except struct.error as error:
            raise ValueError("too short for a GLB") from error
        if (magic, version, length, kind, second) != (_MAGIC, _VERSION, len(content), _JSON, _BIN):
            raise ValueError("not a GLB of one document and one buffer")
        self.document: dict[str, Any] = json.loads(content[20 : 20 + words])
        self._buffer = content[28 + words : 28 + words + size]

    def array(self, index: int) -> NDArray:
        """Return the values ``[N,1..4]`` of an accessor.

        Raises
        ------
        ValueError
            If there is none, or it is not as `GlbWriter` writes it.
        """
        try:
            accessor = self.document["accessors"][index]
            view = self.document["bufferViews"][accessor["bufferView"]]
            dtype = {code: dtype for dtype, code in _COMPONENTS.items()}[accessor["componentType"]]
            width = {name: width for width, name in _TYPES.items()}[accessor["type"]]
            values = np.frombuffer(self._buffer, dtype, accessor["count"] * width, view["byteOffset"])
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError("not an array of this program") from error
        return values.reshape(-1, width).copy()

    def bytes(self, view: int) -> bytes:
        """Return the bytes of a buffer view."""
        found = self.document["bufferViews"][view]
        return self._buffer[found["byteOffset"] : found["byteOffset"] + found["byteLength"]]
