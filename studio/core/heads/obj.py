"""Read Wavefront OBJ meshes whose vertices must keep their order and number: shapes of one head in many files."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.files import opened

MAX_BYTES = 64 * 2**20  # of text; ICT-FaceKit's files have 3.4 MB
MAX_VERTICES, MAX_FACES = 100_000, 200_000
MAX_LINES, MAX_LINE = 1_000_000, 4096  # bytes


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices ``[V,3]`` float64 in the file's units, and faces ``[F,3]`` int32 with quads split in two."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]


def read_vertices(path: Path) -> NDArray[np.float64]:
    """Return the vertices ``[V,3]`` of an ``.obj`` or ``.obj.gz`` file in their order.

    Raises
    ------
    UserError
        If the file cannot be read, is too large or is no OBJ mesh.
    """
    return _read(path)[0]


def read_mesh(path: Path) -> Mesh:
    """Return vertices and faces of an ``.obj`` or ``.obj.gz`` file.

    A quad a b c d becomes the triangles a b c and a c d; vertices keep their order, texture coordinates and normals
    are left out.

    Raises
    ------
    UserError
        As `read_vertices`.
    """
    vertices, faces = _read(path)
    if len(faces) == 0 or faces.min() < 0 or faces.max() >= len(vertices):
        raise _damaged(path)
    return Mesh(vertices, faces.astype(np.int32))


def _read(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the vertices ``[V,3]`` and what the faces ``[F,3]`` say, which need not be vertices."""
    rows: list[list[bytes]] = []
    triangles: list[list[int]] = []
    with opened(path) as file:
        try:
            for line in _lines(gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file, path):
                if line.startswith(b"v "):
                    rows.append(line.split()[1:4])
                elif line.startswith(b"f "):
                    triangles += _triangles(line)
                if len(rows) > MAX_VERTICES or len(triangles) > MAX_FACES:
                    raise _too_large(path)
            vertices = np.array(rows, dtype=np.float64)
            if vertices.ndim != 2 or vertices.shape[1] != 3 or len(vertices) < 3:
                raise ValueError("a vertex is three numbers")
            if not np.isfinite(vertices).all() or abs(vertices).max() > 1e4:
                raise ValueError("no head is so large")
            return vertices, np.array(triangles, np.int64).reshape(-1, 3)
        except (ValueError, OverflowError, OSError, EOFError, zlib.error) as error:
            raise _damaged(path) from error


def _lines(file: BinaryIO | gzip.GzipFile, path: Path) -> Iterator[bytes]:
    """Yield line by line: what is no head's mesh never lies in memory whole."""
    read = count = 0
    while line := file.readline(MAX_LINE):
        read, count = read + len(line), count + 1
        if read > MAX_BYTES or count > MAX_LINES:
            raise _too_large(path)
        if len(line) == MAX_LINE:
            raise _damaged(path)
        yield line


def _triangles(line: bytes) -> list[list[int]]:
    """Return the one or two triangles of a face, as indices from 0."""
    corners = [int(corner.split(b"/", 1)[0]) - 1 for corner in line.split()[1:]]
    if len(corners) == 3:
        return [corners]
    a, b, c, d = corners
    return [[a, b, c], [a, c, d]]


def _too_large(path: Path) -> UserError:
    return UserError(f"'{path.name}' is larger than any head's mesh; choose the folder as published.")


def _damaged(path: Path) -> UserError:
    return UserError(f"'{path.name}' is damaged or no OBJ mesh; copy it again from where it was published.")
