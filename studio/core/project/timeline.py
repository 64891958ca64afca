"""`Timeline`: what happens when: sounds, takes, curves, camera keys and markers, as plain values.

Everything here is frozen; an edit makes a new timeline that shares what did not change. Motion itself is not in
here: a take names an array store of the document (`Document.motion`), so that a timeline is small and is JSON.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit

Lane = Literal["audio", "mouth", "expression", "gaze", "head", "camera", "markers"]
LANES: tuple[Lane, ...] = ("audio", "mouth", "expression", "gaze", "head", "camera", "markers")
MOTION_LANES: tuple[Lane, ...] = ("mouth", "expression", "gaze", "head")

HEAD_CHANNELS = ("headYaw", "headPitch", "headRoll")
"""rad, about head space's +y, +x and +z; beside the 52 ARKit names what a curve can move."""
CHANNELS = (*ARKIT_NAMES, *HEAD_CHANNELS)
HEAD_AXES = {"headPitch": 0, "headYaw": 1, "headRoll": 2}
"""Where each of them stands in `Motion.head_pose`."""


def lane_of(channel: str) -> Lane:
    """Return the lane in which a channel is shown, muted and cut."""
    if channel in HEAD_AXES:
        return "head"
    if channel.startswith("eyeLook"):
        return "gaze"
    return "mouth" if channel.startswith(("jaw", "mouth", "tongue", "cheekPuff")) else "expression"


LANE_COLUMNS: dict[Lane, list[int]] = {
    lane: [ARKIT_INDEX[name] for name in ARKIT_NAMES if lane_of(name) == lane] for lane in MOTION_LANES
}
"""Columns of `Motion.code` by lane."""


@dataclass(frozen=True)
class Block:
    """A stretch of a sound or of a motion that lies on the timeline.

    Attributes
    ----------
    id
        Names the block in edits.
    source
        Key of the media (sounds) or of the stored motion (takes).
    name
        For people.
    start
        s of the timeline at which `begin` is heard or seen.
    begin, end
        s of the source: what is used of it.
    lanes
        What a take moves; ("audio",) for a sound.
    gain
        Of a sound: 1 leaves it as loud as it is.
    """

    id: str
    source: str
    name: str
    start: float
    begin: float
    end: float
    lanes: tuple[Lane, ...]
    gain: float = 1.0

    @property
    def stop(self) -> float:
        """Second of the timeline at which it ends."""
        return self.start + self.end - self.begin

    def covers(self, time: float) -> bool:
        """Return whether a second of the timeline lies in it."""
        return self.start <= time < self.stop


@dataclass(frozen=True)
class Key:
    """A point of a curve; `before` and `after` are slopes per s there (equal: smooth; both 0: flat)."""

    time: float
    value: float
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Curve:
    """One channel drawn by hand, cubic between keys.

    Attributes
    ----------
    channel
        One of `CHANNELS`.
    keys
        In order of time.
    mode
        "add" is added to the takes, everywhere; "replace" stands for them from its first key to its last.
    """

    channel: str
    keys: tuple[Key, ...]
    mode: Literal["add", "replace"] = "add"

    def at(self, time: float) -> float:
        """Return the value at a second; outside the keys it holds the first or the last."""
        return self.value_in(bisect_right([key.time for key in self.keys], time), time)

    def value_in(self, i: int, time: float) -> float:
        """Return the value at a second of which it is known that `i` keys lie before it or at it."""
        if i == 0:
            return self.keys[0].value
        if i == len(self.keys):
            return self.keys[-1].value
        a, b = self.keys[i - 1], self.keys[i]
        span = b.time - a.time
        u = (time - a.time) / span
        # Cubic Hermite.
        return (
            (1 + 2 * u) * (1 - u) ** 2 * a.value
            + u * (1 - u) ** 2 * span * a.after
            + u * u * (3 - 2 * u) * b.value
            + u * u * (u - 1) * span * b.before
        )

    def holds(self, time: float) -> bool:
        """Return whether it stands for the takes at a second."""
        return self.mode == "replace" and self.keys[0].time <= time <= self.keys[-1].time


@dataclass(frozen=True)
class CameraKey:
    """Where the viewer stands at a second."""

    time: float
    view: Orbit


@dataclass(frozen=True)
class Marker:
    """A named second."""

    time: float
    name: str


