"""What a filmed face does to a head: which of its channels arrive, and what is then left to idle life."""

from dataclasses import replace

import numpy as np

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.motion.poses import gently_limited
from studio.core.tracking.gains import BROWS, EYES, FaceGains


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
