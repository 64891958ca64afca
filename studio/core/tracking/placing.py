"""Where a rigid head must stand for its landmarks to be seen in given places."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import Camera

_STEPS = 5
# How much a change from the start costs against a landmark astray by as many interocular distances: one view tells
# depth and slow turns badly.
_HOLD = 1e-4


def rigid_fit(source: NDArray, target: NDArray) -> NDArray[np.float64]:
    """Return the rigid motion ``[4,4]`` that brings points ``[P,3]`` nearest to others; Kabsch, 1976."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    turn = (u * [1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = turn, target.mean(0) - turn @ source.mean(0)
    return out


def placed(points: NDArray, seen: NDArray, camera: Camera, start: NDArray, unit: float) -> NDArray[np.float64]:
    """Return the motion ``[4,4]`` of world points ``[P,3]`` m after which `camera` sees them at `seen` ``[P,2]`` px.

    Parameters
    ----------
    start
        ``[4,4]``: about where they are.
    unit
        px of the interocular distance.
    """
    to_camera = camera.world_to_camera[:3, :3]
    now = start.copy()
    hold = _HOLD * len(points) * np.diag([1.0, 1, 1, 1, 1, 1])
    for _ in range(_STEPS):
        middle = now[:3, :3] @ points.mean(0) + now[:3, 3]
        world = points @ now[:3, :3].T + now[:3, 3]
        image = camera.project(world)
        cam = world @ to_camera.T + camera.world_to_camera[:3, 3]
        z = cam[:, 2]
        # Turns about the points' middle; shifts in units of a tenth of a metre.
        arm = (world - middle) @ to_camera.T
        moves = np.zeros((6, len(points), 3))
        for k in range(3):
            moves[k] = np.cross(to_camera[:, k], arm)
            moves[3 + k] = 0.1 * to_camera[:, k]
        focal = np.array([camera.K[0, 0], camera.K[1, 1]])
        slopes = focal * (moves[..., :2] - cam[:, :2] / z[:, None] * moves[..., 2:]) / z[:, None] / unit
        J = slopes.reshape(6, -1)
        step = np.linalg.solve(J @ J.T + hold, J @ ((seen - image[:, :2]) / unit).reshape(-1))
        turn = Rotation.from_rotvec(step[:3]).as_matrix()
        shift = middle + 0.1 * step[3:] - turn @ middle
        now[:3, :3], now[:3, 3] = turn @ now[:3, :3], turn @ now[:3, 3] + shift
    return now
