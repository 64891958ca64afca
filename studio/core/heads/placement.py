"""Where another head stands in our head space: its eyes come to lie where ours are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import EYE_MIDPOINT, INTEROCULAR


@dataclass(frozen=True, eq=False)
class Placement:
    """Scale, then shift: from a head's own coordinates (x to its left, y up, z out of the face) to head space, m.

    Attributes
    ----------
    scale
        m per unit of the head's own coordinates.
    shift
        ``[3]`` m.
    """

    scale: float
    shift: NDArray[np.float64]

    @classmethod
    def by_eyes(cls, right: NDArray, left: NDArray) -> "Placement":
        """Place the head whose eyes' centres (of the lids) ``[3]`` lie at `right` and `left`."""
        scale = INTEROCULAR / float(np.linalg.norm(np.asarray(left) - np.asarray(right)))
        return cls(scale, EYE_MIDPOINT - scale * (np.asarray(right) + np.asarray(left)) / 2)

    def to_head(self, points: NDArray) -> NDArray[np.float32]:
        """Return points ``[...,3]`` m in head space."""
        return (np.asarray(points) * self.scale + self.shift).astype(np.float32)
