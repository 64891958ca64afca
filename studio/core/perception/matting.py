"""Who is the person and what is behind: alpha matte and background plate."""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.perception.closed_form import solve_alpha, solve_foreground
from studio.core.perception.landmarks import landmark_box
from studio.core.perception.masks import convex, distance_inside, grown, resized, spread
from studio.core.perception.mediapipe_models import person_mask
from studio.core.perception.regions import FACE, HAIR

# The segmentation network works at 256 x 256; a window of this many face heights gives the head most of them.
_HEAD_WINDOW = 2.8
# The background is painted in at this size: it is a guess, and a soft one looks better than a sharp wrong one.
_PLATE_SIZE = 320
# Of the face's height: so much of the landmarks' hull may be background.
_HOLLOW = 0.06
# Colour error (0..1) beyond which the matting equation does not explain a pixel.
_UNEXPLAINED = 0.06
# How far alpha is in doubt inside and outside the outline, in face heights: around hair, and elsewhere.
_HAIR_BAND = (0.06, 0.11)
_BODY_BAND = (0.008, 0.008)
# A face is solid further than this from its rim.
_FACE_RIM = 0.02
# How strongly alpha is held to the first matte (the matting Laplacian's rows are of the order of 1): around hair,
# elsewhere, and where colours cannot say better.
_HAIR_HOLD, _BODY_HOLD, _ALIKE_HOLD = 3e-4, 3e-2, 0.1
# RGB distance (0..1) at which person and background begin to look alike.
_ALIKE = 0.09
# What background in doubt is worth that looks like the sure one beside it, and the RGB distance for that.
_PLAIN, _PLAIN_COLOR = 0.2, 0.06


