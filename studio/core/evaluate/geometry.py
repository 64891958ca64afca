"""Geometry: a rendered person speaks, and where an avatar driven by the tracked clip has its face is compared in mm.

What is read off an avatar is what any avatar has: the picture it renders, in which a tracker finds landmarks, and the
depth there. The measure's own error is that of the tracker, which the baseline shows: the truth, read in the same way.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import minimum_filter

from studio.core.avatar import Avatar, render_bytes
from studio.core.errors import UserError
from studio.core.evaluate.driving import driven_shots, spoken_motion
from studio.core.evaluate.face_points import N_SKIN
from studio.core.evaluate.rendered_people import picture_of, plate_of, rendered_person
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import Case, Contender, Figure, Measured, Suite
from studio.core.evaluate.workshop import Workshop
from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import BROW, FACE_OVAL, LIPS_OUTER, LOWER_LIP_INNER, UPPER_LID, UPPER_LIP_INNER
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import load_audio
from studio.core.media.files import atomic_path
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.motion import Motion
from studio.core.perception.mediapipe_models import face_meshes
from studio.core.render.rasterize import rasterize
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.standard_crop import standard_camera
from studio.core.tracking.face_model import INNER
from studio.core.tracking.placing import rigid_fit
from studio.core.tracking.retarget import Shot
from studio.core.training import metrics

PEOPLE, SIZE, FPS, FRAMES, EVERY = 4, 512, 25, 150, 3
QUICK_FRAMES, QUICK_SIZE = 12, 256
TRUTH, STILL = "truth, tracked", "still"
_MM = 1e3
_SOLID = 0.5
_NEAR = 0.015  # of the face's height, within which depth is read

# The face's edge is left out: a landmark there may see the background's depth.
_INSIDE = np.setdiff1d(np.arange(N_SKIN), FACE_OVAL)
_LIPS = np.flatnonzero(np.isin(_INSIDE, [*UPPER_LIP_INNER, *LOWER_LIP_INNER, *LIPS_OUTER]))
_STABLE = np.flatnonzero(np.isin(_INSIDE, INNER))
_UPPER = np.flatnonzero(np.isin(_INSIDE, [i for of in (BROW, UPPER_LID) for side in of.values() for i in side]))
_UPPER = np.setdiff1d(_UPPER, _STABLE)


def cases(data: Path, quick: bool) -> list[Case]:
    """Return people by their numbers; no data are needed."""
    settings = {"frames": QUICK_FRAMES if quick else FRAMES, "size": QUICK_SIZE if quick else SIZE, "every": EVERY}
    return [Case(f"person {n} speaks", {}, settings | {"number": n}) for n in range(1 if quick else PEOPLE)]


class Speaker:
    """A rendered person who says the sample sentence, the head still.

    Attributes
    ----------
    motion
        ``[T]`` at `FPS`; its first frame is at rest.
    camera
        Sees the face in the middle.
    """

    def __init__(self, case: Case) -> None:
        number, size = int(case.settings["number"]), int(case.settings["size"])
        self.name = case.name
        self.head, self._plate = rendered_person(number), plate_of(number, size)
        self.camera = standard_camera(self.head.camera, size)
        said = spoken_motion(load_audio(sample_speech(), SAMPLE_RATE), FPS, number)
        code = said.code[: int(case.settings["frames"])].copy()
        code[0] = 0
        self.motion = Motion.from_frames("arkit", said.times[: len(code)], code)
        self.judged = np.arange(0, len(code), int(case.settings["every"]))

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """Return one frame's picture."""
        return picture_of(self.head, self.motion.at(float(self.motion.times[frame])), self.camera, self._plate)

    def vertices(self) -> NDArray[np.float64]:
        """Return where the landmarks `_INSIDE` truly are in the frames that are judged ``[T,P,3]`` m."""
        frames = (self.motion.at(float(self.motion.times[k])) for k in self.judged)
        return np.stack([self.head.vertices(frame)[_INSIDE] for frame in frames]).astype(np.float64)

    def files(self, shop: Workshop) -> Job[tuple[Path, Path]]:
        """Write the clip and its first picture, and return where."""
        watch = Stopwatch()
        clip = shop.folder / "tracks" / f"{self.name}_{len(self.motion)}_{self.camera.width}.mp4"
        portrait = clip.with_suffix(".png")
        with atomic_path(portrait) as temporary:
            Image.fromarray(self.picture(0)).save(temporary)
        with atomic_path(clip) as temporary, VideoWriter(temporary, self.camera.width, self.camera.height, FPS) as out:
            for k in range(len(self.motion)):
                yield watch.progress(k / len(self.motion), "filming the truth")
                out.write(self.picture(k))
        return clip, portrait


