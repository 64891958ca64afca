"""A video file to a `Track`: identity and camera once for the clip, then every frame from the one before."""

from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.jobs import Job, Stopwatch, share
from studio.core.motion.motion import Motion
from studio.core.motion.poses import head_pose_of, placement_matrix, placement_of
from studio.core.motion.track import Track
from studio.core.tracking.footage import FaceFootage, Look, watch_clip
from studio.core.tracking.identity import clip_view, fit_identity
from studio.core.tracking.shoulders import SHOULDERS_FOLLOW
from studio.core.tracking.smooth import EXPRESSION, PLACE, SIZE, TURN, two_sided
from studio.core.tracking.solve import FaceSolver, Solution

MOUTH = np.array([i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("jaw", "mouth"))])
"""Channels that a covered mouth hides."""

COVERED = 0.4
"""A mouth seen less than this holds."""
_CLEAR = 0.8
_WATCHED, _SOLVED = 0.7, 0.85  # shares of the whole, and of what is left after that
# The landmarks' error in interocular distances: up to the first all is well, by the second nothing can be told.
_SURE, _UNSURE = 0.02, 0.08
# A lost face is taken to move on for the first time, s, and to come to rest in the second.
_SHORT_GAP, _EASE = 0.4, 0.5


@dataclass(frozen=True, eq=False)
class TrackedClip:
    """A track and how it went.

    Attributes
    ----------
    error
        ``[T]``: median distance of found and modelled landmarks, in interocular distances; NaN where the face is lost.
    notes
        Sentences for the user.
    cuts
        Frames with which a new shot begins.
    """

    track: Track
    error: NDArray[np.float64]
    notes: tuple[str, ...]
    cuts: tuple[int, ...] = ()


def track_clip(path: str | PathLike[str], look: Look | None = None, face: int = 1) -> Job[TrackedClip]:
    """Track one face through a clip.

    Parameters
    ----------
    look
        Gets every frame; see `Look`.
    face
        Which of several, counted by size; see `watch_clip`.

    Raises
    ------
    UserError
        If the clip cannot be read or shows no face, or never so many.
    """
    watch = Stopwatch()
    seen = yield from share(watch_clip(path, look, face), watch, 0.0, _WATCHED)
    return (yield from share(track_face(seen), watch, _WATCHED, 1.0))


def track_face(seen: FaceFootage) -> Job[TrackedClip]:
    """Find identity, expressions and poses of a face that was seen in at least one frame."""
    watch = Stopwatch()
    yield watch.progress(0.0, "fitting the face")
    landmarks, mouth_seen = np.stack(seen.landmarks), np.array(seen.mouth_seen)
    there = ~np.isnan(landmarks[:, 0, 0])
    footing = seen.footing
    view = clip_view(landmarks[there], *(round(side * seen.scale) for side in (footing.width, footing.height)))
    clear = there & (mouth_seen > _CLEAR)
    model = fit_identity(landmarks[clear if clear.any() else there], view)

    solver = FaceSolver(model, view)
    found: list[Solution | None] = []
    for i, points in enumerate(landmarks):
        if i in seen.cuts or not there[i]:
            solver.reset()
        found.append(solver.solve(points) if there[i] else None)
        if i % 50 == 0:
            yield watch.progress(_SOLVED * i / len(landmarks), "finding expressions")
    yield watch.progress(_SOLVED, "smoothing")
    times = np.array(seen.times)
    shots = np.split(np.arange(len(times)), seen.cuts)
    error = np.array([np.nan if x is None else x.error for x in found])
    confidence = confidence_of(error, mouth_seen)
    code, pose = _series(found, mouth_seen)
    shoulders = np.stack(seen.shoulders)
    shoulders[:, :2] *= seen.focal / view.focal
    for shot in shots:
        if there[shot].any():
            code[shot], pose[shot] = _settled(code[shot], pose[shot], times[shot])
        shoulders[shot] = _filled(shoulders[shot], times[shot], np.zeros(4))
    code, pose = _bridged(code, times, np.zeros(code.shape[1])), _bridged(pose, times, np.nanmedian(pose, axis=0))
    placement = _placements(pose)
    head_pose = np.zeros((len(times), 6), np.float32)
    for shot in shots:
        if there[shot].any():
            head_pose[shot] = _relative(placement[shot], shoulders[shot], there[shot])
    motion = Motion("arkit", times, np.clip(code, 0, 1).astype(np.float32), head_pose, confidence)
    size = (footing.width, footing.height)
    track = Track(motion, placement, shoulders, model.rest, view.focal / seen.scale, *size, fps=footing.fps)
    return TrackedClip(track, error, tuple(seen.notes), tuple(seen.cuts))


def confidence_of(error: NDArray, mouth_seen: NDArray) -> NDArray[np.float32]:
    """Return 0..1 of the landmarks' error (NaN: no face) and of how freely the mouth is seen."""
    sure = np.clip((_UNSURE - np.nan_to_num(error, nan=1.0)) / (_UNSURE - _SURE), 0, 1)
    return np.asarray(sure * (0.25 + 0.75 * mouth_seen), np.float32)


