"""A face that is a dome, as a folder of ICT-FaceKit and as a FLAME file in the true format, both small."""

import io
import json
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from studio.core.heads.ict import EXTRA_FILES
from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.heads.template import mean_landmarks

GRID = 25
N_DOME = GRID * GRID


def dome() -> NDArray[np.float64]:
    """``[625,3]`` cm, y up, the outside towards +z, its eyes near those of a head."""
    x, y = np.meshgrid(np.linspace(-7, 7, GRID), np.linspace(-10, 10, GRID))
    return np.column_stack([x.ravel(), y.ravel(), 10 - (x.ravel() / 4) ** 2 - (y.ravel() / 7) ** 2])


def dome_quads() -> NDArray[np.int64]:
    """``[576,4]`` counter-clockwise from outside."""
    at = np.arange(N_DOME).reshape(GRID, GRID)
    return np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=-1).reshape(-1, 4)


def dome_landmarks() -> list[int]:
    """The 68 vertices nearest to where a face has its landmarks."""
    places = mean_landmarks()[list(ON_FACE_MESH), :2] * 100
    return [int(np.linalg.norm(dome()[:, :2] - place, axis=1).argmin()) for place in places]


def ict_names() -> list[str]:
    """The 53 published shapes, spelt out here to check the reader against the repository's list."""
    pairs = (
        "browDown browInnerUp browOuterUp cheekPuff cheekSquint eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp "
        "eyeSquint eyeWide mouthDimple mouthFrown mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp "
        "noseSneer"
    )
    single = (
        "jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker mouthRight mouthRollLower "
        "mouthRollUpper mouthShrugLower mouthShrugUpper"
    )
    return sorted([f"{name}_{side}" for name in pairs.split() for side in "LR"] + single.split())


def smooth(rng: np.random.Generator, size: float = 0.5) -> NDArray[np.float64]:
    """A bump somewhere on the dome: a displacement ``[625,3]`` cm of at most `size`."""
    points = dome()
    centre = points[rng.integers(N_DOME), :2]
    width = rng.uniform(1.5, 3)
    fall = np.exp(-((points[:, :2] - centre) ** 2).sum(1) / (2 * width**2))
    way = rng.normal(size=3)
    return size * fall[:, None] * way / np.linalg.norm(way)


def opened_jaw() -> NDArray[np.float64]:
    """``[625,3]`` cm: what lies below the mouth turns about an axis behind it."""
    points = dome()
    angle = 0.3 / (1 + np.exp(points[:, 1] + 4))
    y, z = points[:, 1], points[:, 2] - 2
    turned = np.column_stack(
        [points[:, 0], y * np.cos(angle) - z * np.sin(angle), y * np.sin(angle) + z * np.cos(angle)]
    )
    return turned + [0, 0, 2] - points


def dome_shapes() -> dict[str, NDArray[np.float64]]:
    """The displacement of every ICT file, cm."""
    rng = np.random.default_rng(1)
    shapes = {name: smooth(rng) for name in (*ict_names(), *EXTRA_FILES)}
    return shapes | {"jawOpen": opened_jaw(), "identity000": smooth(rng, 1), "identity001": smooth(rng, 1)}


def obj_text(vertices: NDArray) -> str:
    """OBJ as the repository has it: comments, vertices, texture coordinates, quads and one triangle."""
    lines = ["# ICT FaceKit", "mtllib some.mtl", *(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices), "vt 0 0"]
    faces = ["f " + " ".join(f"{corner + 1}/1" for corner in quad) for quad in dome_quads()]
    return "\n".join([*lines, "usemtl skin", "f 1/1 2/1 27/1", *faces]) + "\n"


