"""Personalisation: a head built from one picture learns what a clip shows.

The rest Gaussians are fitted to many frames at once: their places, sizes, opacities and colours, correctives for what
expressions and turns do to both, and the plate behind. Each step poses the head as the tracker saw it in one frame,
draws it, and pulls the picture's gradient back through the posing, which for a given frame is affine in what is
learnt. After that, where time is left, each step first corrects its frame's pose and expression by what the head looks
like by then (GGTalker §3.4). Frames that are held back stay as they were tracked; they judge, and the state they like
best is kept.
"""

from pathlib import Path

import numpy as np

from studio.core.engines.base import Footage, Learning
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.checkpoint import Checkpoint, digest_of, load_checkpoint, save_checkpoint
from studio.core.engines.lift.personal_fit import Fitting
from studio.core.jobs import Job, Progress, Stopwatch
from studio.core.tracking.avatar_face import find_rest_face
from studio.core.tracking.retarget import Retarget, Shot

STEPS, JOINT_STEPS = 900, 150
"""With the frames as they were tracked; then with their poses and expressions learnt, too."""
_JUDGED_EVERY, _PATIENCE, _JOINT_PATIENCE = 50, 6, 2
_LEAST_RATE, _JOINT_RATE = 0.04, 0.15
_PLACED, _LEARNT = 0.05, 0.97  # shares of the whole


def learn(
    avatar: LiftAvatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
) -> Job[LiftAvatar]:
    """Fit an avatar to footage; see `studio.core.engines.base.Engine.adapt`.

    Previews are `Learning`.
    """
    watch = Stopwatch()
    # The same face must be found again when the head is driven, however much it has changed by then.
    rest_face = avatar.rest_face or find_rest_face(avatar)
    known = avatar.with_learnt(avatar.correctives, avatar.plate, rest_face)
    retarget = Retarget(known, footage.track, "video")
    shots: list[Shot] = []
    for i, time in enumerate(footage.times):
        shots.append(retarget.at(float(time)))
        if i % 10 == 0:
            yield watch.progress(_PLACED * i / len(footage.times), "placing the head in every frame")
    fit = Fitting(known, footage, retarget, shots)
    held, learnt = np.flatnonzero(footage.held_back), np.flatnonzero(~footage.held_back)
    shown = int(held[len(held) // 2])
    start = now = fit.picture(shown)
    before = best = fit.score(held)
    kept = fit.snapshot()
    fit.lay_plate()
    step, stale, spent, last, jointly = 0, 0, 0.0, STEPS, False
    digest = digest_of(avatar, footage) if kept_in is not None else ""
    if kept_in is not None and (found := load_checkpoint(kept_in, digest, fit.snapshot())) is not None:
        yield watch.progress(_PLACED, "going on where it stopped")
        fit.restore(found.best)
        best, kept, now = found.score, fit.snapshot(), fit.picture(shown)
        fit.restore(found.parameters)
        step, stale, spent = found.step, found.stale, found.seconds
        jointly = fit.corrected
        last = step + JOINT_STEPS if jointly else STEPS
    rng = np.random.default_rng([seed, step])
    waiting: list[int] = []
    began, limit = watch.elapsed - spent, 60 * minutes

    def told(preview: Learning | None = None) -> Progress:
        done = min(1.0, max(step / (STEPS + JOINT_STEPS), (watch.elapsed - began) / limit))
        message = f"learning: {before:.1f} → {best:.1f} dB on frames held back"
        return watch.progress(_PLACED + (_LEARNT - _PLACED) * done, message, preview)

    def reached() -> Learning:
        return Learning(fit.avatar(kept), before, best, footage.frames[shown], start, now)

    def judge() -> None:
        nonlocal best, kept, now, stale
        score, stale = fit.score(held), stale + 1
        if score > best:
            best, kept, now, stale = score, fit.snapshot(), fit.picture(shown), 0

    while watch.elapsed - began < limit:
        if not jointly and (step >= last or stale >= _PATIENCE):
            judge()
            if best == before:
                break
            fit.restore(kept)
            jointly, stale, last = True, 0, step + JOINT_STEPS
        if jointly and (step >= last or stale >= _JOINT_PATIENCE):
            break
        waiting = waiting or list(rng.permutation(learnt))
        frame, rate = int(waiting.pop()), _JOINT_RATE
        if jointly:
            fit.place(frame)
        else:
            done = max(step / STEPS, (watch.elapsed - began) / limit)
            rate = _LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + np.cos(np.pi * done))
        fit.step(frame, rate)
        step += 1
        if step % _JUDGED_EVERY:
            yield told()
            continue
        judge()
        if kept_in is not None:
            state = Checkpoint(fit.snapshot(), kept, best, step, stale, watch.elapsed - began)
            save_checkpoint(state, kept_in, digest)
        yield told(reached())
    judge()
    yield told(reached())
    return fit.avatar(kept, seen=fit.seen(learnt)) if best > before else avatar
