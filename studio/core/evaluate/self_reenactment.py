"""One-shot self-reenactment: a clip's first frame becomes an avatar, which a saved track of the clip then drives."""

from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.errors import UserError
from studio.core.evaluate.baselines import STILL, WARP, still, warped
from studio.core.evaluate.brought import brought_figures
from studio.core.evaluate.clip_score import score
from studio.core.evaluate.driving import clip_sound, reenacted
from studio.core.evaluate.face_points import track_landmarks
from studio.core.evaluate.recognition import apart_from
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import CLIPS, Case, Contender, Figure, Measured, Suite, files_in
from studio.core.evaluate.workshop import Workshop
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.files import atomic_path
from studio.core.media.video import read_frames

FRAMES, EVERY = 200, 4
QUICK_FRAMES = 12


def cases(data: Path, quick: bool) -> list[Case]:
    """Return the clips of ``talking/``."""
    clips = files_in(data, "talking", CLIPS)
    if not clips:
        raise UserError("there is no clip in talking/; put clips of people talking there.")
    frames = QUICK_FRAMES if quick else FRAMES
    return [
        Case(clip.stem, {"clip": clip}, {"frames": frames, "every": EVERY}) for clip in clips[: 1 if quick else None]
    ]


def frames_spread(clip: Path, count: int, every: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return times ``[T]`` s and frames ``[T,H,W,3]`` of a clip: every so-manieth of its first `count`.

    Raises
    ------
    UserError
        If there are fewer than two.
    """
    chosen = list(islice(read_frames(clip), count))[::every]
    if len(chosen) < 2:
        raise UserError(f"'{clip.name}' is too short; use a clip of at least {2 * every} frames.")
    return np.array([time for time, _ in chosen]), np.stack([picture for _, picture in chosen])


def first_picture(case: Case, first: NDArray[np.uint8], shop: Workshop) -> Path:
    """Write a clip's first frame as the picture that engines are given."""
    path = shop.folder / "avatars" / f"{case.name}_first.png"
    with atomic_path(path) as temporary:
        Image.fromarray(first).save(temporary)
    return path


def made_by(
    case: Case, contender: Contender, shop: Workshop, times: NDArray, real: NDArray[np.uint8], landmarks: NDArray
) -> Job[NDArray[np.uint8]]:
    """Return the clip ``[T,H,W,3]`` that a contender makes of the first frame."""
    if contender.name == STILL:
        return still(real[0], len(real))
    if contender.name == WARP:
        return (yield from warped(real[0], landmarks[0], landmarks))
    watch = Stopwatch()
    avatar = yield from share(shop.avatar(contender, first_picture(case, real[0], shop)), watch, 0.0, 0.4)
    track = yield from share(shop.track(case.files["clip"]), watch, 0.4, 0.8)
    sound = clip_sound(avatar, case.files["clip"])
    return (yield from share(reenacted(avatar, track, times, sound=sound), watch, 0.8, 1.0))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge one contender's clip against the real one."""
    watch = Stopwatch()
    times, real = frames_spread(case.files["clip"], int(case.settings["frames"]), int(case.settings["every"]))
    landmarks = yield from share(track_landmarks(real), watch, 0.0, 0.1)
    made = yield from share(made_by(case, contender, shop, times, real, landmarks), watch, 0.1, 0.7)
    found = yield from share(score(real, made, landmarks), watch, 0.7, 0.95)
    figures = asdict(found) | (yield from share(brought_figures(real, made, landmarks), watch, 0.95, 0.97))
    figures |= yield from share(apart_from(real[0], made[1:], landmarks[0]), watch, 0.97, 1.0)
    return Measured(figures, strip(made), strip(real))


SUITE = Suite(
    "self",
    "One-shot self-reenactment",
    f"The first frame of each clip becomes an avatar, which a saved and reloaded track of the clip drives; every "
    f"{EVERY}th of the first {FRAMES} frames is compared with the real one on a square about the head. The 2-D warp is "
    "given the real landmarks of every frame. AED and APD are read by this program's face solver from MediaPipe's "
    "landmarks, not by the papers' 3DMM; identity is dlib's distance to the first frame (below 0.6: one person).",
    (
        Figure("psnr", "PSNR dB"), Figure("ssim", "SSIM", digits=3),
        Figure("lpips", "LPIPS", "down", 3), Figure("fid", "FID", "down", 1), Figure("fvd", "FVD", "down", 1),
        Figure("landmarks", "LMD %", "down"),
        Figure("mouth", "mouth r", digits=3), Figure("jitter", "jitter ×", "one"),
        Figure("expression", "AED", "down", 3), Figure("pose", "APD °", "down"),
        Figure("identity", "identity", "down"), Figure("lost", "lost", "down", 0),
    ),
    (STILL, WARP), cases, measure, __name__,
)  # fmt: skip
