"""Landmarks of one frame to head pose and expression, by robust Gauss-Newton on the fitted template.

Each frame starts from the last. The unknowns are the pose, the offset of the landmarks' own depth, and the channels
that landmarks can show; the pose is eliminated, and what is left is a quadratic over 0..1 with a sparsity term,
minimised by cyclic coordinate descent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.heads.anatomy import (
    BROW,
    FACE_OVAL,
    INTEROCULAR,
    LIPS_OUTER,
    LOWER_LID,
    LOWER_LIP_INNER,
    UPPER_LID,
    UPPER_LIP_INNER,
)
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.tracking.face_model import N_LANDMARKS, STABLE, FaceModel
from studio.core.tracking.gaze import LOOK_CHANNELS, LOOK_INDEX, gaze_angles, iris_centres, look_code
from studio.core.tracking.normal_equations import POSE, descend, normal_equations

# What landmarks do not show, or the gaze does: left at zero, or set by `gaze`.
_UNSEEN = ("tongueOut", "cheekPuff", "jawForward", "mouthRollLower", "mouthRollUpper")
SOLVED = np.array([i for i, name in enumerate(ARKIT_NAMES) if name not in _UNSEEN and name not in LOOK_CHANNELS])
"""Channels that a solve finds."""

# Lengths below are interocular distances. Depth is the network's guess and counts for less than places in the picture.
_DEPTH_WEIGHT = 0.06
_HUBER = 0.035
# Openings of mouth and eyes are what faces are read by: the distance across them is an observation of its own.
_ACROSS_LIPS, _ACROSS_LIDS = 6.0, 4.0
_SPARSE, _SMALL = 2.5e-3, 4e-3
# Channels that the lids, the jaw and the lips' corners show well may go where they like.
_FREE = ("eyeBlink", "jawOpen", "mouthSmile", "browInnerUp", "browDown", "browOuterUp", "mouthPucker", "mouthFunnel")
_FREE_PENALTY = 0.3
# Mirrored channels are held together by this: what only one side shows is rarer than noise.
_MIRRORED = 0.02
_BLINKS = [ARKIT_INDEX["eyeBlinkRight"], ARKIT_INDEX["eyeBlinkLeft"]]
_STEPS, _FIRST_STEPS = 2, 8
_SWEEPS = 12


@dataclass(frozen=True, eq=False)
class View:
    """The pinhole that a clip was taken with: focal length px, principal point ``[2]`` px."""

    focal: float
    centre: NDArray[np.float64]

    def project(self, points: NDArray) -> NDArray[np.float64]:
        """Return camera-space points ``[P,3]`` m in the picture ``[P,2]`` px."""
        return self.centre + self.focal * points[:, :2] / points[:, 2:]


@dataclass(frozen=True, eq=False)
class Solution:
    """What one frame shows.

    Attributes
    ----------
    code
        ``[52]`` ARKit, 0..1.
    rotation, translation
        ``[3,3]`` and ``[3]`` m: head space to camera space.
    error
        Median distance between found and modelled landmarks, in interocular distances of the picture.
    """

    code: NDArray[np.float64]
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    error: float


class FaceSolver:
    """Solves the frames of one face in order; `reset` forgets where it was."""

    def __init__(self, model: FaceModel, view: View) -> None:
        self.view = view
        self.model = model
        self._chosen, self._weights = observed_landmarks()
        self._part = model.at(self._chosen)
        self._pairs, self._pair_weights = openings(self._chosen)
        names = [ARKIT_NAMES[i] for i in SOLVED]
        free = np.array([_FREE_PENALTY if name.startswith(_FREE) else 1.0 for name in names])
        self._sparse, self._prior = _SPARSE * free, np.diag(_SMALL * free)
        for i, name in enumerate(names):
            if name.endswith("Left") and name[:-4] + "Right" in names and not name.startswith("jaw"):
                j = names.index(name[:-4] + "Right")
                if name in ("mouthLeft",):
                    continue
                self._prior[np.ix_([i, j], [i, j])] += _MIRRORED * np.array([[1, -1], [-1, 1]])
        self._last: Solution | None = None

    def reset(self) -> None:
        """Start the next frame from nothing."""
        self._last = None

    def solve(self, landmarks: NDArray) -> Solution:
        """Return pose and expression of landmarks ``[478,3]`` px (z px, smaller nearer)."""
        observed = np.asarray(landmarks, np.float64)
        chosen = observed[self._chosen]
        last = self._last
        if last is None:
            code, (R, t) = np.zeros(len(ARKIT_NAMES)), self._rough_pose(observed)
        else:
            code, R, t = last.code.copy(), last.rotation, last.translation
        for _ in range(_FIRST_STEPS if last is None else _STEPS):
            code[LOOK_INDEX] = self._look(observed, code, R, t)
            code, R, t = self._step(chosen, code, R, t)
        projected = self.view.project(self.model.points(code)[:468] @ R.T + t)
        unit = self.view.focal * INTEROCULAR / t[2]
        error = float(np.median(np.linalg.norm(projected - observed[:468, :2], axis=1)) / unit)
        self._last = Solution(code, R, t, error)
        return self._last

    def _rough_pose(self, observed: NDArray) -> tuple[NDArray, NDArray]:
        """Place the head by what no expression moves: a similarity of the landmarks with their own depth."""
        a, b = self.model.rest[STABLE], observed[STABLE]
        am, bm = a.mean(0), b.mean(0)
        u, d, vt = np.linalg.svd((b - bm).T @ (a - am))
        sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
        R = (u * sign) @ vt
        scale = (d * sign).sum() / ((a - am) ** 2).sum()  # px per m
        depth = self.view.focal / scale
        middle = np.array([*((bm[:2] - self.view.centre) / self.view.focal * depth), depth])
        return R, middle - R @ am

    def _look(self, observed: NDArray, code: NDArray, R: NDArray, t: NDArray) -> NDArray[np.float64]:
        rest = self.view.project(iris_centres(self.model.rest) @ R.T + t)
        found = gaze_angles(iris_centres(observed)[:, :2], rest, R, self.view.focal / t[2], code[_BLINKS])
        return code[LOOK_INDEX] if found is None else look_code(*found)

    def _step(self, observed: NDArray, code: NDArray, R: NDArray, t: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        upper, lower = self._pairs
        H, g = normal_equations(
            self._part.points(code), self._part.slopes(code), SOLVED, R, t, observed, self.view.focal,
            self.view.centre, self.view.focal * INTEROCULAR / t[2], self._weights, _HUBER, _DEPTH_WEIGHT, upper, lower,
            self._pair_weights, INTEROCULAR,
        )  # fmt: skip
        pp, pc, cc = H[:POSE, :POSE] + 1e-9 * np.eye(POSE), H[:POSE, POSE:], H[POSE:, POSE:]
        solved = np.linalg.solve(pp, np.column_stack([g[:POSE], pc]))
        reduced = cc - pc.T @ solved[:, 1:] + self._prior
        now = code[SOLVED]
        # Minimise over the code itself, not over its change: bounds and sparsity are about the code.
        right = g[POSE:] - pc.T @ solved[:, 0] + (reduced - self._prior) @ now
        new = now.copy()
        descend(reduced, right, self._sparse, new, _SWEEPS)
        pose = solved[:, 0] - solved[:, 1:] @ (new - now)
        code = code.copy()
        code[SOLVED] = new
        return code, Rotation.from_rotvec(pose[:3]).as_matrix() @ R, t + pose[3:6]


def observed_landmarks() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which landmarks a solve looks at, and how much each counts."""
    weights = np.zeros(N_LANDMARKS)
    weights[:468:2] = 0.4
    weights[STABLE] = 1.0
    weights[FACE_OVAL] = 0.25  # they slide along the silhouette
    for side in ("Left", "Right"):
        weights[BROW[side]] = 1.0
        weights[UPPER_LID[side] + LOWER_LID[side]] = 1.5
    weights[LIPS_OUTER] = 1.2
    weights[UPPER_LIP_INNER + LOWER_LIP_INNER] = 1.5
    chosen = np.flatnonzero(weights)
    return chosen, weights[chosen]


def openings(chosen: NDArray[np.intp]) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]:
    """Return the upper and lower landmarks of mouth and eyes, as places in `chosen`, and what each pair counts."""
    upper, lower = list(UPPER_LIP_INNER[1:-1]), list(LOWER_LIP_INNER[1:-1])
    weights = [_ACROSS_LIPS] * len(upper)
    for side in ("Left", "Right"):
        upper += UPPER_LID[side][1:-1]
        lower += LOWER_LID[side][1:-1]
        weights += [_ACROSS_LIDS] * len(UPPER_LID[side][1:-1])
    place = {int(landmark): i for i, landmark in enumerate(chosen)}
    places = [np.array([place[landmark] for landmark in side]) for side in (upper, lower)]
    return (places[0], places[1]), np.array(weights)