def seen_points(avatar: Avatar, frame: Motion, camera: Camera, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the landmarks `_INSIDE` found in a picture of an avatar, as deep as it is drawn ``[P,3]`` m; or NaN."""
    faces = face_meshes(np.ascontiguousarray(rgb))
    if not faces:
        return np.full((len(_INSIDE), 3), np.nan)
    pixels = faces[0][_INSIDE, :2].astype(np.float64)
    raster = rasterize(avatar.pose(frame, camera), camera, depth=True)
    assert raster.depth is not None
    # A lip's edge lies before an open mouth: the nearest depth within a hair's breadth is the lip's.
    depth = np.where(raster.alpha > _SOLID, raster.depth, np.inf)[..., 0]
    nearest = minimum_filter(depth, 2 * round(_NEAR * float(np.ptp(pixels[:, 1]))) + 1)
    column, row = np.clip(pixels.astype(int), 0, [camera.width - 1, camera.height - 1]).T
    return camera.unproject(pixels, nearest[row, column].astype(np.float64))


def aligned(found: NDArray, truth: NDArray) -> NDArray[np.float64]:
    """Bring points ``[T,P,3]`` onto others by what no expression moves: one size for all, each frame's pose its own."""
    first = np.flatnonzero(np.isfinite(found).all((1, 2)))[0]
    spread = [np.linalg.norm(p[first, _STABLE] - p[first, _STABLE].mean(0)) for p in (truth, found)]
    scaled = found * (spread[0] / spread[1])
    out = np.full_like(scaled, np.nan)
    for k in np.flatnonzero(np.isfinite(scaled).all((1, 2))):
        motion = rigid_fit(scaled[k, _STABLE], truth[k, _STABLE])
        out[k] = scaled[k] @ motion[:3, :3].T + motion[:3, 3]
    return out


def geometry_figures(found: NDArray, truth: NDArray) -> dict[str, float]:
    """Return figures in mm of points ``[T,P,3]`` m, the first of them at rest.

    ``shape`` is the mean distance at rest. ``lve``, ``mve`` and ``fdd`` are of how points move from their own rest, as
    papers measure it that animate a given neutral mesh: what the tracker misplaces on a face it misplaces throughout.

    Raises
    ------
    UserError
        If no face was found at rest.
    """
    if not np.isfinite(found[0]).all():
        raise UserError("The tracker finds no face in what was rendered at rest.")
    placed = aligned(found, truth)
    there = np.isfinite(placed).all((1, 2))
    a, b = (points[there] * _MM - points[0] * _MM for points in (placed, truth))
    return {
        "shape": metrics.mean_vertex_error(placed[:1], truth[:1]) * _MM, "lve": metrics.lip_vertex_error(a, b, _LIPS),
        "mve": metrics.mean_vertex_error(a, b), "lost": float((~there).sum()),
        "fdd": metrics.upper_face_dynamics(a, b, np.zeros_like(b[0]), _UPPER),
    }  # fmt: skip


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge where one contender has its face while it speaks."""
    watch = Stopwatch()
    yield watch.progress(0.0, "making a person")
    speaker = Speaker(case)
    truth = speaker.vertices()
    clip, portrait = yield from share(speaker.files(shop), watch, 0.0, 0.2)
    shown: Avatar
    shots: Iterable[Shot]
    if contender.engine:
        shown = yield from share(shop.avatar(contender, portrait), watch, 0.2, 0.5)
        track = yield from share(shop.track(clip), watch, 0.5, 0.7)
        sound = load_audio(sample_speech(), SAMPLE_RATE)
        shots = driven_shots(shown, track, speaker.motion.times[speaker.judged], sound=sound)
    else:
        shown = speaker.head
        frames = speaker.judged if contender.name == TRUTH else np.zeros_like(speaker.judged)
        shots = (Shot(speaker.motion.at(float(speaker.motion.times[k])), speaker.camera) for k in frames)
    points, pictures = [], []
    for k, shot in enumerate(shots):
        yield watch.progress(0.7 + 0.3 * k / len(speaker.judged), "reading the face")
        rgb = np.asarray(render_bytes(shown, shot.motion, shot.camera))[..., :3]
        points.append(seen_points(shown, shot.motion, shot.camera, rgb))
        pictures.append(rgb)
    real = np.stack([speaker.picture(int(k)) for k in speaker.judged])
    return Measured(geometry_figures(np.stack(points), truth), strip(np.stack(pictures)), strip(real))


SUITE = Suite(
    "geometry", "Geometry of rendered people",
    f"{PEOPLE} rendered people say the sample sentence; the first frame becomes an avatar, which a saved track of the "
    "clip drives. Landmarks that MediaPipe finds in its pictures, with the depth drawn there, are compared with the "
    "true vertices after each frame's rigid alignment by what no expression moves, and one size. Shape: the mean "
    "distance at rest. Of the motion from rest: LVE (the lips' largest error, mean over frames), MVE (all), FDD (how "
    f"much less brows and lids move than they should). '{TRUTH}' reads the truth itself in the same way and shows the "
    f"measure's own error; '{STILL}' never moves.",
    (
        Figure("shape", "shape mm", "down"), Figure("lve", "LVE mm", "down"), Figure("mve", "MVE mm", "down"),
        Figure("fdd", "FDD mm", "zero", 3), Figure("lost", "lost", "down", 0),
    ),
    (TRUTH, STILL), cases, measure, __name__,
)  # fmt: skip
