"""The built-in head template: a face of landmarks with an apron around it, and the 52 ARKit shapes.

Version 1 covers what moves: the face, and the skin around it as far as expressions reach. Its shapes are made
for each head from its own landmarks (`shapes.FaceShapes`).
"""

from functools import lru_cache

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from studio.core.assets import asset_bytes
from studio.core.heads.anatomy import FACE_OVAL, LOWER_LIP_INNER, UPPER_LIP_INNER, smoothstep, to_face, to_head
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import HeadParams
from studio.core.heads.shapes import FaceShapes

N_LANDMARKS = 478

APRON_REACH = 0.52
"""Interocular distances that the apron, and with it every expression, reaches beyond the face oval."""

CORRECTIVES = ("closeGap", "closeJaw")
"""Shapes beyond the 52 whose weight follows from them; see `shape_weights`."""

SHAPE_NAMES: tuple[str, ...] = ARKIT_NAMES + CORRECTIVES


@lru_cache(maxsize=1)
def _asset() -> dict[str, NDArray]:
    return safetensors.numpy.load(asset_bytes("head_template.safetensors"))


def mean_landmarks() -> NDArray[np.float64]:
    """Return the mean face's landmarks ``[478,3]`` m in head space."""
    return to_head(_asset()["mean_landmarks"])


def apron_rings() -> NDArray[np.float64]:
    """Return how far each ring of the apron lies beyond the oval, ``[R]`` interocular distances."""
    control = int(_asset()["control_faces"].max()) + 1
    rings = (control - N_LANDMARKS) // len(FACE_OVAL)
    return APRON_REACH * (np.arange(rings) + 1) / rings


class TemplateHead:
    """The template in one person's shape.

    Parameters
    ----------
    landmarks
        ``[478,3]`` m in head space.
    apron
        ``[R * 36, 3]`` m in head space: the rings around the face oval, the inner one first; by default they
        continue the oval outwards and back.
    shapes
        How this face moves; by default as the built-in head does.

    Attributes
    ----------
    neutral
        ``[V,3]`` float32 m.
    faces
        ``[F,3]`` int32, counter-clockwise from outside.
    deltas
        ``[S,V,3]`` float32 m: the displacement of each of `SHAPE_NAMES` at 1, without the jaw's rotation.
    jaw_weights
        ``[V]`` float32: how far each vertex turns with the jaw.
    """

    expression_names = ARKIT_NAMES

    def __init__(self, landmarks: NDArray, apron: NDArray | None = None, shapes: FaceShapes | None = None) -> None:
        asset = _asset()
        landmarks = np.asarray(landmarks, np.float64)
        self.faces: NDArray[np.int32] = asset["faces"]
        apron = default_apron(landmarks) if apron is None else apron
        self.neutral = _subdivided(np.concatenate([landmarks, apron]), asset["parents"]).astype(np.float32)
        self.shapes = FaceShapes(to_face(landmarks)) if shapes is None else shapes
        face = to_face(self.neutral)
        side = self._sides(face, len(landmarks) + len(apron), asset["parents"])
        fade = self._fade(len(landmarks), len(apron), asset["parents"])
        fields = self.shapes.skin(face, side)
        origin = to_head(np.zeros(3))
        self.deltas = np.stack([(to_head(fields[name]) - origin) * fade[:, None] for name in SHAPE_NAMES])
        self.deltas = self.deltas.astype(np.float32)
        self.jaw_weights = (self.shapes.jaw_weight(face, side) * fade).astype(np.float32)

    def vertices(self, params: HeadParams) -> NDArray[np.float32]:
        """Return the posed vertices ``[V,3]`` m in head space; the identity is this head's own."""
        weights = shape_weights(params.expression)
        moved = self.neutral + np.tensordot(weights, self.deltas, axes=1)
        face = to_face(self.neutral)
        turn = self.shapes.jaw_rotation(face, float(params.expression[ARKIT_INDEX["jawOpen"]]))
        moved += (to_head(turn) - to_head(np.zeros(3))) * self.jaw_weights[:, None]
        return moved.astype(np.float32)

    def _sides(self, face: NDArray, n_control: int, parents: NDArray) -> NDArray[np.float64]:
        """Return each vertex's side of the lip cut ``[V]``: −1 above, +1 below.

        Position tells, but not on the lips' inner rings, which touch and cross when the mouth is closed: there a
        landmark's ring tells, and a vertex between two of one side is of that side.
        """
        side = lip_side(face, self.shapes.landmarks)
        known = side[:n_control].copy()
        known[UPPER_LIP_INNER[1:-1]], known[LOWER_LIP_INNER[1:-1]] = -1, 1
        known[[UPPER_LIP_INNER[0], UPPER_LIP_INNER[-1]]] = 0  # the corners belong to both
        total = np.concatenate([known, np.zeros(len(parents))])
        for child, (a, b) in enumerate(parents, n_control):
            both = total[a] + total[b]
            total[child] = np.sign(both) if both else side[child]
        total[[UPPER_LIP_INNER[0], UPPER_LIP_INNER[-1]]] = 1
        return total

    @staticmethod
    def _fade(n_landmarks: int, n_apron: int, parents: NDArray) -> NDArray[np.float64]:
        """Return 1 on the face falling to 0 at the apron's rim, ``[V]``."""
        rings = n_apron // len(FACE_OVAL)
        apron = 1 - smoothstep(0, 1, (np.arange(rings) + 1) / rings)
        control = np.concatenate([np.ones(n_landmarks), np.repeat(apron, len(FACE_OVAL))])
        return _subdivided(control[:, None], parents)[:, 0]


