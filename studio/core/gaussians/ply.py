"""PLY files of splats, as the reference code of 3D Gaussian Splatting (Kerbl et al. 2023) writes them.

Binary little-endian float32; scales as logarithms, opacities as logits, quaternions wxyz, colours as coefficients of
the zeroth spherical harmonic; x right, y down, z forward. Our own, for gsply 0.4.6 never returns from a PLY whose
header has no end.
"""

from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROPERTIES = (
    *("x", "y", "z"),
    *("nx", "ny", "nz"),
    *("f_dc_0", "f_dc_1", "f_dc_2"),
    "opacity",
    *("scale_0", "scale_1", "scale_2"),
    *("rot_0", "rot_1", "rot_2", "rot_3"),
)
"""In the reference code's order; its readers ask for the normals, which are zero."""

_FIRST = (b"ply", b"format binary_little_endian 1.0")
_LONGEST_HEADER = 1 << 16  # bytes


def write_ply(columns: dict[str, NDArray[np.float32]], path: str | PathLike[str], comments: tuple[str, ...]) -> None:
    """Write one ``[N]`` column for every name in `PROPERTIES`, those of the normals excepted."""
    count = len(columns["x"])
    table = np.zeros((count, len(PROPERTIES)), "<f4")
    for i, name in enumerate(PROPERTIES):
        table[:, i] = columns.get(name, 0)
    words = [b" ".join(comment.encode("ascii", "replace").split()) for comment in comments]
    lines = [*_FIRST, *(b"comment " + word for word in words), b"element vertex %d" % count]
    lines += [b"property float " + name.encode() for name in PROPERTIES]
    with Path(path).open("wb") as file:
        file.write(b"\n".join([*lines, b"end_header", b""]))
        file.write(table.tobytes())


def read_ply(path: str | PathLike[str]) -> dict[str, NDArray[np.float32]]:
    """Return the columns ``[N]`` of a binary PLY that holds nothing but float32 vertices.

    Raises
    ------
    ValueError
        If the file is another one, or shorter than its header says.
    """
    with Path(path).open("rb") as file:
        start = file.read(_LONGEST_HEADER)
        header, end, _ = start.partition(b"end_header\n")
        lines = [line for line in header.splitlines() if not line.startswith((b"comment", b"obj_info"))]
        if not end or tuple(lines[:2]) != _FIRST or not lines[2].startswith(b"element vertex "):
            raise ValueError("not a binary PLY of vertices")
        names = [line.removeprefix(b"property float ").decode("ascii") for line in lines[3:]]
        if not all(line.startswith(b"property float ") for line in lines[3:]):
            raise ValueError("not all properties are float32")
        count = int(lines[2].split()[2])
        file.seek(len(header) + len(end))
        body = file.read()
    if count < 0 or len(body) != 4 * count * len(names):
        raise ValueError("not as long as its header says")
    table = np.frombuffer(body, "<f4").reshape(count, len(names)).astype(np.float32)
    return dict(zip(names, table.T, strict=True))
