"""Read Wavefront OBJ meshes whose vertices must keep their order and number: shapes of one head in many files."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.files import opened

MAX_BYTES = 64 * 2**20  # of text; ICT-FaceKit's files have 3.4 MB
MAX_VERTICES = 200_000


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
    return _vertices(_text(path), path)


def read_mesh(path: Path) -> Mesh:
    """Return vertices and faces of an ``.obj`` or ``.obj.gz`` file.

    A quad a b c d becomes the triangles a b c and a c d; vertices keep their order, texture coordinates and normals
    are left out.

    Raises
    ------
    UserError
        As `read_vertices`.
    """
    text = _text(path)
    vertices = _vertices(text, path)
    triangles = []
    try:
        for line in text:
            if line.startswith(b"f "):
                corners = [int(corner.split(b"/", 1)[0]) - 1 for corner in line.split()[1:]]
                if not 3 <= len(corners) <= 4:
                    raise ValueError("a face has 3 or 4 corners")
                triangles.append(corners[:3])
                if len(corners) == 4:
                    triangles.append([corners[0], corners[2], corners[3]])
        faces = np.array(triangles, np.int64)
        if len(faces) == 0 or faces.min() < 0 or faces.max() >= len(vertices):
            raise ValueError("a face is no triple of vertices")
    except (ValueError, OverflowError) as error:
        raise _damaged(path) from error
    return Mesh(vertices, faces.astype(np.int32))


def _text(path: Path) -> list[bytes]:
    with opened(path) as file:
        try:
            data = (gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file).read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(path) from error
    if len(data) > MAX_BYTES:
        raise UserError(f"'{path.name}' is larger than any head's mesh; choose the folder as published.")
    return data.splitlines()


def _vertices(text: list[bytes], path: Path) -> NDArray[np.float64]:
    rows = [line.split()[1:4] for line in text if line.startswith(b"v ")]
    try:
        if not 3 <= len(rows) <= MAX_VERTICES:
            raise ValueError("no mesh has so many vertices")
        vertices = np.array(rows, dtype=np.float64)
        if vertices.shape != (len(rows), 3) or not np.isfinite(vertices).all() or abs(vertices).max() > 1e4:
            raise ValueError("a vertex is three numbers")
    except ValueError as error:
        raise _damaged(path) from error
    return vertices


def _damaged(path: Path) -> UserError:
    return UserError(f"'{path.name}' is damaged or no OBJ mesh; copy it again from where it was published.")
