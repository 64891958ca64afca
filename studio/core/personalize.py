"""A clip, or some pictures, of a person in; that person's avatar, better, out: the job of window and command line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.engines.base import Footage, Learning
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch
from studio.core.media.video import read_frames
from studio.core.motion.poses import placement_matrix
from studio.core.motion.track import Track
from studio.core.perception.matting import person_matte
from studio.core.tracking.clip import track_clip
from studio.core.tracking.face_model import FaceModel
from studio.core.tracking.keyframes import choose_frames, held_back_frames, sharpness

MINUTES = 8.0
"""How long learning takes at most where nobody says."""
_LEARNT, _JUDGED = 160, 14  # frames
_LEAST_FRAMES = 8
# The face is learnt at this height, px, in a picture with sides no longer than this.
_FACE_HEIGHT, _LONG_SIDE = 288, 640
# A frame with so much less detail than usual is blurred.
_BLURRED = 0.5
_TRACKED, _LOOKED = 0.2, 0.28  # shares of the whole
# The head in face heights around the face's middle, as `benchmarks/reenactment.py` judges it.
_HEAD, _HEAD_ABOVE = 1.7, 0.6


@dataclass(frozen=True, eq=False)
class Personalized:
    """What learning gave.

    Attributes
    ----------
    avatar
        The better one; the one given where nothing got better.
    before, now
        dB, how near both come to the frames held back.
    notes
        Sentences for the user.
    """

    avatar: Avatar
    before: float
    now: float
    seconds: float
    notes: tuple[str, ...]


def personalize_avatar(
    avatar: Avatar, sources: Sequence[str | PathLike[str]], minutes: float = MINUTES, until: float = np.inf
) -> Job[Personalized]:
    """Learn a clip, or several pictures, of an avatar's person.

    Parameters
    ----------
    minutes
        How long learning takes at most, tracking not counted.
    until
        s: what comes later in the clip is not learnt.

    Yields
    ------
    Progress
        Previews are `Learning`.

    Raises
    ------
    UserError
        If the clip or pictures cannot be used, or the avatar's engine cannot learn.
    """
    watch = Stopwatch()
    footage, notes = yield from _part(_footage_of_clip(Path(sources[0]), until), watch, 0, _LOOKED)
    job = load_engine(avatar.engine).adapt(avatar, footage, minutes)
    newest: Learning | None = None
    try:
        while True:
            report = next(job)
            newest = report.preview if isinstance(report.preview, Learning) else newest
            done = _LOOKED + (1 - _LOOKED) * report.fraction
            yield replace(watch.progress(done, report.message, report.preview))
    except StopIteration as stop:
        better = stop.value
    finally:
        job.close()
    before, now = (newest.before, newest.now) if newest else (float("nan"), float("nan"))
    if better is avatar:
        notes = (*notes, "Nothing that was learnt came nearer to the frames held back; the avatar stays as it was.")
    return Personalized(better, before, now, watch.elapsed, notes)


def _part(job, watch: Stopwatch, start: float, stop: float):
    from studio.core.jobs import share

    return share(job, watch, start, stop)


def _footage_of_clip(path: Path, until: float) -> Job[tuple[Footage, tuple[str, ...]]]:
    """Track a clip and choose its frames."""
    watch = Stopwatch()
    tracking = track_clip(path)
    tracked = yield from _part(tracking, watch, 0, _TRACKED / _LOOKED)
    track = tracked.track
    early = track.motion.times < until
    held = held_back_frames(int(early.sum()))
    held = np.concatenate([held, np.zeros(len(early) - len(held), bool)])
    judged = choose_frames(track, held & early, _JUDGED)
    learnt = choose_frames(track, early & ~held, _LEARNT)
    if len(learnt) + len(judged) < _LEAST_FRAMES or not len(judged):
        raise UserError(
            f"'{path.name}' shows the face in {len(learnt) + len(judged)} usable frames; use a clip of some seconds "
            "in which it looks towards the camera."
        )
    chosen = np.sort(np.concatenate([learnt, judged]))
    looked = yield from _part(_looked_at(path, track, chosen), watch, _TRACKED / _LOOKED, 1)
    frames, mattes, heads, window, sharp = looked
    keep = np.isin(chosen, judged) | (sharp >= _BLURRED * np.median(sharp))
    return (
        Footage(
            frames[keep], mattes[keep], track.motion.times[chosen[keep]], heads[keep], np.isin(chosen[keep], judged),
            track, window, True,
        ),
        tracked.notes,
    )  # fmt: skip


def _looked_at(path: Path, track: Track, chosen: NDArray[np.intp]) -> Job:
    """Read the chosen frames; returns frames, mattes, head boxes, the window and how sharp each is."""
    watch = Stopwatch()
    model = FaceModel.of(track.rest)
    landmarks = {int(i): _landmarks(track, model, int(i)) for i in chosen}
    face = float(np.median([np.ptp(points[:468, 1]) for points in landmarks.values()]))
    boxes = np.stack([_head_box(landmarks[int(i)], track) for i in chosen])
    window, scale = _window(boxes, track, face)
    x0, y0, x1, y1 = window
    width, height = round((x1 - x0) * scale), round((y1 - y0) * scale)
    frames = np.empty((len(chosen), height, width, 3), np.uint8)
    mattes = np.empty((len(chosen), height, width), np.uint8)
    sharp, at = np.empty(len(chosen)), {float(track.motion.times[i]): k for k, i in enumerate(chosen)}
    done = 0
    for time, rgb in read_frames(path):
        k = at.get(float(time))
        if k is None:
            continue
        del at[float(time)]
        part = rgb[round(y0) : round(y1), round(x0) : round(x1)]
        points = (landmarks[int(chosen[k])] - [x0, y0, 0]) * [width / (x1 - x0), height / (y1 - y0), scale]
        frames[k] = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        matte = person_matte(frames[k].astype(np.float32) / 255, points.astype(np.float32))
        mattes[k] = np.round(matte * 255)
        sharp[k] = sharpness(frames[k], np.concatenate([points[:468, :2].min(0), points[:468, :2].max(0)]))
        done += 1
        if done % 5 == 0:
            yield watch.progress(done / len(chosen), "looking at the clip's frames")
        if not at:
            break
    heads = np.round((boxes - [x0, y0, x0, y0]) * scale).astype(np.int64)
    return frames, mattes, np.clip(heads, 0, [width, height, width, height]), window, sharp


def _landmarks(track: Track, model: FaceModel, frame: int) -> NDArray[np.float64]:
    """Return the landmarks ``[478,3]`` px of a frame as it was tracked; z as large as x and y."""
    clip = placement_matrix(track.placement[frame])
    points = model.points(track.motion.code[frame].astype(np.float64)) @ clip[:3, :3].T + clip[:3, 3]
    pixels = np.array([track.width, track.height]) / 2 + track.focal * points[:, :2] / points[:, 2:]
    return np.column_stack([pixels, (points[:, 2] - clip[2, 3]) * track.focal / clip[2, 3]])


def _head_box(landmarks: NDArray, track: Track) -> NDArray[np.float64]:
    centre, side = landmarks[:468, :2].mean(0), np.ptp(landmarks[:468, 1]) * _HEAD
    box = np.array([
        centre[0] - side / 2, centre[1] - side * _HEAD_ABOVE,
        centre[0] + side / 2, centre[1] + side * (1 - _HEAD_ABOVE),
    ])  # fmt: skip
    return np.clip(box, 0, [track.width, track.height, track.width, track.height])


def _window(boxes: NDArray, track: Track, face: float) -> tuple[tuple[float, float, float, float], float]:
    """Return the part of the clip that is learnt, x0 y0 x1 y1 px, and its scale: all of it where that is not large."""
    scale = min(1.0, _FACE_HEIGHT / face)
    sides = np.array([track.width, track.height], np.float64)
    most = np.minimum(sides, _LONG_SIDE / scale)
    centre = np.array([boxes[:, [0, 2]].mean(), boxes[:, [1, 3]].mean()])
    start = np.round(np.clip(centre - most * [0.5, 0.42], 0, sides - most))
    return (float(start[0]), float(start[1]), float(start[0] + most[0]), float(start[1] + most[1])), scale
