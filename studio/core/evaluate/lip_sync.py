"""Lip sync: real speech, and what an independent tracker sees of the lips in the rendered frames."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.evaluate.brought import brought_sync
from studio.core.evaluate.driving import spoken, spoken_motion
from studio.core.evaluate.face_points import outer_eyes, track_landmarks
from studio.core.evaluate.mouth import LIPS_MEET, closures_seen, lip_gap, match
from studio.core.evaluate.phones import Phone, bilabials, read_phones
from studio.core.evaluate.seen_lips import seen_gap
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import PICTURES, Case, Contender, Figure, Measured, Suite, files_in
from studio.core.evaluate.workshop import Workshop
from studio.core.heads.anatomy import LIPS_OUTER
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import load_audio
from studio.core.speech.features import HOP_SECONDS, SAMPLE_RATE
from studio.core.training import metrics

FPS, SIZE, PORTRAITS = 25.0, 512, 4
QUICK_SECONDS, QUICK_SIZE = 2.0, 128
TRACK = "speech track"
"""The baseline: the lips that the studio's speech driver asks for, on the template head, never drawn."""
SHUT = 2.0
"""mm between lips that the tracker sees under which they count as shut."""
_REACH = 5  # frames of offset that are tried either way
_MOUTH_SIDE = 1.3  # of the square that the sheet shows, in distances between the eyes' outer corners
_MOUTH_CELL = 160  # px


def cases(data: Path, quick: bool) -> list[Case]:
    """Return the first portraits with each recording of ``speech/`` that has its phones in a TextGrid beside it."""
    pictures = files_in(data, "portraits", PICTURES)[:PORTRAITS]
    sounds = [path for path in files_in(data, "speech", (".wav", ".flac")) if path.with_suffix(".TextGrid").is_file()]
    if not pictures or not sounds:
        raise UserError("it takes pictures in portraits/ and recordings with TextGrids in speech/; put some there.")
    settings = {"seconds": QUICK_SECONDS if quick else 0.0, "size": QUICK_SIZE if quick else SIZE}
    return [
        Case(f"{picture.stem} says {sound.stem}",
             {"portrait": picture, "sound": sound, "phones": sound.with_suffix(".TextGrid")}, settings)
        for sound in sounds for picture in pictures
    ][: 1 if quick else None]  # fmt: skip


def closures(gap: NDArray, fps: float, phones: list[Phone], shut: float) -> float:
    """Return the F1 of closures in a gap ``[T]`` mm at `fps` against the bilabials; see `closures_seen`."""
    hops = int(len(gap) / fps / HOP_SECONDS)
    fine = np.interp(np.arange(hops) * HOP_SECONDS, np.arange(len(gap)) / fps, gap)
    found, excused = closures_seen(fine < shut, phones)
    wanted = bilabials(phones)
    pairs = match(wanted, found)
    wrong = excused - {j for _, j in pairs}
    return metrics.f1(len(pairs), len(found) - len(wrong), len(wanted))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Let one contender speak, and watch its lips."""
    watch = Stopwatch()
    yield watch.progress(0.0, "listening")
    samples, phones = load_audio(case.files["sound"], SAMPLE_RATE), read_phones(case.files["phones"])
    if seconds := float(case.settings["seconds"]):
        samples = samples[: round(seconds * SAMPLE_RATE)]
        phones = [(start, min(end, seconds), label) for start, end, label in phones if start < seconds]
    motion = spoken_motion(samples, FPS, shop.seed)
    asked = lip_gap(motion.code)
    if not contender.engine:
        return Measured({"closures": closures(asked, FPS, phones, LIPS_MEET)})
    avatar = yield from share(shop.avatar(contender, case.files["portrait"]), watch, 0.05, 0.35)
    made = yield from share(spoken(avatar, motion, int(case.settings["size"])), watch, 0.35, 0.6)
    landmarks = yield from share(track_landmarks(made), watch, 0.6, 1.0)
    gap = np.array([seen_gap(points) for points in landmarks])
    there = np.isfinite(gap)
    if there.sum() < 2:
        raise UserError("The tracker finds no face in what was rendered.")
    bridged = np.interp(np.arange(len(gap)), np.flatnonzero(there), gap[there])
    offset = metrics.offset(bridged, asked, _REACH)
    figures = {
        "closures": closures(bridged, FPS, phones, SHUT), "mouth": metrics.correlation(gap, asked),
        "offset": float(offset), "opening": float(np.percentile(bridged, 95) - np.percentile(bridged, 5)),
        "lost": float((~there).sum()),
    }  # fmt: skip
    figures |= brought_sync(made, landmarks, samples)
    shown = _telling(phones, len(made))
    return Measured(figures, strip(_mouths(made, landmarks)[shown], len(shown), _MOUTH_CELL))


def _mouths(frames: NDArray[np.uint8], landmarks: NDArray) -> NDArray[np.uint8]:
    """Return the square about the mouth, the same in all frames ``[T,H,W,3]``."""
    height, width = frames.shape[1:3]
    x, y = np.nanmedian(landmarks[:, LIPS_OUTER, :2], axis=(0, 1))
    half = _MOUTH_SIDE * float(np.nanmedian(outer_eyes(landmarks))) / 2
    x0, x1 = np.clip([round(x - half), round(x + half)], 0, width)
    y0, y1 = np.clip([round(y - half), round(y + half)], 0, height)
    return frames[:, y0:y1, x0:x1]


def _telling(phones: list[Phone], count: int) -> NDArray[np.intp]:
    """Return the frames in the middle of bilabials and of the vowels after them."""
    middles = [(start + end) / 2 for start, end, _ in phones]
    shown = []
    for k, (_, _, label) in enumerate(phones[:-1]):
        if label in ("P", "B", "M"):
            shown += [middles[k], middles[k + 1]]
    frames = np.round(np.array(shown[:12]) * FPS).astype(int)
    return np.clip(frames, 0, count - 1) if len(frames) else np.linspace(0, count - 1, 12).astype(int)


SUITE = Suite(
    "lips", "Lip sync on real speech",
    f"Each of the first {PORTRAITS} portraits says real recordings at {FPS:g} frames/s; MediaPipe's landmarks in the "
    "rendered frames judge its lips. Closures: F1 of lips seen shut "
    f"(less than {SHUT:g} mm apart, for a face of average size) against p, b, m of the recording's phones, within "
    "60 ms. Mouth r and the offset (frames; late is positive) are against the opening that the studio's speech driver "
    "asks for, which is the baseline: it is drawn by nobody.",
    (
        Figure("closures", "closures F1"), Figure("mouth", "mouth r"), Figure("offset", "offset frames", "zero", 1),
        Figure("opening", "opening mm", "", 1), Figure("lost", "lost", "down", 0),
        Figure("lse_d", "LSE-D", "down"), Figure("lse_c", "LSE-C"),
    ),
    (TRACK,), cases, measure, __name__,
)  # fmt: skip
