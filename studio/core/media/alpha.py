"""Straight alpha: what lies under it, and what it looks like over a colour."""

import cv2
import numpy as np
from numpy.typing import NDArray


def extended(picture: NDArray) -> NDArray:
    """Return a picture ``[H,W,4]`` whose colours go on where alpha is 0; what is composited stays the same.

    Coders with coarse chroma or blocks mix neighbours: black under the transparent part would darken every edge.
    Each hole takes the mean of what is seen around it (pull-push over a pyramid).

    Parameters
    ----------
    picture
        uint8 or float32 0..1, straight alpha.
    """
    clear = picture[..., 3] == 0
    if not clear.any() or clear.all():
        return picture
    top = 255 if picture.dtype == np.uint8 else 1
    weight = picture[..., 3:].astype(np.float32) / top
    levels: list[NDArray] = [np.concatenate([picture[..., :3].astype(np.float32) * weight, weight], -1)]
    while max(levels[-1].shape[:2]) > 1:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA))
    filled = levels.pop()
    while levels:
        level = levels.pop()
        coarse = cv2.resize(filled, level.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        filled = np.where(level[..., 3:] > 0, level, coarse)
    colors = filled[..., :3] / np.maximum(filled[..., 3:], 1e-6)
    out = picture.copy()
    found = colors[clear] if top == 1 else np.rint(np.clip(colors[clear], 0, 255))
    out[clear, :3] = found.astype(picture.dtype)
    return out


def over(picture: NDArray, color: tuple[float, float, float]) -> NDArray[np.float32]:
    """Return a picture ``[H,W,3|4]``, bytes or 0..1 with straight alpha, over a colour: ``[H,W,3]`` 0..1."""
    values = picture.astype(np.float32)
    if picture.dtype != np.float32:
        values = values / (255 if picture.dtype == np.uint8 else 65535)
    if values.shape[2] == 3:
        return values
    alpha = values[..., 3:]
    return values[..., :3] * alpha + (1 - alpha) * np.asarray(color, np.float32)


def psnr(picture: NDArray, wanted: NDArray) -> float:
    """Return dB of pictures ``[H,W,3|4]`` against each other, over white and over black, the worse; at most 120."""
    errors = [
        float(
            np.mean(np.square(over(picture, (grey, grey, grey)) - over(wanted, (grey, grey, grey)), dtype=np.float64))
        )
        for grey in (0.0, 1.0)
    ]
    return -10 * float(np.log10(max(*errors, 1e-12)))
