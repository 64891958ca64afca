"""A head as a textured mesh with the 52 ARKit shapes: a GLB that animation programs open."""

from dataclasses import dataclass
from io import BytesIO
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.gaussians.glb import INDICES, GlbReader, GlbWriter

_UNLIT = "KHR_materials_unlit"


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """Triangles, their texture, and where each shape at 1 moves them.

    Attributes
    ----------
    vertices
        ``[V,3]`` float32 m in head space: x right as one looks at it, y up, z towards one, as glTF has it.
    faces
        ``[F,3]`` uint32, counter-clockwise from outside.
    uv
        ``[V,2]`` float32, (0, 0) the texture's upper left corner.
    texture
        ``[T,T,3]`` uint8. Its light is the portrait's, so it is shown without any other.
    shapes
        Displacement ``[V,3]`` float32 m by ARKit name.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.uint32]
    uv: NDArray[np.float32]
    texture: NDArray[np.uint8]
    shapes: dict[str, NDArray[np.float32]]


def write_mesh(mesh: HeadMesh, path: str | PathLike[str], *, title: str, comment: str) -> None:
    """Write a GLB with one morph target for every shape, named in ``extras.targetNames``."""
    glb = GlbWriter()
    picture = BytesIO()
    Image.fromarray(mesh.texture).save(picture, "PNG")
    primitive = {
        "attributes": {"POSITION": glb.array(mesh.vertices, bounded=True), "TEXCOORD_0": glb.array(mesh.uv)},
        "indices": glb.array(mesh.faces.reshape(-1), INDICES),
        "material": 0,
        "targets": [{"POSITION": glb.array(shape, bounded=True)} for shape in mesh.shapes.values()],
    }
    material = {
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": 1},
        "doubleSided": True,
        "extensions": {_UNLIT: {}},
    }
    glb.write(
        path,
        title=title,
        comment=comment,
        extensionsUsed=[_UNLIT],
        scene=0,
        scenes=[{"nodes": [0]}],
        nodes=[{"mesh": 0, "name": "head"}],
        meshes=[
            {
                "primitives": [primitive],
                "weights": [0.0] * len(mesh.shapes),
                "extras": {"targetNames": list(mesh.shapes)},
            }
        ],
        materials=[material],
        textures=[{"source": 0}],
        images=[{"bufferView": glb.bytes(picture.getvalue()), "mimeType": "image/png"}],
    )


def read_mesh(path: str | PathLike[str]) -> HeadMesh:
    """Read what `write_mesh` wrote.

    Raises
    ------
    ValueError
        If the file is another one.
    """
    glb = GlbReader(path)
    try:
        mesh = glb.document["meshes"][0]
        primitive, names = mesh["primitives"][0], mesh["extras"]["targetNames"]
        vertices, uv = (glb.array(primitive["attributes"][name]) for name in ("POSITION", "TEXCOORD_0"))
        faces = glb.array(primitive["indices"]).reshape(-1, 3)
        shapes = [glb.array(target["POSITION"]) for target in primitive["targets"]]
        picture = Image.open(BytesIO(glb.bytes(glb.document["images"][0]["bufferView"])))
    except (KeyError, IndexError, TypeError, OSError) as error:
        raise ValueError("not a head's mesh") from error
    return HeadMesh(vertices, faces, uv, np.asarray(picture.convert("RGB")), dict(zip(names, shapes, strict=True)))
