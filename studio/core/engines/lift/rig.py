"""The moving vertices of a `lift` head: the template's skin and the parts the portrait does not show."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.surface import Surfels
from studio.core.heads.anatomy import to_head
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.shapes import JAW_ANGLE
from studio.core.heads.template import SHAPE_NAMES, TemplateHead
from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_threads

_ORIGIN = to_head(np.zeros(3))
# Below this weight a shape moves nothing that could be seen.
_STILL = np.float32(1e-4)
# The rig is blended in so many independent shares.
_SHARES = 16
_WITHOUT_SIGN = np.uint16(0x7FFF)  # the bits of half floats that 0 and -0 have not


@dataclass(frozen=True, eq=False)
class Part:
    """Gaussians that ride on vertices of their own: teeth, tongue, eyes, lids.

    Attributes
    ----------
    points
        ``[n,3]`` in the face frame, at rest.
    size
        ``[n]`` or scalar, standard deviation in interocular distances (round Gaussians).
    opacity, color
        ``[n]`` or scalar; ``[n,3]`` 0..1.
    jaw
        ``[n]`` or scalar: how far each point turns with the jaw.
    shapes
        Displacement ``[n,3]`` in the face frame by shape name.
    revealed_by
        The ARKit channel that fades the part in, or "" where it is always there.
    seen
        ``[n]`` or scalar: True where the colour comes from the portrait.
    """

    points: NDArray
    size: NDArray | float
    opacity: NDArray | float
    color: NDArray
    jaw: NDArray | float = 0.0
    shapes: dict[str, NDArray] = field(default_factory=dict)
    revealed_by: str = ""
    seen: NDArray[np.bool_] | bool = False

    def surfels(self) -> Surfels:
        """Return this part's Gaussians at rest."""
        n = len(self.points)
        points = to_head(self.points).astype(np.float32)
        metres = abs(to_head(np.array([1.0, 0, 0])) - _ORIGIN)[0]
        size = np.broadcast_to(np.asarray(self.size, np.float32) * np.float32(metres), n).copy()
        tangents = np.zeros((n, 2, 3), np.float32)
        tangents[:, 0, 0], tangents[:, 1, 1] = size, size
        return Surfels(
            points,
            tangents,
            size,
            np.broadcast_to(np.asarray(self.opacity, np.float32), n).copy(),
            np.clip(np.broadcast_to(self.color, (n, 3)), 0, 1).astype(np.float32),
            np.zeros((n, 2), np.float32),
            np.ones(n, np.float32),
            np.broadcast_to(self.seen, n).copy(),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class FlatPart(Part):
    """Flat Gaussians on a surface. They know their pixel, for the neck turns as what is before it.

    Attributes
    ----------
    size
        Their thickness, m, standard deviation.
    tangents
        ``[n,2,3]`` m in head space, standard deviation long.
    pixels
        ``[n,2]`` px of the portrait.
    """

    tangents: NDArray
    pixels: NDArray

    def surfels(self) -> Surfels:
        """Return this part's Gaussians at rest."""
        n = len(self.points)
        return Surfels(
            to_head(self.points).astype(np.float32),
            self.tangents.astype(np.float32),
            np.full(n, self.size, np.float32),
            np.full(n, self.opacity, np.float32),
            np.clip(self.color, 0, 1).astype(np.float32),
            self.pixels.astype(np.float32),
            np.ones(n, np.float32),
            np.broadcast_to(self.seen, n).copy(),
        )


@dataclass(frozen=True, eq=False)
class Rig:
    """Vertices and how they move.

    Attributes
    ----------
    vertices
        ``[V,3]`` float32 m in head space at rest.
    deltas
        ``[S,V,3]`` float16 m, per `SHAPE_NAMES`.
    jaw_weights
        ``[V]`` float32.
    hinge
        ``[3]`` float32 m: the jaw turns about the x axis through it.
    """

    vertices: NDArray[np.float32]
    deltas: NDArray[np.float16]
    jaw_weights: NDArray[np.float32]
    hinge: NDArray[np.float32]

    @cached_property
    def _sparse(self) -> "_SparseShapes":
        return _SparseShapes.of(self.deltas)

    def joined(self, parts: list[Part]) -> "tuple[Rig, list[Binding]]":
        """Return a rig with the vertices of these parts after its own, and each part's binding to it."""
        vertices, deltas, jaw, bindings = [self.vertices], [self.deltas], [self.jaw_weights], []
        first = len(self.vertices)
        for part in parts:
            n = len(part.points)
            own = np.zeros((len(SHAPE_NAMES), n, 3), np.float16)
            for name, displacement in part.shapes.items():
                own[SHAPE_NAMES.index(name)] = to_head(displacement) - _ORIGIN
            vertices.append(to_head(part.points).astype(np.float32))
            deltas.append(own)
            jaw.append(np.broadcast_to(np.asarray(part.jaw, np.float32), n))
            bindings.append(Binding.to_vertices(first, n))
            first += n
        return Rig(np.concatenate(vertices), np.concatenate(deltas, 1), np.concatenate(jaw), self.hinge), bindings

    def displacements(
        self, weights: NDArray[np.float32], jaw_open: float
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Move the vertices by shape weights ``[S]`` and the jaw's turn.

        Returns
        -------
        displacements
            ``[V+1,3]`` m; the last row stands for what is bound to nothing and is 0.
        moving
            ``[V+1]``: 1 where a shape or the jaw may have moved the vertex.
        """
        out = np.empty((len(self.vertices) + 1, 3), np.float32)
        moving = np.empty(len(out), np.uint8)
        angle = np.float32(JAW_ANGLE * jaw_open)
        shapes = self._sparse
        with kernel_threads():
            _blend(
                *(shapes.vertices, shapes.deltas, shapes.starts, weights.astype(np.float32)),
                *(self.vertices, self.jaw_weights, self.hinge, np.cos(angle), np.sin(angle), out, moving),
            )
        return out, moving


@dataclass(frozen=True, eq=False)
class _SparseShapes:
    """The vertices that each shape moves, in single precision: a seventh of all.

    Attributes
    ----------
    vertices, deltas
        ``[M]`` int32 and ``[M,3]`` m, by shape, then by vertex.
    starts
        ``[S,B+1]`` int32: where the vertices of each shape and share of the rig begin.
    """

    vertices: NDArray[np.int32]
    deltas: NDArray[np.float32]
    starts: NDArray[np.int32]

    @staticmethod
    def of(deltas: NDArray[np.float16]) -> "_SparseShapes":
        count = deltas.shape[1]
        shares = np.arange(_SHARES + 1) * -(-(count + 1) // _SHARES)
        x, y, z = np.moveaxis(deltas.view(np.uint16) & _WITHOUT_SIGN, -1, 0)  # of half floats, `any` is slow
        shape, vertex = np.nonzero(x | y | z)
        place = shape * (count + 1) + vertex
        starts = np.searchsorted(place, np.arange(len(deltas))[:, None] * (count + 1) + np.minimum(shares, count))
        return _SparseShapes(vertex.astype(np.int32), deltas[shape, vertex].astype(np.float32), starts.astype(np.int32))


def assemble(head: TemplateHead, parts: list[Part]) -> tuple[Rig, list[Binding]]:
    """Join the template's skin and the parts into one rig; returns it and each part's binding."""
    hinge = to_head(head.shapes.hinge).astype(np.float32)
    skin = Rig(head.neutral, head.deltas.astype(np.float16), head.jaw_weights.astype(np.float32), hinge)
    return skin.joined(parts)


def jaw_open(code: NDArray[np.float32]) -> float:
    """Return how far an ARKit code opens the jaw, 0..1."""
    return float(np.clip(code[ARKIT_INDEX["jawOpen"]], 0, 1))


@njit(parallel=True, **SAFE_KERNEL)
def _blend(vertices, deltas, starts, weights, rest, jaw_weights, hinge, c, s, out, moving):
    shares = starts.shape[1] - 1
    size = (len(out) + shares - 1) // shares
    for share in prange(shares):
        for v in range(share * size, min(len(out), (share + 1) * size)):
            out[v, 0], out[v, 1], out[v, 2] = 0, 0, 0
            moving[v] = 0
            # An opening jaw carries the chin down and back: a positive turn about x in head space.
            if s != 0 and v < len(rest) and jaw_weights[v] != 0:
                dy, dz, j = rest[v, 1] - hinge[1], rest[v, 2] - hinge[2], jaw_weights[v]
                out[v, 1] = j * (c * dy - s * dz - dy)
                out[v, 2] = j * (s * dy + c * dz - dz)
                moving[v] = 1
        for k in range(len(weights)):
            w = weights[k]
            if abs(w) > _STILL:
                for e in range(starts[k, share], starts[k, share + 1]):
                    v = vertices[e]
                    out[v, 0] += w * deltas[e, 0]
                    out[v, 1] += w * deltas[e, 1]
                    out[v, 2] += w * deltas[e, 2]
                    moving[v] = 1
