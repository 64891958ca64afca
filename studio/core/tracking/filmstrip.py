"""`Filmstrip`: a clip's pictures, small and packed, with the landmarks found in them: to be shown beside the head."""

from bisect import bisect_right

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 320  # px
_QUALITY = 80
_FEWEST_SECONDS = 1 / 30  # between two pictures that are kept


class Filmstrip:
    """Pictures in the order of their times."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._pictures: list[NDArray[np.uint8]] = []  # JPEG
        self._landmarks: list[NDArray[np.float16] | None] = []
        self._shown: tuple[int, NDArray[np.uint8]] | None = None

    def __len__(self) -> int:
        return len(self._times)

    def add(self, time: float, rgb: NDArray[np.uint8], landmarks: NDArray | None) -> None:
        """Keep a picture ``[H,W,3]`` of `time` s, later than the last, and its landmarks ``[478,2+]`` px or None."""
        if self._times and time < self._times[-1] + 0.9 * _FEWEST_SECONDS:
            return
        shrink = min(1.0, LONG_SIDE / max(rgb.shape[:2]))
        small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
        _, packed = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        self._times.append(time)
        self._pictures.append(np.asarray(packed, np.uint8))
        self._landmarks.append(None if landmarks is None else (landmarks[:, :2] * shrink).astype(np.float16))

    def at(self, time: float) -> tuple[NDArray[np.uint8], NDArray[np.float16] | None]:
        """Return the picture ``[h,w,3]`` on show at `time` s, the same object while it is, and its landmarks.

        Raises
        ------
        IndexError
            If nothing was added.
        """
        i = max(bisect_right(self._times, time) - 1, 0)
        if self._shown is None or self._shown[0] != i:
            bgr = cv2.imdecode(self._pictures[i], cv2.IMREAD_COLOR)
            self._shown = i, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        return self._shown[1], self._landmarks[i]
