"""What a landmark tracker finds in the frames of a clip, real or made, and what is read off it.

The tracker is MediaPipe's face mesh, frame by frame: it has no part in how any avatar is built from rest or drawn, and
judges all of them alike.
"""

import numpy as np
from numpy.typing import NDArray

from studio.core.jobs import Job, Stopwatch
from studio.core.perception.mediapipe_models import face_meshes

N_SKIN = 468
UPPER_LIP, LOWER_LIP = 13, 14
UPPER_LIDS, LOWER_LIDS = [159, 386], [145, 374]
_RIGHT_CHEEK, _LEFT_CHEEK, _NOSE_TIP = 234, 454, 4


def track_landmarks(frames: NDArray[np.uint8]) -> Job[NDArray[np.float64]]:
    """Return the landmarks ``[T,478,3]`` px of the face in each frame ``[T,H,W,3]``, NaN where none is found.

    Each frame stands alone, so that frames left out between them change nothing.
    """
    watch, found = Stopwatch(), []
    for k, frame in enumerate(frames):
        yield watch.progress(k / len(frames), "looking for the face")
        faces = face_meshes(np.ascontiguousarray(frame))
        found.append(faces[0] if faces else np.full((478, 3), np.nan))
    return np.stack(found).astype(np.float64)


def outer_eyes(landmarks: NDArray) -> NDArray[np.float64]:
    """Return the distance ``[T]`` px between the eyes' outer corners of landmarks ``[T,478,2+]``."""
    return np.linalg.norm(landmarks[:, 33, :2] - landmarks[:, 263, :2], axis=-1)


def opening(landmarks: NDArray, upper: int | list[int], lower: int | list[int]) -> NDArray[np.float64]:
    """Return a gap ``[T]`` of landmarks ``[T,478,2+]``, parts of the distance between the eyes' outer corners."""
    gap = np.linalg.norm(landmarks[:, upper, :2] - landmarks[:, lower, :2], axis=-1)
    return gap.reshape(len(gap), -1).mean(1) / outer_eyes(landmarks)


def mouth_opening(landmarks: NDArray) -> NDArray[np.float64]:
    """Return the gap between the lips' inner edges ``[T]`` in distances between the eyes' outer corners."""
    return opening(landmarks, UPPER_LIP, LOWER_LIP)


def yaw(landmarks: NDArray) -> NDArray[np.float64]:
    """Return how far the nose's tip lies off the middle between the cheeks ``[T]``, parts of their distance."""
    right, left, nose = (landmarks[:, i, 0] for i in (_RIGHT_CHEEK, _LEFT_CHEEK, _NOSE_TIP))
    return (nose - (right + left) / 2) / (left - right)


def head_box(landmarks: NDArray, height: int, width: int) -> tuple[int, int, int, int]:
    """Return x0 y0 x1 y1 px of a square of 1.7 face heights about the head, cut at the picture's edge."""
    centre, side = landmarks[:, :2].mean(0), np.ptp(landmarks[:, 1]) * 1.7
    x0, y0 = max(0, centre[0] - side / 2), max(0, centre[1] - side * 0.6)
    return int(x0), int(y0), int(min(width, centre[0] + side / 2)), int(min(height, centre[1] + side * 0.4))
