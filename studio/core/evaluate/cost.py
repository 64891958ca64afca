"""What an engine costs: the time to a first and to the finished head, its size, and frames a second while it speaks."""

import time
from pathlib import Path

import numpy as np

from studio.core.avatar import Avatar, FrameBuffers, on_fastest_device, render_bytes
from studio.core.errors import UserError
from studio.core.evaluate.driving import spoken_motion
from studio.core.evaluate.strips import square
from studio.core.evaluate.suite import PICTURES, Case, Contender, Figure, Measured, Suite, files_in
from studio.core.evaluate.workshop import Workshop
from studio.core.framing import square_camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import choose_backend, warm_up
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE

PORTRAITS, FRAMES, SIZE = 4, 100, 512
QUICK_FRAMES, QUICK_SIZE = 5, 64
_FPS = 25.0
_IDLE = 2  # frames that are drawn before any is timed
_warm: set[tuple[str, str | None]] = set()


def cases(data: Path, quick: bool) -> list[Case]:
    """Return the first pictures of ``portraits/``."""
    pictures = files_in(data, "portraits", PICTURES)[: 1 if quick else PORTRAITS]
    if not pictures:
        raise UserError("there is no picture in portraits/; put portraits there.")
    settings = {"frames": QUICK_FRAMES if quick else FRAMES, "size": QUICK_SIZE if quick else SIZE}
    return [Case(picture.stem, {"portrait": picture}, settings) for picture in pictures]


def timed_build(contender: Contender, picture: Path, shop: Workshop) -> Job[tuple[Avatar, float, float]]:
    """Build an avatar; return it, and the seconds to its first preview and to its end."""
    began, coarse = time.perf_counter(), float("nan")
    job = shop.building(contender, picture)
    try:
        while True:
            report = next(job)
            if np.isnan(coarse) and hasattr(report.preview, "pose"):
                coarse = time.perf_counter() - began
            yield report
    except StopIteration as done:
        return done.value, coarse, time.perf_counter() - began
    finally:
        job.close()


def frames_a_second(avatar: Avatar, size: int, count: int, backend: str) -> Job[float]:
    """Return how many frames of a speaking head are posed, drawn and shaded into bytes a second."""
    watch, camera, buffers = Stopwatch(), square_camera(avatar, size), FrameBuffers()
    motion = spoken_motion(load_audio(sample_speech(), SAMPLE_RATE), _FPS, seed=0)
    seconds = []
    for k, moment in enumerate(motion.times[: count + _IDLE]):
        frame = motion.at(float(moment))
        began = time.perf_counter()
        np.asarray(render_bytes(avatar, frame, camera, backend=backend, buffers=buffers))
        seconds.append(time.perf_counter() - began)
        yield watch.progress(min(1.0, k / count), "timing frames")
    return 1 / float(np.median(seconds[_IDLE:]))


def measure(case: Case, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Build and draw one portrait, with everything warm."""
    watch = Stopwatch()
    picture, size, count = case.files["portrait"], int(case.settings["size"]), int(case.settings["frames"])
    who = (contender.engine, contender.variant)
    if who not in _warm:
        yield from share(shop.building(contender, picture), watch, 0.0, 0.3)
        warm_up()
        _warm.add(who)
    avatar, coarse, finished = yield from share(timed_build(contender, picture, shop), watch, 0.3, 0.6)
    cpu = yield from share(frames_a_second(avatar, size, count, "numba"), watch, 0.6, 0.8)
    figures = {
        "coarse": coarse, "finished": finished, "cpu": cpu, "megabytes": shop.size_of(contender, picture) / 1e6,
        "gaussians": len(avatar.pose(Motion.neutral(), avatar.camera)) / 1e3,
    }  # fmt: skip
    if choose_backend().name == "gsplat":
        fast = on_fastest_device(avatar)
        figures["gpu"] = yield from share(frames_a_second(fast, size, count, "gsplat"), watch, 0.8, 1.0)
    view = np.asarray(render_bytes(avatar, Motion.neutral(), square_camera(avatar, size)))[..., :3]
    return Measured(figures, square(view))


SUITE = Suite(
    "cost", "Cost",
    f"Time to build the first {PORTRAITS} portraits, the network's own loading done before; frames a second at "
    f"{SIZE}² of a head that speaks, posed, drawn and shaded, the median frame; size of the saved file.",
    (
        Figure("coarse", "first preview s", "down", 1), Figure("finished", "built s", "down", 1),
        Figure("cpu", "frames/s, processor", digits=0), Figure("gpu", "frames/s, graphics card", digits=0),
        Figure("gaussians", "thousand Gaussians", "", 0), Figure("megabytes", "file MB", "down", 1),
    ),
    (), cases, measure, __name__, timed=True,
)  # fmt: skip
