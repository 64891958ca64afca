"""The expressions and views by which `lift_quality.py` judges a head, and the contact sheets of them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from studio.core.avatar import Avatar, Background, render_bytes
from studio.core.framing import orbit, square_camera
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion

SIZE = 512
"""px of the square views that are measured."""

NEUTRAL = Motion.neutral()

EXPRESSIONS: dict[str, Motion] = {
    "jawOpen": Motion.arkit(jawOpen=0.7),
    "mouthSmile": Motion.arkit(mouthSmileLeft=0.8, mouthSmileRight=0.8),
    "eyeBlink": Motion.arkit(eyeBlinkLeft=1.0, eyeBlinkRight=1.0),
    "mouthPucker": Motion.arkit(mouthPucker=0.8),
    "browInnerUp": Motion.arkit(browInnerUp=1.0),
}
"""What is played, by the channel that must be found in it (both sides together)."""

YAWS = (-45, -30, -15, 0, 15, 30, 45)
_ANGLES = [(yaw, 0) for yaw in YAWS] + [(0, -20), (0, 20)]
_TURN = float(np.radians(25))
_ROWS = {
    "neutral": NEUTRAL,
    "jawOpen .7": EXPRESSIONS["jawOpen"],
    "smile .8": EXPRESSIONS["mouthSmile"],
    "blink": EXPRESSIONS["eyeBlink"],
    "pucker .8": EXPRESSIONS["mouthPucker"],
    "head +25°": Motion.arkit(head_pose=[0, _TURN, 0, 0, 0, 0]),
    "head -25°": Motion.arkit(head_pose=[0, -_TURN, 0, 0, 0, 0]),
}
_CELL = 280
_MARGIN = 22
# A colour that is in no portrait's skin, hair or backdrop, so that holes and halos show.
_BACKDROP = (0.35, 0.62, 0.55)


def camera_at(avatar: Avatar, yaw: float, pitch: float = 0.0, size: int = SIZE) -> Camera:
    """Return the square view of `size` px, orbited by degrees."""
    return orbit(avatar, square_camera(avatar, size), yaw, pitch)


def view(
    avatar: Avatar, frame: Motion, yaw: float, pitch: float = 0.0, size: int = SIZE, background: Background = "plate"
) -> NDArray[np.uint8]:
    """Render what a user sees from an angle in degrees: ``[size,size,3]``."""
    rgba = render_bytes(avatar, frame, camera_at(avatar, yaw, pitch, size), background)
    return np.ascontiguousarray(rgba[..., :3])


def contact_sheet(avatar: Avatar) -> NDArray[np.uint8]:
    """Render every row of expressions and head turns from every angle, over a plain colour."""
    rows = {
        label: [view(avatar, frame, yaw, pitch, _CELL, _BACKDROP) for yaw, pitch in _ANGLES]
        for label, frame in _ROWS.items()
    }
    return _tiled(rows, [f"yaw {yaw:+d}" if not pitch else f"pitch {pitch:+d}" for yaw, pitch in _ANGLES])


def overview_row(avatar: Avatar) -> list[NDArray[np.uint8]]:
    """Render the neutral head from every yaw, over its plate."""
    return [view(avatar, NEUTRAL, yaw, 0, _CELL) for yaw in YAWS]


def overview(rows: dict[str, list[NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    """Join the `overview_row` of every portrait, by name."""
    return _tiled(rows, [f"yaw {yaw:+d}" for yaw in YAWS])


def _tiled(rows: dict[str, list[NDArray[np.uint8]]], columns: list[str]) -> NDArray[np.uint8]:
    left = 90
    sheet = Image.new("RGB", (left + _CELL * len(columns), _MARGIN + _CELL * len(rows)), "#16181d")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for column, text in enumerate(columns):
        draw.text((left + column * _CELL + 6, 3), text, "#c8ccd4", font)
    for row, (text, cells) in enumerate(rows.items()):
        y = _MARGIN + row * _CELL
        draw.text((6, y + _CELL // 2), text, "#c8ccd4", font)
        for column, cell in enumerate(cells):
            sheet.paste(Image.fromarray(cell), (left + column * _CELL, y))
    return np.asarray(sheet)
