"""Correctives: nothing at rest, nothing beyond what was seen, and their gradient."""

from dataclasses import replace

import numpy as np
import pytest

from studio.core.engines.lift.correctives import Correctives, Mixer, correct, pull_back
from studio.core.engines.lift.neck import head_turns
from studio.core.motion.motion import Motion

N = 40


@pytest.fixture
def frames() -> list[Motion]:
    return [Motion.arkit(0.0, [0, 0.3 * k, 0, 0, 0, 0], jawOpen=0.25 * k) for k in range(4)]


def test_rest_is_not_corrected_and_nothing_leaves_the_range_seen(frames: list[Motion]) -> None:
    plain = Correctives.over(frames, N)
    assert plain.table.shape == (N, len(plain.mixer.mixing), 6)
    learnt = np.random.default_rng(0).normal(0, 1, plain.mixer.mixing.shape).astype(np.float32)
    correctives = replace(plain, mixer=replace(plain.mixer, mixing=learnt))
    assert not correctives.numbers(Motion.neutral()).any()
    most = correctives.numbers(frames[-1])
    beyond = correctives.numbers(Motion.arkit(0.0, [0, 3.0, 0, 0, 0, 0], jawOpen=1.0))
    np.testing.assert_allclose(beyond, most, atol=1e-6)
    assert np.abs(most).max() > 0.5


def test_frames_that_do_not_move_need_no_correctives() -> None:
    assert Correctives.over([Motion.neutral()] * 3, N).table.shape[1] == 0


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


@pytest.fixture
def mixer() -> Mixer:
    rng = np.random.default_rng(1)
    hidden, mixing = rng.normal(0, 1, (7, 4)), rng.normal(0, 1, (2, 10))
    return Mixer(hidden.astype(np.float32), mixing.astype(np.float32))


def test_a_mixer_bends_where_a_matrix_cannot_and_begins_as_one(mixer: Mixer) -> None:
    inputs = np.array([0.5, -0.3, 0.8], np.float32)
    assert not np.allclose(mixer(2 * inputs), 2 * mixer(inputs), atol=0.05)
    straight = Mixer.straight(3, 2, units=7)
    np.testing.assert_array_equal(straight(inputs), inputs[:2])
    np.testing.assert_array_equal(straight(2 * inputs), 2 * inputs[:2])


def test_the_mixers_gradient_is_that_of_its_numbers(mixer: Mixer) -> None:
    exact = replace(mixer, **{name: getattr(mixer, name).astype(np.float64) for name in ("hidden", "mixing")})
    inputs, grad = np.array([0.5, -0.3, 0.8]), np.array([1.5, -0.7])
    pulled = exact.pull_back(inputs, grad)
    for name in ("hidden", "mixing"):
        weights, gradient = getattr(exact, name), getattr(pulled, name)
        assert gradient.shape == weights.shape
        for at in np.ndindex(weights.shape):
            aside = weights.copy()
            aside[at] += 1e-6
            slope = grad @ (replace(exact, **{name: aside})(inputs) - exact(inputs)) / 1e-6
            assert gradient[at] == pytest.approx(slope, rel=1e-3, abs=1e-5)
