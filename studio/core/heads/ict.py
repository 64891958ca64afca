"""ICT-FaceKit: a head of 100 statistical identities and 53 ARKit-like shapes, read from its folder of OBJ files.

Source: Li et al., "Learning Formation of Physically-Based Face Attributes", 2020; the folder ``FaceXModel`` of the
public repository (MIT licence). Nothing of it is part of this project.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import HeadParams
from studio.core.heads.obj import read_mesh, read_vertices
from studio.core.heads.placement import Placement
from studio.core.jobs import Job, Progress
from studio.core.media.files import opened

NEUTRAL, INDICES = "generic_neutral_mesh.obj", "vertex_indices.json"
EXTRA_FILES = ("cheekRaiser_L", "cheekRaiser_R", "PupilDilate_L", "PupilDilate_R")
"""Shapes of the folder that ARKit does not have; they follow the 52 where their files are present."""

SKIN_END = 11248
"""Face, head and neck come first; mouth, teeth, eyes and lashes follow (the repository's table of parts)."""

EYEBALLS = {"Left": (21451, 23021), "Right": (23021, 24591)}
"""Vertex ranges; a mesh cut down to its face has none of them."""

LOWER_TEETH = (19247, 21451)

EYE_RANGE = np.radians(30.0)
"""rad an eyeball turns at eyeLook… = 1, as `motion.idle` has it. The files move only the lids."""

EYE_BEHIND_LIDS = 0.0076
"""m from the middle of the lids back to the eyeball's centre, measured on the published neutral head."""

NECK = np.array([0.0, -0.03, -0.01])
"""m in head space: about where the skull sits on the spine. The files have no neck joint."""

MAX_IDENTITIES = 300
MAX_INDICES = 4 * 2**20  # bytes

_LIDS = {"Right": slice(36, 42), "Left": slice(42, 48)}


@dataclass(frozen=True, eq=False)
class IctModel:
    """The arrays of the folder, in cm, y up, z out of the face.

    Attributes
    ----------
    neutral
        ``[V,3]`` float32.
    faces
        ``[F,3]`` int32, quads split in two.
    identity
        ``[N,V,3]`` float32 displacements.
    expression
        ``[52 + E,V,3]`` float32 displacements in the order of `ARKIT_NAMES`, then `EXTRA_FILES` where present.
    landmark_vertices
        ``[68]`` int32.
    """

    neutral: NDArray[np.float32]
    faces: NDArray[np.int32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    landmark_vertices: NDArray[np.int32]

    def arrays(self) -> dict[str, NDArray]:
        """Return every array by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class IctHead:
    """The ICT head placed in head space.

    Shapes add up as published. Eyeballs are turned by ``eyeLook…``, which in the files move the lids only.

    Attributes
    ----------
    neutral
        ``[V,3]`` float32 m.
    faces
        ``[F,3]`` int32, counter-clockwise from outside.
    expression_names
        The 52 ARKit names (``tongueOut`` moves nothing: the model has no such shape), then the extra ones.
    joints
        ``[3]`` m by name: neck, jaw, eyeLeft, eyeRight.
    landmark_vertices
        ``[68]`` int32, the standard landmarks.
    """

    def __init__(self, model: IctModel) -> None:
        self.model = model
        self.faces = model.faces
        self.landmark_vertices = model.landmark_vertices
        extra = len(model.expression) - len(ARKIT_NAMES)
        self.expression_names = ARKIT_NAMES + tuple(_extra_name(name) for name in EXTRA_FILES[:extra])
        lids = model.neutral[model.landmark_vertices].astype(np.float64)
        self.placement = Placement.by_eyes(lids[_LIDS["Right"]].mean(0), lids[_LIDS["Left"]].mean(0))
        self.neutral = self.placement.to_head(model.neutral)
        self.skin_vertices = np.arange(min(SKIN_END, len(self.neutral)))
        self.joints = {
            "neck": NECK,
            "jaw": self._jaw(),
            "eyeLeft": self._eye(self.neutral, "Left"),
            "eyeRight": self._eye(self.neutral, "Right"),
        }

    def vertices(self, params: HeadParams) -> NDArray[np.float32]:
        """Return the posed vertices ``[V,3]`` m in head space.

        `params.identity` holds up to N coefficients; `params.expression` the 52 channels or all of
        `expression_names`.
        """
        model, code = self.model, np.asarray(params.expression, np.float32)
        identity = np.ravel(params.identity).astype(np.float32)
        shaped = model.neutral + np.tensordot(identity, model.identity[: len(identity)], axes=1)
        used = np.flatnonzero(code)
        posed = self.placement.to_head(shaped + np.tensordot(code[used], model.expression[used], axes=1))
        for side, (start, stop) in EYEBALLS.items():
            turn = eye_rotation(code, side)
            if turn.any() and len(self.neutral) >= stop:
                centre = self._eye(self.placement.to_head(shaped), side)
                posed[start:stop] = Rotation.from_rotvec(turn).apply(posed[start:stop] - centre) + centre
        return posed

    def _eye(self, vertices: NDArray, side: str) -> NDArray[np.float64]:
        start, stop = EYEBALLS[side]
        if len(vertices) >= stop:
            return vertices[start:stop].mean(0, dtype=np.float64)
        return vertices[self.landmark_vertices[_LIDS[side]]].mean(0, dtype=np.float64) - [0, 0, EYE_BEHIND_LIDS]

    def _jaw(self) -> NDArray[np.float64]:
        """Return the point about which jawOpen turns what follows it wholly: the lower teeth, or the chin."""
        moved = self.model.expression[ARKIT_INDEX["jawOpen"]].astype(np.float64) * self.placement.scale
        length = np.linalg.norm(moved, axis=1)
        most = np.flatnonzero(length >= 0.8 * length.max())
        if len(moved) >= LOWER_TEETH[1]:
            most = np.arange(*LOWER_TEETH)
        source, target = self.neutral[most].astype(np.float64), self.neutral[most] + moved[most]
        turn = Rotation.align_vectors(target - target.mean(0), source - source.mean(0))[0].as_matrix()
        shift = target.mean(0) - turn @ source.mean(0)
        # The axis runs from side to side: of the fixed points, the one in the middle.
        middle = np.linalg.lstsq((np.eye(3) - turn)[1:, 1:], shift[1:], rcond=None)[0]
        return np.array([0.0, *middle])


def eye_rotation(code: NDArray, side: str) -> NDArray[np.float64]:
    """Return the axis-angle ``[3]`` rad by which an ARKit code ``[52]`` turns the eyeball of a side."""

    def at(name: str) -> float:
        return float(code[ARKIT_INDEX[f"eyeLook{name}{side}"]])

    outwards = 1.0 if side == "Left" else -1.0
    return EYE_RANGE * np.array([at("Down") - at("Up"), outwards * (at("Out") - at("In")), 0.0])


def read_ict(folder: Path) -> Job[IctModel]:
    """Read the folder ``FaceXModel``; files may be ``.obj`` or ``.obj.gz``.

    Raises
    ------
    UserError
        If the folder is not ICT-FaceKit's, or one of its files is missing or damaged.
    """
    found = {_stem(path): path for path in sorted(folder.iterdir()) if path.name.endswith((".obj", ".obj.gz"))}
    neutral_path = found.get(_stem(Path(NEUTRAL)))
    if neutral_path is None:
        raise UserError(f"There is no {NEUTRAL} in '{folder.name}'; choose ICT-FaceKit's folder FaceXModel.")
    yield Progress(0.0, "reading the neutral mesh")
    mesh = read_mesh(neutral_path)
    landmarks = _landmarks(folder / INDICES, len(mesh.vertices))
    shapes = {name: arkit_name(name) for name in sorted(_files_of_arkit())}
    missing = [name for name in shapes if name not in found]
    if missing:
        raise UserError(f"There is no {missing[0]}.obj in '{folder.name}'; copy the whole folder FaceXModel.")
    extras = [name for name in EXTRA_FILES if name in found]
    if extras != list(EXTRA_FILES[: len(extras)]):
        raise UserError(f"Some of {', '.join(EXTRA_FILES)} are missing in '{folder.name}'; copy all of them or none.")
    identities = _numbered(found)
    expression = np.zeros((len(ARKIT_NAMES) + len(extras), *mesh.vertices.shape), np.float32)
    identity = np.zeros((len(identities), *mesh.vertices.shape), np.float32)
    rows = [(name, expression[ARKIT_INDEX[shapes[name]]]) for name in shapes]
    rows += [(name, expression[len(ARKIT_NAMES) + i]) for i, name in enumerate(extras)]
    rows += [(name, identity[i]) for i, name in enumerate(identities)]
    for done, (name, row) in enumerate(rows):
        yield Progress(done / len(rows), f"reading {len(rows)} shapes")
        moved = read_vertices(found[name])
        if moved.shape != mesh.vertices.shape:
            raise UserError(f"'{found[name].name}' has another number of vertices than {NEUTRAL}; copy both again.")
        row += (moved - mesh.vertices).astype(np.float32)
    _check(mesh.vertices[landmarks], expression[ARKIT_INDEX["jawOpen"], landmarks], folder)
    return IctModel(mesh.vertices.astype(np.float32), mesh.faces, identity, expression, landmarks)


def _check(landmarks: NDArray, opened_jaw: NDArray, folder: Path) -> None:
    """Refuse what cannot be placed and turned as a head: `landmarks` ``[68,3]`` cm and how jawOpen moves them."""
    right, left = (landmarks[lids].mean(0) for lids in (_LIDS["Right"], _LIDS["Left"]))
    if not 2 < left[0] - right[0] < 20:
        raise UserError(f"The eyes in '{folder.name}' are not a few centimetres apart; copy the whole folder again.")
    if np.linalg.norm(opened_jaw, axis=1).max() < 0.1:
        raise UserError(f"The shape jawOpen in '{folder.name}' opens no mouth; copy the whole folder again.")


def arkit_name(name: str) -> str:
    """Return the ARKit name of an ICT shape; ICT halves ``browInnerUp`` and ``cheekPuff``, whose halves add up."""
    for half in ("browInnerUp", "cheekPuff"):
        if name in (f"{half}_L", f"{half}_R"):
            return half
    return _extra_name(name)


def _extra_name(name: str) -> str:
    sided = name.removesuffix("_L") + "Left" if name.endswith("_L") else name
    sided = sided.removesuffix("_R") + "Right" if sided.endswith("_R") else sided
    return sided[:1].lower() + sided[1:]


def _files_of_arkit() -> set[str]:
    """Return the names of the 53 published shapes."""
    halved = {"browInnerUp", "cheekPuff"}
    names = {name for name in ARKIT_NAMES if name != "tongueOut" and name not in halved}
    sided = {name.replace("Left", "_L").replace("Right", "_R") if _has_side(name) else name for name in names}
    return sided | {f"{name}_{side}" for name in halved for side in "LR"}


def _has_side(name: str) -> bool:
    """Whether Left or Right is the side of a pair; the jaw and the mouth as a whole move left and right."""
    return name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def _numbered(found: Mapping[str, Path]) -> list[str]:
    names = []
    while len(names) < MAX_IDENTITIES and f"identity{len(names):03d}" in found:
        names.append(f"identity{len(names):03d}")
    return names


def _landmarks(path: Path, n_vertices: int) -> NDArray[np.int32]:
    with opened(path) as file:
        data = file.read(MAX_INDICES + 1)
    on_skin = min(SKIN_END, n_vertices)
    try:
        values = json.loads(data)["idx_to_landmark_verts"]
        if len(values) != 68 or not all(type(value) is int and 0 <= value < on_skin for value in values):
            raise ValueError("68 vertices")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"'{path.name}' holds no 68 landmarks of this mesh; copy it again with the folder.") from error
    return np.array(values, np.int32)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".obj")
