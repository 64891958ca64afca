"""Rows of contact sheets: frames of a clip side by side, and whole sheets of labelled rows."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

CELL = 224
SHOWN = 7
_LEFT, _TOP, _LINE = 150, 8, 4
_PAPER, _INK = "#16181d", "#c8ccd4"


def strip(frames: NDArray[np.uint8], shown: int = SHOWN, cell: int = CELL) -> NDArray[np.uint8]:
    """Return frames ``[T,H,W,3]`` spread over a clip, the middle square of each, side by side."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, shown).astype(int))
    return np.hstack([square(frames[k], cell) for k in chosen])


def square(picture: NDArray[np.uint8], cell: int = CELL) -> NDArray[np.uint8]:
    """Return the middle square of a picture ``[H,W,3]`` at `cell` px."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return np.asarray(cv2.resize(cut, (cell, cell), interpolation=cv2.INTER_AREA), np.uint8)


def sheet(rows: dict[str, NDArray[np.uint8]]) -> Image.Image:
    """Lay labelled strips ``[h,w,3]`` below one another."""
    width = max(row.shape[1] for row in rows.values())
    height = sum(row.shape[0] + _LINE for row in rows.values())
    page = Image.new("RGB", (_LEFT + width, _TOP + height), _PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    y = _TOP
    for label, row in rows.items():
        for i, line in enumerate(label.replace(", ", "\n").split("\n")):
            draw.text((8, y + row.shape[0] // 2 - 8 + 18 * i), line, _INK, font)
        page.paste(Image.fromarray(row), (_LEFT, y))
        y += row.shape[0] + _LINE
    return page
