"""Orientations of Gaussians that are turned."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation


def turned_quats(quats: NDArray[np.float32], turn: NDArray) -> NDArray[np.float32]:
    """Return orientations ``[N,4]`` wxyz after a rotation ``[3,3]``."""
    x, y, z, w = Rotation.from_matrix(turn).as_quat()
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]], np.float32)
    return quats @ left.T
