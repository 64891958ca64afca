"""Which triangle of the head template carries each surfel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.surface import SPREAD, Surfels
from studio.core.perception.masks import pixels_at, spread
from studio.core.render.zbuffer import nearest_triangles

# Largest change of a weight along a tangent of a 1-px surfel: that of a triangle two pixels high.
_MAX_GRADIENT = 0.3


@dataclass(frozen=True, eq=False)
class Binding:
    """How vertices of the rig move surfels.

    Attributes
    ----------
    vertices
        ``[N,3]`` int32; −1 where nothing moves the surfel but the head's turn.
    weights
        ``[N,3]`` float32, summing to 1.
    gradients
        ``[N,2,3]`` float32: change of the weights along each tangent.
    """

    vertices: NDArray[np.int32]
    weights: NDArray[np.float32]
    gradients: NDArray[np.float32]

    @staticmethod
    def none(count: int) -> "Binding":
        """Return a binding for surfels that only follow the head."""
        zero = np.zeros((count, 3), np.float32)
        return Binding(np.full((count, 3), -1, np.int32), zero, np.zeros((count, 2, 3), np.float32))

    @staticmethod
    def to_vertices(first: int, count: int) -> "Binding":
        """Return a binding of `count` surfels to one vertex each, numbered from `first`."""
        vertex = np.repeat(np.arange(first, first + count, dtype=np.int32)[:, None], 3, 1)
        weights = np.zeros((count, 3), np.float32)
        weights[:, 0] = 1
        return Binding(vertex, weights, np.zeros((count, 2, 3), np.float32))

    @staticmethod
    def concatenate(parts: "list[Binding]") -> "Binding":
        """Join several bindings."""
        return Binding(
            np.concatenate([p.vertices for p in parts]),
            np.concatenate([p.weights for p in parts]),
            np.concatenate([p.gradients for p in parts]),
        )


def bind_to_template(surfels: Surfels, projected: NDArray, faces: NDArray[np.int32], shape: tuple[int, ...]) -> Binding:
    """Bind surfels to the triangles that cover them in the portrait.

    Parameters
    ----------
    projected
        ``[V,3]`` px, px, m: the template's vertices in the portrait.
    shape
        Height and width of the portrait, px.
    """
    painted = nearest_triangles(projected.astype(np.float32), faces, shape[0], shape[1])
    painted = _fill_slits(painted)
    triangle = painted[pixels_at(surfels.pixels, shape)]
    bound = triangle >= 0
    corners = faces[np.maximum(triangle, 0)]
    a, b, c = (projected[corners[:, k], :2] for k in range(3))
    area = _cross(b - a, c - a)
    bound &= np.abs(area) > 1e-3
    area = np.where(bound, area, 1.0)
    p = surfels.pixels
    weights = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], 1) / area[:, None]
    # d/du and d/dv of the same cross products, per px, times the length of the tangent in px.
    along_u = np.stack([b[:, 1] - c[:, 1], c[:, 1] - a[:, 1], a[:, 1] - b[:, 1]], 1) / area[:, None]
    along_v = np.stack([c[:, 0] - b[:, 0], a[:, 0] - c[:, 0], b[:, 0] - a[:, 0]], 1) / area[:, None]
    gradients = np.stack([along_u, along_v], 1) * (surfels.cell * SPREAD)[:, None, None]
    # A sliver seen edge-on has huge gradients and would fling its surfels across the face.
    steep = np.abs(gradients).max(axis=2, keepdims=True) / (_MAX_GRADIENT * surfels.cell[:, None, None])
    gradients /= np.maximum(steep, 1)
    vertices = np.where(bound[:, None], corners, -1).astype(np.int32)
    weights[~bound], gradients[~bound] = 0, 0
    return Binding(vertices, weights.astype(np.float32), gradients.astype(np.float32))


def _cross(a: NDArray, b: NDArray) -> NDArray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _fill_slits(painted: NDArray[np.int32], reach: int = 2) -> NDArray[np.int32]:
    """Give pixels in slits between triangles (a closed mouth, rounding) the triangle nearest to them."""
    carried, distance = spread(painted, painted >= 0)
    return np.where(distance <= reach, carried, painted)
