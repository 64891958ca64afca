"""Cross-reenactment: other people's clips drive a portrait, which must stay the person it shows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, render_bytes
from studio.core.errors import UserError
from studio.core.evaluate.baselines import STILL, WARP, carried, still, warped
from studio.core.evaluate.driving import clip_sound, reenacted
from studio.core.evaluate.face_points import (
    LOWER_LIDS,
    LOWER_LIP,
    UPPER_LIDS,
    UPPER_LIP,
    opening,
    track_landmarks,
    yaw,
)
from studio.core.evaluate.recognition import apart_from
from studio.core.evaluate.self_reenactment import frames_spread
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import CLIPS, PICTURES, Case, Contender, Figure, Measured, Suite, files_in
from studio.core.evaluate.workshop import Workshop
from studio.core.framing import square_camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.image import load_picture
from studio.core.motion.motion import Motion
from studio.core.training.metrics import correlation

FRAMES, EVERY, SIZE = 240, 6, 512
QUICK_FRAMES, QUICK_SIZE = 18, 128
PORTRAITS = 6


def cases(data: Path, quick: bool) -> list[Case]:
    """Return every clip of ``driving/`` with each of the first portraits."""
    clips, pictures = files_in(data, "driving", CLIPS), files_in(data, "portraits", PICTURES)[:PORTRAITS]
    if not clips or not pictures:
        raise UserError("it takes clips in driving/ and pictures in portraits/; put some there.")
    settings = {"frames": QUICK_FRAMES if quick else FRAMES, "every": EVERY, "size": QUICK_SIZE if quick else SIZE}
    pairs = [(clip, picture) for clip in clips for picture in pictures]
    return [
        Case(f"{clip.stem} on {picture.stem}", {"clip": clip, "portrait": picture}, settings)
        for clip, picture in pairs[: 1 if quick else None]
    ]


def at_rest(avatar: Avatar, size: int) -> NDArray[np.uint8]:
    """Return what an avatar shows before anything moves it ``[size,size,3]``."""
    return np.asarray(render_bytes(avatar, Motion.neutral(), square_camera(avatar, size)))[..., :3]


def driven(
    case: Case, contender: Contender, shop: Workshop, times: NDArray, driving: NDArray
) -> Job[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return the portrait at rest ``[H,W,3]`` and as a contender drives it ``[T,H,W,3]``."""
    watch = Stopwatch()
    portrait, size = case.files["portrait"], int(case.settings["size"])
    if contender.engine:
        avatar = yield from share(shop.avatar(contender, portrait), watch, 0.0, 0.4)
        track = yield from share(shop.track(case.files["clip"]), watch, 0.4, 0.7)
        made = yield from share(
            reenacted(avatar, track, times, "avatar", size, clip_sound(avatar, case.files["clip"])), watch, 0.7, 1.0
        )
        return at_rest(avatar, size), made
    picture = load_picture(portrait).rgb
    rest = np.round(picture * 255).astype(np.uint8)
    if contender.name == STILL:
        return rest, still(rest, len(times))
    own = yield from share(track_landmarks(rest[None]), watch, 0.0, 0.1)
    if np.isnan(own).any():
        raise UserError("No landmarks are found in the portrait, so it cannot be warped.")
    return rest, (yield from share(warped(rest, own[0], carried(own[0], driving)), watch, 0.1, 1.0))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge one driven portrait: who it still is, and whether its face moves with the driving one."""
    watch = Stopwatch()
    times, real = frames_spread(case.files["clip"], int(case.settings["frames"]), int(case.settings["every"]))
    truth = yield from share(track_landmarks(real), watch, 0.0, 0.2)
    if np.isnan(truth[0]).any():
        raise UserError("The clip's first frame shows no face; cut it so that it begins with one.")
    rest, made = yield from share(driven(case, contender, shop, times, truth), watch, 0.2, 0.7)
    found = yield from share(track_landmarks(made), watch, 0.7, 0.9)
    figures = {
        "mouth": correlation(opening(truth, UPPER_LIP, LOWER_LIP), opening(found, UPPER_LIP, LOWER_LIP)),
        "lids": correlation(opening(truth, UPPER_LIDS, LOWER_LIDS), opening(found, UPPER_LIDS, LOWER_LIDS)),
        "turn": correlation(yaw(truth), yaw(found)),
        "lost": float(np.isnan(found[:, 0, 0]).sum()),
    }
    where = yield from share(track_landmarks(rest[None]), watch, 0.9, 0.9)
    if not np.isnan(where).any():
        figures |= yield from share(apart_from(rest, made, where[0]), watch, 0.9, 1.0)
    return Measured(figures, strip(made), strip(real))


SUITE = Suite(
    "cross", "Cross-reenactment",
    f"Each of the first {PORTRAITS} portraits is driven by saved tracks of other people's clips, in its own framing; "
    f"every {EVERY}th of the first {FRAMES} frames counts. Identity is dlib's distance from the portrait at rest, "
    "median and worst over a clip; mouth, lids and turn are correlations with the driving face. The 2-D warp moves the "
    "portrait's landmarks as the driving face's move.",
    (
        Figure("identity", "identity", "down"), Figure("identity worst", "worst", "down"), Figure("mouth", "mouth r"),
        Figure("lids", "lids r"), Figure("turn", "turn r"), Figure("lost", "lost", "down", 0),
    ),
    (STILL, WARP), cases, measure, __name__,
)  # fmt: skip
