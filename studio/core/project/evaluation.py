"""`Evaluation`: a timeline made ready to be asked for every frame of a play or a scrub.

It answers exactly as `Timeline.motion_at` and `Timeline.view_at`, which judge it in the tests, but looks up once per
edit what does not change from frame to frame. It never changes, so any thread may ask.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.timeline import HEAD_AXES, LANE_COLUMNS, MOTION_LANES, Block, Curve, Timeline, lane_of

if TYPE_CHECKING:
    from studio.core.project.heard_sounds import HeardSounds

_VIEW_FIELDS = tuple(Orbit.__dataclass_fields__)


class Evaluation:
    """A timeline with its motions, ready to be played.

    Parameters
    ----------
    motions
        Stored motions by their key, each ``arkit``, times from 0 s. A take whose motion is not among them moves
        nothing.
    heard
        The sounds, for heads that follow what is heard; without it no frame tells of them.

    Attributes
    ----------
    missing
        Keys of such motions.
    """

    def __init__(self, timeline: Timeline, motions: Mapping[str, Motion], heard: "HeardSounds | None" = None) -> None:
        self.timeline = timeline
        self._heard = heard
        self.duration = timeline.duration
        lanes = [lane for lane in MOTION_LANES if timeline.heard(lane)]
        self._takes = [
            _Take(take, motions[take.source], {*lanes} & {*take.lanes})
            for take in timeline.takes
            if {*lanes} & {*take.lanes} and take.source in motions
        ]
        self.missing = tuple({take.source: None for take in timeline.takes if take.source not in motions})
        self._curves = [
            _PreparedCurve(curve) for curve in timeline.curves if curve.keys and lane_of(curve.channel) in lanes
        ]
        self._views = None
        if len(timeline.camera) > 1 and timeline.heard("camera"):
            from scipy.interpolate import PchipInterpolator

            values = np.array([[getattr(key.view, name) for name in _VIEW_FIELDS] for key in timeline.camera])
            self._views = PchipInterpolator(np.array([key.time for key in timeline.camera]), values)

    def motion_at(self, time: float) -> Motion:
        """Return one ARKit frame with what is heard; see `Timeline.motion_at`."""
        code, pose = np.zeros(len(ARKIT_NAMES), np.float32), np.zeros(6, np.float32)
        for take in self._takes:
            if take.block.covers(time):
                pose = take.put(time, code, pose)
        added = np.zeros(6, np.float32)
        for curve in self._curves:
            curve.put(time, code, pose, added)
        frame = Motion.from_frames("arkit", np.array([time]), np.clip(code, 0, 1)[None], pose[None])
        if self._heard is not None:
            frame = replace(frame, heard=self._heard.window(time)[None])
        if not added.any():
            return frame
        return mix(Motion.from_frames("arkit", frame.times, np.zeros_like(frame.code), added[None]), frame)

    def view_at(self, time: float) -> Orbit | None:
        """Return where the viewer stands, or None where no camera key says so; see `Timeline.view_at`."""
        keys = self.timeline.camera
        if self._views is None or not keys[0].time < time < keys[-1].time:
            return self.timeline.view_at(time)
        return Orbit(**dict(zip(_VIEW_FIELDS, self._views(time).tolist(), strict=True)))


class _Take:
    """A block of motion and the columns it moves."""

    def __init__(self, block: Block, motion: Motion, lanes: set) -> None:
        self.block = block
        self._motion = motion
        self._head = "head" in lanes
        columns = sorted(column for lane in lanes for column in LANE_COLUMNS[lane])
        self._columns: NDArray[np.intp] | slice = np.array(columns, np.intp)
        if len(columns) == len(ARKIT_NAMES):
            self._columns = slice(None)

    def put(self, time: float, code: NDArray[np.float32], pose: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write what it moves of ``[52]`` at a second of the timeline; return the head's pose ``[6]``."""
        motion, here = self._motion, self.block.begin + time - self.block.start
        times = motion.times
        i = min(max(int(times.searchsorted(here, "right")) - 1, 0), len(times) - 1)
        j = min(i + 1, len(times) - 1)
        span = times[j] - times[i]
        w = np.float32(min(max((here - times[i]) / span, 0.0), 1.0) if span > 0 else 0.0)
        code[self._columns] = (1 - w) * motion.code[i, self._columns] + w * motion.code[j, self._columns]
        return (1 - w) * motion.head_pose[i] + w * motion.head_pose[j] if self._head else pose


class _PreparedCurve:
    """A curve with its times in a list and its place in a frame."""

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._times = [key.time for key in curve.keys]
        self._axis = HEAD_AXES.get(curve.channel)
        self._column = ARKIT_INDEX.get(curve.channel, -1)
        self._replaces = curve.mode == "replace"

    def put(
        self, time: float, code: NDArray[np.float32], pose: NDArray[np.float32], added: NDArray[np.float32]
    ) -> None:
        """Move its channel of ``[52]``, or write what it adds to the pose ``[6]``."""
        if self._replaces and not self._times[0] <= time <= self._times[-1]:
            return
        value = self._curve.value_in(bisect_right(self._times, time), time)
        if self._axis is not None:
            added[self._axis] = value - (pose[self._axis] if self._replaces else 0.0)
        elif self._replaces:
            code[self._column] = value
        else:
            code[self._column] += value
