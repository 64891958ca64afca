"""The standard crop, what networks see: every face equally large, in its middle and from equally far.

Training pictures and a portrait that a user drops are framed by the same functions, so that a network is never shown
anything that it was not trained on. The crop's camera stands where the portrait's does and is only turned towards the
face, so that cropping needs no other view of anything.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import to_head
from studio.core.heads.fitting import FOCAL_PER_FACE_HEIGHT
from studio.core.perception.portrait import Portrait

SIDE = 2.35
"""Side of the crop in heights of the face (forehead to chin)."""
FOCAL = FOCAL_PER_FACE_HEIGHT / SIDE
"""Focal length in sides: the one that `fit_head_pose` takes every portrait to have."""
# The crop's middle in head space: a little above the landmarks' mean, for hair needs more room than a chin.
_MIDDLE = to_head(np.array([0.0, 0.25, 0.11]))


def standard_camera(own: Camera, size: int) -> Camera:
    """Return the crop's camera, `size` px square.

    `own` is a portrait's or an avatar's, whose focal length tells how large the face is; see `fit_head_pose`.
    """
    ray = own.world_to_camera[:3, :3] @ _MIDDLE + own.world_to_camera[:3, 3]
    ray /= np.linalg.norm(ray)
    # The shortest turn that brings it to the optical axis.
    axis = np.cross(ray, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    turn = np.eye(4)
    if sine > 1e-9:
        turn[:3, :3] = Rotation.from_rotvec(axis / sine * np.arctan2(sine, ray[2])).as_matrix()
    focal = FOCAL * size
    K = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
    return replace(own, world_to_camera=turn @ own.world_to_camera, K=K, width=size, height=size)


def cropped(picture: NDArray[np.float32], own: Camera, size: int, beyond: int, margin: int = 0) -> NDArray[np.float32]:
    """Return a picture ``[H,W]`` or ``[H,W,C]`` that `own` took as `standard_camera` takes it ``[size,size(,C)]``.

    `beyond` is OpenCV's border mode for what lies outside the picture: nothing for persons, replicated for plates.
    `margin` px more are shown on each side.
    """
    # Several samples a pixel, then their mean.
    finer = max(1, int(np.ceil(own.K[0, 0] / (FOCAL * size))))
    camera = widened(standard_camera(own, size * finer), margin * finer)
    # Pixel centres lie at +0.5 in K and at whole numbers in OpenCV's warp.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    turn = camera.world_to_camera[:3, :3] @ own.world_to_camera[:3, :3].T
    to_crop = np.linalg.inv(half) @ camera.K @ turn @ np.linalg.inv(own.K) @ half
    large = cv2.warpPerspective(picture, to_crop, (camera.width, camera.height), borderMode=beyond)
    side = size + 2 * margin
    return np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def widened(camera: Camera, margin: int) -> Camera:
    """Return a camera that shows `margin` px more on each side."""
    return camera.cropped(
        -margin, -margin, camera.width + 2 * margin, camera.height + 2 * margin,
        camera.width + 2 * margin, camera.height + 2 * margin,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class StandardCrop:
    """What a network sees of a portrait.

    Attributes
    ----------
    color
        ``[S,S,3]`` float32 0..1: the person, premultiplied by alpha, black where the picture ends.
    alpha
        ``[S,S]`` float32 0..1.
    plate
        ``[S,S,3]`` float32 0..1.
    camera
        Of the crop.
    """

    color: NDArray[np.float32]
    alpha: NDArray[np.float32]
    plate: NDArray[np.float32]
    camera: Camera

    @property
    def picture(self) -> NDArray[np.float32]:
        """The person before the plate ``[S,S,3]`` 0..1."""
        return np.clip(self.color + (1 - self.alpha[..., None]) * self.plate, 0, 1)


def standard_crop(portrait: Portrait, size: int) -> StandardCrop:
    """Crop a portrait as training pictures are framed."""
    own = portrait.pose.camera
    premultiplied = portrait.foreground * portrait.alpha[..., None]
    return StandardCrop(
        cropped(premultiplied, own, size, cv2.BORDER_CONSTANT),
        cropped(portrait.alpha, own, size, cv2.BORDER_CONSTANT),
        cropped(portrait.plate, own, size, cv2.BORDER_REPLICATE),
        standard_camera(own, size),
    )
