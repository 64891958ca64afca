"""Small operations on masks and pictures that landmarks, mattes and surfaces share."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def polygon(shape: tuple[int, ...], points: NDArray, grow: int = 0) -> NDArray[np.bool_]:
    """Return the filled polygon ``[P,2]`` px as a mask ``[H,W]``, grown (or, negative, shrunk) by `grow` px."""
    mask = np.zeros(shape[:2], np.uint8)
    # Four fractional bits; OpenCV counts from pixel centres.
    corners = np.round((np.asarray(points, np.float64) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], (1,), cv2.LINE_8, 4)
    if grow:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grow) + 1,) * 2)
        return (cv2.dilate(mask, disc) if grow > 0 else cv2.erode(mask, disc)) > 0
    return mask > 0


def convex(shape: tuple[int, ...], points: NDArray) -> NDArray[np.bool_]:
    """Return the convex hull of points ``[P,2]`` px as a mask ``[H,W]``."""
    hull = cv2.convexHull(np.ascontiguousarray(points, np.float32))
    return polygon(shape, np.asarray(hull).reshape(-1, 2))


def grown(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Dilate a mask by a square of `size` px."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0


def distance_inside(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return each pixel's distance ``[H,W]`` px to the nearest one outside the mask (0 outside)."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def spread(values: NDArray, inside: NDArray[np.bool_]) -> tuple[Any, NDArray[np.float32]]:
    """Carry values ``[H,W]`` or ``[H,W,C]`` from `inside` outwards: every other pixel takes the nearest one's.

    Returns
    -------
    The filled values and each pixel's distance ``[H,W]`` px to where its value came from.
    """
    if not inside.any():
        raise ValueError("there is nothing to spread")
    distance, label = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.asarray(label, np.int64)
    table = np.zeros((int(nearest.max()) + 1, *values.shape[2:]), values.dtype)
    table[nearest[inside]] = values[inside]
    return table[nearest], np.asarray(distance, np.float32)


def resized(picture: NDArray, width: int, height: int) -> NDArray[np.float32]:
    """Return a picture ``[H,W]`` or ``[H,W,C]`` at another size: averaged when it shrinks, cubic when it grows."""
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.float32)


def pixels_at(places: NDArray, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return row and column of the pixel that each place ``[N,2]`` px is in, or of the picture's nearest one."""
    column, row = np.clip(np.asarray(places).astype(int), 0, [shape[1] - 1, shape[0] - 1]).T
    return row, column


def sampled(picture: NDArray[np.float32], pixels: NDArray) -> NDArray[np.float32]:
    """Return a picture's values ``[N]`` or ``[N,C]`` at pixels ``[N,2]``, bilinear, held beyond the border."""
    # OpenCV's maps hold at most 32767 rows, so the points are folded into a rectangle.
    columns = 4096
    maps = np.asarray(pixels, np.float32) - np.float32(0.5)
    rows = max(1, -(-len(maps) // columns))
    folded = np.zeros((rows * columns, 2), np.float32)
    folded[: len(maps)] = maps
    folded = folded.reshape(rows, columns, 2)
    found = cv2.remap(picture, folded[..., 0], folded[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32).reshape(-1, *picture.shape[2:])[: len(maps)]
