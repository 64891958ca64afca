"""Pictures that leave the program: stills and view sheets, drawn through `frame_stream`."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from studio.core.avatar import Avatar, Background
from studio.core.errors import UserError
from studio.core.frame_stream import allocate, drawn_fastest, stream
from studio.core.framing import orbit, portrait_camera, square_camera
from studio.core.media.credentials import Claimed
from studio.core.motion.motion import Motion

SHEET_YAWS = (-45, -30, -15, 0, 15, 30, 45)
SHEET_ROWS: dict[str, dict[str, float]] = {
    "neutral": {},
    "jawOpen": {"jawOpen": 0.7},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}

MIN_SIZE, MAX_SIZE = 64, 4096


def view_picture(
    avatar: Avatar,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    zoom: float = 1.0,
    size: int = 512,
    expression: Mapping[str, float] | None = None,
    background: Background = "plate",
    show_guessed: bool = False,
) -> NDArray[np.uint8]:
    """Render one still in the portrait's own framing, turned by degrees and magnified.

    Returns
    -------
    ``[H,W,4]`` uint8, the longer side `size` px.

    Raises
    ------
    UserError
        If `size`, `zoom` or an angle is out of range, or what is guessed is to be shown and not known.
    """
    _check_range("size", size, MIN_SIZE, MAX_SIZE, "pixels")
    _check_range("yaw", yaw, -180, 180, "degrees")
    _check_range("pitch", pitch, -90, 90, "degrees")
    _check_range("zoom", zoom, 0.1, 10, "times")
    camera = orbit(avatar, portrait_camera(avatar, size), yaw, pitch, zoom)
    fast = drawn_fastest(avatar)
    frame = Motion.arkit(0.0, None, **(expression or {}))
    memory = allocate(fast, camera, 1)
    (picture,) = stream(fast, [frame], camera, background, memory.pop, show_guessed=show_guessed)
    return picture


def view_sheet(
    avatar: Avatar, size: int = 320, background: Background = "plate", *, show_guessed: bool = False
) -> NDArray[np.uint8]:
    """Render yaw −45…45° × neutral, open jaw, smile and blink as one labelled picture.

    Parameters
    ----------
    size
        px of one square cell.

    Returns
    -------
    ``[H,W,3]`` uint8.

    Raises
    ------
    UserError
        If `size` is out of range, the background is transparent, or what is guessed is to be shown and not known.
    """
    _check_range("size", size, MIN_SIZE, MAX_SIZE // 4, "pixels")
    if isinstance(background, str) and background == "transparent":
        raise UserError("A sheet cannot be transparent; use the background plate or a colour.")
    margin = max(14, size // 12)
    left = 5 * margin
    sheet = Image.new("RGB", (left + size * len(SHEET_YAWS), margin + size * len(SHEET_ROWS)), "#16181d")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(margin * 0.7)
    home = square_camera(avatar, size)
    fast = drawn_fastest(avatar)
    frames = [Motion.arkit(0.0, None, **expression) for expression in SHEET_ROWS.values()]
    for column, yaw in enumerate(SHEET_YAWS):
        x = left + column * size
        draw.text((x + size / 2, margin / 2), f"{yaw:+d}°" if yaw else "0°", "#d8dbe2", font, anchor="mm")
        camera = orbit(avatar, home, yaw, 0.0)
        memory = allocate(fast, camera, len(frames))
        cells = stream(fast, frames, camera, background, memory.pop, show_guessed=show_guessed)
        for row, cell in enumerate(cells):
            sheet.paste(Image.fromarray(np.ascontiguousarray(cell[..., :3])), (x, margin + row * size))
    for row, label in enumerate(SHEET_ROWS):
        draw.text((left / 2, margin + (row + 0.5) * size), label, "#d8dbe2", font, anchor="mm")
    return np.asarray(sheet)


def credentials_of(avatar: Avatar) -> Claimed:
    """Return what the Content Credentials of a picture or clip of an avatar say."""
    return Claimed(f"{avatar.name} (synthetic)", asdict(avatar.consent))


def _check_range(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise UserError(f"The {name} {value:g} is out of range; use {low:g} to {high:g} {unit}.")
