"""FLAME: a head of 400 statistical shapes, four rotating joints and pose correctives, read as it is published.

Source: Li et al., "Learning a model of facial shape and expression from 4D scans", 2017, Sec. 3; the files of FLAME
2017-2023. The model's licence is its authors' and most versions are for non-commercial use: nothing of it is part of
this project, and whoever has a copy adds it with ``avatar-studio heads add``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.flame_pickle import PickleRefused, read_pickle
from studio.core.heads.head import HeadParams
from studio.core.heads.npz import NpzRefused, read_npz
from studio.core.heads.placement import Placement
from studio.core.heads.skinning import joint_transforms, pose_feature, rotation_matrices, skin
from studio.core.media.files import opened

N_IDENTITY, N_EXPRESSION = 300, 100
JOINTS = ("root", "neck", "jaw", "eyeLeft", "eyeRight")
"""In published order; Bolkart in TF_FLAME's issue 73."""

EXPRESSION_NAMES: tuple[str, ...] = tuple(f"expression{i:03d}" for i in range(N_EXPRESSION)) + tuple(
    joint + axis for joint in JOINTS[1:] for axis in "XYZ"
)
"""The code ``[112]``: expression coefficients in standard deviations, then axis-angle rad of neck, jaw and eyes."""

MAX_FILE = 160 * 2**20  # a published model has 53 MB
MAX_VERTICES = 20_000  # FLAME has 5023; its 400 shapes of float32 stay below 100 MB

MAX_VALUE = 100.0  # a head is decimetres large

LIDS_FROM_EYE = np.array([0.0, -0.0009, 0.0107])
"""m from an eyeball's centre to the middle of its lids; measured on FLAME's sample mesh with its landmarks."""

_FIELDS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")


