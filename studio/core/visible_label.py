"""The word "synthetic" in the corner of a picture."""

from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_STRENGTH = np.float32(0.85)


def word_coverage(text: str, size: int) -> NDArray[np.float32]:
    """Return the coverage ``[h,w,1]`` 0..1 of a small word for a picture of `size` px."""
    font = ImageFont.load_default(max(10, size / 28))
    left, top, right, bottom = font.getbbox(text)
    word = Image.new("L", (ceil(right - left) + 2, ceil(bottom - top) + 2))
    ImageDraw.Draw(word).text((1 - left, 1 - top), text, 255, font)
    return np.asarray(word, np.float32)[..., None] / 255


def stamp(rgba: NDArray, label: NDArray[np.float32]) -> None:
    """Write a word into the lower right corner, light with a dark edge, so that it shows on anything.

    Parameters
    ----------
    rgba
        ``[H,W,4]`` uint8 or float32 0..1, straight alpha; the word is opaque where the picture is not.
    """
    top = np.float32(255 if rgba.dtype == np.uint8 else 1)
    height, width = label.shape[:2]
    margin = max(4, len(rgba) // 50)
    for shift, grey in ((1, 0.0), (0, 1.0)):
        bottom, right = len(rgba) - margin + shift, rgba.shape[1] - margin + shift
        corner = rgba[bottom - height : bottom, right - width : right]
        cover = label * _STRENGTH
        alpha = corner[..., 3:] / top
        covered = cover + alpha * (1 - cover)
        light = cover * np.float32(grey) * top + alpha * (1 - cover) * corner[..., :3]
        color = np.divide(light, covered, out=np.zeros_like(light), where=covered > 0)
        both = np.concatenate([color, covered * top], -1)
        corner[:] = np.rint(both) if top == 255 else both
