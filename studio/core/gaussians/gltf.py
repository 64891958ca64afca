"""GLB files of splats: glTF 2.0 with KHR_gaussian_splatting, as ratified by the Khronos Group.

Every Gaussian is a point. Rotations are xyzw, scales linear, opacities activated; a program that knows no splats
shows coloured points.
"""

from os import PathLike

import numpy as np

from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.glb import GlbReader, GlbWriter

SH_0 = 0.28209479177387814
"""The spherical harmonic of degree 0: colour = 0.5 + SH_0 times its coefficient."""

_EXTENSION = "KHR_gaussian_splatting"
_LOOK = {
    "kernel": "ellipse",
    "colorSpace": "srgb_rec709_display",
    "projection": "perspective",
    "sortingMethod": "cameraDistance",
}
_POINTS = 0


def write_glb(gaussians: Gaussians, path: str | PathLike[str], *, title: str, comment: str) -> None:
    """Write RGB Gaussians as a GLB whose x points right, y up and z backward, as head space does."""
    glb = GlbWriter()
    rgba = np.clip(np.column_stack([gaussians.colors, gaussians.opacities]), 0, 1)
    attributes = {
        "POSITION": glb.array(gaussians.means, bounded=True),
        "COLOR_0": glb.array(rgba),
        f"{_EXTENSION}:ROTATION": glb.array(np.roll(gaussians.quats, -1, axis=1)),
        f"{_EXTENSION}:SCALE": glb.array(gaussians.scales),
        f"{_EXTENSION}:OPACITY": glb.array(gaussians.opacities),
        f"{_EXTENSION}:SH_DEGREE_0_COEF_0": glb.array((gaussians.colors - np.float32(0.5)) / np.float32(SH_0)),
    }
    glb.write(
        path,
        title=title,
        comment=comment,
        extensionsUsed=[_EXTENSION],
        scene=0,
        scenes=[{"nodes": [0]}],
        nodes=[{"mesh": 0, "name": "head"}],
        meshes=[{"primitives": [{"mode": _POINTS, "attributes": attributes, "extensions": {_EXTENSION: _LOOK}}]}],
    )


def read_glb(path: str | PathLike[str]) -> Gaussians:
    """Read a GLB of splats whose attributes are float32, as `write_glb` writes them.

    Raises
    ------
    ValueError
        If the file is no such GLB.
    """
    glb = GlbReader(path)
    try:
        attributes = glb.document["meshes"][0]["primitives"][0]["attributes"]
        names = [f"{_EXTENSION}:{name}" for name in ("ROTATION", "SCALE", "OPACITY", "SH_DEGREE_0_COEF_0")]
        means, *found = (glb.array(attributes[name]) for name in ("POSITION", *names))
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("not a GLB of splats") from error
    quats, scales, opacities, coefficients = found
    quats = np.ascontiguousarray(np.roll(quats, 1, axis=1))
    return Gaussians(means, quats, scales, opacities[:, 0], coefficients * np.float32(SH_0) + np.float32(0.5))
