"""Which triangle of a mesh covers each pixel, and how near it is."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.render.numba_runtime import EXACT_KERNEL


def nearest_triangles(projected: NDArray, faces: NDArray[np.int32], height: int, width: int) -> NDArray[np.int32]:
    """Return the number of the nearest triangle at each pixel centre ``[H,W]``, −1 where there is none.

    Parameters
    ----------
    projected
        ``[V,3]`` float32: px, px, and a depth of which the smaller is the nearer.
    faces
        ``[F,3]`` int32.
    """
    return nearest_triangles_at(projected, faces, np.ones((height, width), np.bool_))


@njit(**EXACT_KERNEL)
def nearest_triangles_at(projected, faces, asked):
    """Do the same for the pixels `asked` ``[H,W]`` about alone; the others are −1."""
    height, width = asked.shape
    painted = np.full((height, width), -1, np.int32)
    nearest = np.full((height, width), np.float32(np.inf))
    for f in range(len(faces)):
        a, b, c = projected[faces[f, 0]], projected[faces[f, 1]], projected[faces[f, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-6:
            continue
        x0 = max(int(np.floor(min(a[0], b[0], c[0]) - 0.5)), 0)
        x1 = min(int(np.ceil(max(a[0], b[0], c[0]) - 0.5)), width - 1)
        y0 = max(int(np.floor(min(a[1], b[1], c[1]) - 0.5)), 0)
        y1 = min(int(np.ceil(max(a[1], b[1], c[1]) - 0.5)), height - 1)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                if not asked[y, x]:
                    continue
                px, py = x + 0.5, y + 0.5
                u = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area
                v = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area
                if u < -1e-4 or v < -1e-4 or u + v > 1.0001:
                    continue
                z = u * a[2] + v * b[2] + (1 - u - v) * c[2]
                if z < nearest[y, x]:
                    nearest[y, x] = z
                    painted[y, x] = f
    return painted


def corner_shares(places: NDArray, a: NDArray, b: NDArray, c: NDArray) -> NDArray[np.float64]:
    """Return the shares ``[N,3]`` of a triangle's corners ``[N,2]`` at places ``[N,2]`` in it."""
    area = _cross(b - a, c - a)
    first, second = _cross(b - places, c - places) / area, _cross(c - places, a - places) / area
    return np.column_stack([first, second, 1 - first - second])


def _cross(a: NDArray, b: NDArray) -> NDArray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def depth_map(projected: NDArray, faces: NDArray[np.int32], height: int, width: int) -> NDArray[np.float32]:
    """Return the depth of the nearest triangle's middle at each pixel ``[H,W]``, NaN where there is none."""
    projected = np.ascontiguousarray(projected, np.float32)
    painted = nearest_triangles(projected, faces, height, width)
    middles = projected[faces, 2].mean(1)
    return np.where(painted >= 0, middles[np.maximum(painted, 0)], np.float32(np.nan))
