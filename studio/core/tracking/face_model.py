"""The fitted template at its landmarks: where each of the 478 goes for an ARKit code, and how fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import EYE_MIDPOINT, FACE_OVAL, INTEROCULAR, eye_centres, to_head
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.shapes import JAW_ANGLE
from studio.core.heads.template import SHAPE_NAMES, TemplateHead, mean_landmarks, shape_weights
from studio.core.motion.poses import placement_matrix
from studio.core.motion.track import Track
from studio.core.tracking.normal_equations import blended

N_LANDMARKS = 478

STABLE = np.array(
    [10, 338, 297, 332, 284, 251, 389, 356, 127, 162, 21, 54, 103, 67, 109, 151, 9, 8, 168, 6, 197, 195, 5, 4,
     33, 133, 362, 263, 234, 454, 93, 323, 116, 345]
)  # fmt: skip
"""Landmarks that no expression moves much: forehead, bridge of the nose, corners of the eyes, sides."""

INNER = np.setdiff1d(STABLE, FACE_OVAL)
"""Those of them that lie within the face: at its outline another place of the skin is seen from every side."""

_JAW_OPEN = ARKIT_INDEX["jawOpen"]
_CLOSE_GAP, _CLOSE_JAW = SHAPE_NAMES.index("closeGap"), SHAPE_NAMES.index("closeJaw")
# The head in face heights around the face's middle.
_HEAD, _HEAD_ABOVE = 1.7, 0.6
# How the weight of closeGap follows from the code; see `shape_weights`.
_GAP_BY = {"mouthClose": 1.0, "mouthPressLeft": 0.5, "mouthPressRight": 0.5, "mouthPucker": 1.25}


@dataclass(frozen=True, eq=False)
class FaceModel:
    """One person's landmarks under any expression.

    Attributes
    ----------
    rest
        ``[478,3]`` m in head space.
    deltas
        ``[S,478,3]`` m: the displacement of each of `SHAPE_NAMES` at 1, without the jaw's turn.
    jaw_weights
        ``[478]``.
    hinge
        ``[3]`` m: the jaw turns about the x axis through it.
    """

    rest: NDArray[np.float64]
    deltas: NDArray[np.float64]
    jaw_weights: NDArray[np.float64]
    hinge: NDArray[np.float64]

    @staticmethod
    def of(landmarks: NDArray) -> "FaceModel":
        """Return the model of a face whose landmarks at rest are ``[478,3]`` m in head space."""
        head = TemplateHead(landmarks)
        return FaceModel(
            np.asarray(landmarks, np.float64),
            head.deltas[:, :N_LANDMARKS].astype(np.float64),
            head.jaw_weights[:N_LANDMARKS].astype(np.float64),
            to_head(head.shapes.hinge),
        )

    def at(self, chosen: NDArray[np.intp]) -> "FaceModel":
        """Return the model of some of the landmarks only."""
        return FaceModel(
            self.rest[chosen], np.ascontiguousarray(self.deltas[:, chosen]), self.jaw_weights[chosen], self.hinge
        )

    def points(self, code: NDArray) -> NDArray[np.float64]:
        """Return the landmarks ``[P,3]`` m under an ARKit code ``[52]``."""
        moved = blended(self.rest, self.deltas, shape_weights(code).astype(np.float64))
        angle = JAW_ANGLE * float(code[_JAW_OPEN])
        c, s = np.cos(angle), np.sin(angle)
        y, z = (self.rest[:, k] - self.hinge[k] for k in (1, 2))
        moved[:, 1] += self.jaw_weights * (c * y - s * z - y)
        moved[:, 2] += self.jaw_weights * (s * y + c * z - z)
        return moved

    def seen_in(self, track: Track, frame: int) -> NDArray[np.float64]:
        """Return the landmarks ``[P,3]`` px in a frame of a track of this face; z as large as x and y."""
        clip = placement_matrix(track.placement[frame])
        points = self.points(track.motion.code[frame].astype(np.float64)) @ clip[:3, :3].T + clip[:3, 3]
        pixels = np.array([track.width, track.height]) / 2 + track.focal * points[:, :2] / points[:, 2:]
        return np.column_stack([pixels, (points[:, 2] - clip[2, 3]) * track.focal / clip[2, 3]])

    def slopes(self, code: NDArray) -> NDArray[np.float64]:
        """Return the derivative of `points` by each channel of the code ``[52,P,3]``."""
        out = self.deltas[: len(ARKIT_NAMES)].copy()
        gap = sum(share * code[ARKIT_INDEX[name]] for name, share in _GAP_BY.items())
        if gap < 1:
            for name, share in _GAP_BY.items():
                out[ARKIT_INDEX[name]] += share * self.deltas[_CLOSE_GAP]
        close = ARKIT_INDEX["mouthClose"]
        out[close if code[close] < code[_JAW_OPEN] else _JAW_OPEN] += self.deltas[_CLOSE_JAW]
        angle = JAW_ANGLE * float(code[_JAW_OPEN])
        c, s = np.cos(angle), np.sin(angle)
        y, z = (self.rest[:, k] - self.hinge[k] for k in (1, 2))
        out[_JAW_OPEN, :, 1] += JAW_ANGLE * self.jaw_weights * (-s * y - c * z)
        out[_JAW_OPEN, :, 2] += JAW_ANGLE * self.jaw_weights * (c * y - s * z)
        return out


def head_square(landmarks: NDArray) -> NDArray[np.float64]:
    """Return x0 y0 x1 y1 px around the head of a face with landmarks ``[478,2+]`` px, which is judged within."""
    centre, side = landmarks[:468, :2].mean(0), np.ptp(landmarks[:468, 1]) * _HEAD
    corner = centre - side * np.array([0.5, _HEAD_ABOVE])
    return np.concatenate([corner, corner + side])


def canonical(landmarks: NDArray) -> NDArray[np.float64]:
    """Place a face ``[478,3]`` at rest in head space: turned as the mean face is by what no expression moves.

    The eyes then lie where the mean face has them, `INTEROCULAR` apart. A frame that only rested on a few landmarks
    would nod with the chin.
    """
    mean = mean_landmarks()
    source, target = np.asarray(landmarks, np.float64)[STABLE], mean[STABLE]
    a, b = source - source.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    turn = (u * [1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    turned = landmarks @ turn.T
    right, left = eye_centres(turned)
    return (turned - (right + left) / 2) * (INTEROCULAR / np.linalg.norm(left - right)) + EYE_MIDPOINT
