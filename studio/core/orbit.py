"""`Orbit`: where the viewer stands; the mathematics of dragging, without a window."""

from dataclasses import dataclass, replace

import numpy as np

from studio.core.avatar import Avatar
from studio.core.framing import framed_camera, orbit
from studio.core.gaussians.camera import Camera

MAX_YAW, MAX_PITCH = 60.0, 30.0
MIN_ZOOM, MAX_ZOOM = 0.5, 8.0
DEGREES_PER_VIEW = 120.0
"""Turn for a drag across the whole view."""
ZOOM_PER_NOTCH = 1.15

PRESETS: dict[str, tuple[float, float]] = {"front": (0.0, 0.0), "left": (35.0, 0.0), "right": (-35.0, 0.0)}
"""Yaw and pitch in degrees; "left" looks at the head's own left side."""


@dataclass(frozen=True)
class Orbit:
    """A view of the head, relative to its square home view.

    Attributes
    ----------
    yaw, pitch
        Degrees, as in `Camera.orbited`; limited to ±60 and ±30.
    zoom
        Magnification, 0.5..8.
    x, y
        Shift of the picture, as a fraction of its side, right and down.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def turned_to(self, yaw: float, pitch: float) -> "Orbit":
        """Return this view from another side, within the limits."""
        return replace(
            self,
            yaw=float(np.clip(yaw, -MAX_YAW, MAX_YAW)),
            pitch=float(np.clip(pitch, -MAX_PITCH, MAX_PITCH)),
        )

    def dragged(self, dx: float, dy: float) -> "Orbit":
        """Turn so that the face follows the pointer; `dx`, `dy` are fractions of the view's side."""
        return self.turned_to(self.yaw - dx * DEGREES_PER_VIEW, self.pitch + dy * DEGREES_PER_VIEW)

    def moved(self, dx: float, dy: float) -> "Orbit":
        """Shift the picture by fractions of the view's side, never out of sight."""
        reach = 0.5 * max(1.0, self.zoom)
        return replace(
            self,
            x=float(np.clip(self.x + dx, -reach, reach)),
            y=float(np.clip(self.y + dy, -reach, reach)),
        )

    def zoomed_to(self, zoom: float, x: float = 0.0, y: float = 0.0) -> "Orbit":
        """Magnify about the pointer at (x, y), fractions of the view's side from its centre."""
        zoom = float(np.clip(zoom, MIN_ZOOM, MAX_ZOOM))
        ratio = zoom / self.zoom
        moved_x = x - (x - self.x) * ratio
        moved_y = y - (y - self.y) * ratio
        return replace(self, zoom=zoom).moved(moved_x - self.x, moved_y - self.y)

    def wheeled(self, notches: float, x: float = 0.0, y: float = 0.0) -> "Orbit":
        """Zoom by wheel notches, positive is closer, keeping what is under the pointer in place."""
        return self.zoomed_to(self.zoom * ZOOM_PER_NOTCH**notches, x, y)

    def camera(self, avatar: Avatar, width: int, height: int | None = None) -> Camera:
        """Return the camera of this view: square, or `height` px high, with the square in it; see `framed_camera`."""
        height = width if height is None else height
        side = min(width, height)
        turned = orbit(avatar, framed_camera(avatar, width, height), self.yaw, self.pitch, self.zoom)
        return turned.panned(self.x * side, self.y * side)
