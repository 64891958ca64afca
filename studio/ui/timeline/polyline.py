"""Arrays as Qt polygons, without a Python object per point."""

from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF


def polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """Return the points of two arrays ``[N]``."""
    points = QPolygonF()
    points.resize(len(x))
    if len(x):
        # A QPolygonF is an array of pairs of doubles; the stubs do not know this constructor, nor that it has memory.
        memory: Any = shiboken6.VoidPtr(points.data(), len(x) * 16, True)  # pyright: ignore[reportCallIssue]
        array = np.frombuffer(memory, np.float64).reshape(-1, 2)
        array[:, 0], array[:, 1] = x, y
    return points


def band(x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> QPolygonF:
    """Return the area between two lines over the same ``x [N]``."""
    return polygon(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))


def zigzag(x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> QPolygonF:
    """Return a line that goes down and up at every ``x [N]``: what a dense line looks like from afar."""
    return polygon(np.repeat(x, 2), np.stack([high, low], axis=1).ravel())
