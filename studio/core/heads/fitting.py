"""From landmarks in a picture to a head in space: pose, camera, and the landmarks in head space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import CHIN, EYE_MIDPOINT, FOREHEAD, INTEROCULAR, eye_centres

FOCAL_PER_FACE_HEIGHT = 7.0
"""Focal length over the face's height in the picture: a portrait taken from about 0.9 m.

A single picture does not tell its focal length; a value too short makes the nose swim when orbiting.
"""


@dataclass(frozen=True, eq=False)
class HeadPose:
    """Where a head stands in a picture.

    Attributes
    ----------
    camera
        Its ``world_to_camera`` takes head space (at rest, as in the picture) to the camera.
    landmarks
        ``[478,3]`` float64 m in head space.
    px
        m per px at the head's distance.
    distance
        m from the camera to the plane in which landmark depth is zero.
    """

    camera: Camera
    landmarks: NDArray[np.float64]
    px: float
    distance: float

    def lift(self, pixels: NDArray, nearness: NDArray) -> NDArray[np.float64]:
        """Return head-space points ``[N,3]`` m of pixels ``[N,2]``, `nearness` ``[N]`` px in front of that plane."""
        return self.camera.unproject(pixels, self.distance - np.asarray(nearness) * self.px)

    def nearness(self, depth: NDArray) -> NDArray[np.float64]:
        """Return how far things at `depth` m from the camera stand in front of that plane, px."""
        return (self.distance - depth) / self.px


def fit_head_pose(landmarks: NDArray, width: int, height: int) -> HeadPose:
    """Place a head so that its landmarks ``[478,3]`` px (z px, smaller nearer) project where they were found.

    The eyes fix the scale (`INTEROCULAR` apart) and, with forehead and chin, the axes.
    """
    points = np.asarray(landmarks, np.float64)
    focal = FOCAL_PER_FACE_HEIGHT * float(np.ptp(points[:468, 1]))
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    px = INTEROCULAR / float(np.linalg.norm(np.subtract(*eye_centres(points))))
    # Perspective makes near eyes look further apart than the depth plane's scale says: settle it in a few steps.
    for _ in range(3):
        cam = _unproject(points, K, focal * px, px)
        right, left = eye_centres(cam)
        px *= INTEROCULAR / float(np.linalg.norm(left - right))
    distance = focal * px
    cam = _unproject(points, K, distance, px)
    right, left = eye_centres(cam)

    x = (cam[263] - cam[33]) / np.linalg.norm(cam[263] - cam[33])
    y = cam[FOREHEAD] - cam[CHIN]
    y -= x * (y @ x)
    y /= np.linalg.norm(y)
    axes = np.stack([x, y, np.cross(x, y)], axis=1)  # columns: head axes in camera space
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = axes
    world_to_camera[:3, 3] = (right + left) / 2 - axes @ EYE_MIDPOINT
    camera = Camera(world_to_camera, K, width, height)
    return HeadPose(camera, (cam - world_to_camera[:3, 3]) @ axes, px, distance)


def rotation_vector(rotation: NDArray) -> NDArray[np.float32]:
    """Return the axis-angle ``[3]`` rad of a rotation matrix ``[3,3]``."""
    return Rotation.from_matrix(rotation).as_rotvec().astype(np.float32)


def _unproject(points: NDArray, K: NDArray, distance: float, px: float) -> NDArray[np.float64]:
    depth = distance + points[:, 2] * px
    xy = (points[:, :2] - K[:2, 2]) / K[0, 0]
    return np.column_stack([xy * depth[:, None], depth])
