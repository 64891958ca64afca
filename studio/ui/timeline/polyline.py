"""Arrays on the screen without a Python object per point: lines of few points, and bands of dense tracks."""

from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPolygonF


def polygon(x: NDArray[np.floating], y: NDArray[np.floating]) -> QPolygonF:
    """Return the points of two arrays ``[N]``."""
    points = QPolygonF()
    points.resize(len(x))
    if len(x):
        # A QPolygonF is an array of pairs of doubles; the stubs do not know this constructor, nor that it has memory.
        memory: Any = shiboken6.VoidPtr(points.data(), len(x) * 16, True)  # pyright: ignore[reportCallIssue]
        array = np.frombuffer(memory, np.float64).reshape(-1, 2)
        array[:, 0], array[:, 1] = x, y
    return points


def band_image(top: NDArray[np.floating], bottom: NDArray[np.floating], height: int, colors: tuple[str, ...]) -> QImage:
    """Paint the bands of C dense tracks over P columns; Qt would take milliseconds for each as a line.

    Parameters
    ----------
    top, bottom
        ``[P,C]`` px down the picture between which a track moves in a column.
    colors
        One per track; the first lies above the others.

    Returns
    -------
    ``[height,P]`` px, transparent between the bands.
    """
    # A track goes from each column to the next without a gap.
    upper, lower = top.copy(), bottom.copy()
    upper[1:] = np.minimum(top[1:], bottom[:-1])
    lower[1:] = np.maximum(bottom[1:], top[:-1])
    rows = np.arange(height)[:, None]
    pixels = np.zeros((height, len(top)), np.uint32)
    for i in reversed(range(top.shape[1])):
        inside = (rows >= np.floor(upper[:, i])) & (rows <= np.floor(lower[:, i]))
        pixels[inside] = QColor(colors[i]).rgba()
    image = QImage(pixels.data, len(top), height, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()  # the array goes, the picture stays
