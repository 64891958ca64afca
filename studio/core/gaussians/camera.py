"""Pinhole cameras in the OpenCV convention: x right, y down, z forward; pixel centres at +0.5."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# Head space (x to the head's left, y up, z out of the face) seen frontally by an OpenCV camera:
# the head's left is image right, its up is image up (-y), and its face looks at the camera (-z).
HEAD_TO_CAMERA_AXES = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes
    ----------
    world_to_camera
        ``[4,4]`` float64, metres.
    K
        ``[3,3]`` float64, px.
    width, height
        px.
    """

    world_to_camera: NDArray[np.float64]
    K: NDArray[np.float64]
    width: int
    height: int

    @property
    def position(self) -> NDArray[np.float64]:
        """Where it stands ``[3]`` m."""
        return -self.world_to_camera[:3, :3].T @ self.world_to_camera[:3, 3]

    def project(self, points: NDArray) -> NDArray[np.float64]:
        """Project world points ``[N,3]`` m to ``[N,3]``: x px, y px, depth m."""
        cam = points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]
        uv = cam @ self.K.T
        return np.column_stack([uv[:, :2] / cam[:, 2:], cam[:, 2]])

    def unproject(self, pixels: NDArray, depth: NDArray) -> NDArray[np.float64]:
        """Inverse of `project`: pixels ``[N,2]`` and depth ``[N]`` m to world points ``[N,3]`` m."""
        rays = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(self.K).T
        rotation, translation = self.world_to_camera[:3, :3], self.world_to_camera[:3, 3]
        return (rays * np.asarray(depth)[:, None] - translation) @ rotation

    def scaled(self, factor: float) -> "Camera":
        """Return the same view at another resolution."""
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        K = np.diag([width / self.width, height / self.height, 1.0]) @ self.K
        return replace(self, K=K, width=width, height=height)

    def fitted(self, long_side: int) -> "Camera":
        """Return the same view with its longer side `long_side` px."""
        return self.scaled(long_side / max(self.width, self.height))

    def cropped(self, x: float, y: float, width: float, height: float, out_width: int, out_height: int) -> "Camera":
        """Return the view of the rectangle at (x, y), in px of this camera, resampled to a new size."""
        sx, sy = out_width / width, out_height / height
        crop = np.array([[sx, 0, -x * sx], [0, sy, -y * sy], [0, 0, 1]])
        return replace(self, K=crop @ self.K, width=out_width, height=out_height)

    def zoomed(self, zoom: float) -> "Camera":
        """Magnify about the image centre; `zoom` > 1 is closer. The viewpoint stays."""
        cx, cy = self.width / 2, self.height / 2
        about_centre = np.array([[zoom, 0, cx * (1 - zoom)], [0, zoom, cy * (1 - zoom)], [0, 0, 1]])
        return replace(self, K=about_centre @ self.K)

    def panned(self, dx: float, dy: float) -> "Camera":
        """Shift the picture by (dx, dy) px, right and down."""
        shift = np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1.0]])
        return replace(self, K=shift @ self.K)

    def orbited(self, pivot: NDArray, yaw: float, pitch: float, roll: float = 0.0) -> "Camera":
        """Turn about a world point.

        Parameters
        ----------
        pivot
            ``[3]`` m; it keeps its place in the picture.
        yaw
            rad; positive moves the camera to the head's left, so the face turns towards image left.
        pitch
            rad; positive raises the camera, so the face looks down in the picture.
        roll
            rad; positive turns the camera clockwise, so the picture leans counter-clockwise.
        """
        cr, sr = np.cos(roll), np.sin(roll)
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
        turn = about_z @ about_x @ about_y
        centre = self.world_to_camera[:3, :3] @ pivot + self.world_to_camera[:3, 3]
        moved = np.eye(4)
        moved[:3, :3] = turn
        moved[:3, 3] = centre - turn @ centre
        return replace(self, world_to_camera=moved @ self.world_to_camera)

    def dollied(self, pivot: NDArray, factor: float) -> "Camera":
        """Stand `factor` times as far from a world point ``[3]`` m, which keeps its place in the picture.

        What lies before and behind it grows and shrinks against each other, which `zoomed` never does.
        """
        moved = self.world_to_camera.copy()
        centre = moved[:3, :3] @ pivot + moved[:3, 3]
        moved[:3, 3] += (factor - 1) * centre
        return replace(self, world_to_camera=moved)

    @property
    def field_of_view(self) -> float:
        """Vertical angle of the picture, rad."""
        return 2 * float(np.arctan(self.height / 2 / self.K[1, 1]))

    @staticmethod
    def frontal(size: int, focal: float, distance: float) -> "Camera":
        """Return a square camera looking at a head's face from `distance` m."""
        world_to_camera = np.eye(4)
        world_to_camera[:3, :3] = HEAD_TO_CAMERA_AXES
        world_to_camera[2, 3] = distance
        K = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])
        return Camera(world_to_camera, K, size, size)
