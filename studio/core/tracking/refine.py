"""A frame's head pose and expression, corrected until the avatar of that person looks like the picture.

Landmarks place a face to about a hundredth of the distance between the eyes, anew in every frame. An avatar of the same
person tells more: it is drawn, compared with the picture, and pose and expression take a Gauss-Newton step towards what
is seen (GGTalker §3.4 takes tracks as a start for the same reason). A frame has few unknowns, so the slope of each is
had by drawing the head once more.
"""

from collections.abc import Callable
from dataclasses import replace
from os import PathLike

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch
from studio.core.media.video import read_frames
from studio.core.motion.poses import head_pose_of, placement_matrix, turned_head
from studio.core.motion.track import Track
from studio.core.render.rasterize import rasterize
from studio.core.tracking.avatar_face import on_host
from studio.core.tracking.face_model import FaceModel, head_square
from studio.core.tracking.gaze import LOOK_INDEX
from studio.core.tracking.retarget import Change, Retarget, Shot

_POSE = 6
_EXPRESSIONS = 8  # principal components of the clip's expressions
# How far the tracker is usually off: rad, parts of the focal length, logarithm of the distance, and parts of a
# component's standard deviation. No correction goes further than so many of those.
_TURN, _PLACE, _SIZE, _EXPRESSION = 0.02, 1e-3, 6e-3, 0.3
_FURTHEST = 3.0
# Neighbouring pixels err together: a picture is worth so many that stand alone.
_INDEPENDENT = 300
_SLOPE_STEP, _PARTS, _HUBER, _LEAST_ERROR = 0.5, (0.4, 1.0, 1.8), 1.5, 0.01
# Brightness of a picture against the avatar's, as far as it is believed.
_EXPOSURE_HOLD = 0.1
_SIDE = 200  # px at which heads are compared
_SURE = 0.5  # frames of less confidence stay as they are

Draw = Callable[[Shot], NDArray[np.float32]]
"""Draws a shot as ``[H,W,3]``, as large as the picture that it is compared with."""


