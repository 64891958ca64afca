"""Real clips: a folder of talking videos (as HDTF or VFHQ are laid out), tracked, matted and cut into takes.

A take is some seconds of one shot. Its crop is the standard one of its source frame and stands still, so that all its
views share one background; what the head does is in its cameras. What is not good enough is left out and counted.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.datasets.clear import is_clear
from studio.core.datasets.maker import Plan, Refused
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.heads.fitting import FOCAL_PER_FACE_HEIGHT
from studio.core.jobs import run
from studio.core.media.audio import load_audio
from studio.core.media.files import opened
from studio.core.media.video import clip_footing, read_frames
from studio.core.motion.poses import placement_matrix
from studio.core.motion.track import Track
from studio.core.perception.landmarks import find_faces
from studio.core.perception.matting import paint_out, person_matte, settle_edges
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import hidden_states, hidden_window
from studio.core.standard_crop import SIDE, cropped, standard_camera
from studio.core.tracking.clip import TrackedClip, track_clip
from studio.core.tracking.face_model import FaceModel
from studio.core.tracking.keyframes import choose_frames, sharpness
from studio.core.training.scene import Scene

CLIPS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"}
_SECONDS = 4.0
# So many frames more than needed are looked at: what is blurred is left out of them.
_SPARE = 1.5
_BLURRED = 0.5  # of the take's usual sharpness
_SURE = 0.5  # confidence
_LEAST_FACE = 0.7  # of its height in the standard crop: a smaller one would be enlarged
_RIVAL = 0.5  # another face as large as this part of the tracked one
_TURNED, _MOVED = 2.0, 1.0  # how much less frontal, and less at rest, a source frame is worth
_FINER = 2  # mattes are found at this many times the size


@dataclass(frozen=True, eq=False)
class RealClips:
    """See `studio.core.datasets.maker.Maker`.

    Attributes
    ----------
    root
        The folder; a clip's place in it names its shard. Clips of one person lie in one folder of their own, or each
        clip counts as another person.
    clips
        Of the folder.
    """

    root: Path
    clips: tuple[Path, ...]
    views: int = 8
    size: int = 256

    @property
    def settings(self) -> dict[str, Any]:
        """What applies to the whole set."""
        return {"source": "clip", "views": self.views, "size": self.size}

    def plans(self) -> list[Plan]:
        """Return a shard for each clip."""
        plans = []
        for clip in self.clips:
            place = clip.relative_to(self.root).as_posix()
            with opened(clip) as file:
                content = hashlib.sha256()
                while block := file.read(1 << 20):
                    content.update(block)
            about = {"file": place, "sha256": content.hexdigest(), "ships": is_clear(clip)}
            plans.append(Plan(f"clip-{_name(place.rpartition('.')[0])}", about))
        return plans

    def scenes(self, plan: Plan) -> Iterator[Scene | Refused]:
        """Track a clip and make the takes of it that are good enough."""
        path = self.root / plan.about["file"]
        try:
            tracked = run(track_clip(path))
        except UserError as error:
            yield Refused(_reason(str(error), path))
            return
        states, takes = _heard(path), []
        for begin, end in _spans(tracked):
            taken = _chosen(tracked, begin, end, self.views, self.size)
            if isinstance(taken, Refused):
                yield taken
            else:
                takes.append(taken)
        inside = path.parent.relative_to(self.root).as_posix()
        identity = _name(plan.name.removeprefix("clip-") if inside == "." else inside)
        for take, frames in _read(path, takes):
            made = _made(take, frames, tracked.track, self.views, self.size)
            if isinstance(made, Refused):
                yield made
                continue
            audio = None if states is None else _windows(states, made.times)
            yield replace(
                made.scene, key=f"{plan.name}-{len(frames)}-{take.number:05d}", identity=identity, audio=audio,
                ships=plan.about["ships"], origin=plan.about["file"][-200:],
            )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Take:
    """Frames of a shot: `frames` by number, all candidates, `source` among them."""

    number: int
    frames: NDArray[np.intp]
    source: int
    times: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Made:
    scene: Scene
    times: NDArray[np.float64]


def clips_in(root: Path) -> tuple[Path, ...]:
    """Return the clips of a folder and the folders in it, by their places.

    Raises
    ------
    UserError
        If there are none, or two have one name.
    """
    clips = sorted(path for path in root.rglob("*") if path.suffix.lower() in CLIPS) if root.is_dir() else []
    if not clips:
        raise UserError(f"There are no clips in '{root.name}'; give a folder of videos (MP4, MOV, MKV, WebM, AVI).")
    names = {_name(clip.relative_to(root).as_posix().rpartition(".")[0]) for clip in clips}
    if len(names) < len(clips):
        raise UserError(f"Two clips in '{root.name}' differ in nothing but signs or suffix; rename one of them.")
    return tuple(clips)


def _name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in text)[-100:]


def _reason(text: str, path: Path) -> str:
    """Return an error's sentence without the clip's name, so that it can be counted."""
    return text.replace(f"'{path.name}'", "the clip").partition(";")[0]


def _spans(tracked: TrackedClip) -> Iterator[tuple[int, int]]:
    """Yield first and last-but-one frame of every take: shots, cut into equal parts."""
    times = tracked.track.motion.times
    for begin, end in pairwise([0, *tracked.cuts, len(times)]):
        parts = max(1, int((times[end - 1] - times[begin]) / _SECONDS))
        yield from pairwise(np.linspace(begin, end, parts + 1).round().astype(int).tolist())


def _chosen(tracked: TrackedClip, begin: int, end: int, views: int, size: int) -> _Take | Refused:
    """Choose the frames of a take by its track."""
    track = tracked.track
    part = np.zeros(len(tracked.error), bool)
    part[begin:end] = True
    if part.sum() < 2 * views:
        return Refused("a shot was too short")
    part &= ~np.isnan(tracked.error)
    if part.sum() < 2 * views:
        return Refused("the face was lost")
    part &= track.motion.confidence > _SURE
    if part.sum() < 2 * views:
        return Refused("the tracking was not sure")
    heights = _face_height(track) * track.focal / track.placement[:, 5]
    part &= heights > _LEAST_FACE * size / SIDE
    if part.sum() < 2 * views:
        return Refused("the face was too small")
    frames = choose_frames(track, part, round(_SPARE * views))
    turned = np.linalg.norm(track.placement[frames, :3], axis=1)
    moved = np.abs(track.motion.code[frames]).mean(1)
    source = int(frames[np.argmin(_TURNED * turned + _MOVED * moved)])
    return _Take(begin, frames, source, track.motion.times[frames])


def _face_height(track: Track) -> float:
    return float(np.ptp(track.rest[:468, 1]))


def _read(path: Path, takes: list[_Take]) -> Iterator[tuple[_Take, list[NDArray[np.uint8]]]]:
    """Yield each take with its frames, while the clip is read once."""
    left = list(takes)
    frames: list[NDArray[np.uint8]] = []
    for time, rgb in read_frames(path):
        if not left:
            return
        if time == left[0].times[len(frames)]:
            frames.append(rgb)
            if len(frames) == len(left[0].times):
                yield left.pop(0), frames
                frames = []


def _made(take: _Take, frames: list[NDArray[np.uint8]], track: Track, views: int, size: int) -> "_Made | Refused":
    """Crop, matte and sort out the frames of a take."""
    source = int(np.flatnonzero(take.frames == take.source)[0])
    if _rivals(frames[source], track, take.source):
        return Refused("there were several faces")
    camera = _camera(track, take.source, take.source)
    fine = size * _FINER
    pictures = [cropped(f.astype(np.float32) / 255, camera, fine, cv2.BORDER_REPLICATE) for f in frames]
    inside = cropped(np.ones(frames[0].shape[:2], np.float32), camera, fine, cv2.BORDER_CONSTANT)
    turn = standard_camera(camera, fine).world_to_camera @ np.linalg.inv(camera.world_to_camera)
    places = [turn @ _camera(track, f, take.source).world_to_camera for f in take.frames]
    views_of = [replace(standard_camera(camera, fine), world_to_camera=place) for place in places]
    model = FaceModel.of(track.rest)
    sharp, mattes = np.zeros(len(frames)), []
    for k, (rgb, view) in enumerate(zip(pictures, views_of, strict=True)):
        points = view.project(model.points(track.motion.code[take.frames[k]].astype(np.float64)))
        points[:, 2] = (points[:, 2] - points[:, 2].mean()) * view.K[0, 0] / points[:, 2].mean()
        box = np.concatenate([points[:468, :2].min(0), points[:468, :2].max(0)])
        sharp[k] = sharpness(np.round(rgb * 255).astype(np.uint8), box)
        mattes.append(person_matte(rgb, points.astype(np.float32)) * inside)
    good = sharp >= _BLURRED * np.median(sharp)
    good[source] = True
    if good.sum() < views:
        return Refused("too many frames were blurred")
    plate = shared_plate(pictures, mattes)
    order = [source, *(k for k in np.flatnonzero(good) if k != source)][:views]
    rgba = np.empty((views, size, size, 4), np.uint8)
    for v, k in enumerate(order):
        alpha, color = settle_edges(pictures[k], mattes[k], plate)
        whole = np.concatenate([color * alpha[..., None], alpha[..., None]], -1)
        small = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)
        rgba[v] = np.round(np.clip(np.minimum(small, small[..., 3:]), 0, 1) * 255)
    K = views_of[0].K / [[_FINER], [_FINER], [1]]
    chosen = take.frames[order]
    scene = Scene(
        key="clip",
        identity="clip",
        source="clip",
        ships=False,
        rgba=rgba,
        plate=np.round(cv2.resize(plate, (size, size), interpolation=cv2.INTER_AREA) * 255).astype(np.uint8),
        depth=np.zeros((views, size, size), np.float16),
        world_to_camera=np.stack([views_of[k].world_to_camera for k in order]).astype(np.float32),
        K=np.repeat(K[None], views, 0).astype(np.float32),
        times=track.motion.times[chosen] - take.times.min(),
        code=track.motion.code[chosen],
        head_pose=track.motion.head_pose[chosen],
    )
    return _Made(scene, track.motion.times[chosen])


def _camera(track: Track, frame: int, source: int) -> Camera:
    """Return the clip's camera as the head sees it, as far away as the standard crop takes the source frame to be.

    A clip does not tell its focal length. Another one, with all depths as many times larger, shows nearly the same.
    """
    matrix = placement_matrix(track.placement[frame])
    height = _face_height(track) * track.focal / track.placement[source, 5]  # px
    focal = FOCAL_PER_FACE_HEIGHT * height
    matrix[2, 3] *= focal / track.focal
    K = np.array([[focal, 0, track.width / 2], [0, focal, track.height / 2], [0, 0, 1.0]])
    return Camera(matrix, K, track.width, track.height)


def _rivals(rgb: NDArray[np.uint8], track: Track, frame: int) -> bool:
    height = _face_height(track) * track.focal / track.placement[frame, 5]
    return sum(face.height > _RIVAL * height for face in find_faces(rgb)) > 1


def shared_plate(pictures: list[NDArray[np.float32]], mattes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return what is behind a person in all pictures ``[H,W,3]``; what is never seen is painted in."""
    # The matte is grown before anything is taken for background: its rim would leave a dark ring.
    reach = max(3, round(0.02 * len(mattes[0])))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    covered = np.stack([cv2.dilate(matte, kernel) > 0.02 for matte in mattes])
    seen = np.ma.masked_array(np.stack(pictures), np.repeat(covered[..., None], 3, -1))
    behind = np.asarray(np.ma.median(seen, axis=0).filled(0), np.float32)
    never = covered.all(0).astype(np.float32)
    return paint_out(np.where(never[..., None] > 0, pictures[0], behind), never)


def _heard(path: Path) -> NDArray[np.float32] | None:
    """Return the hidden states of a clip's sound; None where it has none, or only silence."""
    if not clip_footing(path).sound:
        return None
    try:
        return hidden_states(load_audio(path, SAMPLE_RATE))
    except UserError:
        return None


def _windows(states: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float16]:
    return np.stack([hidden_window(states, float(time)) for time in times]).astype(np.float16)
