"""Whether something covers the mouth: the lips, straightened by their own landmarks, compared with how they look.

A landmark network draws a mouth on a hand too; only the picture tells. Lips look different open and shut and from one
side and the other, so several looks are kept; a hand, a cup or a microphone is like none of them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import MOUTH_CORNER_LEFT, MOUTH_CORNER_RIGHT

_UNDER_NOSE, _UNDER_LIP = 2, 17
_SIZE = 24  # px of the patch
_WIDER = 1.5  # than the mouth
_BLUR = 6.0  # px: what is broader is shading
_ALIKE, _STRANGE = 0.42, 0.12
# A look less like every other than this is kept as one more.
_ANOTHER, _MOST_LOOKS = 0.75, 12
_LEARN = 0.1
_COMPARED = 100  # frames of a shot


class MouthWatch:
    """Says how freely the mouth is seen, frame after frame."""

    def __init__(self) -> None:
        self._looks: list[NDArray[np.float32]] = []

    def reset(self) -> None:
        """Forget how the mouth looks."""
        self._looks = []

    def __call__(self, rgb: NDArray[np.uint8], landmarks: NDArray) -> float:
        """Return 1 where the mouth looks as it did before, 0 where it does not at all."""
        return self.judge(mouth_patch(rgb, landmarks))

    def judge(self, patch: NDArray[np.float32]) -> float:
        """Do the same with a `mouth_patch`."""
        if not self._looks:
            self._looks.append(patch)
            return 1.0
        likeness = [float((look * patch).sum()) for look in self._looks]
        best = int(np.argmax(likeness))
        seen = float(np.clip((likeness[best] - _STRANGE) / (_ALIKE - _STRANGE), 0, 1))
        if likeness[best] > _ANOTHER:
            self._looks[best] = _unit(self._looks[best] + _LEARN * (patch - self._looks[best]))
        elif seen == 1.0 and len(self._looks) < _MOST_LOOKS:
            self._looks.append(patch)
        return seen


def mouths_seen(patches: list[NDArray[np.float32] | None]) -> list[float]:
    """Return how freely, 0..1, the mouth is seen in the frames of one shot by their `mouth_patch`; 0 where none is.

    What most frames look like is the mouth, so that a hand before it in the first frame is known for one by the rest.
    """
    seen, watch = [0.0] * len(patches), MouthWatch()
    there = {i: patch for i, patch in enumerate(patches) if patch is not None}
    if not there:
        return seen
    some = list(there)[:: max(1, len(there) // _COMPARED)]
    looks = np.stack([there[i].ravel() for i in some])
    usual = some[int((looks @ looks.T > _ALIKE).sum(1).argmax())]
    for i in (*(i for i in there if i >= usual), *(i for i in reversed(there) if i < usual)):
        seen[i] = watch.judge(there[i])
    return seen


def mouth_patch(rgb: NDArray[np.uint8], landmarks: NDArray) -> NDArray[np.float32]:
    """Return the mouth ``[S,S,3]`` without its shading, of length 1."""
    points = landmarks[:, :2].astype(np.float64)
    right, left = points[MOUTH_CORNER_RIGHT], points[MOUTH_CORNER_LEFT]
    top, bottom = points[_UNDER_NOSE], points[_UNDER_LIP]
    across, down = _WIDER * (left - right), 1.2 * (bottom - top)
    first = (right + left + top + bottom) / 4 - across / 2 - down / 2
    corners = np.array([first, first + across, first + down], np.float32)
    warp = cv2.getAffineTransform(corners, np.array([[0, 0], [_SIZE, 0], [0, _SIZE]], np.float32))
    patch = cv2.warpAffine(rgb, warp, (_SIZE, _SIZE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    patch = np.asarray(patch, np.float32)
    return _unit(cv2.GaussianBlur(patch, (0, 0), 0.8) - cv2.GaussianBlur(patch, (0, 0), _BLUR))


def _unit(patch: NDArray) -> NDArray[np.float32]:
    return (patch / max(float(np.linalg.norm(patch)), 1e-6)).astype(np.float32)
