"""`Track`: what a tracker found in a clip, as it is driven from, saved and handed to other programs.

The file is an ``.npz`` of plain arrays. A track can also be written as the CSV of Epic's Live Link Face, which the
common capture programs read: 61 columns of ARKit channels and angles, rad, and a timecode of 60 frames a second.
"""

import io
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.full import GAZE
from studio.core.heads.npz import NpzRefused, read_npz
from studio.core.media.files import atomic_path, opened
from studio.core.motion.motion import Motion

VERSION = 1
MAX_BYTES = 1 << 28
_MAX_FRAMES = 1_000_000
_TIMECODE_FPS = 60
_N_LANDMARKS = 478


@dataclass(frozen=True, eq=False)
class Track:
    """One face over a clip.

    Attributes
    ----------
    motion
        T frames of ``arkit``; `head_pose` is relative to its shot's usual pose, as on shoulders that stand still.
    placement
        ``[T,6]`` float64: axis-angle rad and translation m that take head space to the clip's camera.
    shoulders
        ``[T,4]`` float64: how the shoulders lie in the picture against the first frame: shift right and down (parts
        of the focal length), roll rad (clockwise), logarithm of the size. All 0 where they are not seen.
    rest
        ``[478,3]`` float64 m in head space: the face at rest.
    focal
        px of a picture `width` wide.
    width, height
        px, upright.
    fps
        The clip's frames per second on average.
    """

    motion: Motion
    placement: NDArray[np.float64]
    shoulders: NDArray[np.float64]
    rest: NDArray[np.float64]
    focal: float
    width: int
    height: int
    fps: Fraction

    def __post_init__(self) -> None:
        count = len(self.motion)
        if self.placement.shape != (count, 6) or self.shoulders.shape != (count, 4):
            raise ValueError("placement must be [T,6] and shoulders [T,4]")
        if self.rest.shape != (_N_LANDMARKS, 3):
            raise ValueError("rest must be [478,3]")

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return float(self.motion.times[-1] - self.motion.times[0]) + float(1 / self.fps)


def save_track(track: Track, path: str | PathLike[str]) -> None:
    """Write a track as ``.npz``.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    motion = track.motion
    facts = [VERSION, track.focal, track.width, track.height, track.fps.numerator, track.fps.denominator]
    data = io.BytesIO()
    np.savez_compressed(
        data,
        facts=np.array(facts, np.float64),
        times=motion.times,
        code=motion.code,
        head_pose=motion.head_pose,
        confidence=motion.confidence,
        placement=track.placement,
        shoulders=track.shoulders,
        rest=track.rest,
    )
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.getvalue())


def load_track(path: str | PathLike[str]) -> Track:
    """Read a track; nothing in the file is executed.

    Raises
    ------
    UserError
        If the file cannot be read or is no track.
    """
    path = Path(path)
    with opened(path) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UserError(f"'{path.name}' is too large for a track; track the video again.")
    try:
        return _checked(data)
    except (NpzRefused, KeyError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise UserError(f"'{path.name}' is no track of this program, or damaged; track the video again.") from error


def _checked(data: bytes) -> Track:
    sizes = {"times": (), "code": (len(ARKIT_NAMES),), "head_pose": (6,), "confidence": (), "placement": (6,),
             "shoulders": (4,)}  # fmt: skip
    arrays = read_npz(data, [*sizes, "facts", "rest"], MAX_BYTES)
    version, focal, width, height, over, under = (float(value) for value in arrays["facts"])
    count = len(arrays["times"])
    if version != VERSION or not 0 < count <= _MAX_FRAMES:
        raise ValueError("another version, or no frames")
    for name, columns in sizes.items():
        if arrays[name].shape != (count, *columns):
            raise ValueError(f"{name} has shape {arrays[name].shape}")
    for name, array in arrays.items():
        if not np.isfinite(array).all() or np.abs(array).max() > 1e7:
            raise ValueError(f"{name} is not finite")
    times = arrays["times"].astype(np.float64)
    if (np.diff(times) <= 0).any() or arrays["placement"][:, 5].min() <= 0 or focal < 1:
        raise ValueError("times or places are impossible")
    if not (16 <= width <= 16384 and 16 <= height <= 16384 and 1 <= over / under <= 1000):
        raise ValueError("no such clip")
    code, pose, confidence = (arrays[name].astype(np.float32) for name in ("code", "head_pose", "confidence"))
    motion = Motion("arkit", times, np.clip(code, 0, 1), pose, np.clip(confidence, 0, 1))
    wide = {name: arrays[name].astype(np.float64) for name in ("placement", "shoulders", "rest")}
    return Track(motion, **wide, focal=focal, width=int(width), height=int(height), fps=Fraction(int(over), int(under)))


CSV_SHAPES = (
    *ARKIT_NAMES[:15], "jawRight", "jawLeft", *ARKIT_NAMES[17:21], "mouthRight", "mouthLeft", *ARKIT_NAMES[23:],
)  # fmt: skip
"""The channels in the file's order: its right jaw and mouth come before the left ones."""

_CSV_ANGLES = (
    "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip


def write_arkit_csv(motion: Motion, path: str | PathLike[str]) -> None:
    """Write ARKit motion as Live Link Face's CSV: 0..1 and rad, timecode ``HH:MM:SS:FF.FFF`` at 60 a second.

    Yaw is positive to the head's left, pitch downwards, roll towards the head's right shoulder.

    Raises
    ------
    ValueError
        If the motion is not ``arkit``.
    UserError
        If the file cannot be written.
    """
    if motion.space != "arkit":
        raise ValueError(f"motion of space {motion.space} has no ARKit channels")
    head = [name[0].upper() + name[1:] for name in CSV_SHAPES]
    lines = [",".join(["Timecode", "BlendShapeCount", *head, *_CSV_ANGLES])]
    order = [ARKIT_INDEX[name] for name in CSV_SHAPES]
    # In head space: yaw about y up, pitch about x to the left, roll about z out of the face.
    angles = Rotation.from_rotvec(motion.head_pose[:, :3].astype(np.float64)).as_euler("YXZ")
    for time, code, (yaw, pitch, roll) in zip(motion.times, motion.code, angles, strict=True):
        values = [*code[order], yaw, pitch, roll, *_eye_angles(code, "Left"), 0.0, *_eye_angles(code, "Right"), 0.0]
        lines.append(",".join([_timecode(float(time)), str(len(values)), *(f"{value:.6f}" for value in values)]))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")


def _eye_angles(code: NDArray, side: str) -> tuple[float, float]:
    look = {way: angle * float(code[ARKIT_INDEX[f"eyeLook{way}{side}"]]) for way, angle in GAZE.items()}
    outwards = look["Out"] - look["In"]
    return outwards if side == "Left" else -outwards, look["Down"] - look["Up"]


def _timecode(time: float) -> str:
    frames = time * _TIMECODE_FPS
    seconds = int(frames) // _TIMECODE_FPS
    left = min(frames - seconds * _TIMECODE_FPS, _TIMECODE_FPS - 0.001)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{left:06.3f}"