class FrameRefiner:
    """Finds corrections of single frames, as numbers ``[count]`` in units of what a tracker usually errs by.

    Parameters
    ----------
    retarget
        Of the track, with framing ``"video"``, on an avatar of the clip's person.
    """

    def __init__(self, retarget: Retarget, track: Track) -> None:
        self._retarget = retarget
        code = track.motion.code.astype(np.float64)
        code[:, LOOK_INDEX] = 0
        _, sizes, axes = np.linalg.svd(code - code.mean(0), full_matrices=False)
        spread = sizes[:_EXPRESSIONS] / np.sqrt(len(code))
        self._expressions = axes[:_EXPRESSIONS] * (_EXPRESSION * spread)[:, None]
        self.count = _POSE + len(self._expressions)

    def change(self, numbers: NDArray) -> Change:
        """Return the correction that `numbers` mean."""
        place = numbers[3:_POSE] * [_PLACE, _PLACE, _SIZE]
        return Change(numbers[_POSE:] @ self._expressions, _TURN * numbers[:3], place)

    def shot(self, time: float, numbers: NDArray) -> Shot:
        """Return what to draw at `time` s, corrected."""
        return self._retarget.at(time, self.change(numbers))

    def step(self, time: float, numbers: NDArray, draw: Draw, picture: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return better numbers for the frame at `time` s, which shows `picture` ``[H,W,3]``; the same if none are."""
        here = draw(self.shot(time, numbers))
        target = picture / exposure(picture, here)
        slopes = np.empty((self.count, here.size), np.float32)
        for k in range(self.count):
            aside = numbers.copy()
            aside[k] += _SLOPE_STEP
            slopes[k] = (draw(self.shot(time, aside)) - here).reshape(-1) / _SLOPE_STEP
        counts = _counts(target - here)

        def cost(made: NDArray[np.float32], at: NDArray) -> float:
            return float(counts @ np.square(target - made).reshape(-1)) + float(at @ at)

        weighted = slopes * counts
        right = weighted @ (target - here).reshape(-1) - numbers
        full = np.linalg.solve(weighted @ slopes.T + np.eye(self.count), right)
        # Pictures are far from linear in a turn of the head: the step is a direction.
        best, least = numbers, cost(here, numbers)
        for part in _PARTS:
            tried = np.clip(numbers + part * full, -_FURTHEST, _FURTHEST)
            if (found := cost(draw(self.shot(time, tried)), tried)) < least:
                best, least = tried, found
        return best


def refine_track(avatar: Avatar, track: Track, clip: str | PathLike[str], times: NDArray | None = None) -> Job[Track]:
    """Return a clip's track with every frame corrected by what an avatar of the clip's person looks like in its place.

    Parameters
    ----------
    times
        s of the frames to correct; all if None.

    Raises
    ------
    UserError
        If the avatar shows another person than the clip, or the clip cannot be read.
    """
    watch = Stopwatch()
    retarget = Retarget(avatar, track, "video")
    if not retarget.same_person:
        raise UserError(
            f"'{avatar.name}' does not seem to be the person in the clip, so the track cannot be refined by its looks; "
            "use an avatar of that person, or leave the refinement out."
        )
    refiner, model = FrameRefiner(retarget, track), FaceModel.of(track.rest)
    scale = np.array([retarget.camera.width / track.width, retarget.camera.height / track.height] * 2)
    among = track.motion.times if times is None else times
    place = {float(time): i for i, time in enumerate(track.motion.times) if time in among}
    changes: dict[int, Change] = {}
    asked = len(place)
    for time, rgb in read_frames(clip):
        if not place:
            break
        yield watch.progress(1 - len(place) / asked, "comparing the head with the clip")
        i = place.pop(time, None)
        if i is None or track.motion.confidence[i] < _SURE:
            continue
        box = np.clip(np.round(head_square(model.seen_in(track, i))), 0, [track.width, track.height] * 2).astype(int)
        x0, y0, x1, y1 = box
        if min(x1 - x0, y1 - y0) < 2:
            continue
        size = compared_at(x1 - x0, y1 - y0)
        picture = cv2.resize(rgb[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        draw = _in_its_place(avatar, picture, box * scale)
        changes[i] = refiner.change(refiner.step(time, np.zeros(refiner.count), draw, picture))
    return _corrected(track, changes)


def compared_at(width: int, height: int) -> tuple[int, int]:
    """Return the width and height px at which a head of so many is compared: no larger than need be."""
    shrink = min(1.0, _SIDE / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _in_its_place(avatar: Avatar, picture: NDArray[np.float32], box: NDArray) -> Draw:
    """Return what draws an avatar over a picture ``[H,W,3]`` of the part x0 y0 x1 y1 px of its view."""
    height, width = picture.shape[:2]
    window = (box[0], box[1], box[2] - box[0], box[3] - box[1], width, height)

    def draw(shot: Shot) -> NDArray[np.float32]:
        camera = shot.camera.cropped(*window)
        raster = rasterize(avatar.pose(shot.motion, camera), camera)
        return on_host(avatar.shade(raster, shot.motion, camera, picture))[..., :3]

    return draw


def _corrected(track: Track, changes: dict[int, Change]) -> Track:
    motion = track.motion
    code, placement, head_pose = motion.code.copy(), track.placement.copy(), motion.head_pose.copy()
    for i, change in changes.items():
        code[i] = np.clip(code[i] + change.code, 0, 1)
        placement[i] = change.of(track.placement[i])
        moved = np.linalg.inv(placement_matrix(track.placement[i])) @ placement_matrix(placement[i])
        head_pose[i] = head_pose_of(turned_head(head_pose[i]) @ moved)
    return replace(track, motion=replace(motion, code=code, head_pose=head_pose), placement=placement)


def exposure(real: NDArray[np.float32], made: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much brighter ``[3]`` a picture ``[H,W,3]`` is than the one that was made of it, held near 1."""
    hold = _EXPOSURE_HOLD * float(np.square(made).sum()) / 3 + 1e-6
    return ((made * real).sum((0, 1)) + hold) / (np.square(made).sum((0, 1)) + hold)


def _counts(residual: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what each channel of each pixel ``[H*W*3]`` counts against the prior, outliers less."""
    size = np.abs(residual).mean(-1)
    usual = max(1.25 * float(size.mean()), _LEAST_ERROR)
    counts = np.minimum(1, _HUBER * usual / np.maximum(size, _LEAST_ERROR))
    counts *= _INDEPENDENT / (3 * size.size * usual * usual)
    return np.repeat(counts.reshape(-1), 3).astype(np.float32)
