"""Which frames of a clip tell most about a face: many expressions and poses, sharp, and well tracked."""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.motion.track import Track

HELD_BACK = 0.15
"""Part of a clip that is judged on, in stretches of `_STRETCHES`, and never learnt from."""
_STRETCHES = 3
_SURE = 0.5
# A turn of a radian counts as a channel at 2; a step of a metre as one at 10.
_POSE_SCALE = np.array([2, 2, 2, 10, 10, 10])


def held_back_frames(count: int) -> NDArray[np.bool_]:
    """Return which of `count` frames ``[T]`` are held back: stretches in which much happens that others do not show."""
    held = np.zeros(count, bool)
    length = max(1, round(HELD_BACK * count / _STRETCHES))
    for k in range(_STRETCHES):
        middle = round((k + 0.5) * count / _STRETCHES)
        held[max(0, middle - length // 2) : middle - length // 2 + length] = True
    return held


def choose_frames(track: Track, among: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Return up to `count` well-tracked frames, increasing: half evenly spread in time, half as unlike as can be.

    Parameters
    ----------
    among
        ``[T]``: the frames that may be chosen.
    """
    sure = np.flatnonzero(among & (track.motion.confidence >= _SURE))
    if len(sure) == 0:
        sure = np.flatnonzero(among & (track.motion.confidence > 0))
    if len(sure) <= count:
        return sure
    even = sure[np.unique(np.linspace(0, len(sure) - 1, (count + 1) // 2).astype(int))]
    features = np.concatenate([track.motion.code, track.motion.head_pose * _POSE_SCALE], axis=1)[sure]
    nearest = np.full(len(sure), np.inf)
    for frame in np.searchsorted(sure, even):
        nearest = np.minimum(nearest, np.linalg.norm(features - features[frame], axis=1))
    chosen = list(even)
    while len(chosen) < count and nearest.max() > 0:
        furthest = int(nearest.argmax())
        chosen.append(sure[furthest])
        nearest = np.minimum(nearest, np.linalg.norm(features - features[furthest], axis=1))
    return np.sort(np.array(chosen))


def sharpness(rgb: NDArray[np.uint8], box: NDArray) -> float:
    """Return how sharp a picture ``[H,W,3]`` is in a box x0 y0 x1 y1 px: the spread of its Laplacian."""
    x0, y0, x1, y1 = (max(0, int(value)) for value in box)
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std()) if grey.size else 0.0
