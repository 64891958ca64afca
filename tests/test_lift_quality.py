"""The judges of `benchmarks/lift_quality.py` must themselves be right."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def holes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("lift_holes")


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("lift_tracking")


def soft_disc(size: int = 128) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size / 2
    return np.clip((40 - np.hypot(x, y)) / 4, 0, 1)


def test_soft_outline_is_no_hole(holes):
    alpha = soft_disc()
    assert holes.hole_share(alpha, holes.silhouette(alpha)) == (1.0, 0.0)


@pytest.mark.parametrize("left", [0.0, 0.9])
def test_hole_is_seen(holes, left):
    alpha = soft_disc()
    alpha[60:65, 60:65] = left
    lowest, share = holes.hole_share(alpha, holes.silhouette(alpha))
    assert lowest == left
    assert share == pytest.approx(100 * 25 / holes.silhouette(alpha).sum())


@pytest.mark.parametrize("channel", ["jawOpen", "mouthSmile", "eyeBlink", "mouthPucker", "browInnerUp"])
def test_channel_is_found_on_a_turned_head_tracked_with_noise(tracking, channel):
    rng = np.random.default_rng(0)

    def tracked(frame: Any) -> np.ndarray:
        turn = Rotation.from_euler("xyz", [5, 20, 8], degrees=True)
        points = turn.apply(tracking.mean_head_landmarks(frame) - [512, 512, 0]) * 1.3 + [400, 500, 0]
        return points + rng.normal(0, 0.5, points.shape)

    rest = tracked(tracking.NEUTRAL)
    seen = tracking.responses(rest, tracked(tracking.EXPRESSIONS[channel]))
    assert tracking.largest(seen) == channel
    assert seen[channel] == pytest.approx(1, abs=0.2)
    assert tracking.largest(tracking.responses(rest, tracked(tracking.NEUTRAL))) == "nothing"
