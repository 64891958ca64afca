"""A matte for heads that the person network does not know: its own opinion where it is sure, colour elsewhere."""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.perception.landmarks import landmark_box
from studio.core.perception.masks import convex, grown, resized
from studio.core.perception.mediapipe_models import person_mask

# Colours are told apart on a picture of this size; a guided filter then follows the full one's edges.
_SIDE = 400
_ROUNDS = 4
# What the network calls sure; and how much of the face and of the whole it must be sure of to be left alone.
_SURE, _SURELY_NOT = 0.9, 0.05
_FACE_SEEN = 0.85
_DOUBT = 0.04
# Reach around the landmarks' box that may still be head, ears or neck, in heights of the box.
_REACH = 0.8


def colour_matte(rgb: NDArray[np.float32], landmarks: NDArray) -> NDArray[np.float32] | None:
    """Return the head's alpha ``[H,W]`` by colour, or None where the person network sees it well enough.

    GrabCut (Rother et al. 2004) starts from the face, which is certain, from what the network is sure of, and from
    the picture's border far from the head.

    Parameters
    ----------
    rgb
        ``[H,W,3]`` float32 0..1.
    landmarks
        ``[478,2+]`` px.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    small = resized(rgb, max(8, round(width * scale)), max(8, round(height * scale)))
    picture = np.clip(np.round(small * 255), 0, 255).astype(np.uint8)
    points = np.asarray(landmarks, np.float64)[:468, :2] * scale
    person = person_mask(picture)
    face = convex(person.shape, points)
    known = float((person[face] > _SURE).mean()) if face.any() else 0.0
    doubt = ((person > 0.15) & (person < 0.85)).sum() / max(int((person > _SURE).sum()), 1)
    if known > _FACE_SEEN and doubt < _DOUBT:
        return None
    trimap = _trimap(person, face, points, trusted=known > _FACE_SEEN)
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, trimap, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    head = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
    head = _connected(cv2.medianBlur(head.astype(np.uint8), 5) > 0, face)
    alpha = resized(head.astype(np.float32), width, height)
    radius = max(4, round(0.02 * float(np.ptp(points[:, 1])) / scale))
    soft = cv2.ximgproc.guidedFilter(np.ascontiguousarray(rgb, np.float32), alpha, radius, 1e-4)
    return np.clip((soft - 0.15) / 0.7, 0, 1).astype(np.float32)


def _trimap(person: NDArray[np.float32], face: NDArray[np.bool_], points: NDArray, trusted: bool) -> NDArray[np.uint8]:
    """Return GrabCut's starting labels ``[H,W]``; a network that does not see the face is not asked what is not."""
    height, width = person.shape
    x0, y0, x1, y1 = landmark_box(points)
    reach = _REACH * max(y1 - y0, x1 - x0)
    y, x = np.mgrid[:height, :width] + 0.5
    # Below the chin comes a neck or a body, of which nothing is known.
    beyond = (x < x0 - reach) | (x > x1 + reach) | (y < y0 - reach)
    border = (x < 3) | (x > width - 3) | (y < 3)
    around = grown(face, 2 * round(0.15 * reach) + 1) | (face.any(0)[None] & (y > y1))
    labels = np.full(person.shape, cv2.GC_PR_BGD, np.uint8)
    labels[around | (person > 0.4)] = cv2.GC_PR_FGD
    labels[(beyond | (border & (y < y1))) & (person < _SURE)] = cv2.GC_BGD
    if trusted:
        labels[person < _SURELY_NOT] = cv2.GC_BGD
        labels[person > _SURE] = cv2.GC_FGD
    labels[face] = cv2.GC_FGD
    return labels


def _connected(mask: NDArray[np.bool_], face: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the parts of a mask that touch the face, without holes."""
    _, part = cv2.connectedComponents(mask.astype(np.uint8))
    kept = np.isin(part, np.unique(part[face & mask])) & mask | face
    count, hole = cv2.connectedComponents((~kept).astype(np.uint8))
    rim = np.unique(np.concatenate([hole[0], hole[-1], hole[:, 0], hole[:, -1]]))
    return kept | ~np.isin(hole, rim) if count > 1 else kept