def shape_weights(code: NDArray) -> NDArray[np.float32]:
    """Return the weight of each of `SHAPE_NAMES` ``[S]`` for an ARKit code ``[52]``.

    ``mouthClose`` closes as much as ``jawOpen`` has opened, never more, and closes a gap the portrait has at rest;
    pressing and puckering lips close that gap too. ARKit defines mouthClose only relative to jawOpen.
    """
    value = np.asarray(code, np.float32)

    def at(name: str) -> float:
        return float(value[ARKIT_INDEX[name]])

    press = 0.5 * (at("mouthPressLeft") + at("mouthPressRight"))
    gap = min(1.0, at("mouthClose") + press + 1.25 * at("mouthPucker"))
    jaw = min(at("mouthClose"), at("jawOpen"))
    return np.concatenate([value, np.array([gap, jaw], np.float32)])


def lip_side(face: NDArray, landmarks: NDArray) -> NDArray[np.float64]:
    """Return −1 above the cut between the lips and +1 below it, for face-frame points ``[n,3]``."""
    middle = 0.5 * (landmarks[UPPER_LIP_INNER] + landmarks[LOWER_LIP_INNER])
    return np.where(face[:, 1] > np.interp(face[:, 0], middle[:, 0], middle[:, 1]), 1.0, -1.0)


def default_apron(landmarks: NDArray) -> NDArray[np.float64]:
    """Continue the face oval outwards in the face plane and backwards: ``[R * 36, 3]`` m in head space."""
    oval = to_face(landmarks)[FACE_OVAL]
    away = oval[:, :2] - oval[:, :2].mean(0)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    rings = [
        np.column_stack([oval[:, :2] + away * reach, oval[:, 2] - 0.9 * reach - 0.6 * reach**2])
        for reach in apron_rings()
    ]
    return to_head(np.concatenate(rings))


def _subdivided(control: NDArray, parents: NDArray) -> NDArray[np.float64]:
    """Append the vertices that lie half-way between two earlier ones; parents always come before children."""
    out = np.zeros((len(control) + len(parents), control.shape[1]))
    out[: len(control)] = control
    start = len(control)
    while start < len(out):
        # A level ends where a parent would refer to a vertex of the same level.
        block = parents[start - len(control) :]
        level = int(np.argmax(block.max(1) >= start)) if (block.max(1) >= start).any() else len(block)
        out[start : start + level] = 0.5 * (out[block[:level, 0]] + out[block[:level, 1]])
        start += level
    return out
