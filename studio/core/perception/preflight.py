"""`inspect_face`: what a picture will give a head, before one is built of it."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import BROW, FACE_OVAL, LIPS_OUTER, LOWER_LID, SIDES, UPPER_LID
from studio.core.perception.landmarks import Face
from studio.core.perception.masks import polygon
from studio.core.perception.portrait import yaw_of

Fault = Literal["", "covered", "turned", "blurred", "small"]

# The face is looked at in the size engines work at.
_FACE = 256
_SIDE = round(1.3 * _FACE)
# Of 14 sharp portraits the highest is 0.65; blurred by 3 px at this size, the lowest is 0.78.
BLURRED = 0.76
# Of 11 photographed faces at most 0.07; with a mask, a cup or dark glasses pasted on at least 0.16. A drawing had 0.18.
COVERED = 0.14
TURNED = 25.0
"""Degrees, from which half of the face is guessed."""
SMALL = 128.0
"""px; a lower face makes a soft head."""
_UNLIKE = 14.0  # Lab steps of colour from the face's median
_DARK = 0.35  # of the face's median lightness


@dataclass(frozen=True, eq=False)
class Preflight:
    """What was seen of a face.

    Attributes
    ----------
    box
        ``[4]`` x0 y0 x1 y1 px.
    height
        Forehead to chin, px.
    yaw
        Degrees by which it is turned from the camera; the sign tells the side.
    blur
        0 sharp to 1 (Crété et al. 2007, "The blur effect").
    covered
        Part of the skin between eyes, brows and lips, 0..1, that has not its colour: hair, dark glasses, a cup, a mask,
        also a dark beard. A hand is like skin and is not seen.
    """

    box: NDArray[np.float32]
    height: float
    yaw: float
    blur: float
    covered: float

    @property
    def fault(self) -> Fault:
        """What will hurt the head most."""
        if self.covered > COVERED:
            return "covered"
        if abs(self.yaw) > TURNED:
            return "turned"
        if self.blur > BLURRED:
            return "blurred"
        return "small" if self.height < SMALL else ""


def inspect_face(rgb: NDArray[np.uint8], face: Face) -> Preflight:
    """Look closely at one face of a picture ``[H,W,3]``; see `find_faces`."""
    from skimage.measure import blur_effect  # it takes a while to import, and the window imports this module

    centre = (face.box[:2] + face.box[2:]) / 2
    scale = _FACE / float(max(face.box[2:] - face.box[:2]))
    warp = np.column_stack([np.eye(2) * scale, _SIDE / 2 - centre * scale])
    filter_ = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    crop = cv2.warpAffine(rgb, warp, (_SIDE, _SIDE), flags=filter_, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
    inner = slice((_SIDE - _FACE) // 2, (_SIDE + _FACE) // 2)
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[inner, inner] / 255.0
    points = face.landmarks[:, :2] * scale + warp[:, 2]
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)[_skin(points)]
    skin = np.median(lab, axis=0)
    unlike = np.hypot(*(lab[:, 1:] - skin[1:]).T) > _UNLIKE
    dark = lab[:, 0] < _DARK * skin[0]
    return Preflight(
        face.box,
        face.height,
        yaw_of(face.landmarks),
        float(np.mean(blur_effect(gray, h_size=11))),  # of one channel
        float((unlike | dark).mean()),
    )


def _skin(points: NDArray) -> NDArray[np.bool_]:
    """Return where bare skin would be ``[S,S]``: the face without eyes, brows, lips and its rim."""
    rim = np.ones((9, 9), np.uint8)
    bare = cv2.erode(polygon((_SIDE, _SIDE), points[FACE_OVAL]).astype(np.uint8), rim)
    eyes = [UPPER_LID[side] + LOWER_LID[side][::-1] for side in SIDES]
    for part in (*eyes, *BROW.values(), LIPS_OUTER):
        bare[cv2.dilate(polygon((_SIDE, _SIDE), points[part]).astype(np.uint8), rim) > 0] = 0
    return bare > 0
