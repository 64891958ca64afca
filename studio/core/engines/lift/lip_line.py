"""Where closed lips meet: the landmarks of the mouth, moved onto the dark line between them.

Landmarks lie a pixel or two beside it, and lips that part beside their line take all of it along with one of them.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import LOWER_LIP_INNER, UPPER_LIP_INNER, eye_centres, smoothstep
from studio.core.heads.shapes import CLOSED_GAP
from studio.core.perception.masks import sampled
from studio.core.perception.portrait import Portrait

# Lengths are interocular distances. How far from the landmarks the line may lie, and how far from the mouth skin goes
# along with it.
_REACH, _FALL_OFF = 0.05, 0.15
_BLUR = 0.01
# What a place as far off as may be costs against the darkest one, and a step to the side at the next point.
_FAR, _BENT = 0.25, 0.15
_ALONG, _ACROSS = 41, 25


def with_lip_line(portrait: Portrait) -> Portrait:
    """Return a portrait whose mouth's landmarks lie about the line of its closed lips; parted lips stay as they are."""
    points = portrait.landmarks.astype(np.float64)
    unit = float(np.linalg.norm(np.subtract(*eye_centres(points[:, :2]))))
    upper, lower = points[UPPER_LIP_INNER, :2], points[LOWER_LIP_INNER, :2]
    if np.linalg.norm(points[13, :2] - points[14, :2]) > CLOSED_GAP * unit:
        return portrait
    line = 0.5 * (upper + lower)
    across = line[-1] - line[0]
    width = float(np.linalg.norm(across))
    along = across / max(width, 1e-6)
    down = np.array([-along[1], along[0]])
    t = np.linspace(0, 1, _ALONG)
    at = (line - line[0]) @ along / max(width, 1e-6)
    order = np.argsort(at)
    course = np.stack([np.interp(t, at[order], line[order, k]) for k in (0, 1)], axis=1)
    offsets = np.linspace(-_REACH, _REACH, _ACROSS) * unit
    grey = cv2.GaussianBlur(portrait.rgb.mean(-1), (0, 0), max(_BLUR * unit, 0.5))
    profile = sampled(grey, (course[:, None] + offsets[:, None] * down).reshape(-1, 2)).reshape(_ALONG, _ACROSS)
    shift = offsets[_darkest_path(profile)] * smoothstep(0.0, 0.1, np.minimum(t, 1 - t))

    place = points[:, :2] - line[0]
    far = place @ along / width
    beside = place @ down - np.interp(far, t, (course - line[0]) @ down)
    moved = np.interp(far, t, shift, left=0, right=0) * np.exp(-((beside / (_FALL_OFF * unit)) ** 2))
    points[:, :2] += moved[:, None] * down
    return replace(portrait, landmarks=points.astype(np.float32))


def _darkest_path(profile: NDArray) -> NDArray[np.intp]:
    """Return which column ``[R]`` of each row of ``[R,C]`` a smooth dark path takes, by dynamic programming."""
    contrast = np.maximum(np.ptp(profile, axis=1, keepdims=True), 1e-3)
    far = np.linspace(-1, 1, profile.shape[1]) ** 2
    cost = (profile - profile.min(1, keepdims=True)) / contrast + _FAR * far
    steps = _BENT * np.abs(np.subtract.outer(np.arange(profile.shape[1]), np.arange(profile.shape[1])))
    total, came = cost[0], []
    for row in cost[1:]:
        way = total[None] + steps
        came.append(way.argmin(1))
        total = row + way.min(1)
    path = [int(total.argmin())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])
