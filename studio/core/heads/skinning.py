"""Linear blend skinning: rotations of a chain of joints move the vertices that hang on them.

Source: Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015, Eq. 2-4 and 9.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation


def rotation_matrices(rotations: NDArray) -> NDArray[np.float64]:
    """Return ``[J,3,3]`` for axis-angle rotations ``[J,3]`` rad."""
    return Rotation.from_rotvec(np.asarray(rotations, np.float64)).as_matrix()


def pose_feature(matrices: NDArray) -> NDArray[np.float64]:
    """Return what pose correctives are weighted with, ``[9 (J - 1)]``: every joint's rotation but the root's, less 1.

    SMPL Eq. 9.
    """
    return (matrices[1:] - np.eye(3)).reshape(-1)


def joint_transforms(matrices: NDArray, joints: NDArray, parents: NDArray) -> NDArray[np.float64]:
    """Return what each joint does to points of the rest pose, ``[J,3,4]``.

    Parameters
    ----------
    matrices
        ``[J,3,3]`` each joint's own rotation.
    joints
        ``[J,3]`` rest positions.
    parents
        ``[J]``, each smaller than its own index; the root's is ignored.
    """
    out = np.zeros((len(joints), 3, 4))
    for j, rotation in enumerate(matrices):
        about = joints[j] - rotation @ joints[j]
        if j == 0:
            out[j, :, :3], out[j, :, 3] = rotation, about
        else:
            above = out[parents[j]]
            out[j, :, :3] = above[:, :3] @ rotation
            out[j, :, 3] = above[:, :3] @ about + above[:, 3]
    return out


def skin(points: NDArray, weights: NDArray, transforms: NDArray) -> NDArray:
    """Return points ``[V,3]`` moved by transforms ``[J,3,4]`` with weights ``[V,J]``, in the dtype of `points`."""
    blended = (weights @ transforms.reshape(len(transforms), 12).astype(points.dtype)).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", blended[:, :, :3], points) + blended[:, :, 3]
