"""`Orbit`: where the viewer stands; the mathematics of dragging, without a window."""

from dataclasses import dataclass, replace

import numpy as np

from studio.core.avatar import Avatar
from studio.core.framing import framed_camera, orbit
from studio.core.gaussians.camera import Camera

MAX_YAW, MAX_PITCH = 60.0, 30.0
MAX_ROLL = 45.0
MIN_ZOOM, MAX_ZOOM = 0.5, 8.0
MIN_DISTANCE, MAX_DISTANCE = 0.5, 4.0
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
    roll
        Degrees by which the camera leans clockwise; the sliders go to ±45.
    distance
        Of the camera from the head, as a multiple of the portrait's; the sliders go from 0.5 to 4. Unlike `zoom` it
        changes the perspective.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    roll: float = 0.0
    distance: float = 1.0

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
        home = framed_camera(avatar, width, height)
        turned = orbit(avatar, home, self.yaw, self.pitch, self.zoom, self.roll, self.distance)
        return turned.panned(self.x * side, self.y * side)

    def rolled_to(self, roll: float) -> "Orbit":
        """Lean the camera by degrees, within the limits."""
        return replace(self, roll=float(np.clip(roll, -MAX_ROLL, MAX_ROLL)))

    def dollied_to(self, distance: float) -> "Orbit":
        """Go closer or farther; the head grows or shrinks with it."""
        return replace(self, distance=float(np.clip(distance, MIN_DISTANCE, MAX_DISTANCE)))

    def with_field_of_view(self, degrees: float, avatar: Avatar) -> "Orbit":
        """Widen or narrow the angle of the picture and go closer or farther, so that the head keeps its size.

        Where the distance or the magnification would leave its limits, the angle stays as near as they allow.
        """
        home = framed_camera(avatar, 100, 100).field_of_view
        zoom = np.tan(home / 2) / np.tan(np.radians(degrees) / 2)
        ratio = self.distance / self.zoom
        low = max(MIN_ZOOM, MIN_DISTANCE / ratio)
        zoom = float(np.clip(zoom, low, max(low, min(MAX_ZOOM, MAX_DISTANCE / ratio))))
        return replace(self, zoom=zoom, distance=zoom * ratio)

    def field_of_view(self, avatar: Avatar) -> float:
        """Vertical angle of the square picture, degrees."""
        return float(np.degrees(self.camera(avatar, 100).field_of_view))
