"""What smoothing takes away, and what it must not."""

import numpy as np

from studio.core.tracking.smooth import EXPRESSION, OneEuro, two_sided

TIMES = np.arange(100) / 25


def blink() -> np.ndarray:
    """One blink of four frames."""
    value = np.zeros((100, 1))
    value[50:54, 0] = [0.5, 1.0, 0.9, 0.4]
    return value


def test_a_blink_survives() -> None:
    smooth = two_sided(blink(), TIMES, EXPRESSION)
    assert smooth.max() > 0.8
    assert abs(int(smooth.argmax()) - 51) <= 1
    live = OneEuro(EXPRESSION)
    assert max(float(live(value, time)[0]) for value, time in zip(blink(), TIMES, strict=True)) > 0.7


def test_noise_at_rest_is_taken_out() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (100, 1))
    smooth = two_sided(noise, TIMES, EXPRESSION)
    assert np.diff(smooth[:, 0], 2).std() < 0.7 * np.diff(noise[:, 0], 2).std()


def test_both_sides_add_no_delay() -> None:
    wave = np.sin(2 * np.pi * 1.5 * TIMES)[:, None]
    smooth = two_sided(wave, TIMES, EXPRESSION)
    early, late = (np.corrcoef(wave[5:-5, 0], np.roll(smooth[:, 0], k)[5:-5])[0, 1] for k in (-1, 1))
    assert abs(early - late) < 0.02


def test_a_filter_that_was_reset_starts_at_the_next_value() -> None:
    live = OneEuro(EXPRESSION)
    live(np.array([5.0]), 0.0)
    live.reset()
    assert live(np.array([1.0]), 1.0)[0] == 1.0
