from dataclasses import replace

import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.evaluation import Evaluation
from studio.core.project.timeline import CHANNELS, Block, CameraKey, Curve, Key, Lane, Timeline

LANES: tuple[Lane, ...] = ("mouth", "expression", "gaze", "head")


def crowded(seed: int = 0) -> tuple[Timeline, dict[str, Motion]]:
    """Ten takes that overlap, twenty curves of both kinds, and a camera that moves."""
    rng = np.random.default_rng(seed)
    motions, takes, curves = {}, [], []
    for i in range(10):
        times = np.cumsum(rng.uniform(0.005, 0.03, 300))
        code, pose = rng.uniform(0, 0.7, (300, len(ARKIT_NAMES))), rng.normal(0, 0.1, (300, 6))
        motions[f"m{i}"] = Motion.from_frames("arkit", times, code, pose)
        lanes: tuple[Lane, ...] = tuple(lane for lane in LANES if rng.uniform() < 0.6) or LANES
        begin = rng.uniform(0, 1)
        takes.append(Block(f"t{i}", f"m{i}", "", rng.uniform(0, 4), begin, begin + rng.uniform(0.5, 3), lanes))
    for i, channel in enumerate(rng.choice(CHANNELS, 18, replace=False).tolist() + ["headYaw", "headPitch"]):
        times = np.sort(rng.uniform(0, 6, 8))
        keys = tuple(Key(float(t), *rng.normal(0.2, 0.2, 3).tolist()) for t in times)
        curves.append(Curve(channel, keys, "add" if i % 2 else "replace"))
    camera = tuple(CameraKey(float(t), Orbit(*rng.uniform(-20, 20, 2).tolist())) for t in np.sort(rng.uniform(1, 5, 5)))
    return Timeline(takes=tuple(takes), curves=tuple(curves), camera=camera), motions


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("changes", [{}, {"muted": frozenset({"mouth", "camera"})}, {"solo": frozenset({"head"})}])
def test_it_answers_as_the_timeline_does(seed: int, changes: dict) -> None:
    timeline, motions = crowded(seed)
    timeline = replace(timeline, **changes)
    evaluation = Evaluation(timeline, motions)
    for time in np.linspace(-0.5, 8, 60).tolist() + [take.start for take in timeline.takes]:
        wanted, found = timeline.motion_at(time, motions), evaluation.motion_at(time)
        np.testing.assert_allclose(found.code, wanted.code, atol=1e-6)
        np.testing.assert_allclose(found.head_pose, wanted.head_pose, atol=1e-6)
        view, known = timeline.view_at(time), evaluation.view_at(time)
        assert (view is None) == (known is None)
        if view is not None and known is not None:
            assert list(vars(known).values()) == pytest.approx(list(vars(view).values()))


def test_a_take_without_its_motion_rests_and_is_told() -> None:
    timeline, motions = crowded()
    del motions["m3"]
    evaluation = Evaluation(timeline, motions)
    assert evaluation.missing == ("m3",)
    rest = replace(timeline, takes=tuple(take for take in timeline.takes if take.source != "m3"))
    np.testing.assert_allclose(evaluation.motion_at(2.0).code, rest.motion_at(2.0, motions).code, atol=1e-6)
