"""Correctives: nothing at rest, nothing beyond what was seen, and their gradient."""

import numpy as np
import pytest

from studio.core.engines.lift.correctives import Correctives, correct, pull_back
from studio.core.engines.lift.neck import head_turns
from studio.core.motion.motion import Motion

N = 40


@pytest.fixture
def frames() -> list[Motion]:
    return [Motion.arkit(0.0, [0, 0.3 * k, 0, 0, 0, 0], jawOpen=0.25 * k) for k in range(4)]


def test_rest_is_not_corrected_and_nothing_leaves_the_range_seen(frames: list[Motion]) -> None:
    correctives = Correctives.over(frames, 4, N)
    assert correctives.table.shape == (N, len(correctives.basis), 6)
    assert not correctives.numbers(Motion.neutral()).any()
    most = correctives.numbers(frames[-1])
    beyond = correctives.numbers(Motion.arkit(0.0, [0, 3.0, 0, 0, 0, 0], jawOpen=1.0))
    np.testing.assert_allclose(beyond, most, atol=1e-6)
    assert np.abs(most).max() > 0.5


def test_frames_that_do_not_move_need_no_correctives() -> None:
    assert len(Correctives.over([Motion.neutral()] * 3, 4, N).basis) == 0


def test_the_gradient_is_that_of_the_corrections() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=3).astype(np.float32)
    turns, follow = head_turns(np.array([0.2, -0.4, 0.1, 0, 0, 0], np.float32)), rng.integers(0, 256, N, np.uint8)
    table = rng.normal(0, 0.01, (N, 3, 6)).astype(np.float32)
    colors = np.full((N, 3), 0.5, np.float32)
    grad_means, grad_colors = (rng.normal(size=(N, 3)).astype(np.float32) for _ in range(2))

    def value(table: np.ndarray) -> float:
        means = np.zeros((N, 3), np.float32)
        corrected = correct(table, numbers, turns, follow, means, colors)
        return float((means * grad_means).sum() + (corrected * grad_colors).sum())

    pulled = np.empty_like(table)
    pull_back(numbers, turns, follow, grad_means, grad_colors, pulled)
    # The corrections are linear in the table as long as colours stay within 0..1.
    step = rng.normal(0, 0.01, table.shape).astype(np.float32)
    assert value(table + step) - value(table) == pytest.approx(float((pulled * step).sum()), rel=1e-3, abs=1e-4)
