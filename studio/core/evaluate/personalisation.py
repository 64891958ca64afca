"""Personalisation: what learning the first part of a clip gains on the rest, over the one-shot avatar."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.evaluate.clip_score import Score, score
from studio.core.evaluate.driving import clip_sound, reenacted
from studio.core.evaluate.face_points import track_landmarks
from studio.core.evaluate.self_reenactment import first_picture
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import CLIPS, Case, Contender, Figure, Measured, Suite, files_in
from studio.core.evaluate.workshop import Workshop
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.video import read_frames
from studio.core.personalize import personalize_avatar

LEARNT, JUDGED = 0.7, 50
MINUTES = 2.0
QUICK_JUDGED, QUICK_MINUTES = 4, 0.02


def cases(data: Path, quick: bool) -> list[Case]:
    """Return the clips of ``talking/``."""
    clips = files_in(data, "talking", CLIPS)
    if not clips:
        raise UserError("there is no clip in talking/; put clips of people talking there.")
    settings = {"judged": QUICK_JUDGED if quick else JUDGED, "minutes": QUICK_MINUTES if quick else MINUTES}
    return [Case(clip.stem, {"clip": clip}, settings) for clip in clips[: 1 if quick else None]]


def unlearnt_frames(path: Path, judged: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return times ``[T]`` s and frames ``[T,H,W,3]`` of a clip: its first one, then `judged` of what is not learnt."""
    count = sum(1 for _ in read_frames(path))
    chosen = {0, *np.linspace(int(LEARNT * count) + 1, count - 1, judged).astype(int)}
    kept = [frame for i, frame in enumerate(read_frames(path)) if i in chosen]
    return np.array([time for time, _ in kept]), np.stack([picture for _, picture in kept])


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge an engine's avatar before and after it learnt."""
    watch = Stopwatch()
    clip, minutes = case.files["clip"], float(case.settings["minutes"])
    yield watch.progress(0.0, "reading the clip")
    times, real = unlearnt_frames(clip, int(case.settings["judged"]))
    landmarks = yield from share(track_landmarks(real), watch, 0.0, 0.05)
    avatar = yield from share(shop.avatar(contender, first_picture(case, real[0], shop)), watch, 0.05, 0.2)
    track = yield from share(shop.track(clip), watch, 0.2, 0.3)
    job = personalize_avatar(avatar, [clip], minutes, same_person=True, until=float(times[1]))
    learnt = yield from share(job, watch, 0.3, 0.85)
    scores: list[Score] = []
    for k, one in enumerate((avatar, learnt.avatar)):
        start = 0.85 + 0.075 * k
        made = yield from share(reenacted(one, track, times, sound=clip_sound(one, clip)), watch, start, start + 0.03)
        scores.append((yield from share(score(real, made, landmarks), watch, start + 0.03, start + 0.075)))
    before, after = scores
    figures = {
        "before": before.psnr, "after": after.psnr, "gain": after.psnr - before.psnr,
        "ssim gain": after.ssim - before.ssim, "landmarks gain": before.landmarks - after.landmarks,
        "seconds": learnt.seconds,
    }  # fmt: skip
    return Measured(figures, strip(made), strip(real), learnt.notes)


SUITE = Suite(
    "personal", "Personalisation",
    f"The avatar of a clip's first frame learns the first {LEARNT:.0%} of the clip for at most {MINUTES:g} minutes; "
    f"{JUDGED} frames spread over the rest, which it never saw, judge it before and after, driven by a saved track.",
    (
        Figure("before", "one-shot PSNR dB"), Figure("after", "learnt PSNR dB"), Figure("gain", "gain dB"),
        Figure("ssim gain", "SSIM gain", digits=3), Figure("landmarks gain", "LMD gain %"),
        Figure("seconds", "s, with tracking", "down", 0),
    ),
    (), cases, measure, __name__, timed=True,
)  # fmt: skip