@dataclass(frozen=True, eq=False)
class FlameModel:
    """The arrays of one file, in FLAME's own coordinates (m, y up, z out of the face).

    Attributes
    ----------
    template
        ``[V,3]`` float32.
    identity, expression
        ``[V,3,300]`` and ``[V,3,100]`` float32 m per standard deviation.
    correctives
        ``[V,3,36]`` float32 m, weighted with `skinning.pose_feature`.
    regressor
        ``[5,V]`` float32: joints as sums of vertices.
    weights
        ``[V,5]`` float32 skinning weights, rows sum to 1.
    parents
        ``[5]`` int32.
    faces
        ``[F,3]`` int32.
    landmark_faces, landmark_weights
        ``[L]`` int32 and ``[L,3]`` float32: points on faces. L is 0 (none came with the model), 51 (the standard
        landmarks without the jaw line) or 68.
    """

    template: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    correctives: NDArray[np.float32]
    regressor: NDArray[np.float32]
    weights: NDArray[np.float32]
    parents: NDArray[np.int32]
    faces: NDArray[np.int32]
    landmark_faces: NDArray[np.int32]
    landmark_weights: NDArray[np.float32]

    def arrays(self) -> dict[str, NDArray]:
        """Return every array by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, eq=False)
class FlameExpression:
    """What moves on a FLAME head: coefficients ``[100]``, and axis-angle rad of the neck and jaw ``[3]`` and eyes."""

    expression: NDArray[np.float32]
    neck: NDArray[np.float32]
    jaw: NDArray[np.float32]
    eyes: NDArray[np.float32]
    """``[2,3]``: left, right."""

    def code(self) -> NDArray[np.float32]:
        """Return the code ``[112]`` in the order of `EXPRESSION_NAMES`."""
        return np.concatenate([self.expression, self.neck, self.jaw, self.eyes.reshape(-1)]).astype(np.float32)

    @classmethod
    def of(cls, code: NDArray) -> "FlameExpression":
        """Return the parts of a code ``[112]``."""
        parts = np.split(np.asarray(code, np.float32), np.cumsum([N_EXPRESSION, 3, 3]))
        return cls(parts[0], parts[1], parts[2], parts[3].reshape(2, 3))


class FlameHead:
    """A FLAME model placed in head space.

    Attributes
    ----------
    neutral
        ``[V,3]`` float32 m, the mean head.
    faces
        ``[F,3]`` int32, counter-clockwise from outside.
    joints
        ``[3]`` m by name, of the mean head: neck, jaw, eyeLeft, eyeRight.
    landmark_vertices
        ``[68]`` int32 vertices nearest to the standard landmarks, −1 where none is known: the model's own, and for
        the others those of `found_landmarks` (see `registration.Match`).
    """

    expression_names = EXPRESSION_NAMES

    def __init__(self, model: FlameModel, found_landmarks: NDArray | None = None) -> None:
        self.model = model
        self.faces = model.faces
        joints = (model.regressor @ model.template).astype(np.float64)
        left, right = joints[3], joints[4]
        self.placement = Placement.by_eyes(right + LIDS_FROM_EYE, left + LIDS_FROM_EYE)
        self._whole = Posable(
            model.template,
            model.identity,
            model.expression,
            model.correctives,
            model.weights,
            joints,
            np.einsum("jv,vck->jck", model.regressor, model.identity, optimize=True),
            np.einsum("jv,vck->jck", model.regressor, model.expression, optimize=True),
            model.parents,
            self.placement,
        )
        self.neutral = self.placement.to_head(model.template)
        at = self.placement.to_head(joints)
        self.joints = {name: at[j] for j, name in enumerate(JOINTS) if j}
        self.landmark_vertices = _landmark_vertices(model)
        if found_landmarks is not None:
            unknown = self.landmark_vertices < 0
            self.landmark_vertices[unknown] = found_landmarks[unknown]

    def vertices(self, params: HeadParams) -> NDArray[np.float32]:
        """Return the posed vertices ``[V,3]`` m in head space.

        `params.identity` holds up to 300 coefficients, `params.expression` is a code ``[112]``.
        """
        return self._whole.posed(params.expression, params.identity)

    def part(self, vertices: NDArray) -> "Posable":
        """Return some of the vertices, which can be posed alone."""
        return self._whole.part(vertices)


@dataclass(frozen=True, eq=False)
class Posable:
    """Vertices that follow codes; see `FlameModel` for the arrays."""

    template: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    correctives: NDArray[np.float32]
    weights: NDArray[np.float32]
    joints: NDArray[np.float64]
    joint_identity: NDArray[np.float32]
    joint_expression: NDArray[np.float32]
    parents: NDArray[np.int32]
    placement: Placement

    def posed(self, code: NDArray, identity: NDArray | None = None) -> NDArray[np.float32]:
        """Return the vertices ``[n,3]`` m in head space of a code ``[112]`` and up to 300 identity coefficients."""
        moved = FlameExpression.of(code)
        rest = self.template + self.expression @ moved.expression
        joints = self.joints + self.joint_expression @ moved.expression
        if identity is not None and np.any(identity):
            betas = np.ravel(identity).astype(np.float32)
            rest += self.identity[..., : len(betas)] @ betas
            joints = joints + self.joint_identity[..., : len(betas)] @ betas
        matrices = rotation_matrices(np.stack([np.zeros(3), moved.neck, moved.jaw, *moved.eyes]))
        rest += self.correctives @ pose_feature(matrices).astype(np.float32)
        return self.placement.to_head(skin(rest, self.weights, joint_transforms(matrices, joints, self.parents)))

    def part(self, vertices: NDArray) -> "Posable":
        """Return some of the vertices."""
        per_vertex = ("template", "identity", "expression", "correctives", "weights")
        return replace(self, **{name: getattr(self, name)[vertices] for name in per_vertex})


def read_flame(path: Path) -> FlameModel:
    """Read a model as published (``.pkl``) or converted (``.npz``), with the landmarks that lie beside it.

    A file called ``*static_embedding*.pkl`` or ``.npz`` in the same folder is taken for the landmarks
    (``lmk_face_idx``, ``lmk_b_coords``; Sanyal et al., RingNet).

    Raises
    ------
    UserError
        If the file cannot be read, is no FLAME model, is damaged, or asks for anything but arrays.
    """
    arrays = _arrays(path, _FIELDS)
    missing = [name for name in _FIELDS if name not in arrays]
    if missing:
        raise _no_model(path, f"it holds no array of numbers called '{missing[0]}'")
    try:
        model = _checked(arrays)
    except ValueError as error:
        raise _no_model(path, str(error)) from error
    for embedding in sorted(path.parent.glob("*static_embedding*")):
        if embedding.suffix in (".pkl", ".npz"):
            return _with_landmarks(model, embedding)
    return model


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray]:
    with opened(path) as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _no_model(path, "it is larger than one")
    try:
        if data[:2] == b"PK":
            return read_npz(data, names, MAX_FILE)
        return read_pickle(data, names)
    except (PickleRefused, NpzRefused) as error:
        raise _no_model(path, str(error)) from error


def _no_model(path: Path, reason: str) -> UserError:
    return UserError(f"'{path.name}' is no FLAME model: {reason}; choose a .pkl or .npz file as published.")


def _checked(arrays: Mapping[str, NDArray]) -> FlameModel:
    """Return the model, or raise ValueError with what is wrong with it."""
    template = arrays["v_template"]
    if template.ndim != 2 or not 4 <= len(template) <= MAX_VERTICES:
        raise ValueError("'v_template' has an unexpected shape")
    n, joints = len(template), len(JOINTS)
    expected = {
        "v_template": (n, 3),
        "shapedirs": (n, 3, N_IDENTITY + N_EXPRESSION),
        "posedirs": (n, 3, 9 * (joints - 1)),
        "J_regressor": (joints, n),
        "weights": (n, joints),
        "kintree_table": (2, joints),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"'{name}' has the shape {arrays[name].shape}, not {shape}")
        if not np.isfinite(arrays[name]).all() or (name != "kintree_table" and abs(arrays[name]).max() > MAX_VALUE):
            raise ValueError(f"'{name}' holds values that no head has")
    faces = _indices(arrays["f"], n, "f")
    # The root's parent is written as 2**32 - 1.
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    if (parents[1:] < 0).any() or (parents >= np.arange(joints)).any():
        raise ValueError("'kintree_table' is no chain of joints")
    if abs(arrays["weights"].sum(1) - 1).max() > 1e-3 or arrays["weights"].min() < -1e-6:
        raise ValueError("'weights' are no skinning weights")
    eyes = (arrays["J_regressor"] @ template)[3:]
    if not 0.02 < np.linalg.norm(eyes[0] - eyes[1]) < 0.2:
        raise ValueError("its eyes are not a few centimetres apart")
    single = {name: np.ascontiguousarray(arrays[name], np.float32) for name in expected}
    return FlameModel(
        template=single["v_template"],
        identity=np.ascontiguousarray(single["shapedirs"][..., :N_IDENTITY]),
        expression=np.ascontiguousarray(single["shapedirs"][..., N_IDENTITY:]),
        correctives=single["posedirs"],
        regressor=single["J_regressor"],
        weights=single["weights"],
        parents=parents.astype(np.int32),
        faces=faces,
        landmark_faces=np.zeros(0, np.int32),
        landmark_weights=np.zeros((0, 3), np.float32),
    )


def _indices(values: NDArray, below: int, name: str) -> NDArray[np.int32]:
    """Return faces ``[F,3]`` as indices."""
    if values.ndim != 2 or values.shape[1] != 3 or not 1 <= len(values) <= 4 * MAX_VERTICES:
        raise ValueError(f"'{name}' has the shape {values.shape}, not (F, 3)")
    if not np.isfinite(values).all() or abs(values).max() > MAX_FILE:
        raise ValueError(f"'{name}' holds numbers that are no vertices")
    whole = values.astype(np.int64)
    if (whole != values).any() or whole.min() < 0 or whole.max() >= below:
        raise ValueError(f"'{name}' holds numbers that are no vertices")
    return np.ascontiguousarray(whole, np.int32)


def _with_landmarks(model: FlameModel, path: Path) -> FlameModel:
    """Return the model with the landmarks of an embedding file."""
    found = _arrays(path, ("lmk_face_idx", "lmk_b_coords"))
    faces, weights = found.get("lmk_face_idx"), found.get("lmk_b_coords")
    if (
        faces is None
        or weights is None
        or faces.shape not in ((51,), (68,))
        or weights.shape != (len(faces), 3)
        or not np.isfinite(weights).all()
        or faces.dtype.kind not in "iu"
        or faces.min() < 0
        or faces.max() >= len(model.faces)
    ):
        raise UserError(
            f"'{path.name}' holds no 51 or 68 landmarks of this model; move it out of the model's folder or mend it."
        )
    return replace(
        model,
        landmark_faces=faces.astype(np.int32),
        landmark_weights=np.ascontiguousarray(weights, np.float32),
    )


def _landmark_vertices(model: FlameModel) -> NDArray[np.int32]:
    out = np.full(68, -1, np.int32)
    if len(model.landmark_faces):
        corners = model.faces[model.landmark_faces]
        nearest = corners[np.arange(len(corners)), model.landmark_weights.argmax(1)]
        out[68 - len(nearest) :] = nearest
    return out
