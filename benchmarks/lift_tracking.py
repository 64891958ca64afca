"""Tracking: whether a face tracker finds in the rendered head what was played, and where the head says it is."""

from functools import lru_cache

import numpy as np
from lift_views import EXPRESSIONS, NEUTRAL, camera_at, view
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.heads.anatomy import (
    BROW_INNER,
    INTEROCULAR,
    LOWER_LID,
    LOWER_LIP_INNER,
    MOUTH_CORNER_LEFT,
    MOUTH_CORNER_RIGHT,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    eye_centres,
    to_face,
)
from studio.core.heads.fitting import fit_head_pose
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.normals import vertex_normals
from studio.core.motion.motion import Motion
from studio.core.perception.landmarks import find_faces

_FACING = 0.25
"""Cosine between a landmark's normal and the way to the camera below which it counts as hidden."""

_NOTICEABLE = 0.15
"""The response below which a channel does not count as found at all."""

_UNDER_NOSE = 2


def find_landmarks(rgb: NDArray[np.uint8], near: NDArray) -> NDArray[np.float64] | None:
    """Return the landmarks ``[478,3]`` px of the face nearest to `near` ``[2]`` px; None where there is none."""
    faces = [face.landmarks.astype(np.float64) for face in find_faces(rgb)]
    return min(faces, key=lambda points: float(np.linalg.norm(points[:468, :2].mean(0) - near)), default=None)


def landmark_figures(avatar: Avatar, head: FullHead) -> dict[str, float]:
    """Compare found landmarks with the head's own, projected, at yaw 0° and ±30°, neutral.

    `head` is the full template in the shape of the avatar's landmarks. Landmarks that the turn hides do not count:
    those whose skin looks away from the camera by more than 75°, by the normals of `head`.

    Returns
    -------
    For each yaw the median and the 90th percentile of the distances, % of the interocular distance; NaN where no face
    is found.
    """
    figures = {}
    own = head.neutral[:468].astype(np.float64)
    normals = vertex_normals(head.neutral.astype(np.float64), head.faces)[:468]
    for yaw in (-30, 0, 30):
        camera = camera_at(avatar, yaw)
        asked = camera.project(own)
        found = find_landmarks(view(avatar, NEUTRAL, yaw), asked[:, :2].mean(0))
        middle, tail = np.nan, np.nan
        if found is not None:
            to_camera = camera.position - own
            to_camera /= np.linalg.norm(to_camera, axis=1, keepdims=True)
            shown = (normals * to_camera).sum(1) > _FACING
            interocular = INTEROCULAR * camera.K[0, 0] / float(np.median(asked[:, 2]))
            apart = np.linalg.norm(found[:468, :2] - asked[:, :2], axis=1)[shown] / interocular * 100
            middle, tail = np.percentile(apart, (50, 90))
        figures[f"marks {yaw:+d}"], figures[f"marks {yaw:+d} p90"] = float(middle), float(tail)
    return figures


def expression_figures(avatar: Avatar, middle: NDArray) -> dict[str, float | str]:
    """Play each of `EXPRESSIONS` at yaw 0° and tell which channel a tracker's landmarks show.

    `middle` ``[2]`` px is where the face is in the views.

    Returns
    -------
    For each expression the response of its own channel (1: as much as the template head shows, see `responses`) and,
    under ``"… found"``, the channel that changed most.
    """
    rest = find_landmarks(view(avatar, NEUTRAL, 0), middle)
    figures: dict[str, float | str] = {}
    for channel, frame in EXPRESSIONS.items():
        found = find_landmarks(view(avatar, frame, 0), middle)
        if rest is None or found is None:
            figures[channel], figures[f"{channel} found"] = float("nan"), "no face"
            continue
        seen = responses(rest, found)
        figures[channel], figures[f"{channel} found"] = seen[channel], largest(seen)
    return figures


def responses(rest: NDArray, moved: NDArray) -> dict[str, float]:
    """Tell how far each channel moved between two sets of tracked landmarks ``[478,3]`` px.

    MediaPipe's packed models give landmarks but no blendshapes, so each channel is one distance on the face (see
    `_distances`), its change divided by the same distance's change on the built-in mean head playing `EXPRESSIONS`.
    """
    reference = _reference()
    change = {channel: _distances(moved)[channel] - value for channel, value in _distances(rest).items()}
    return {channel: change[channel] / reference[channel] for channel in EXPRESSIONS}


def largest(seen: dict[str, float]) -> str:
    """Return the channel with the largest response, or "nothing" where none is noticeable."""
    channel = max(seen, key=lambda name: seen[name])
    return channel if seen[channel] >= _NOTICEABLE else "nothing"


def _distances(landmarks: NDArray) -> dict[str, float]:
    """Measure what each channel moves, in interocular distances, on the head turned to the front.

    jawOpen: the gap between the lips' inner edges, middle fifth. mouthSmile: how far the mouth's corners lie apart,
    half, plus how far they lie above the lips' middle. eyeBlink: the eyes' mean closure, lid gap over eye width,
    negative. mouthPucker: the corners' nearness plus how far the lips stand out before them. browInnerUp: how far the
    inner brows lie above the eyes' inner corners.
    """
    top = float(np.abs(landmarks[:, :2]).max()) * 2
    face = to_face(fit_head_pose(landmarks, round(top), round(top)).landmarks)
    right, left = face[MOUTH_CORNER_RIGHT], face[MOUTH_CORNER_LEFT]
    corners = (right + left) / 2
    width = float(np.linalg.norm((left - right)[:2]))
    lips = face[[0, 17]].mean(0)
    eyes, brows = [], []
    for side in SIDES:
        upper, lower = face[UPPER_LID[side]], face[LOWER_LID[side]]
        gap = np.linalg.norm(upper[3:6] - lower[3:6], axis=1).mean()
        eyes.append(gap / np.linalg.norm(upper[0] - upper[-1]))
        inner = upper[-1] if side == "Right" else upper[0]
        brows.append(inner[1] - face[BROW_INNER[side], 1])
    return {
        "jawOpen": float(np.linalg.norm(face[UPPER_LIP_INNER[4:7]] - face[LOWER_LIP_INNER[4:7]], axis=1).mean()),
        "mouthSmile": width / 2 + float(face[_UNDER_NOSE, 1] - corners[1]),
        "eyeBlink": -float(np.mean(eyes)),
        "mouthPucker": -width + float(lips[2] - corners[2]),
        "browInnerUp": float(np.mean(brows)),
    }


@lru_cache(maxsize=1)
def _reference() -> dict[str, float]:
    """Return the change of each distance when the mean head plays the expression that it stands for."""
    rest = _distances(mean_head_landmarks(NEUTRAL))
    return {name: _distances(mean_head_landmarks(frame))[name] - rest[name] for name, frame in EXPRESSIONS.items()}


def mean_head_landmarks(frame: Motion) -> NDArray[np.float64]:
    """Return the built-in mean head's landmarks ``[478,3]`` as a tracker gives them: px, z smaller is nearer."""
    head = FullHead()
    zero = np.zeros(3, np.float32)
    skin = head.vertices(HeadParams(zero, frame.code[0], zero, zero))[:468]
    irises = np.repeat(eye_centres(skin.astype(np.float64)), 5, axis=0)
    return to_face(np.concatenate([skin, irises])) * [100, 100, -100] + [512, 512, 0]
