"""What every engine is judged beside: the first picture held still, and that picture warped in the plane."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from studio.core.evaluate.face_points import N_SKIN
from studio.core.jobs import Job, Stopwatch

STILL, WARP = "still", "2-D warp"


def still(first: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Return a picture ``[H,W,3]`` held still for `count` frames."""
    return np.repeat(first[None], count, 0)


def warped(first: NDArray[np.uint8], source: NDArray, landmarks: NDArray) -> Job[NDArray[np.uint8]]:
    """Warp a picture ``[H,W,3]`` in the plane so that its landmarks go where others are.

    It is given the real landmarks of every frame, which no engine is: the most that two dimensions can give.

    Parameters
    ----------
    source
        ``[478,2+]`` px of `first`.
    landmarks
        ``[T,478,2+]`` px of the same picture's plane; where a frame has none (NaN), the one before is held.
    """
    watch = Stopwatch()
    height, width = first.shape[:2]
    across, down = np.linspace(0, width - 1, 5), np.linspace(0, height - 1, 5)[1:-1]
    border = [(x, y) for x in across for y in (0, height - 1)] + [(x, y) for y in down for x in (0, width - 1)]
    rows, columns = np.mgrid[:height, :width]
    there = np.vstack([source[:N_SKIN, :2], border])
    made = [first]
    for k, points in enumerate(landmarks):
        yield watch.progress(k / len(landmarks), "warping")
        if np.isnan(points).any():
            made.append(made[-1])
            continue
        where = LinearNDInterpolator(np.vstack([points[:N_SKIN, :2], border]), there)(columns, rows)
        x, y = np.moveaxis(np.asarray(where, np.float32), -1, 0)
        made.append(np.asarray(cv2.remap(first, x, y, cv2.INTER_LINEAR), np.uint8))
    return np.stack(made[1:]).astype(np.uint8)


def carried(source: NDArray, driving: NDArray) -> NDArray[np.float64]:
    """Return where a face's landmarks go when they move as another's do: ``[T,478,2]`` px.

    Parameters
    ----------
    source
        ``[478,2+]`` px of the face that is moved.
    driving
        ``[T,478,2+]`` px of the other one; its first frame is its rest. Its moves arrive scaled by the faces' sizes.
    """
    scale = float(np.ptp(source[:N_SKIN, 1]) / np.ptp(driving[0, :N_SKIN, 1]))
    return source[:, :2] + scale * (driving[:, :, :2] - driving[0, :, :2])
