"""Who a clip shows: focal length and the face at rest, from a few of its frames.

A face has no rest of its own in a clip: rest is what its most neutral frames show, mouth closed and eyes open.
"""

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import (
    LOWER_LID,
    LOWER_LIP_INNER,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    eye_centres,
)
from studio.core.heads.fitting import FOCAL_PER_FACE_HEIGHT, fit_head_pose
from studio.core.tracking.face_model import FaceModel, canonical
from studio.core.tracking.solve import FaceSolver, View

KEYFRAMES = 40
_NEUTRAL = 0.2  # of the keyframes
_ROUNDS = 2


def clip_view(landmarks: NDArray, width: int, height: int) -> View:
    """Return the camera of a clip whose face has landmarks ``[T,478,3]`` px: as `fit_head_pose` takes portraits."""
    focal = FOCAL_PER_FACE_HEIGHT * float(np.median(np.ptp(landmarks[:, :468, 1], axis=1)))
    return View(focal, np.array([width / 2, height / 2]))


def fit_identity(landmarks: NDArray, view: View) -> FaceModel:
    """Return the face model of one person seen in frames ``[T,478,3]`` px, T ≥ 1."""
    chosen = landmarks[np.unique(np.linspace(0, len(landmarks) - 1, KEYFRAMES).astype(int))].astype(np.float64)
    neutral = chosen[_most_neutral(chosen)]
    width, height = (2 * view.centre).astype(int)
    # With the clip's own focal length, faces near and far look alike.
    model = FaceModel.of(canonical(np.median([_own_frame(points, width, height) for points in neutral], axis=0)))
    for _ in range(_ROUNDS):
        solver = FaceSolver(model, view)
        samples = []
        for points in neutral:
            solver.reset()
            found = solver.solve(points)
            depth = points[:, 2] * found.translation[2] / view.focal
            at = model.points(found.code) @ found.rotation.T + found.translation
            depth = at[:, 2] + 0.5 * (depth - np.median(depth - at[:, 2]) - at[:, 2])
            rays = np.column_stack([(points[:, :2] - view.centre) / view.focal, np.ones(len(points))])
            seen = (rays * depth[:, None] - found.translation) @ found.rotation
            samples.append(seen - (model.points(found.code) - model.rest))
        model = FaceModel.of(canonical(np.median(samples, axis=0)))
    return model


def _own_frame(points: NDArray, width: int, height: int) -> NDArray[np.float64]:
    return canonical(fit_head_pose(points, width, height).landmarks)


def _most_neutral(landmarks: NDArray) -> NDArray[np.intp]:
    """Return which frames ``[n]`` of landmarks ``[T,478,3]`` look the most at rest."""
    eyes = np.array([np.linalg.norm(np.subtract(*eye_centres(points))) for points in landmarks])
    gap = (
        np.linalg.norm(landmarks[:, UPPER_LIP_INNER[3:8]] - landmarks[:, LOWER_LIP_INNER[3:8]], axis=-1).mean(1) / eyes
    )
    lids = sum(
        np.linalg.norm(landmarks[:, UPPER_LID[side][2:7]] - landmarks[:, LOWER_LID[side][2:7]], axis=-1).mean(1)
        for side in SIDES
    )
    lids = np.asarray(lids) / eyes
    across = landmarks[:, 454] - landmarks[:, 234]
    yaw = np.arctan2(across[:, 2], np.hypot(across[:, 0], across[:, 1]))
    up = landmarks[:, 152] - landmarks[:, 10]
    nod = np.arctan2(up[:, 2], np.hypot(up[:, 0], up[:, 1]))
    usual_lids = np.quantile(lids, 0.7)
    strange = gap / 0.1 + np.abs(lids - usual_lids) / 0.05 + np.abs(yaw) / 0.25 + np.abs(nod - np.median(nod)) / 0.25
    count = max(1, round(_NEUTRAL * len(landmarks)))
    return np.argsort(strange, kind="stable")[:count]
