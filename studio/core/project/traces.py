"""What a lane shows of a motion: a few lines that tell most of what its many channels do."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.project.pyramid import Pyramid, build_pyramid
from studio.core.project.timeline import HEAD_AXES, HEAD_CHANNELS, Lane

RATE = 60.0  # Hz, at which motion is drawn
TURN = 0.6  # rad of the head that fill a lane's half


@dataclass(frozen=True)
class Trace:
    """One line: the strongest of `up` less the strongest of `down`."""

    name: str
    up: tuple[str, ...]
    down: tuple[str, ...] = ()


TRACES: dict[Lane, tuple[Trace, ...]] = {
    "mouth": (
        Trace("jaw", ("jawOpen",)),
        Trace("lips", ("mouthFunnel", "mouthPucker", "mouthClose")),
        Trace("smile", ("mouthSmileLeft", "mouthSmileRight")),
    ),
    "expression": (
        Trace("blink", ("eyeBlinkLeft", "eyeBlinkRight")),
        Trace("brow up", ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")),
        Trace("brow down", ("browDownLeft", "browDownRight")),
    ),
    "gaze": (
        Trace("sideways", ("eyeLookInRight", "eyeLookOutLeft"), ("eyeLookInLeft", "eyeLookOutRight")),
        Trace("up and down", ("eyeLookUpLeft", "eyeLookUpRight"), ("eyeLookDownLeft", "eyeLookDownRight")),
    ),
    "head": tuple(Trace(name, (name,)) for name in HEAD_CHANNELS),
}
"""The lines of each motion lane."""

SIGNED: tuple[Lane, ...] = ("gaze", "head")
"""Lanes whose lines rest in the middle; the others rest at the bottom."""


def channel_values(motion: Motion, channel: str) -> NDArray[np.float32]:
    """Return one of `CHANNELS` of a motion ``[T]``: 0..1, or rad of the head."""
    if channel in HEAD_AXES:
        return motion.head_pose[:, HEAD_AXES[channel]]
    return motion.code[:, ARKIT_INDEX[channel]]


def trace_motion(motion: Motion, lane: Lane) -> Job[Pyramid]:
    """Sample a lane's lines evenly; heights ``[S,C]`` -1..1 of the lane's half, or 0..1 of the lane."""
    span = float(motion.times[-1])
    times = np.arange(int(span * RATE) + 1) / RATE

    def strongest(channels: tuple[str, ...]) -> NDArray[np.float64]:
        return np.max([np.interp(times, motion.times, channel_values(motion, name)) for name in channels], axis=0)

    lines = []
    for trace in TRACES[lane]:
        line = strongest(trace.up)
        lines.append(line - strongest(trace.down) if trace.down else line)
    scale = 1 / TURN if lane == "head" else 1.0
    track = np.clip(np.stack(lines, axis=1) * scale, -1, 1).astype(np.float32)
    return (yield from build_pyramid(cast(NDArray[np.float32], track), RATE))