def person_matte(rgb: NDArray[np.float32], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the person's alpha ``[H,W]`` 0..1 in a picture ``[H,W,3]`` float32 0..1.

    The whole picture gives the body and a window around the head gives hair and ears at the network's full
    resolution; a guided filter then follows the picture's own edges.
    """
    picture = np.round(rgb * 255).astype(np.uint8)
    height, width = picture.shape[:2]
    mask = person_mask(picture).copy()

    x0, y0, x1, y1 = landmark_box(landmarks)
    side = _HEAD_WINDOW * (y1 - y0)
    left = int(max(0, (x0 + x1) / 2 - side / 2))
    top = int(max(0, (y0 + y1) / 2 - 0.55 * side))
    right, bottom = int(min(width, left + side)), int(min(height, top + side))
    window = person_mask(picture[top:bottom, left:right])
    feather = _feather(window.shape, 0.08 * side, (left, top, width - right, height - bottom))
    mask[top:bottom, left:right] += feather * (window - mask[top:bottom, left:right])

    radius = max(4, round(0.03 * (y1 - y0)))
    mask = cv2.ximgproc.guidedFilter(rgb, mask, radius, 1e-4)
    alpha = np.clip((mask - 0.25) / 0.6, 0, 1)
    # A face is solid: the network sometimes doubts foreheads under hair and chins over collars. Its hull reaches a
    # little over the jaw's hollows.
    hull = convex(alpha.shape, landmarks[:468, :2])
    alpha[distance_inside(hull) > _HOLLOW * (y1 - y0)] = 1
    return _own_part(alpha.astype(np.float32), landmarks)


def paint_out(rgb: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the picture ``[H,W,3]`` with the person painted out; pixels beyond the matte stay untouched."""
    scale = min(1.0, _PLATE_SIZE / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.clip(resized(rgb, *size), 0, 1)
    person = grown(resized(alpha, *size) > 0.02, 5)
    if person.all():
        return np.broadcast_to(np.median(rgb.reshape(-1, 3), 0), rgb.shape).astype(np.float32).copy()
    filled = cv2.inpaint(np.round(small * 255).astype(np.uint8), person.astype(np.uint8), 4, cv2.INPAINT_TELEA)
    filled = filled.astype(np.float32) / 255
    # Inpainting leaves streaks where the gap is wide: blur them by how deep inside the gap they lie.
    depth = distance_inside(person)
    soft = cv2.GaussianBlur(filled, (0, 0), 9)
    weight = np.clip(depth / 12, 0, 1)[..., None]
    filled = filled * (1 - weight) + soft * weight
    plate = resized(filled, rgb.shape[1], rgb.shape[0])
    inside = grown(alpha > 0.02, 3).astype(np.float32)
    inside = np.maximum(inside, cv2.GaussianBlur(inside, (0, 0), 1.5))[..., None]
    return np.clip(plate * inside + rgb * (1 - inside), 0, 1).astype(np.float32)


def settle_edges(
    rgb: NDArray[np.float32], alpha: NDArray[np.float32], plate: NDArray[np.float32], blur: float = 1.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Decide the soft edges of a matte by colour.

    `blur` is how many px a sharp edge is wide in this picture (more than 1 where it was enlarged): so far inwards a
    pixel that the matte calls solid may still show background.

    Where person and background differ, the matting equation I = αF + (1 − α)P gives α. Where they look alike, or where
    it cannot explain a pixel the network is fairly sure of, the network's guess and the pixel's own colour stay.

    Returns
    -------
    The matte ``[H,W]`` and the person's own colour ``[H,W,3]``, free of background.
    """
    enlarged = blur > 1.2
    solid = ~grown(alpha < 0.97, 2 * int(np.ceil(1.2 * blur)) + 1 if enlarged else 3)
    if not solid.any():
        return alpha, rgb
    # The person's own colour at an edge is that of the nearest pixel well inside.
    person = spread(rgb, solid)[0]
    contrast = person - plate
    strength = (contrast**2).sum(-1)
    explained = ((rgb - plate) * contrast).sum(-1) / np.maximum(strength, 1e-4)
    explained = cv2.medianBlur(np.clip(explained, 0, 1).astype(np.float32), 3)
    left_over = np.abs(rgb - plate - explained[..., None] * contrast).max(-1)
    odd = 1 - np.exp(-((left_over / _UNEXPLAINED) ** 2))
    own = odd * np.clip((alpha - 0.45) / 0.3, 0, 1)
    band = (alpha > 0.01) & (~solid if enlarged else alpha < 0.99)
    trust = np.minimum(strength / 0.05, 1) * (1 - own) * band
    if not enlarged:
        # The surer the network, the less colour may say against it: an ear is darker than the cheek it is compared to.
        trust *= np.minimum(6 * alpha * (1 - alpha), 1)
    settled = alpha + trust * (explained - alpha)
    return settled.astype(np.float32), (person + (own * band)[..., None] * (rgb - person)).astype(np.float32)


def settle_hair(
    rgb: NDArray[np.float32], alpha: NDArray[np.float32], regions: NDArray[np.uint8], face_height: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Work a matte ``[H,W]`` out hair by hair, in a picture ``[H,W,3]`` that was not enlarged.

    Around hair (of `regions` ``[H,W]``) a wide band is in doubt and follows the picture's colour lines (closed-form
    matting); elsewhere a narrow one, and closer to the matte given. `face_height` px.

    Returns
    -------
    The matte ``[H,W]`` and the person's own colour ``[H,W,3]``, free of background.
    """
    person = alpha > 0.5
    if person.all() or not person.any():
        return alpha, rgb
    label, outwards = spread(regions, regions > 0)
    away = np.where(person, -distance_inside(person), outwards) / face_height
    hair = cv2.GaussianBlur((label == HAIR).astype(np.float32), (0, 0), 0.03 * face_height)
    hair = np.clip(2 * hair, 0, 1)
    inner, outer = (body + (wide - body) * hair for wide, body in zip(_HAIR_BAND, _BODY_BAND, strict=True))
    least = 1.5 / face_height
    reach = np.where(person, away / -np.maximum(inner, least), away / np.maximum(outer, least))
    doubt = (reach < 1) | grown((alpha > 0.02) & (alpha < 0.98), 3)
    doubt &= distance_inside(regions == FACE) < _FACE_RIM * face_height
    if not (doubt & ~person).any():
        return alpha, rgb

    hold = _BODY_HOLD + (_HAIR_HOLD - _BODY_HOLD) * hair
    hold = hold * (1 + 50 * np.clip(reach, 0, 1.5) ** 4) + _ALIKE_HOLD * _worth_keeping(rgb, person, doubt)
    first = np.where(doubt, alpha, person).astype(np.float32)
    settled = solve_alpha(rgb, first, ~doubt, hold.astype(np.float32))
    # What is left of conjugate gradients' tolerance is neither person nor background.
    settled = np.clip((settled - 0.02) / 0.96, 0, 1)
    # Skin and cloth end sharply: what colour lines leave translucent of an ear is not.
    settled = settled + (1 - hair) * (np.clip((settled - 0.1) / 0.7, 0, 1) - settled)
    return settled, solve_foreground(rgb, settled)


def _worth_keeping(
    rgb: NDArray[np.float32], person: NDArray[np.bool_], doubt: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return how much, 0..1 ``[H,W]``, the first matte is worth.

    All where person and background look alike, and some where background looks like the nearest sure background.
    """
    inside, outside = person & ~doubt, ~person & ~doubt
    if not inside.any() or not outside.any():
        return np.ones(person.shape, np.float32)
    smooth = cv2.GaussianBlur(rgb, (0, 0), 2)
    background = spread(smooth, outside)[0]
    contrast = np.linalg.norm(spread(smooth, inside)[0] - background, axis=-1)
    alike = 1 / (1 + (contrast / _ALIKE) ** 4)
    plain = _PLAIN * np.exp(-((np.linalg.norm(rgb - background, axis=-1) / _PLAIN_COLOR) ** 2)) * ~person
    return np.maximum(alike, plain).astype(np.float32)


def _feather(shape: tuple[int, ...], width: float, room: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return a weight falling to 0 at the borders beyond which the picture has `room` px (left, top, right, bottom)."""
    height, length = shape
    x, y = np.arange(length) + 0.5, np.arange(height) + 0.5
    far = np.full(1, 1e6)
    across = np.minimum(x if room[0] else far, length - x if room[2] else far)
    down = np.minimum(y if room[1] else far, height - y if room[3] else far)
    return np.clip(np.minimum(down[:, None], across[None]) / width, 0, 1).astype(np.float32)


def _own_part(alpha: NDArray[np.float32], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep the part of the matte that the face belongs to; other people in the picture stay background."""
    count, labels = cv2.connectedComponents((alpha > 0.5).astype(np.uint8))
    if count <= 2:
        return alpha
    column, row = np.clip(landmarks[:468, :2].mean(0).astype(int), 0, np.array(alpha.shape[::-1]) - 1)
    return alpha * grown(labels == labels[row, column], 15)
