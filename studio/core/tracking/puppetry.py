"""What a filmed face does to a head: which of its channels arrive, how strongly, and what is then left to idle life."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.tracking.retarget import GAINS, gently_limited

MOST_GAIN = 2.0
_LIPS = ("jaw", "mouth", "tongue", "cheekPuff")


def _channels(*starts: str) -> NDArray[np.bool_]:
    return np.array([name.startswith(starts) for name in ARKIT_NAMES])


LIPS, BROWS = _channels(*_LIPS), _channels("brow")
"""``[52]``: the channels that speech moves, and those of the brows."""
EYES = ~(LIPS | BROWS)
"""``[52]``: all others: lids, gaze, and what goes with them."""


@dataclass(frozen=True)
class FaceGains:
    """How much of a filmed face reaches the head; 1 is as it was filmed, 0 nothing.

    Attributes
    ----------
    head, eyes, brows, lips
        0..`MOST_GAIN`, of head motion and of the channels `EYES`, `BROWS` and `LIPS`.
    channels
        Further gains by how names of channels begin; they multiply.
    """

    head: float = 1.0
    eyes: float = 1.0
    brows: float = 1.0
    lips: float = 1.0
    channels: Mapping[str, float] = field(default_factory=dict)

    def of_channels(self, lips: bool = True) -> NDArray[np.float32]:
        """Return the gain of each channel ``[52]``; without `lips` those stay with somebody else."""
        gain = np.where(LIPS, self.lips if lips else 0.0, np.where(BROWS, self.brows, self.eyes))
        return (gain * channel_gains({**GAINS, **self.channels})).astype(np.float32)


def channel_gains(gains: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the gain of each channel ``[52]`` of gains by how names begin; of two that fit the longer name counts.

    Raises
    ------
    UserError
        If no channel begins so, or a gain is out of range.
    """
    out = np.ones(len(ARKIT_NAMES))
    for start, gain in sorted(gains.items(), key=lambda item: len(item[0])):
        chosen = _channels(start)
        if not start or not chosen.any():
            raise UserError(f"No channel's name begins with '{start}'; use one like jawOpen, mouth or eyeBlinkLeft.")
        if not 0 <= gain <= MOST_GAIN:
            raise UserError(f"The gain {gain:g} of '{start}' cannot be used; use one from 0 to {MOST_GAIN:g}.")
        out[chosen] = gain
    return out


def puppet(face: Motion, gains: FaceGains, lips: bool = True) -> Motion:
    """Return what a filmed face (T=1, ``arkit``) does to a head, extreme poses held back gently.

    Parameters
    ----------
    lips
        Whether the face moves the lips too.
    """
    code = np.clip(face.code * gains.of_channels(lips), 0, 1)
    pose = gently_limited(gains.head * face.head_pose[0].astype(np.float64))
    return replace(face, code=code, head_pose=pose[None].astype(np.float32))


def left_to_idle(idle: Motion, gains: FaceGains, presence: float) -> Motion:
    """Return the idle life (T=1, ``arkit``) that a filmed face leaves room for.

    Parameters
    ----------
    presence
        0..1: how far the face drives; see `LiveTracker.presence`.
    """
    alone = np.float32(1 - presence)
    taken = (EYES & (gains.eyes > 0)) | (BROWS & (gains.brows > 0))
    code = np.where(taken, alone * idle.code, idle.code).astype(np.float32)
    pose = alone * idle.head_pose if gains.head > 0 else idle.head_pose
    return replace(idle, code=code, head_pose=pose)


def mirrored(motion: Motion) -> Motion:
    """Return ARKit motion as a mirror shows it: left and right change places."""
    partner = [_PARTNERS.get(name, name) for name in ARKIT_NAMES]
    code = motion.code[:, [ARKIT_NAMES.index(name) for name in partner]]
    # Across the plane x = 0 a turn keeps its part about x and turns the others round.
    return replace(motion, code=code, head_pose=motion.head_pose * np.array([1, -1, -1, -1, 1, 1], np.float32))


def _partners() -> dict[str, str]:
    out = {}
    for name in ARKIT_NAMES:
        for side, other in (("Left", "Right"), ("Right", "Left")):
            if name.endswith(side):
                out[name] = name.removesuffix(side) + other
    return out


_PARTNERS = _partners()
