"""The shapes of a head from the library on the face of a portrait, in place of those of the built-in head.

Every point of the portrait's skin has its place on the other head: a warp that takes the face mesh's landmarks in the
portrait to where they lie there. The point then moves as the skin around that place does, scaled from that head's mouth
and eyes to the portrait's. Lips stay apart by the side of the lip cut on which a point and the skin there lie.

Lengths are interocular distances in the face frame.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from studio.core.heads.anatomy import MOUTH_CORNER_LEFT, MOUTH_CORNER_RIGHT, SIDES, smoothstep, to_face, to_head
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.arkit_skin import ArkitSkin
from studio.core.heads.identity import N_MESH_LANDMARKS
from studio.core.heads.shapes import JAW_ANGLE, FaceShapes, Field, Lid
from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.heads.template import mean_landmarks

# Of the 68: the jaw line is where the skin turns away, no point of it is one place; its middle is the chin.
_KNOWN = np.r_[7:10, 17:68]
_UPPER_INNER, _LOWER_INNER, _INNER_LIPS = slice(61, 64), slice(65, 68), np.r_[61:64, 65:68]
# Chin, lower lip.
_ON_JAW = np.r_[7:10, 56:59, 65:68]
# Stiffness against noise, as of `identity.Identity`.
_SMOOTHING = 0.03
# The skin of one lip is taken to be so far from that of the other.
_APART = 0.3
# A point moves as so many vertices around its place do; those nearer than this count alike.
_NEIGHBOURS, _NEAR = 5, 0.02
# A mouth or an eye differs at most so much from the other head's.
_LEAST, _MOST = 0.5, 1.8
_EYE_SHAPES = ("eyeBlink", "eyeSquint", "eyeWide", "eyeLook")


class OtherHeadShapes(FaceShapes):
    """`FaceShapes` of one face whose skin moves as another head's does.

    These stay the built-in head's: ``closeGap``, which closes a mouth that the portrait shows open; ``eyeBlink…``, for
    the lid that unfolds in a blink is this engine's own; and what is measured on the portrait (hinge, lids, lips).

    Parameters
    ----------
    landmarks
        ``[478,3]`` in the face frame.
    skin
        The other head's.
    """

    def __init__(self, landmarks: NDArray, skin: ArkitSkin) -> None:
        super().__init__(landmarks)
        points = to_face(skin.points)
        there = _mesh_landmarks(points[skin.landmarks])
        here = self.landmarks[:N_MESH_LANDMARKS]
        self._warp = RBFInterpolator(here, there[:N_MESH_LANDMARKS] - here, smoothing=_SMOOTHING)
        corners = there[[MOUTH_CORNER_RIGHT, MOUTH_CORNER_LEFT], 0]
        self._corners = corners
        self._tree = KDTree(self._beside_lips(points, _sides(points, skin)))
        moved = to_face(to_head(np.zeros(3)) + skin.moved)
        self._moved = dict(zip(ARKIT_NAMES, moved, strict=True))
        self.hinge = self._hinge_of(points, skin.landmarks)
        turn = self.jaw_rotation(points)
        along = (turn * self._moved["jawOpen"]).sum(1) / np.maximum((turn**2).sum(1), 1e-9)
        self._jaw = np.clip(along, 0, 1)
        self._scales = self._scaled_to(there, float(corners[1] - corners[0]) / 2)

    def jaw_weight(self, points: NDArray, side: NDArray) -> Field:
        """Return how far skin follows the jaw, ``[n]`` 0..1: the part of the head's own opening that is a turn."""
        vertices, weights = self._places(points, side)
        return (self._jaw[vertices] * weights).sum(1)

    def skin(self, points: NDArray, side: NDArray) -> dict[str, Field]:
        """Return the displacement ``[n,3]`` of skin `points` ``[n,3]`` under each shape; see `FaceShapes.skin`."""
        p = np.asarray(points, np.float64)
        vertices, weights = self._places(p, side)
        fields = {name: self._at(name, vertices, weights) for name in ARKIT_NAMES}
        close = fields["mouthClose"]
        for name in SIDES:
            own: dict[str, Field] = {}
            self._eye(p, name, own)
            fields[f"eyeBlink{name}"] = own[f"eyeBlink{name}"]
        jaw = (self._jaw[vertices] * weights).sum(1)
        fields["jawOpen"] -= jaw[:, None] * self.jaw_rotation(p)
        self._closing(p, side, fields)
        fields["closeJaw"] = close + self._meeting(p, side)
        return fields

    def _at(self, name: str, vertices: NDArray, weights: NDArray) -> Field:
        """Return what a channel does at the places of `_places`, ``[n,3]``."""
        return np.einsum("nkc,nk->nc", self._moved[name][vertices], weights) * self._scales[name]

    def _meeting(self, p: Field, side: NDArray) -> Field:
        """Return what is left to do, ``[n,3]``, that closed lips meet: published ones overlap by some millimetres."""
        ends = []
        for ring, sign in ((self._lower_lip, 1.0), (self._upper_lip, -1.0)):
            places = self._places(ring, np.full(len(ring), sign))
            ends.append(self._at("jawOpen", *places) + self._at("mouthClose", *places))
        apart = np.column_stack([self._across_lips(p[:, 0], (ends[0] - ends[1])[:, k]) for k in range(3)])
        near = 1 - smoothstep(0.05, 0.55, np.abs(p[:, 1] - self.mouth_y))
        return -0.5 * side[:, None] * apart * near[:, None]

    def _places(self, points: NDArray, side: NDArray) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return vertices ``[n,k]`` around the place of each point on the other head, and their weights."""
        there = points + self._warp(points)
        distance, vertices = self._tree.query(self._beside_lips(there, np.sign(side)), _NEIGHBOURS)
        weights = 1 / (np.asarray(distance) ** 2 + _NEAR**2)
        return np.asarray(vertices), weights / weights.sum(1, keepdims=True)

    def _beside_lips(self, points: NDArray, side: NDArray) -> NDArray[np.float64]:
        """Return points ``[n,4]`` on the other head with a fourth coordinate that parts the lips."""
        across = np.abs(points[:, 0] - self._corners.mean()) / (self._corners[1] - self._corners[0]) * 2
        return np.column_stack([points, 0.5 * _APART * side * smoothstep(1.15, 0.85, across)])

    def _hinge_of(self, points: NDArray, landmarks: NDArray) -> NDArray[np.float64]:
        """Return the hinge about which chin and lower lip turn as nearly as they open on the other head."""
        rides = landmarks[_ON_JAW]
        c, s = np.cos(JAW_ANGLE), np.sin(JAW_ANGLE)
        turn = np.array([[c - 1, s], [-s, c - 1]])  # of y and z, as in `jaw_rotation`
        fixed = points[rides, 1:] - self._moved["jawOpen"][rides, 1:] @ np.linalg.inv(turn).T
        y, z = fixed.mean(0) - [0, points[landmarks[_INNER_LIPS], 2].mean()]
        # From between the eyes to below the mouth, and well behind the lips: else the head opens no mouth.
        return np.array([0.0, np.clip(y, 0, 1.2), self.lip_z + np.clip(z, -2.5, -0.7)])

    def _scaled_to(self, there: NDArray, half_width: float) -> dict[str, NDArray[np.float64]]:
        """Return how large each shape is here, ``[3]`` times as large as there."""
        scales = dict.fromkeys(ARKIT_NAMES, np.ones(3))
        mouth = float(np.clip(self.half_width / half_width, _LEAST, _MOST))
        for name in ARKIT_NAMES:
            if name.startswith("mouth"):
                scales[name] = np.full(3, mouth * (self.headroom if name.startswith("mouthSmile") else 1))
        for side in SIDES:
            ours, theirs = self.lids[side], Lid(there, side)
            width = np.ptp(ours.x) / np.ptp(theirs.x)
            height = (ours.lower - ours.upper).max() / (theirs.lower - theirs.upper).max()
            for name in ARKIT_NAMES:
                if name.startswith(_EYE_SHAPES) and name.endswith(side):
                    scales[name] = np.clip([width, height, height], 0, _MOST)
        return scales


def _mesh_landmarks(standard: NDArray) -> NDArray[np.float64]:
    """Return where a head with the 68 `standard` landmarks ``[68,3]`` has those of the face mesh, ``[478,3]``."""
    mean = to_face(mean_landmarks())
    on_mean = mean[np.array(ON_FACE_MESH)[_KNOWN]]
    return mean + RBFInterpolator(on_mean, standard[_KNOWN] - on_mean, smoothing=_SMOOTHING)(mean)


def _sides(points: NDArray, skin: ArkitSkin) -> NDArray[np.float64]:
    """Return −1 for vertices that are nearer to the upper lip on the way over the skin, +1 for the lower, ``[P]``."""
    edges = np.concatenate([skin.faces[:, [0, 1]], skin.faces[:, [1, 2]], skin.faces[:, [2, 0]]])
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    # Both directions of an inner edge are there; at a rim one is enough.
    graph = sp.coo_matrix((np.maximum(length, 1e-9), tuple(edges.T)), (len(points), len(points))).tocsr()
    graph = graph.maximum(graph.T)
    upper, lower = (
        dijkstra(graph, indices=np.unique(skin.landmarks[lip]), min_only=True) for lip in (_UPPER_INNER, _LOWER_INNER)
    )
    return np.where(lower < upper, 1.0, -1.0)
