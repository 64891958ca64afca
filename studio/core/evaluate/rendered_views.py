"""Novel views of rendered people: what they look like from the side is known, and nobody's guess."""

from pathlib import Path

import numpy as np

from studio.core.avatar import render_frame
from studio.core.evaluate.baselines import STILL, WARP
from studio.core.evaluate.rendered_people import picture_of, plate_of, rendered_person
from studio.core.evaluate.suite import Case, Contender, Measured, Suite
from studio.core.evaluate.views import Views, figures_at, judged
from studio.core.evaluate.workshop import Workshop
from studio.core.jobs import Job, Stopwatch, share
from studio.core.motion.motion import Motion
from studio.core.standard_crop import standard_camera

PEOPLE, SIZE = 8, 256
TURNS = (10, 20, 30, 40)
QUICK_TURNS = (20,)


def cases(data: Path, quick: bool) -> list[Case]:
    """Return people by their numbers; no data are needed."""
    turns = QUICK_TURNS if quick else TURNS
    settings = {"size": SIZE, "turns": " ".join(map(str, turns))}
    return [Case(f"person {n}", {}, settings | {"number": n}) for n in range(1 if quick else PEOPLE)]


def views_of(case: Case) -> Job[Views]:
    """Render somebody from the front, then turned to both sides."""
    watch = Stopwatch()
    number, size = int(case.settings["number"]), int(case.settings["size"])
    yield watch.progress(0.0, "making a person")
    head, plate = rendered_person(number), plate_of(number, size)
    turns = np.array([0, *(side * int(turn) for turn in str(case.settings["turns"]).split() for side in (-1, 1))])
    source = standard_camera(head.camera, size)
    cameras = [source.orbited(head.pivot, float(np.radians(turn)), 0.0) for turn in turns]
    pictures, masks = [], []
    for k, camera in enumerate(cameras):
        yield watch.progress(k / len(cameras), "rendering the truth")
        pictures.append(picture_of(head, Motion.neutral(), camera, plate))
        masks.append(render_frame(head, Motion.neutral(), camera, "transparent")[..., 3] > 0.5)
    return Views(np.stack(pictures), np.stack(masks), cameras, turns.astype(float))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge one contender, who is given the frontal view alone."""
    watch = Stopwatch()
    views = yield from share(views_of(case), watch, 0.0, 0.2)
    return (yield from share(judged(views, f"{case.name}_rendered", contender, shop), watch, 0.2, 1.0))


SUITE = Suite(
    "rendered-views", "Novel views of rendered people",
    f"{PEOPLE} rendered people (the template head with skin, hair, light and a background of its own, of a seed that "
    f"no data set uses) at {SIZE} px from the front and from the sides; contenders are given the frontal view alone. "
    "The truth is exact. The 2-D warp is given the landmarks of the true view, where any are found.",
    figures_at(TURNS), (STILL, WARP), cases, measure, __name__,
)  # fmt: skip
