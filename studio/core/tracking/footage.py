"""A clip to the landmarks of one face in it, frame by frame: the half of tracking that looks at pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.fitting import FOCAL_PER_FACE_HEIGHT
from studio.core.jobs import Job, Stopwatch
from studio.core.media.video import Footing, clip_footing, read_frames
from studio.core.perception.landmarks import Face, MeshTracker, find_faces, landmark_box, read_again
from studio.core.tracking.covering import mouth_patch, mouths_seen
from studio.core.tracking.follow import MOST_FACES, apart, the_one_at
from studio.core.tracking.shoulders import Shoulders

LONG_SIDE = 1280
"""px; larger pictures are shrunk while they are decoded."""
FASTEST = 60
"""Frames a second; of a clip that has more, every second one is looked at, or fewer."""
_SEARCHED = 60  # frames in which a face is looked for thoroughly before the clip counts as faceless
# A cut: this part of the picture changes at once by so much of its range.
_CUT, _CHANGED = 0.5, 0.15


@dataclass(eq=False)
class FaceFootage:
    """What was seen of one face.

    Attributes
    ----------
    times
        ``[T]`` s, increasing, of every frame.
    landmarks
        ``[T,478,3]`` px; NaN where the face is lost.
    mouth_seen
        ``[T]`` 0..1.
    shoulders
        ``[T,4]`` as `Track.shoulders`, with the focal length `focal`; NaN where they are not found.
    focal
        px, by the first face seen; 0 where none is.
    cuts
        Frames with which a new shot begins.
    footing
        The clip's own size, and the rate at which it is looked at; `scale` px of `landmarks` go on one of its px.
    notes
        Sentences for the user.
    """

    footing: Footing
    scale: float
    times: list[float] = field(default_factory=list)
    landmarks: list[NDArray] = field(default_factory=list)
    mouth_seen: list[float] = field(default_factory=list)
    shoulders: list[NDArray] = field(default_factory=list)
    focal: float = 0.0
    cuts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Look = Callable[[float, NDArray[np.uint8], NDArray[np.float64] | None], None]
"""Gets the time s, picture ``[H,W,3]`` and landmarks ``[478,3]`` px of a frame; None where the face is lost."""


def faces_first_seen(path: str | PathLike[str]) -> tuple[NDArray[np.uint8], list[Face]]:
    """Return the first frame ``[H,W,3]`` of a clip in which faces are found, and those, the largest first.

    Where none are found in its beginning, it is the last frame looked at, with no faces.

    Raises
    ------
    UserError
        If the clip cannot be read.
    """
    rgb, faces = np.zeros((1, 1, 3), np.uint8), []
    for _, rgb in read_frames(path, _SEARCHED, LONG_SIDE):
        if faces := find_faces(rgb)[:MOST_FACES]:
            break
    return rgb, faces


def watch_clip(path: str | PathLike[str], look: Look | None = None, face: int = 1) -> Job[FaceFootage]:
    """Follow one face through a clip; `look` gets every frame.

    Parameters
    ----------
    face
        Which one where there are several: in each shot the `face`-th largest of the first frame that shows so many.

    Raises
    ------
    UserError
        If the clip cannot be read or shows no face, or never so many.
    """
    watch, name = Stopwatch(), Path(path).name
    footing = clip_footing(path)
    scale = min(1.0, LONG_SIDE / max(footing.width, footing.height))
    every = max(1, ceil(float(footing.fps) / FASTEST - 0.05))
    seen = FaceFootage(replace(footing, fps=footing.fps / every), scale)
    if every > 1:
        seen.notes.append(f"The clip has {float(footing.fps):.0f} frames a second; one of {every} was looked at.")
    follow, decoded = _Following(seen, face), 0
    try:
        for time, rgb in read_frames(path, long_side=LONG_SIDE):
            decoded += 1
            if (decoded - 1) % every:
                continue
            if seen.times and time <= seen.times[-1]:
                continue  # broken recorders write a time twice
            seen.times.append(time)
            follow.push(rgb)
            if look is not None:
                points = seen.landmarks[-1]
                look(time, rgb, None if np.isnan(points[0, 0]) else points)
            if len(seen.times) % 10 == 0:
                done = decoded / footing.frames if footing.frames else 0.0
                yield watch.progress(min(done, 1.0), "watching the face")
    except UserError:
        if not seen.times:
            raise
        decoded = -1
    finally:
        follow.close()
    follow.end_shot()
    if decoded < footing.frames - 1:  # where a file just ends, the decoder does not complain
        seen.notes.append(f"'{name}' is cut short or damaged; the {seen.times[-1]:.1f} s before that were used.")
    lost = int(sum(np.isnan(points[0, 0]) for points in seen.landmarks))
    if lost == len(seen.times) and follow.most:
        most = "one face" if follow.most == 1 else f"{follow.most} faces at once"
        raise UserError(f"'{name}' shows no more than {most}, so there is no face {face}; choose a smaller number.")
    if lost == len(seen.times):
        raise UserError(f"No face was found in '{name}'; use a clip in which one face looks towards the camera.")
    if lost > 0.02 * len(seen.times):
        seen.notes.append(f"The face is not seen in {lost} of {len(seen.times)} frames; the head rests there.")
    if seen.cuts:
        count = "a cut" if len(seen.cuts) == 1 else f"{len(seen.cuts)} cuts"
        seen.notes.append(f"The clip has {count}; each shot was followed by itself.")
    return seen


class _Following:
    """The state of `watch_clip` between two frames."""

    def __init__(self, seen: FaceFootage, face: int) -> None:
        self._seen = seen
        self._face = face
        self.most = 0
        self._faces = 1
        self._tracker: MeshTracker | None = None
        self._box: NDArray | None = None
        self._thumbnail: NDArray | None = None
        self._mouths: list[NDArray[np.float32] | None] = []
        self._shoulders: Shoulders | None = None
        self._searched = 0

    def push(self, rgb: NDArray[np.uint8]) -> None:
        """Look at the next frame."""
        seen = self._seen
        if self._cut(rgb):
            seen.cuts.append(len(seen.times) - 1)
            self.close()
            self._box, self._shoulders, self._searched = None, None, 0
            self.end_shot()
        points = self._find(rgb)
        missing = np.full(4, np.nan)
        if points is None:
            seen.landmarks.append(np.full((478, 3), np.nan))
            self._mouths.append(None)
            seen.shoulders.append(missing)
            return
        seen.landmarks.append(points.astype(np.float64))
        self._mouths.append(mouth_patch(rgb, points))
        if self._shoulders is None:
            seen.focal = seen.focal or FOCAL_PER_FACE_HEIGHT * float(np.ptp(points[:468, 1]))
            self._shoulders = Shoulders(rgb, points, seen.focal)
        found = self._shoulders(rgb)
        seen.shoulders.append(missing if found is None else found)

    def _find(self, rgb: NDArray[np.uint8]) -> NDArray | None:
        if self._tracker is None:
            if self._searched >= _SEARCHED and len(self._seen.times) % 10:
                return None  # nobody for seconds: now and then is enough
            self._searched += 1
            faces = find_faces(rgb)[:MOST_FACES]
            self.most = max(self.most, len(faces))
            if len(faces) < (self._face if self._box is None else 1):
                return None
            if len(faces) > 1 and self._box is None and self._faces == 1:
                self._seen.notes.append(f"The clip shows {chosen_told(faces, self._face)} was followed.")
            self._faces = max(self._faces, len(faces))
            self._tracker = MeshTracker(self._faces)
            if self._box is None:
                self._box = faces[self._face - 1].box
            else:
                self._box = min((face.box for face in faces), key=lambda box: apart(box, self._box))
        found = self._tracker.track_all(rgb)
        assert self._box is not None
        points = the_one_at(self._box, found, rgb, self._faces)
        if points is None:
            self.close()
            return None
        self._box = landmark_box(points)
        return read_again(rgb, points)

    def _cut(self, rgb: NDArray[np.uint8]) -> bool:
        small = cv2.resize(rgb, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        before, self._thumbnail = self._thumbnail, small
        return before is not None and float((np.abs(small - before).max(-1) > _CHANGED).mean()) > _CUT

    def end_shot(self) -> None:
        """Judge the mouths of the shot that was seen."""
        self._seen.mouth_seen.extend(mouths_seen(self._mouths))
        self._mouths = []

    def close(self) -> None:
        """Release the network."""
        if self._tracker is not None:
            self._tracker.close()
        self._tracker = None


def chosen_told(faces: list[Face], number: int) -> str:
    """Say which of several faces is meant: by size, and counted from the left of the picture."""
    chosen = faces[number - 1].box
    place = 1 + sum(float(face.box[0] + face.box[2]) < float(chosen[0] + chosen[2]) for face in faces)
    size = "the largest one" if number == 1 else f"number {number} by size"
    return f"{len(faces)} faces; {size}, number {place} from the left,"
