"""From an avatar to the cameras that show it: its own framing, a square one, and orbits of either."""

import numpy as np

from studio.core.avatar import Avatar
from studio.core.gaussians.camera import Camera

# A clip is framed so that the head with its hair fills this much of the picture's height.
HEAD_FILL = 0.62
# And there is never less than this much of the head's own size around it.
HEAD_ROOM = 1.15


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


def framed_camera(avatar: Avatar, width: int, height: int) -> Camera:
    """Return the view of a clip of any size: the square one with more on two sides, as near as the portrait asks.

    Where the portrait is too small for so much, the view comes nearer, but not so near that hair is cut; what is
    still missing is taken above and at the sides, where the plate goes on, and never below, where the body ends.
    """
    side, own = min(width, height), avatar.camera
    square = square_camera(avatar, side)
    if width == height:
        return square
    x0, y0, x1, y1 = avatar.head_box
    unit = own.K[0, 0] / square.K[0, 0]  # px of the portrait per px of the picture
    room = min(own.width / (width * unit), own.height / (height * unit))
    needed = HEAD_ROOM * max((x1 - x0) / (width * unit), (y1 - y0) / (height * unit))
    unit *= min(1.0, max(room, needed))
    wide, high = width * unit, height * unit
    x = (x0 + x1) / 2 - wide / 2
    x = np.clip(x, min(0, own.width - wide), max(0, own.width - wide))
    y = np.clip((y0 + y1) / 2 - 0.46 * high, min(0, own.height - high), own.height - high)
    return own.cropped(x, y, wide, high, width, height)


def orbit(
    avatar: Avatar,
    camera: Camera,
    yaw: float,
    pitch: float,
    zoom: float = 1.0,
    roll: float = 0.0,
    distance: float = 1.0,
) -> Camera:
    """Turn `camera` about the avatar by degrees, as sliders and options give them; see `Camera.orbited`.

    `distance` is a multiple of its own; see `Camera.dollied`.
    """
    turned = camera.orbited(avatar.pivot, np.radians(yaw), np.radians(pitch), np.radians(roll))
    return turned.dollied(avatar.pivot, distance).zoomed(zoom)
