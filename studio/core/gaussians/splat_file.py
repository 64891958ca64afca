"""Splat files that other programs open: PLY as 3D Gaussian Splatting writes it, SPZ, and GLB.

| suffix | scales    | opacities | axes                       | precision                       |
|--------|-----------|-----------|----------------------------|---------------------------------|
| .ply   | logarithm | logit     | x right, y down, z forward | float32                         |
| .spz   | logarithm | sigmoid   | x right, y up, z backward  | 24 bits a place, 8 bits a value |
| .glb   | metres    | 0..1      | x right, y up, z backward  | float32                         |

Head space, seen from before the face, is x right, y up, z backward. Only this module knows gsply, which packs SPZ
(version 3, which all programs read).
"""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.gltf import SH_0, read_glb, write_glb
from studio.core.gaussians.ply import read_ply, write_ply

SUFFIXES = (".ply", ".spz", ".glb")
QUANTISED = (".spz",)
"""What is written with fewer bits than it has."""

# Half a turn about x takes y up, z backward to y down, z forward, and back.
_HALF_TURN = np.array([1, -1, -1], np.float32)
# A head fits in ±8 m many times over; places are then exact to a thousandth of a millimetre.
_FRACTIONAL_BITS = 20
_CERTAIN = 1e-6  # opacities keep so far from 0 and 1, whose logits are infinite
_THINNEST = 1e-9  # m


def write_splats(gaussians: Gaussians, path: str | PathLike[str], *, title: str, comment: str) -> None:
    """Write RGB Gaussians in head space; the suffix of `path` tells the format.

    `title` and `comment` stand in the file where the format has room for words, which SPZ has not.

    Raises
    ------
    UserError
        If the suffix is none of `SUFFIXES`.
    ValueError
        If the Gaussians hold no RGB.
    """
    suffix = _suffix(path)
    if gaussians.colors.shape[1] != 3:
        raise ValueError(f"expected RGB colours [N,3], got {gaussians.colors.shape}")
    if suffix == ".glb":
        write_glb(gaussians, path, title=title, comment=comment)
    elif suffix == ".spz":
        _write_spz(gaussians, path)
    else:
        _write_ply(gaussians, path, (title, comment))


def read_splats(path: str | PathLike[str]) -> Gaussians:
    """Read what `write_splats` wrote, back into head space.

    Raises
    ------
    UserError
        If the suffix is none of `SUFFIXES`, or the file does not hold what its suffix says.
    """
    read = {".ply": _read_ply, ".spz": _read_spz, ".glb": read_glb}[_suffix(path)]
    try:
        return read(path)
    except (ValueError, KeyError, IndexError, RuntimeError, EOFError) as error:
        kind = Path(path).suffix[1:].upper()
        raise UserError(f"'{Path(path).name}' is no {kind} file of splats; export it again.") from error


def _suffix(path: str | PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"'{suffix}' is no format for splats; end the name in {', '.join(SUFFIXES)}.")
    return suffix


def _write_ply(gaussians: Gaussians, path: str | PathLike[str], comments: tuple[str, ...]) -> None:
    turned = _turned(gaussians)
    values = np.column_stack(
        [turned.means, _coefficients(turned), _logits(turned), _logarithms(turned), turned.quats]
    ).astype(np.float32)
    write_ply(dict(zip(_PLY_COLUMNS, values.T, strict=True)), path, comments)


_PLY_COLUMNS = (
    *("x", "y", "z"),
    *("f_dc_0", "f_dc_1", "f_dc_2"),
    "opacity",
    *("scale_0", "scale_1", "scale_2"),
    *("rot_0", "rot_1", "rot_2", "rot_3"),
)


def _read_ply(path: str | PathLike[str]) -> Gaussians:
    columns = read_ply(path)
    values = np.stack([columns[name] for name in _PLY_COLUMNS], 1)
    return _turned(_activated(*np.split(values, np.cumsum([3, 3, 1, 3]), axis=1)))


def _write_spz(gaussians: Gaussians, path: str | PathLike[str]) -> None:
    gsply = _gsply()
    data = gsply.GSData.from_arrays(
        means=gaussians.means,
        scales=_logarithms(gaussians),
        quats=gaussians.quats,
        opacities=_logits(gaussians),
        sh0=_coefficients(gaussians),
        format="ply",
    )
    gsply.write_spz(path, data, version=3, fractional_bits=_FRACTIONAL_BITS)


def _read_spz(path: str | PathLike[str]) -> Gaussians:
    data = _gsply().read_spz(path)
    return _activated(data.means, data.sh0, data.opacities, data.scales, data.quats)


def _gsply() -> Any:
    import gsply

    # Its compiled half needs no numba kernels, which would be made at the first export.
    gsply.use_backend("auto")
    return gsply


def _logarithms(gaussians: Gaussians) -> NDArray[np.float32]:
    return np.log(np.maximum(gaussians.scales, _THINNEST))


def _logits(gaussians: Gaussians) -> NDArray[np.float32]:
    opacities = np.clip(gaussians.opacities.astype(np.float64), _CERTAIN, 1 - _CERTAIN)
    return np.log(opacities / (1 - opacities)).astype(np.float32)


def _coefficients(gaussians: Gaussians) -> NDArray[np.float32]:
    return (gaussians.colors - np.float32(0.5)) / np.float32(SH_0)


def _activated(means: Any, coefficients: Any, logits: Any, logarithms: Any, quats: Any) -> Gaussians:
    quats = np.asarray(quats, np.float32)
    return Gaussians(
        np.ascontiguousarray(means, np.float32),
        quats / np.maximum(np.linalg.norm(quats, axis=1, keepdims=True), np.float32(1e-12)),
        np.exp(np.asarray(logarithms, np.float32)),
        1 / (1 + np.exp(-np.asarray(logits, np.float32).reshape(-1))),
        np.asarray(coefficients, np.float32) * np.float32(SH_0) + np.float32(0.5),
    )


def _turned(gaussians: Gaussians) -> Gaussians:
    """Turn half a turn about x: the quaternion (0, 1, 0, 0) times each."""
    w, x, y, z = gaussians.quats.T
    return Gaussians(
        gaussians.means * _HALF_TURN,
        np.ascontiguousarray(np.stack([-x, w, -z, y], 1)),
        gaussians.scales,
        gaussians.opacities,
        gaussians.colors,
        gaussians.seen,
    )
