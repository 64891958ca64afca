"""`Motion`: how a head moves, on a clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES

# Length of `code` for the spaces whose layout is fixed; others bring their own.
SPACE_SIZES = {"arkit": len(ARKIT_NAMES)}


@dataclass(frozen=True, eq=False)
class Motion:
    """A track of T frames in one expression space; a single frame is T=1.

    Attributes
    ----------
    space
        "arkit", "flame", "uhap" or "audio": fixes K and the layout of `code`.
    times
        ``[T]`` s, increasing.
    code
        ``[T,K]`` float32.
    head_pose
        ``[T,6]`` float32: axis-angle rad, then translation m, in head space, relative to the pose the avatar was built
        in (zero = the portrait's own pose). The head turns about the joint of its neck, `poses.NECK_JOINT` = n: a point
        x of it goes to R (x - n) + n + t. With places measured from n that is x -> R x + t, which is how `mix` composes
        poses; idle life, tracking and every engine mean the same.
    confidence
        ``[T]`` float32 0..1.
    heard
        ``[T,16,F]`` float32, where speech moves the face: what the speech network heard about each moment
        (`studio.core.speech.hidden`). Avatars of the space "audio" follow this and the head pose in place of `code`.
    """

    space: str
    times: NDArray[np.float64]
    code: NDArray[np.float32]
    head_pose: NDArray[np.float32]
    confidence: NDArray[np.float32]
    heard: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        t = len(self.times)
        if self.code.ndim != 2 or len(self.code) != t:
            raise ValueError(f"code has shape {self.code.shape}, expected [{t}, K]")
        if self.head_pose.shape != (t, 6) or self.confidence.shape != (t,):
            raise ValueError("head_pose must be [T,6] and confidence [T]")
        if self.heard is not None and (self.heard.ndim != 3 or len(self.heard) != t):
            raise ValueError(f"heard has shape {self.heard.shape}, expected [{t}, 16, F]")
        if self.space in SPACE_SIZES and self.code.shape[1] != SPACE_SIZES[self.space]:
            raise ValueError(f"code of space {self.space} must have {SPACE_SIZES[self.space]} columns")

    def __len__(self) -> int:
        return len(self.times)

    @staticmethod
    def from_frames(space: str, times: NDArray, code: NDArray, head_pose: NDArray | None = None) -> "Motion":
        """Build a track; head pose defaults to rest and confidence to 1."""
        times = np.atleast_1d(np.asarray(times, np.float64))
        pose = np.zeros((len(times), 6), np.float32) if head_pose is None else np.asarray(head_pose, np.float32)
        return Motion(space, times, np.asarray(code, np.float32), pose, np.ones(len(times), np.float32))

    @staticmethod
    def neutral(time: float = 0.0) -> "Motion":
        """Return one ARKit frame at rest."""
        return Motion.from_frames("arkit", np.array([time]), np.zeros((1, len(ARKIT_NAMES))))

    @staticmethod
    def arkit(time: float = 0.0, head_pose: Sequence[float] | None = None, **channels: float) -> "Motion":
        """Return one ARKit frame with the named blendshapes set: ``Motion.arkit(jawOpen=0.7)``."""
        code = np.zeros((1, len(ARKIT_NAMES)), np.float32)
        for name, value in channels.items():
            code[0, ARKIT_INDEX[name]] = value
        pose = None if head_pose is None else np.asarray(head_pose, np.float32).reshape(1, 6)
        return Motion.from_frames("arkit", np.array([time]), code, pose)

    def at(self, time: float) -> "Motion":
        """Interpolate one frame; times outside the track hold its first or last frame."""
        i = int(np.searchsorted(self.times, time, side="right")) - 1
        i = min(max(i, 0), len(self) - 1)
        j = min(i + 1, len(self) - 1)
        span = self.times[j] - self.times[i]
        w = np.float32(np.clip((time - self.times[i]) / span, 0, 1)) if span > 0 else np.float32(0)

        def mix(track: NDArray[np.float32]) -> NDArray[np.float32]:
            return ((1 - w) * track[i] + w * track[j])[None].astype(np.float32)

        confidence = mix(self.confidence[:, None])[:, 0]
        heard = None if self.heard is None else mix(self.heard)
        return Motion(self.space, np.array([time]), mix(self.code), mix(self.head_pose), confidence, heard)
