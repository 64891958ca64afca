from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from studio.core.heads.mesh_file import HeadMesh, read_mesh, write_mesh


def tetrahedron() -> HeadMesh:
    rng = np.random.default_rng(0)
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.uint32)
    shapes = {name: rng.normal(size=(4, 3)).astype(np.float32) for name in ("jawOpen", "mouthPucker")}
    texture = rng.integers(0, 256, (8, 8, 3), np.uint8)
    return HeadMesh(vertices, faces, rng.uniform(0, 1, (4, 2)).astype(np.float32), texture, shapes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "head.glb"
    write_mesh(tetrahedron(), path, title="A program", comment="synthetic")
    return path


def test_comes_back_as_it_was(path: Path) -> None:
    wanted, found = tetrahedron(), read_mesh(path)
    for name in ("vertices", "faces", "uv", "texture"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert list(found.shapes) == list(wanted.shapes)
    for name, shape in wanted.shapes.items():
        np.testing.assert_array_equal(found.shapes[name], shape)


def test_another_program_reads_triangles_and_texture(path: Path) -> None:
    wanted = tetrahedron()
    (found,) = trimesh.load_scene(path).geometry.values()
    assert isinstance(found, trimesh.Trimesh)
    look: Any = found.visual
    np.testing.assert_allclose(found.vertices, wanted.vertices)
    np.testing.assert_array_equal(found.faces, wanted.faces)
    # trimesh counts v from the picture's lower edge.
    np.testing.assert_allclose(look.uv, wanted.uv * [1, -1] + [0, 1], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(look.material.baseColorTexture), wanted.texture)


@pytest.mark.parametrize("content", [b"", b"glTF" + bytes(60)])
def test_what_is_no_mesh_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.glb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="GLB"):
        read_mesh(path)
