"""How the shoulders lie in a clip: a similarity from the first frame, by optical flow on what is below the chin.

The first frame is compared with each one directly, so nothing adds up; what goes before only tells where to look.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import CHIN

SHOULDERS_FOLLOW = 0.7
"""Of the head's way in the picture, where shoulders are not seen."""

_LONG_SIDE = 480  # px of the picture that is looked at
_MOST_POINTS, _LEAST_POINTS = 160, 12
# Where to look, in face heights: from so far below the chin downwards, and so far to either side.
_BELOW, _ASIDE = 0.3, 1.4
_ASTRAY = 1.5  # px from there and back
_FLOW = {"winSize": (21, 21), "maxLevel": 3}


class Shoulders:
    """Follows the shoulders of one person from the first frame on."""

    def __init__(self, rgb: NDArray[np.uint8], landmarks: NDArray, focal: float) -> None:
        self._scale = min(1.0, _LONG_SIDE / max(rgb.shape[:2]))
        self._focal = focal * self._scale
        self._first = self._grey(rgb)
        height, width = self._first.shape
        self._centre = np.array([width / 2, height / 2])
        self._points = self._corners(landmarks * self._scale)
        self._now = self._points.copy()

    def __call__(self, rgb: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Return ``[4]`` as `Track.shoulders` has it for the next frame; None where they are not found."""
        if len(self._points) < _LEAST_POINTS:
            return None
        grey = self._grey(rgb)
        flags = cv2.OPTFLOW_USE_INITIAL_FLOW
        found, ok, _ = cv2.calcOpticalFlowPyrLK(self._first, grey, self._points, self._now.copy(), **_FLOW, flags=flags)
        back, ok_back, _ = cv2.calcOpticalFlowPyrLK(grey, self._first, found, self._points.copy(), **_FLOW, flags=flags)
        good = (ok.ravel() > 0) & (ok_back.ravel() > 0)
        good &= np.linalg.norm((back - self._points).reshape(-1, 2), axis=1) < _ASTRAY
        if good.sum() < _LEAST_POINTS:
            return None
        source, target = self._points[good], found[good]
        matrix, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=2.0)
        if matrix is None or inliers.sum() < _LEAST_POINTS:
            return None
        self._now = (self._points.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32).reshape(-1, 1, 2)
        size = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        shift = (matrix[:, :2] @ self._centre + matrix[:, 2] - self._centre) / self._focal
        return np.array([*shift, np.arctan2(matrix[1, 0], matrix[0, 0]), np.log(max(size, 1e-3))])

    def _grey(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        small = cv2.resize(rgb, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small if self._scale < 1 else rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    def _corners(self, landmarks: NDArray) -> NDArray[np.float32]:
        face = float(np.ptp(landmarks[:468, 1]))
        x, y = landmarks[CHIN, :2]
        mask = np.zeros(self._first.shape, np.uint8)
        left, right = (int(np.clip(x + side * _ASIDE * face, 0, mask.shape[1])) for side in (-1, 1))
        mask[int(np.clip(y + _BELOW * face, 0, mask.shape[0])) :, left:right] = 1
        found = cv2.goodFeaturesToTrack(self._first, _MOST_POINTS, 0.005, 5, mask=mask)
        return np.zeros((0, 1, 2), np.float32) if found is None else found.astype(np.float32)