@dataclass(frozen=True)
class Timeline:
    """What happens when.

    Attributes
    ----------
    sounds, takes
        Blocks; where takes of one lane overlap, the later one of the tuple is seen.
    curves
        At most one per channel.
    camera
        Keys in order of time; between them the view moves smoothly. Empty: the camera is the user's.
    markers
        In order of time.
    muted, solo
        Lanes; while any motion lane is solo, only solo ones move the head, and likewise for the sound.
    loop
        Seconds that play again and again, or None.
    """

    sounds: tuple[Block, ...] = ()
    takes: tuple[Block, ...] = ()
    curves: tuple[Curve, ...] = ()
    camera: tuple[CameraKey, ...] = ()
    markers: tuple[Marker, ...] = ()
    muted: frozenset[Lane] = field(default_factory=frozenset)
    solo: frozenset[Lane] = field(default_factory=frozenset)
    loop: tuple[float, float] | None = None

    @property
    def duration(self) -> float:
        """Seconds until nothing happens any more."""
        ends = [block.stop for block in (*self.sounds, *self.takes)]
        ends += [curve.keys[-1].time for curve in self.curves if curve.keys]
        ends += [item.time for item in (*self.camera, *self.markers)]
        return max(ends, default=0.0)

    def heard(self, lane: Lane) -> bool:
        """Return whether a lane takes part."""
        return lane not in self.muted and (not self.solo or lane in self.solo or lane in ("camera", "markers"))

    def motion_at(self, time: float, motions: Mapping[str, Motion]) -> Motion:
        """Return one ARKit frame: takes lane by lane, then curves.

        Parameters
        ----------
        motions
            Stored motions by their key, each ``arkit``, times from 0 s.

        Raises
        ------
        KeyError
            If a take's motion is not among them.
        """
        from studio.core.motion.mixer import mix  # loads scipy, which a window without a timeline need not wait for

        code = np.zeros((1, len(ARKIT_NAMES)), np.float32)
        pose = np.zeros((1, 6), np.float32)
        lanes = [lane for lane in MOTION_LANES if self.heard(lane)]
        for take in self.takes:
            if not take.covers(time):
                continue
            frame = motions[take.source].at(take.begin + time - take.start)
            for lane in lanes:
                if lane in take.lanes and lane == "head":
                    pose = frame.head_pose
                elif lane in take.lanes:
                    code[:, LANE_COLUMNS[lane]] = frame.code[:, LANE_COLUMNS[lane]]
        added = np.zeros((1, 6), np.float32)
        for curve in self.curves:
            if not curve.keys or lane_of(curve.channel) not in lanes:
                continue
            if curve.mode == "replace" and not curve.holds(time):
                continue
            value = curve.at(time)
            if curve.channel in HEAD_AXES:
                axis = HEAD_AXES[curve.channel]
                added[0, axis] = value - (pose[0, axis] if curve.mode == "replace" else 0.0)
            elif curve.mode == "add":
                code[0, ARKIT_INDEX[curve.channel]] += value
            else:
                code[0, ARKIT_INDEX[curve.channel]] = value
        frame = Motion.from_frames("arkit", np.array([time]), np.clip(code, 0, 1), pose)
        return mix(Motion.from_frames("arkit", np.array([time]), np.zeros_like(code), added), frame)

    def view_at(self, time: float) -> Orbit | None:
        """Return where the viewer stands, or None where no camera key says so.

        Between keys every value follows a monotone cubic, which is smooth and never overshoots a key.
        """
        if not self.camera or not self.heard("camera"):
            return None
        if len(self.camera) == 1 or time <= self.camera[0].time:
            return self.camera[0].view
        if time >= self.camera[-1].time:
            return self.camera[-1].view
        from scipy.interpolate import PchipInterpolator

        names = [name for name in Orbit.__dataclass_fields__]
        values = np.array([[getattr(key.view, name) for name in names] for key in self.camera])
        times: NDArray[np.float64] = np.array([key.time for key in self.camera])
        found = PchipInterpolator(times, values)(time)
        return Orbit(**dict(zip(names, map(float, found), strict=True)))

    def curve(self, channel: str) -> Curve | None:
        """Return the curve of a channel, if it has one."""
        return next((curve for curve in self.curves if curve.channel == channel), None)

    def with_curve(self, curve: Curve) -> "Timeline":
        """Return it with this curve in the place of the channel's own; without keys the channel has none."""
        others = tuple(other for other in self.curves if other.channel != curve.channel)
        return replace(self, curves=(*others, curve) if curve.keys else others)

    def with_camera_key(self, key: CameraKey) -> "Timeline":
        """Return it with this key, in place of one at the same time."""
        others = [other for other in self.camera if abs(other.time - key.time) > 1e-6]
        return replace(self, camera=tuple(sorted((*others, key), key=lambda item: item.time)))
