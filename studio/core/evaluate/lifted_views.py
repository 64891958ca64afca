"""Novel views of people that no engine saw: a portrait lifted by `lift` at full size shows how it looks when turned."""

from pathlib import Path

import numpy as np

from studio.core.avatar import render_bytes, render_frame
from studio.core.engines.registry import ENGINES
from studio.core.errors import UserError
from studio.core.evaluate.baselines import STILL, WARP
from studio.core.evaluate.fingerprint import source_hash
from studio.core.evaluate.suite import PICTURES, Case, Contender, Measured, Suite, files_in
from studio.core.evaluate.views import Views, figures_at, judged
from studio.core.evaluate.workshop import Workshop
from studio.core.framing import orbit, square_camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.motion.motion import Motion

SIZE = 256
TURNS = (10, 20, 30, 40)
QUICK_TURNS = (20,)
TEACHER = Contender("teacher", "lift")


def cases(data: Path, quick: bool) -> list[Case]:
    """Return the pictures of ``portraits/``."""
    pictures = files_in(data, "portraits", PICTURES)
    if not pictures:
        raise UserError("there is no picture in portraits/; put portraits there.")
    turns = QUICK_TURNS if quick else TURNS
    teacher = source_hash(ENGINES[TEACHER.engine].split(":")[0])
    settings = {"size": SIZE, "turns": " ".join(map(str, turns)), "teacher": teacher}
    return [Case(picture.stem, {"portrait": picture}, settings) for picture in pictures[: 1 if quick else None]]


def views_of(case: Case, shop: Workshop) -> Job[Views]:
    """Render the lifted portrait: from the front first, then turned to both sides."""
    watch = Stopwatch()
    avatar = yield from share(shop.avatar(TEACHER, case.files["portrait"]), watch, 0.0, 0.9)
    turns = np.array([0, *(side * int(turn) for turn in str(case.settings["turns"]).split() for side in (-1, 1))])
    camera = square_camera(avatar, int(case.settings["size"]))
    cameras = [orbit(avatar, camera, turn, 0.0) for turn in turns]
    pictures, heads = [], []
    for k, one in enumerate(cameras):
        yield watch.progress(0.9 + 0.1 * k / len(cameras), "rendering the truth")
        pictures.append(np.asarray(render_bytes(avatar, Motion.neutral(), one))[..., :3])
        heads.append(render_frame(avatar, Motion.neutral(), one, "transparent")[..., 3] > 0.5)
    return Views(np.stack(pictures), np.stack(heads), cameras, turns.astype(float))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge one contender, who is given the frontal view alone."""
    watch = Stopwatch()
    views = yield from share(views_of(case, shop), watch, 0.0, 0.4)
    return (yield from share(judged(views, f"{case.name}_lifted", contender, shop), watch, 0.4, 1.0))


SUITE = Suite(
    "lifted-views", "Novel views of lifted portraits",
    f"Each portrait is lifted by the `lift` engine at its full size and rendered at {SIZE} px from the front and from "
    "the sides; contenders are given the frontal rendering alone. The truth is `lift`'s own rendering of more pixels, "
    "which favours it. The 2-D warp is given the landmarks of the true view, where any are found.",
    figures_at(TURNS), (STILL, WARP), cases, measure, __name__,
)  # fmt: skip
