"""Where things are on a face: landmark indices, and the frame in which proportions are measured.

Landmark numbers are those of the 478-point face mesh. "Right" is the person's own right, image left in a
portrait.

The *face frame* is head space measured in interocular distances from the point between the eyes: x to the
head's left, y **down** (as faces are drawn and measured), z out of the face.
"""

import numpy as np
from numpy.typing import NDArray

INTEROCULAR = 0.063
"""m between the eye centres; every head is scaled to it, for a picture does not tell its size."""

EYE_MIDPOINT = np.array([0.0, 0.25, 1.3]) * INTEROCULAR
"""``[3]`` m, the point between the eyes in head space, whose origin lies between the ears."""

_FACE_AXES = np.array([1.0, -1.0, 1.0])

# Rings run from the person's right corner to the left one.
UPPER_LIP_INNER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
LOWER_LIP_INNER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]
LIPS_OUTER = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
MOUTH_CORNER_RIGHT, MOUTH_CORNER_LEFT = 61, 291

UPPER_LID = {
    "Right": [33, 246, 161, 160, 159, 158, 157, 173, 133],
    "Left": [362, 398, 384, 385, 386, 387, 388, 466, 263],
}
LOWER_LID = {
    "Right": [33, 7, 163, 144, 145, 153, 154, 155, 133],
    "Left": [362, 382, 381, 380, 374, 373, 390, 249, 263],
}
# Centre, then four points of the rim.
IRIS = {"Right": [468, 469, 470, 471, 472], "Left": [473, 474, 475, 476, 477]}
# The lower edge of the brow; the upper edge wanders into the hair.
BROW = {"Right": [46, 53, 52, 65, 55], "Left": [285, 295, 282, 283, 276]}
BROW_INNER = {"Right": 55, "Left": 285}
BROW_OUTER = {"Right": 46, "Left": 276}
NOSE_WING = {"Right": 129, "Left": 358}
CHEEK = {"Right": 50, "Left": 280}
LOWER_CHEEK = {"Right": 205, "Left": 425}
FOREHEAD, CHIN = 10, 152

FACE_OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]  # fmt: skip

SIDES = {"Right": -1.0, "Left": 1.0}
"""Side names and the sign of x there."""


def to_face(points: NDArray) -> NDArray[np.float64]:
    """Head space ``[...,3]`` m to the face frame ``[...,3]`` interocular distances."""
    return (np.asarray(points, np.float64) - EYE_MIDPOINT) / INTEROCULAR * _FACE_AXES


def to_head(points: NDArray) -> NDArray[np.float64]:
    """Face frame ``[...,3]`` interocular distances to head space ``[...,3]`` m."""
    return np.asarray(points, np.float64) * _FACE_AXES * INTEROCULAR + EYE_MIDPOINT


def eye_centres(landmarks: NDArray) -> NDArray:
    """Return the right and left eye's centre ``[2,3]`` of landmarks ``[478,3]`` in any space."""
    return np.stack([landmarks[UPPER_LID[side] + LOWER_LID[side]].mean(0) for side in SIDES])


def smoothstep(low: float, high: float, x: NDArray) -> NDArray[np.float64]:
    """Rise from 0 at `low` to 1 at `high` with no slope at either end; `high` may lie below `low`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
