import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from dome import N_DOME, dome, dome_quads, obj_text

from studio.core.errors import UserError
from studio.core.heads import obj
from studio.core.heads.obj import read_mesh, read_vertices


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_vertices_keep_their_order_and_quads_are_split_alike(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m.obj{suffix}"
    text = obj_text(dome()).encode()
    path.write_bytes(gzip.compress(text) if suffix else text)
    mesh = read_mesh(path)
    np.testing.assert_allclose(mesh.vertices, dome(), atol=1e-6)
    np.testing.assert_array_equal(read_vertices(path), mesh.vertices)
    quads = dome_quads()
    np.testing.assert_array_equal(mesh.faces[0], [0, 1, 26])
    np.testing.assert_array_equal(mesh.faces[1::2], quads[:, :3])
    np.testing.assert_array_equal(mesh.faces[2::2], quads[:, [0, 2, 3]])
    assert len(mesh.vertices) == N_DOME


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\n",
        "v 0 0 0\nv 1 0 0\nv 0 1\nf 1 2 3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 nan\nf 1 2 3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 x\nf 1 2 3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 1e9\nf 1 2 3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -3\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3 1 2\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 99999999999999999999999\n",
    ],
)
def test_what_is_no_mesh_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.obj").write_text(text)
    with pytest.raises(UserError, match=r"'m.obj' is damaged or no OBJ mesh"):
        read_mesh(tmp_path / "m.obj")


def test_a_truncated_archive_and_one_that_swells_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.obj.gz"
    packed = gzip.compress(obj_text(dome()).encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UserError, match="damaged"):
        read_mesh(path)
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="damaged"):
        read_mesh(path)
    path.write_bytes(packed)
    for limit in ("MAX_BYTES", "MAX_LINES"):
        with monkeypatch.context() as patch:
            patch.setattr(obj, limit, 1000)
            with pytest.raises(UserError, match="larger"):
                read_mesh(path)


BOMBS = {
    "vertices": b"v 1 1 1\n" * 500_000,
    "faces": b"v 1 1 1\n" * 3 + b"f 1 2 3\n" * 500_000,
    "one face": b"v 1 1 1\n" * 3 + b"f " + b"12 " * 5_000_000,
    "one vertex": b"v " + b"12 " * 5_000_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_small_archive_that_swells_to_more_than_a_mesh_takes_little_memory(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.obj.gz"
    path.write_bytes(gzip.compress(text, 1))
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"'m.obj.gz' is (damaged|larger)"):
            read_mesh(path)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()
