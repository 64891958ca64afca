"""A clip, or several pictures, of one person to the `Footage` that an engine learns from."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.base import Footage
from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.image import load_picture
from studio.core.media.video import Footing, read_frames
from studio.core.motion.track import Track
from studio.core.perception.landmarks import find_faces
from studio.core.perception.matting import person_matte
from studio.core.tracking.clip import TrackedClip, track_clip, track_face
from studio.core.tracking.face_model import FaceModel, head_square
from studio.core.tracking.footage import FaceFootage, chosen_told
from studio.core.tracking.keyframes import choose_frames, held_back_frames, sharpness

_LEARNT, _JUDGED = 160, 14  # frames
_LEAST_FRAMES = 8
# The face is learnt at this height, px, in a picture with sides no longer than this.
_FACE_HEIGHT, _LONG_SIDE = 288, 640
# A frame with so much less detail than usual is blurred.
_BLURRED = 0.5
_TRACKED = 0.7  # share of the whole
# A picture is cropped to a square of this side, its face so high and its middle so far down.
_SIDE, _FACE_IN_SIDE, _MIDDLE = 512, 200, 0.45
# Of pictures every so many-th is held back.
_EVERY = 4
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif")


def footage_of(sources: Sequence[Path], until: float = np.inf, face: int = 1) -> Job[tuple[Footage, tuple[str, ...]]]:
    """Track a clip, or at least two pictures, and choose what to learn from; returns it and sentences for the user.

    Parameters
    ----------
    until
        s: what comes later in a clip is left out.
    face
        Which of several faces, counted by size; see `studio.core.tracking.footage.watch_clip`. Of pictures, each.

    Raises
    ------
    UserError
        If the files cannot be used, or show the face too little.
    """
    pictures = [source.suffix.lower() in _PICTURES for source in sources]
    if len(sources) == 1 and not pictures[0]:
        return (yield from _clip_footage(sources[0], until, face))
    if not all(pictures):
        raise UserError("Learn from one clip or from several pictures, not from both or from several clips.")
    if len(sources) < 2:
        raise UserError("One picture leaves nothing to judge by; give at least two pictures of the person, or a clip.")
    return (yield from _picture_footage(sources, face))


def _clip_footage(path: Path, until: float, face: int) -> Job[tuple[Footage, tuple[str, ...]]]:
    watch = Stopwatch()
    tracked = yield from share(track_clip(path, face=face), watch, 0, _TRACKED)
    track, notes = tracked.track, tracked.notes
    usable = _longest_shot(tracked) & (track.motion.times < until)
    if len(tracked.cuts):
        notes = (*notes, "Only the longest shot was learnt from.")
    held = np.zeros(len(usable), bool)
    held[usable] = held_back_frames(int(usable.sum()))
    judged, learnt = choose_frames(track, held & usable, _JUDGED), choose_frames(track, usable & ~held, _LEARNT)
    if len(learnt) + len(judged) < _LEAST_FRAMES or not len(judged):
        raise UserError(
            f"'{path.name}' shows the face in {len(learnt) + len(judged)} usable frames; use a clip of some seconds "
            "in which it looks towards the camera."
        )
    chosen = np.sort(np.concatenate([learnt, judged]))
    looked = yield from share(_looked_at(path, track, chosen), watch, _TRACKED, 1)
    judging = np.isin(chosen, judged)
    sharp = looked.sharp >= _BLURRED * np.median(looked.sharp)
    keep = looked.read & (judging | sharp)
    return (
        Footage(
            looked.frames[keep], looked.mattes[keep], track.motion.times[chosen[keep]], looked.heads[keep],
            judging[keep], track, looked.window, True,
        ),
        notes,
    )  # fmt: skip


def _longest_shot(tracked: TrackedClip) -> NDArray[np.bool_]:
    """Return the frames ``[T]`` of the shot that shows the face longest: shoulders are known within one only."""
    count = len(tracked.error)
    edges = [0, *tracked.cuts, count]
    seen = [int((~np.isnan(tracked.error[a:b])).sum()) for a, b in pairwise(edges)]
    best = int(np.argmax(seen))
    out = np.zeros(count, bool)
    out[edges[best] : edges[best + 1]] = True
    return out


def _picture_footage(paths: Sequence[Path], face: int) -> Job[tuple[Footage, tuple[str, ...]]]:
    """Take pictures as a clip with a cut before each, all cropped alike about the face."""
    watch, count = Stopwatch(), len(paths)
    seen = FaceFootage(Footing(_SIDE, _SIDE, Fraction(1), count, False), 1.0)
    frames, mattes, heads = [], [], []
    for i, path in enumerate(paths):
        yield watch.progress(0.8 * i / count, "looking at the pictures")
        crop, points = _face_crop(path, seen, face)
        seen.times.append(float(i))
        seen.landmarks.append(points.astype(np.float64))
        seen.mouth_seen.append(1.0)
        seen.shoulders.append(np.full(4, np.nan))
        if i:
            seen.cuts.append(i)
        frames.append(crop)
        mattes.append(np.round(person_matte(crop.astype(np.float32) / 255, points) * 255).astype(np.uint8))
        heads.append(np.clip(np.round(head_square(points)), 0, _SIDE).astype(np.int64))
    tracked = yield from share(track_face(seen), watch, 0.8, 1.0)
    held = np.zeros(count, bool)
    held[_EVERY - 1 :: _EVERY] = True
    held[-1] |= not held.any()
    stacked = (np.stack(frames), np.stack(mattes), np.arange(count, dtype=np.float64), np.stack(heads), held)
    return Footage(*stacked, tracked.track, (0.0, 0.0, _SIDE, _SIDE), False), tuple(seen.notes)


def _face_crop(path: Path, seen: FaceFootage, number: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a picture's square about a face, its `number`-th largest, and the landmarks ``[478,3]`` px in it."""
    rgb = np.round(load_picture(path).rgb * 255).astype(np.uint8)
    faces = find_faces(rgb)
    if not faces:
        raise UserError(f"No face was found in '{path.name}'; leave that picture out.")
    if len(faces) < number:
        raise UserError(f"'{path.name}' shows fewer than {number} faces; leave that picture out, or crop it.")
    chosen = faces[number - 1]
    if len(faces) > 1:
        seen.notes.append(f"'{path.name}' shows {chosen_told(faces, number)} was learnt.")
    box = chosen.box
    scale = _FACE_IN_SIDE / chosen.height
    start = (box[:2] + box[2:]) / 2 - np.array([0.5, _MIDDLE]) * _SIDE / scale
    warp = np.array([[scale, 0, -start[0] * scale], [0, scale, -start[1] * scale]], np.float64)
    crop = cv2.warpAffine(rgb, warp, (_SIDE, _SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    points = (chosen.landmarks - np.array([*start, 0], np.float32)) * np.float32(scale)
    return np.asarray(crop, np.uint8), points


@dataclass(frozen=True, eq=False)
class _Looked:
    """The chosen frames: as `Footage` has them, which of them could be read, and how sharp each is."""

    frames: NDArray[np.uint8]
    mattes: NDArray[np.uint8]
    heads: NDArray[np.int64]
    window: tuple[float, float, float, float]
    read: NDArray[np.bool_]
    sharp: NDArray[np.float64]


def _looked_at(path: Path, track: Track, chosen: NDArray[np.intp]) -> Job[_Looked]:
    watch = Stopwatch()
    model = FaceModel.of(track.rest)
    landmarks = {int(i): model.seen_in(track, int(i)) for i in chosen}
    face = float(np.median([np.ptp(points[:468, 1]) for points in landmarks.values()]))
    boxes = np.stack([head_square(landmarks[int(i)]) for i in chosen])
    boxes = np.clip(boxes, 0, [track.width, track.height] * 2)
    window, scale = _window(boxes, track, face)
    x0, y0, x1, y1 = window
    width, height = round((x1 - x0) * scale), round((y1 - y0) * scale)
    frames = np.empty((len(chosen), height, width, 3), np.uint8)
    mattes = np.empty((len(chosen), height, width), np.uint8)
    sharp, read = np.zeros(len(chosen)), np.zeros(len(chosen), bool)
    at = {float(track.motion.times[i]): k for k, i in enumerate(chosen)}
    for time, rgb in read_frames(path):
        k = at.pop(time, None)
        if k is None:
            continue
        part = rgb[round(y0) : round(y1), round(x0) : round(x1)]
        points = (landmarks[int(chosen[k])] - [x0, y0, 0]) * [width / (x1 - x0), height / (y1 - y0), scale]
        frames[k] = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        matte = person_matte(frames[k].astype(np.float32) / 255, points.astype(np.float32))
        mattes[k] = np.round(matte * 255)
        sharp[k] = sharpness(frames[k], np.concatenate([points[:468, :2].min(0), points[:468, :2].max(0)]))
        read[k] = True
        if len(at) % 5 == 0:
            yield watch.progress(1 - len(at) / len(chosen), "looking at the clip's frames")
        if not at:
            break
    heads = np.round((boxes - [x0, y0, x0, y0]) * scale).astype(np.int64)
    return _Looked(frames, mattes, np.clip(heads, 0, [width, height] * 2), window, read, sharp)


def _window(boxes: NDArray, track: Track, face: float) -> tuple[tuple[float, float, float, float], float]:
    """Return the part of the clip that is learnt, x0 y0 x1 y1 px, and its scale: all of it where that is not large."""
    scale = min(1.0, _FACE_HEIGHT / face)
    sides = np.array([track.width, track.height], np.float64)
    most = np.minimum(sides, _LONG_SIDE / scale)
    centre = np.array([boxes[:, [0, 2]].mean(), boxes[:, [1, 3]].mean()])
    start = np.round(np.clip(centre - most * [0.5, 0.42], 0, sides - most))
    return (float(start[0]), float(start[1]), float(start[0] + most[0]), float(start[1] + most[1])), scale
