"""A background picture as other cameras of its own standpoint frame it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera


class PlateView:
    """A plate that pans and zooms with the camera, and stands still when that orbits.

    Parameters
    ----------
    plate
        ``[H,W,3]`` uint8, as `camera` frames it.
    """

    def __init__(self, plate: NDArray[np.uint8], camera: Camera) -> None:
        self.plate, self.camera = plate, camera
        self._newest: tuple[bytes, NDArray[np.float32]] | None = None

    def seen_by(self, camera: Camera) -> NDArray[np.float32]:
        """Return it ``[H,W,3]`` float32 0..1 as another camera frames it; not to be written."""
        key = camera.K.tobytes() + bytes(str((camera.width, camera.height)), "ascii")
        newest = self._newest  # the window and an export may both ask: read it once
        if newest is not None and newest[0] == key:
            return newest[1]
        # Pixel centres lie at +0.5 in K and at whole numbers in OpenCV's warp.
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        to_camera = np.linalg.inv(half) @ camera.K @ np.linalg.inv(self.camera.K) @ half
        shrink = to_camera[0, 0]
        plate = self.plate.astype(np.float32) / 255
        if shrink < 0.75:
            plate = cv2.GaussianBlur(plate, (0, 0), 0.4 / shrink)
        size = camera.width, camera.height
        view = cv2.warpAffine(plate, to_camera[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        view = view.astype(np.float32)
        self._newest = (key, view)
        return view
