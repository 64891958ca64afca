import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.perception import closed_form
from studio.core.perception.closed_form import solve_alpha, solve_foreground

SIZE = 300


@pytest.fixture
def matte() -> NDArray[np.float32]:
    """Return a ramp from background to person, 20 px wide, taller than the strips the Laplacian is made in."""
    x = np.arange(SIZE, dtype=np.float32) + 0.5
    y = np.arange(SIZE, dtype=np.float32)[:, None]
    return np.clip((x - SIZE / 2 - 20 * np.sin(y / 20)) / 20 + 0.5, 0, 1).astype(np.float32)


def two_colors(matte: NDArray[np.float32]) -> NDArray[np.float32]:
    person, background = np.array([0.3, 0.2, 0.15], np.float32), np.array([0.6, 0.7, 0.9], np.float32)
    return (matte[..., None] * person + (1 - matte[..., None]) * background).astype(np.float32)


def test_two_colours_give_their_mixture_back(matte: NDArray[np.float32]) -> None:
    known = (cv2.erode(matte, np.ones((9, 9))) == 1) | (cv2.dilate(matte, np.ones((9, 9))) == 0)
    guess = (matte > 0.5).astype(np.float32)
    solved = solve_alpha(two_colors(matte), guess, known, np.full(matte.shape, 1e-5, np.float32))
    assert np.abs(guess - matte)[~known].mean() > 0.1
    np.testing.assert_allclose(solved, matte, atol=0.03)
    np.testing.assert_array_equal(solved[known], guess[known])


def test_what_is_held_stays(matte: NDArray[np.float32]) -> None:
    known = (matte == 0) | (matte == 1)
    guess = np.where(known, matte, 0.3).astype(np.float32)
    solved = solve_alpha(two_colors(matte), guess, known, np.full(matte.shape, 1e3, np.float32))
    np.testing.assert_allclose(solved, guess, atol=0.01)


def test_where_all_is_known_nothing_is_solved(matte: NDArray[np.float32]) -> None:
    known = np.ones(matte.shape, bool)
    assert solve_alpha(two_colors(matte), matte, known, matte) is matte


def test_the_strips_do_not_show(matte: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, (SIZE, SIZE, 3)).astype(np.float32)
    picture = np.clip(two_colors(matte) + noise, 0, 1)
    known = (cv2.erode(matte, np.ones((9, 9))) == 1) | (cv2.dilate(matte, np.ones((9, 9))) == 0)
    hold = np.full(matte.shape, 1e-3, np.float32)
    in_strips = solve_alpha(picture, matte, known, hold)
    monkeypatch.setattr(closed_form, "_STRIP", SIZE)
    np.testing.assert_allclose(in_strips, solve_alpha(picture, matte, known, hold), atol=1e-3)


def test_the_foreground_holds_no_background(matte: NDArray[np.float32]) -> None:
    picture = two_colors(matte)
    colors = solve_foreground(picture, matte)
    assert colors.dtype == np.float32
    soft = (matte > 0.1) & (matte < 0.9)
    wanted = np.array([0.3, 0.2, 0.15], np.float32)
    assert np.abs(colors - wanted)[soft].mean() < 0.1 * np.abs(picture - wanted)[soft].mean()
    np.testing.assert_allclose(colors[matte == 1], picture[matte == 1], atol=0.005)


def test_nothing_else_of_pymatting_is_compiled(matte: NDArray[np.float32]) -> None:
    solve_foreground(two_colors(matte), matte)
    assert "pymatting.foreground.estimate_foreground_ml" in sys.modules
    assert not {name for name in sys.modules if name.startswith(("pymatting.alpha", "pymatting.util"))}
