"""From an avatar to the cameras that show it: its own framing, a square one, and orbits of either."""

import numpy as np

from studio.core.avatar import Avatar
from studio.core.gaussians.camera import Camera

# A clip is framed so that the head with its hair fills this much of the picture's height.
HEAD_FILL = 0.62


def portrait_camera(avatar: Avatar, long_side: int) -> Camera:
    """Return the portrait's own view, its longer side `long_side` px."""
    return avatar.camera.fitted(long_side)


def square_camera(avatar: Avatar, size: int) -> Camera:
    """Return the square view used by clips, sheets and the window.

    The square is as large as the portrait allows and no larger than the head needs; it never leaves the
    portrait, where there is nothing to show.
    """
    own = avatar.camera
    x0, y0, x1, y1 = avatar.head_box
    side = min(own.width, own.height, max(x1 - x0, (y1 - y0)) / HEAD_FILL)
    # The head sits a little above the middle, as in a portrait.
    x = np.clip((x0 + x1) / 2 - side / 2, 0, own.width - side)
    y = np.clip((y0 + y1) / 2 - 0.46 * side, 0, own.height - side)
    return own.cropped(x, y, side, side, size, size)


def orbit(avatar: Avatar, camera: Camera, yaw: float, pitch: float, zoom: float = 1.0) -> Camera:
    """Turn `camera` about the avatar by degrees, as sliders and options give them; see `Camera.orbited`."""
    return camera.orbited(avatar.pivot, np.radians(yaw), np.radians(pitch)).zoomed(zoom)
