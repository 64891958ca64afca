"""`Performance`: what a face does in a clip, as it is played on any head."""

from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.jobs import Job, Stopwatch
from studio.core.motion.motion import Motion
from studio.core.motion.poses import gently_limited
from studio.core.motion.track import Track
from studio.core.tracking.clip import track_clip
from studio.core.tracking.filmstrip import Filmstrip
from studio.core.tracking.gains import FaceGains
from studio.core.tracking.retarget import Retarget


@dataclass(frozen=True, eq=False)
class Performance:
    """A clip's track, its pictures to be shown beside a head, and sentences for the user."""

    track: Track
    strip: Filmstrip
    notes: tuple[str, ...] = ()


def watch_performance(path: str | PathLike[str], face: int = 1) -> Job[Performance]:
    """Track the face in a clip, or the `face`-th largest, and keep small pictures of it.

    Raises
    ------
    UserError
        If the clip cannot be read or shows no face.
    """
    strip = Filmstrip()
    tracked = yield from track_clip(path, strip.add, face)
    return Performance(tracked.track, strip, tracked.notes)


def played_by(avatar: Avatar, track: Track, gains: FaceGains) -> Job[Motion]:
    """Return a track's motion as this avatar plays it in its own framing, its times from 0.

    It is frame for frame what `reenact_clip` draws.

    Raises
    ------
    UserError
        If the avatar's face cannot be found.
    """
    watch = Stopwatch()
    yield watch.progress(0.0, "looking at the head")
    retarget = Retarget(avatar, track, gains=gains)
    times, codes, poses = track.motion.times, [], []
    for i, time in enumerate(times):
        motion = retarget.at(float(time)).motion
        codes.append(motion.code[0])
        poses.append(motion.head_pose[0])
        if i % 50 == 0:
            yield watch.progress(i / len(times), "fitting the motion to the head")
    return Motion("arkit", _from_zero(times), np.stack(codes), np.stack(poses), track.motion.confidence)


def played_plainly(track: Track, gains: FaceGains) -> Motion:
    """Return a track's motion for a head that nobody looked at."""
    code = np.clip(track.motion.code * gains.of_channels(), 0, 1)
    pose = np.stack([gently_limited(gains.head * pose) for pose in track.motion.head_pose.astype(np.float64)])
    return replace(track.motion, times=_from_zero(track.motion.times), code=code, head_pose=pose.astype(np.float32))


def _from_zero(times: NDArray[np.float64]) -> NDArray[np.float64]:
    return times - times[0]
