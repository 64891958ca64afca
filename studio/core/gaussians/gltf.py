"""GLB files of splats: glTF 2.0 with KHR_gaussian_splatting, as ratified by the Khronos Group.

Every Gaussian is a point. Rotations are xyzw, scales linear, opacities activated; a program that knows no splats
shows coloured points.
"""

import json
import struct
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.gaussians import Gaussians

SH_0 = 0.28209479177387814
"""The spherical harmonic of degree 0: colour = 0.5 + SH_0 times its coefficient."""

_EXTENSION = "KHR_gaussian_splatting"
_COLUMNS = {
    "POSITION": "VEC3",
    "COLOR_0": "VEC4",
    f"{_EXTENSION}:ROTATION": "VEC4",
    f"{_EXTENSION}:SCALE": "VEC3",
    f"{_EXTENSION}:OPACITY": "SCALAR",
    f"{_EXTENSION}:SH_DEGREE_0_COEF_0": "VEC3",
}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
# glTF 2.0, sections 4.4 (GLB) and 5.1, 5.11: magic, version, chunk types, float32, vertex buffer, points.
_MAGIC, _VERSION, _JSON, _BIN = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_FLOAT, _ARRAY_BUFFER, _POINTS = 5126, 34962, 0


def write_glb(gaussians: Gaussians, path: str | PathLike[str], *, title: str, comment: str) -> None:
    """Write RGB Gaussians as a GLB whose x points right, y up and z backward, as head space does."""
    rgba = np.clip(np.column_stack([gaussians.colors, gaussians.opacities]), 0, 1)
    arrays = [
        gaussians.means,
        rgba,
        np.roll(gaussians.quats, -1, axis=1),
        gaussians.scales,
        gaussians.opacities[:, None],
        (gaussians.colors - np.float32(0.5)) / np.float32(SH_0),
    ]
    views, accessors, start = [], [], 0
    for (name, kind), array in zip(_COLUMNS.items(), arrays, strict=True):
        accessor = {"bufferView": len(views), "componentType": _FLOAT, "count": len(array), "type": kind}
        if name == "POSITION":
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        accessors.append(accessor)
        views.append({"buffer": 0, "byteOffset": start, "byteLength": 4 * array.size, "target": _ARRAY_BUFFER})
        start += 4 * array.size
    primitive = {
        "mode": _POINTS,
        "attributes": {name: i for i, name in enumerate(_COLUMNS)},
        "extensions": {
            _EXTENSION: {
                "kernel": "ellipse",
                "colorSpace": "srgb_rec709_display",
                "projection": "perspective",
                "sortingMethod": "cameraDistance",
            }
        },
    }
    document = {
        "asset": {"version": "2.0", "generator": title, "extras": {"comment": comment}},
        "extensionsUsed": [_EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "head"}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": start}],
    }
    words = json.dumps(document, separators=(",", ":")).encode()
    words += b" " * (-len(words) % 4)
    with Path(path).open("wb") as file:
        file.write(struct.pack("<3I", _MAGIC, _VERSION, 12 + 8 + len(words) + 8 + start))
        file.write(struct.pack("<2I", len(words), _JSON) + words)
        file.write(struct.pack("<2I", start, _BIN))
        for array in arrays:
            file.write(np.ascontiguousarray(array, "<f4").tobytes())


def read_glb(path: str | PathLike[str]) -> Gaussians:
    """Read a GLB of splats whose attributes are float32, as `write_glb` writes them.

    Raises
    ------
    ValueError
        If the file is no such GLB.
    """
    try:
        document, binary = _chunks(Path(path).read_bytes())
        primitive = document["meshes"][0]["primitives"][0]
        columns = {name: _column(document, binary, primitive["attributes"][name]) for name in _COLUMNS}
    except (KeyError, IndexError, TypeError, struct.error) as error:
        raise ValueError("not a GLB of splats") from error
    return Gaussians(
        columns["POSITION"],
        np.ascontiguousarray(np.roll(columns[f"{_EXTENSION}:ROTATION"], 1, axis=1)),
        columns[f"{_EXTENSION}:SCALE"],
        columns[f"{_EXTENSION}:OPACITY"][:, 0],
        columns[f"{_EXTENSION}:SH_DEGREE_0_COEF_0"] * np.float32(SH_0) + np.float32(0.5),
    )


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from("<3I", content)
    words, kind = struct.unpack_from("<2I", content, 12)
    size, second = struct.unpack_from("<2I", content, 20 + words)
    if (magic, version, length, kind, second) != (_MAGIC, _VERSION, len(content), _JSON, _BIN):
        raise ValueError("not a GLB of two chunks")
    return json.loads(content[20 : 20 + words]), content[28 + words : 28 + words + size]


def _column(document: dict[str, Any], binary: bytes, index: int) -> NDArray[np.float32]:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    if accessor["componentType"] != _FLOAT:
        raise ValueError("not float32")
    width = _WIDTHS[accessor["type"]]
    values = np.frombuffer(binary, "<f4", accessor["count"] * width, view["byteOffset"])
    return values.reshape(-1, width).astype(np.float32)
