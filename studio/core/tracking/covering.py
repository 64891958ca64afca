"""Whether something covers the mouth: the lower face, straightened, compared with how it usually looks.

A landmark network draws a mouth on a hand too; only the picture tells. Lips that open and close change the middle of
the patch and leave its likeness high; a hand, a cup or a microphone changes all of it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_SIZE = 24  # px of the patch
_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP = 33, 263, 4
# The patch begins and ends so many nose lengths below the eyes, and is so many distances between the eyes wide.
_DOWN, _TOP, _BOTTOM, _ACROSS = 2.2, 0.55, 1.15, 1.1
_LEARN = 0.05
_ALIKE, _STRANGE = 0.45, 0.05
_BLUR = 5.0


class MouthWatch:
    """Says how freely the mouth is seen, frame after frame."""

    def __init__(self) -> None:
        self._usual: NDArray | None = None

    def reset(self) -> None:
        """Forget how the mouth looks."""
        self._usual = None

    def __call__(self, rgb: NDArray[np.uint8], landmarks: NDArray) -> float:
        """Return 1 where the mouth looks as usual, 0 where it does not at all."""
        patch = _patch(rgb, landmarks)
        if self._usual is None:
            self._usual = patch
            return 1.0
        usual = self._usual / max(float(np.linalg.norm(self._usual)), 1e-6)
        alike = float((usual * patch).sum())
        seen = float(np.clip((alike - _STRANGE) / (_ALIKE - _STRANGE), 0, 1))
        if seen > 0.5:
            self._usual = self._usual + _LEARN * (patch - self._usual)
        return seen


def _patch(rgb: NDArray[np.uint8], landmarks: NDArray) -> NDArray[np.float32]:
    """Return the lower face ``[S,S,3]`` without its shading, of length 1."""
    right, left, nose = (landmarks[i, :2].astype(np.float64) for i in (_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP))
    # The chin falls when the mouth opens; eyes and nose do not.
    down = _DOWN * (nose - (right + left) / 2)
    across = (left - right) * _ACROSS
    middle = (right + left) / 2
    corners = [
        middle - across / 2 + _TOP * down,
        middle + across / 2 + _TOP * down,
        middle - across / 2 + down * _BOTTOM,
    ]
    warp = cv2.getAffineTransform(np.array(corners, np.float32), np.array([[0, 0], [_SIZE, 0], [0, _SIZE]], np.float32))
    flags = cv2.INTER_LINEAR | cv2.INTER_AREA
    patch = cv2.warpAffine(rgb, warp, (_SIZE, _SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    patch = cv2.GaussianBlur(patch, (0, 0), 0.8) - cv2.GaussianBlur(patch, (0, 0), _BLUR)
    return patch / max(float(np.linalg.norm(patch)), 1e-6)
