import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.splat_file import SUFFIXES, read_splats, write_splats


def head(n: int = 500, seed: int = 0) -> Gaussians:
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(n, 4))
    return Gaussians(
        rng.uniform(-0.3, 0.3, (n, 3)).astype(np.float32),
        (quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        rng.uniform(2e-4, 5e-3, (n, 3)).astype(np.float32),
        rng.uniform(0.02, 0.99, n).astype(np.float32),
        rng.uniform(0, 1, (n, 3)).astype(np.float32),
    )


def write(gaussians: Gaussians, path: Path) -> Path:
    write_splats(gaussians, path, title="A program", comment="synthetic")
    return path


def covariances(quats: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Of wxyz quaternions."""
    rotation = Rotation.from_quat(np.roll(quats, -1, axis=1)).as_matrix()
    spread = rotation * scales[:, None]
    return spread @ spread.transpose(0, 2, 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    wanted = head()
    found = read_splats(write(wanted, tmp_path / f"head{suffix}"))
    coarse = suffix == ".spz"
    np.testing.assert_allclose(found.means, wanted.means, atol=1e-6)
    np.testing.assert_allclose(found.scales, wanted.scales, rtol=0.035 if coarse else 1e-5)
    np.testing.assert_allclose(found.opacities, wanted.opacities, atol=0.0025 if coarse else 1e-5)
    np.testing.assert_allclose(found.colors, wanted.colors, atol=0.004 if coarse else 1e-5)
    same = np.abs((found.quats * wanted.quats).sum(1))
    assert same.min() > 1 - (1e-4 if coarse else 1e-6)


def test_ply_is_in_the_axes_and_units_of_3d_gaussian_splatting(tmp_path: Path) -> None:
    wanted = head()
    content = write(wanted, tmp_path / "head.ply").read_bytes()
    words, _, body = content.partition(b"end_header\n")
    names = [line.split()[-1].decode() for line in words.splitlines() if line.startswith(b"property float ")]
    table = dict(zip(names, np.frombuffer(body, "<f4").reshape(len(wanted), -1).T, strict=True))

    def stacked(*columns: str) -> np.ndarray:
        return np.stack([table[column] for column in columns], 1)

    down_and_forward = np.diag([1.0, -1.0, -1.0])
    np.testing.assert_allclose(stacked("x", "y", "z"), wanted.means @ down_and_forward, atol=1e-7)
    found = covariances(stacked("rot_0", "rot_1", "rot_2", "rot_3"), np.exp(stacked("scale_0", "scale_1", "scale_2")))
    turned = down_and_forward @ covariances(wanted.quats, wanted.scales) @ down_and_forward
    np.testing.assert_allclose(found, turned, atol=1e-10)
    np.testing.assert_allclose(1 / (1 + np.exp(-table["opacity"])), wanted.opacities, atol=1e-5)
    colors = 0.5 + 0.28209479177387814 * stacked("f_dc_0", "f_dc_1", "f_dc_2")
    np.testing.assert_allclose(colors, wanted.colors, atol=1e-6)
    assert b"comment synthetic\n" in words


def test_spz_is_a_third_version_whose_y_points_up(tmp_path: Path) -> None:
    wanted = head(n=3)
    content = gzip.decompress(write(wanted, tmp_path / "head.spz").read_bytes())
    magic, version, count, degree, bits, _, _ = struct.unpack_from("<3I4B", content)
    assert (magic, version, count, degree) == (0x5053474E, 3, 3, 0)
    places = np.frombuffer(content[16 : 16 + 27], np.uint8).reshape(3, 3, 3).astype(np.int64)
    whole = places[..., 0] | places[..., 1] << 8 | places[..., 2] << 16
    whole -= (whole >= 1 << 23) * (1 << 24)
    np.testing.assert_allclose(whole / 2**bits, wanted.means, atol=1e-6)


def test_glb_holds_points_with_linear_scales_and_activated_opacities(tmp_path: Path) -> None:
    wanted = head()
    content = write(wanted, tmp_path / "head.glb").read_bytes()
    length, words = struct.unpack_from("<II", content, 8)
    assert length == len(content)
    document, body = json.loads(content[20 : 20 + words]), content[28 + words :]
    primitive = document["meshes"][0]["primitives"][0]
    assert primitive["mode"] == 0
    assert primitive["extensions"]["KHR_gaussian_splatting"]["kernel"] == "ellipse"
    assert document["extensionsUsed"] == ["KHR_gaussian_splatting"]

    def column(name: str) -> np.ndarray:
        view = document["bufferViews"][document["accessors"][primitive["attributes"][name]]["bufferView"]]
        values = np.frombuffer(body[view["byteOffset"] : view["byteOffset"] + view["byteLength"]], "<f4")
        return values.reshape(len(wanted), -1)

    prefix = "KHR_gaussian_splatting:"
    np.testing.assert_array_equal(column("POSITION"), wanted.means)
    np.testing.assert_array_equal(column(prefix + "SCALE"), wanted.scales)
    np.testing.assert_array_equal(column(prefix + "OPACITY")[:, 0], wanted.opacities)
    np.testing.assert_array_equal(column(prefix + "ROTATION"), wanted.quats[:, [1, 2, 3, 0]])
    np.testing.assert_array_equal(column("COLOR_0")[:, :3], wanted.colors)
    assert document["asset"]["extras"]["comment"] == "synthetic"


def test_certain_and_flat_gaussians_stay_finite(tmp_path: Path) -> None:
    some = head(n=4)
    edge = Gaussians(
        some.means, some.quats, np.zeros((4, 3), np.float32), np.array([0, 1, 0, 1], np.float32), some.colors
    )
    for suffix in SUFFIXES:
        read_splats(write(edge, tmp_path / f"edge{suffix}")).check_finite()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no format for splats"):
        write(head(n=1), tmp_path / "head.obj")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"ply\nnothing", b"glTF" + bytes(40), bytes(100)])
def test_what_is_no_splat_file_is_refused_in_one_sentence(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"no .* file of splats"):
        read_splats(path)


def test_features_are_not_colours(tmp_path: Path) -> None:
    some = head(n=2)
    features = Gaussians(some.means, some.quats, some.scales, some.opacities, np.zeros((2, 8), np.float32))
    with pytest.raises(ValueError, match="RGB"):
        write(features, tmp_path / "head.ply")
