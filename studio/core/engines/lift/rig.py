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
from studio.core.heads.shapes import JAW_ANGLE, FaceShapes
from studio.core.heads.template import SHAPE_NAMES, TemplateHead
from studio.core.render.numba_runtime import SAFE_KERNEL, kernel_threads

_ORIGIN = to_head(np.zeros(3))


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
        True where the colour comes from the portrait.
    """

    points: NDArray
    size: NDArray | float
    opacity: NDArray | float
    color: NDArray
    jaw: NDArray | float = 0.0
    shapes: dict[str, NDArray] = field(default_factory=dict)
    revealed_by: str = ""
    seen: bool = False

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
            np.full(n, self.seen),
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
    def _full_deltas(self) -> NDArray[np.float32]:
        """Half precision keeps the file small; the kernel reads single."""
        return self.deltas.astype(np.float32)

    def displacements(self, weights: NDArray[np.float32], jaw_open: float) -> NDArray[np.float32]:
        """Return the displacement ``[V,3]`` m under shape weights ``[S]`` and the jaw's turn."""
        active = np.flatnonzero(np.abs(weights) > 1e-4)
        out = np.empty_like(self.vertices)
        angle = np.float32(JAW_ANGLE * jaw_open)
        with kernel_threads():
            _blend(
                self._full_deltas, active, weights.astype(np.float32), self.vertices, self.jaw_weights, self.hinge,
                np.cos(angle), np.sin(angle), out,
            )  # fmt: skip
        return out


def assemble(head: TemplateHead, parts: list[Part]) -> tuple[Rig, list[Binding]]:
    """Join the template's skin and the parts into one rig; returns it and each part's binding."""
    shapes: FaceShapes = head.shapes
    vertices = [head.neutral]
    deltas = [head.deltas]
    jaw = [head.jaw_weights]
    bindings = []
    first = len(head.neutral)
    for part in parts:
        n = len(part.points)
        own = np.zeros((len(SHAPE_NAMES), n, 3), np.float32)
        for name, displacement in part.shapes.items():
            own[SHAPE_NAMES.index(name)] = to_head(displacement) - _ORIGIN
        vertices.append(to_head(part.points).astype(np.float32))
        deltas.append(own)
        jaw.append(np.broadcast_to(np.asarray(part.jaw, np.float32), n))
        bindings.append(Binding.to_vertices(first, n))
        first += n
    rig = Rig(
        np.concatenate(vertices),
        np.concatenate(deltas, 1).astype(np.float16),
        np.concatenate(jaw).astype(np.float32),
        to_head(shapes.hinge).astype(np.float32),
    )
    return rig, bindings


def jaw_open(code: NDArray[np.float32]) -> float:
    """Return how far an ARKit code opens the jaw, 0..1."""
    return float(np.clip(code[ARKIT_INDEX["jawOpen"]], 0, 1))


@njit(parallel=True, **SAFE_KERNEL)
def _blend(deltas, active, weights, vertices, jaw_weights, hinge, c, s, out):
    for v in prange(len(vertices)):
        x, y, z = np.float32(0), np.float32(0), np.float32(0)
        for k in active:
            w = weights[k]
            x += w * deltas[k, v, 0]
            y += w * deltas[k, v, 1]
            z += w * deltas[k, v, 2]
        # An opening jaw carries the chin down and back: a positive turn about x in head space.
        dy, dz = vertices[v, 1] - hinge[1], vertices[v, 2] - hinge[2]
        j = jaw_weights[v]
        out[v, 0] = x
        out[v, 1] = y + j * (c * dy - s * dz - dy)
        out[v, 2] = z + j * (s * dy + c * dz - dz)