def write_ict(folder: Path) -> Path:
    """Write the dome as ICT-FaceKit publishes its head."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "generic_neutral_mesh.obj").write_text(obj_text(dome()))
    for name, moved in dome_shapes().items():
        (folder / f"{name}.obj").write_text(obj_text(dome() + moved))
    (folder / "vertex_indices.json").write_text(json.dumps({"idx_to_landmark_verts": dome_landmarks()}))
    return folder


def flame_arrays(seed: int = 0) -> dict[str, Any]:
    """The fields of a FLAME file: the dome, other in size and place, with two eyeballs behind its lids."""
    rng = np.random.default_rng(seed)
    ball = rng.normal(size=(10, 3))
    ball = 0.012 * np.concatenate([ball, -ball]) / np.linalg.norm(np.concatenate([ball, ball]), axis=1, keepdims=True)
    skin = dome() * 0.0102 + [0, 0.01, -0.05]
    lids = skin[dome_landmarks()]
    eyes = [lids[part].mean(0) - [0, -0.0009, 0.0107] for part in (slice(42, 48), slice(36, 42))]
    template = np.concatenate([skin, eyes[0] + ball, eyes[1] + ball])
    n = len(template)
    shapedirs = np.zeros((n, 3, 400))
    for i in range(8):
        shapedirs[:N_DOME, :, i] = smooth(rng, 0.3) * 0.0102
    moving = [moved for name, moved in dome_shapes().items() if name in ict_names() and name != "jawOpen"]
    _, size, modes = np.linalg.svd(np.reshape(moving, (len(moving), -1)), full_matrices=False)
    modes = (size[:, None] * modes / 3).reshape(-1, N_DOME, 3)  # a shape takes one or two standard deviations
    shapedirs[:N_DOME, :, 300 : 300 + len(modes)] = np.moveaxis(modes, 0, -1) * 0.0102
    weights = np.zeros((n, 5))
    weights[:N_DOME, 2] = 1 / (1 + np.exp(dome()[:, 1] + 4))
    weights[:N_DOME, 1] = 1 - weights[:N_DOME, 2]
    weights[N_DOME : N_DOME + 20, 3] = weights[N_DOME + 20 :, 4] = 1
    regressor = np.zeros((5, n))
    regressor[3, N_DOME : N_DOME + 20] = regressor[4, N_DOME + 20 :] = 1 / 20
    affine = np.column_stack([template, np.ones(n)])
    for joint, place in enumerate(([0, -0.1, -0.08], [0, -0.06, -0.06], [0, 0.01, -0.03])):
        regressor[joint] = np.linalg.lstsq(affine.T, np.append(place, 1.0), rcond=None)[0]
    quads = dome_quads()
    return {
        "v_template": template,
        "shapedirs": shapedirs,
        "posedirs": rng.normal(0, 1e-4, (n, 3, 36)),
        "J_regressor": scipy.sparse.csc_matrix(regressor),
        "weights": weights,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
        "f": np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.uint32),
        "J": regressor @ template,
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


class Ch:
    """What chumpy's array looks like to pickle."""

    def __init__(self, x: Any) -> None:
        self.x = x
        self._dirty_vars, self._itr, self._depends_on_deps = {"x"}, None, {}
        self._make_dense = self._make_sparse = False


class Select:
    """A view of a chumpy array."""

    def __init__(self, a: Any, idxs: NDArray, preferred_shape: tuple[int, ...]) -> None:
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


_Base: Any = pickle._Pickler


class Python2Pickler(_Base):
    """Writes what Python 2 wrote: its texts and bytes are one type, and modules have their old names."""

    dispatch: ClassVar[dict[type, Any]] = dict(_Base.dispatch)
    old_names: ClassVar[dict[type, bytes]] = {
        Ch: b"cchumpy.ch\nCh\n",
        Select: b"cchumpy.reordering\nSelect\n",
        scipy.sparse.csc_matrix: b"cscipy.sparse.csc\ncsc_matrix\n",
        scipy.sparse.csr_matrix: b"cscipy.sparse.csr\ncsr_matrix\n",
    }

    def save_raw(self, value: bytes | str) -> None:
        raw = value.encode("latin-1") if isinstance(value, str) else value
        if self.proto == 0:
            self.write(b"S" + repr(raw)[1:].encode() + b"\n")
        elif len(raw) < 256:
            self.write(b"U" + bytes([len(raw)]) + raw)
        else:
            self.write(b"T" + len(raw).to_bytes(4, "little") + raw)
        self.memoize(value)

    def save_class(self, value: type) -> None:
        if value in self.old_names:
            self.write(self.old_names[value])
            self.memoize(value)
        else:
            self.save_type(value)

    dispatch[bytes] = dispatch[str] = save_raw
    dispatch[type] = save_class


def python2_pickle(value: Any, protocol: int = 2) -> bytes:
    """Return the pickle that Python 2 would have written."""
    out = io.BytesIO()
    Python2Pickler(out, protocol).dump(value)
    return out.getvalue()


def write_flame(path: Path, **changes: Any) -> Path:
    """Write the dome as FLAME is published: shapes in chumpy's array, the regressor sparse, by Python 2."""
    arrays = flame_arrays() | changes
    arrays["shapedirs"] = Ch(arrays["shapedirs"])
    path.write_bytes(python2_pickle({name: value for name, value in arrays.items() if value is not None}))
    return path