def _series(found: list[Solution | None], mouth_seen: NDArray) -> tuple[NDArray, NDArray]:
    """Return codes ``[T,52]`` and poses ``[T,6]``, NaN where the face is lost.

    A pose is axis-angle rad from the frontal one, place in the picture (parts of the focal length), and the logarithm
    of the distance.
    """
    code, pose = np.full((len(found), len(ARKIT_NAMES)), np.nan), np.full((len(found), 6), np.nan)
    for i, x in enumerate(found):
        if x is None:
            continue
        t = x.translation
        code[i] = x.code
        pose[i] = [*placement_of(x.rotation, t)[:3], t[0] / t[2], t[1] / t[2], np.log(t[2])]
        if mouth_seen[i] < COVERED:
            # The network draws a mouth on a hand too: the last one seen holds.
            held = i > 0 and found[i - 1] is not None
            code[i, MOUTH] = code[i - 1, MOUTH] if held else 0.0
    return code, pose


def _settled(code: NDArray, pose: NDArray, times: NDArray) -> tuple[NDArray, NDArray]:
    """Smooth each stretch of one shot in which the face is seen."""
    code, pose = code.copy(), pose.copy()
    there = ~np.isnan(code[:, 0])
    edges = np.flatnonzero(np.diff(there.astype(int))) + 1
    for stretch in np.split(np.arange(len(times)), edges):
        if there[stretch[0]]:
            at = times[stretch]
            code[stretch] = two_sided(code[stretch], at, EXPRESSION)
            for columns, how in ((slice(0, 3), TURN), (slice(3, 5), PLACE), (slice(5, 6), SIZE)):
                pose[stretch, columns] = two_sided(pose[stretch, columns], at, how)
    return code, pose


def _bridged(values: NDArray, times: NDArray, rest: NDArray) -> NDArray[np.float64]:
    """Fill gaps (NaN rows of ``[T,K]``): short ones straight across, long ones by way of `rest`."""
    there = ~np.isnan(values[:, 0])
    known = np.flatnonzero(there)
    out = values.copy()
    for i in np.flatnonzero(~there):
        before, after = known[known < i], known[known > i]
        since = times[i] - times[before[-1]] if len(before) else np.inf
        until = times[after[0]] - times[i] if len(after) else np.inf
        if since + until <= _SHORT_GAP:
            share_after = since / (since + until)
            out[i] = (1 - share_after) * values[before[-1]] + share_after * values[after[0]]
            continue
        out[i] = rest
        for far, frame in ((since, before[-1] if len(before) else 0), (until, after[0] if len(after) else 0)):
            if far < _EASE:
                near = 0.5 + 0.5 * np.cos(np.pi * far / _EASE)
                out[i] = out[i] + near * (values[frame] - out[i])
    return out


def _filled(values: NDArray, times: NDArray, empty: NDArray) -> NDArray[np.float64]:
    """Interpolate over NaN rows of ``[T,K]``, holding the first and the last; `empty` where all are."""
    there = ~np.isnan(values[:, 0])
    if not there.any():
        return np.tile(empty, (len(values), 1))
    filled = np.stack([np.interp(times, times[there], column[there]) for column in values.T], axis=1)
    return two_sided(filled, times, PLACE)


def _placements(pose: NDArray) -> NDArray[np.float64]:
    distance = np.exp(pose[:, 5:])
    return np.concatenate([pose[:, :3], pose[:, 3:5] * distance, distance], axis=1).astype(np.float64)


def _relative(placement: NDArray, shoulders: NDArray, there: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return head poses ``[T,6]`` of one shot against the usual one: the mean turn and the median place.

    They are those of a head on a body that stands still: where the shoulders go in the picture (`Track.shoulders`), the
    head is carried along, and a neck that made up for it would stretch.
    """
    place, distance = placement[:, 3:5] / placement[:, 5:], placement[:, 5]
    if shoulders.any():
        shift, (roll, size) = shoulders[:, :2], shoulders[:, 2:].T
        c, s = np.cos(roll), np.sin(roll)
        x, y = (place - shift).T
        place = np.stack([c * x + s * y, c * y - s * x], axis=1) / np.exp(size)[:, None]
        distance = distance * np.exp(size)
    else:
        middle = np.median(place[there], axis=0)
        place = middle + (1 - SHOULDERS_FOLLOW) * (place - middle)
        distance = np.median(distance[there]) ** SHOULDERS_FOLLOW * distance ** (1 - SHOULDERS_FOLLOW)
    placement = np.column_stack([placement[:, :3], place * distance[:, None], distance])
    turn = Rotation.from_rotvec(placement[there, :3]).mean().as_rotvec()
    usual = placement_matrix(np.concatenate([turn, np.median(placement[there, 3:], axis=0)]))
    return head_pose_of(np.linalg.inv(usual) @ placement_matrix(placement))
