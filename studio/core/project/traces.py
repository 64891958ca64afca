"""What a lane shows of a motion: a few lines that tell most of what its many channels do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.project.curves import decimate, limits, values
from studio.core.project.edits import SAME
from studio.core.project.pyramid import Pyramid, build_pyramid
from studio.core.project.timeline import HEAD_AXES, HEAD_CHANNELS, Curve, Lane, Timeline, lane_of

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


def trace_channel(motion: Motion, channel: str) -> Job[Pyramid]:
    """Sample one of `CHANNELS` of a motion evenly ``[S,1]``."""
    times = np.arange(int(float(motion.times[-1]) * RATE) + 1) / RATE
    track = np.interp(times, motion.times, channel_values(motion, channel)).astype(np.float32)
    return (yield from build_pyramid(cast(NDArray[np.float32], track), RATE))


def recorded(
    timeline: Timeline, motions: Mapping[str, Motion], channel: str, begin: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times ``[T]`` s and what the takes do to a channel then ``[T]``, curves that add to it included."""
    times = begin + np.arange(int((end - begin) * RATE) + 1) / RATE
    track = np.zeros(len(times))
    lane = lane_of(channel)
    for take in timeline.takes:
        if lane in take.lanes:
            covered = (times >= take.start) & (times < take.stop)
            motion = motions[take.source]
            at = times[covered] - take.start + take.begin
            track[covered] = np.interp(at, motion.times, channel_values(motion, channel))
    curve = timeline.curve(channel)
    if curve is not None and curve.mode == "add":
        track += values(curve.keys, times)
    return times, np.clip(track, *limits(Curve(channel, (), "replace")))


def as_curve(timeline: Timeline, motions: Mapping[str, Motion], channel: str, begin: float, end: float) -> Job[Curve]:
    """Return a curve that stands for what the takes do to a channel from `begin` to `end` s, within `TOLERANCE`."""
    keys = yield from decimate(*recorded(timeline, motions, channel, begin, end))
    old = timeline.curve(channel)
    around = old.keys if old is not None and old.mode == "replace" else ()
    before = tuple(key for key in around if key.time < keys[0].time - SAME)
    after = tuple(key for key in around if key.time > keys[-1].time + SAME)
    return Curve(channel, (*before, *keys, *after), "replace")
