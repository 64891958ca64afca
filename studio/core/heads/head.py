"""What every parametric head offers, and the parameters that set one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BUILT_IN = "template"
"""Name of the head that is always there; all others come from the library."""


@dataclass(frozen=True, eq=False)
class HeadParams:
    """State of one parametric head.

    On an ARKit head, jaw and eye joints are derived from ``jawOpen…`` and ``eyeLook…``; they are never
    stored beside them.

    Attributes
    ----------
    identity
        The head's own identity code, any shape.
    expression
        ``[K]`` in the head's published layout (ARKit-52 for the template).
    rotation
        ``[3]`` axis-angle rad from the frontal pose: zero looks straight into the camera.
    translation
        ``[3]`` m, the head's origin in camera space.
    """

    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    rotation: NDArray[np.float32]
    translation: NDArray[np.float32]


class Head(Protocol):
    """A mesh whose vertices follow `HeadParams`."""

    faces: NDArray[np.int32]
    """``[F,3]`` vertex indices, counter-clockwise seen from outside."""

    expression_names: tuple[str, ...]

    def vertices(self, params: HeadParams) -> NDArray[np.float32]:
        """Return the posed vertices ``[V,3]`` m in head space."""
        ...
