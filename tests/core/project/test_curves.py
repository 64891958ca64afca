import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core import jobs
from studio.core.project import curves
from studio.core.project.timeline import Curve, Key

TIMES = np.arange(600) / 60
heights = st.floats(0, 1, allow_nan=False, width=32)


def decimate(track: np.ndarray, tolerance: float = 0.02) -> tuple[Key, ...]:
    return jobs.run(curves.decimate(TIMES[: len(track)], track, tolerance))


@settings(max_examples=50, deadline=None)
@given(st.lists(heights, min_size=1, max_size=80), st.sampled_from([0.0, 0.02, 0.2]))
def test_no_sample_is_further_from_its_curve_than_was_allowed(track: list[float], tolerance: float) -> None:
    keys = decimate(np.array(track), tolerance)
    found = curves.values(keys, TIMES[: len(track)])
    assert np.abs(found - track).max() <= tolerance + 1e-9
    assert (keys[0].time, keys[-1].time) == (0, TIMES[len(track) - 1])


def test_speech_needs_few_keys_and_a_line_two() -> None:
    jaw = np.clip(0.4 + 0.4 * np.sin(TIMES * 9 + np.sin(TIMES * 2)), 0, 1)
    keys = decimate(jaw)
    assert len(keys) < len(jaw) / 10
    assert sum(key.before == key.after for key in keys) > len(keys) / 2  # no corners where there are none
    assert len(decimate(TIMES * 0.1)) == 2
    with pytest.raises(ValueError, match="one sample"):
        decimate(np.zeros(0))


def test_many_values_are_those_of_the_curve_one_by_one() -> None:
    keys = (Key(1, 0.2, 0, 0.5), Key(3, 0.8, -0.3, 0.1), Key(4, 0.1, 2, 0))
    times = np.linspace(0, 5, 101)
    for some in (keys, keys[:1]):
        expected = [Curve("jawOpen", some).at(time) for time in times]
        np.testing.assert_allclose(curves.values(some, times), expected, atol=1e-12)


def test_tangents() -> None:
    curve = Curve("jawOpen", (Key(0, 0), Key(1, 0.5), Key(3, 0.5)))
    smooth = curves.with_tangent(curve, 1, "smooth").keys[1]
    assert smooth.before == smooth.after == pytest.approx(0.5 / 3)
    corner = curves.with_tangent(curve, 1, "linear").keys[1]
    assert (corner.before, corner.after) == (0.5, 0)
    flat = curves.with_tangent(curves.with_tangent(curve, 1, "linear"), 1, "flat").keys[1]
    assert (flat.before, flat.after) == (0, 0)


def test_handles_turn_together_until_the_tangent_is_broken() -> None:
    curve = Curve("jawOpen", (Key(0, 0), Key(1, 0.5)))
    assert curves.with_slope(curve, 1, "before", 0.7, broken=False).keys[1] == Key(1, 0.5, 0.7, 0.7)
    broken = curves.with_slope(curve, 1, "before", 0.7, broken=True)
    assert broken.keys[1] == Key(1, 0.5, 0.7, 0.0)
    assert curves.with_slope(broken, 1, "after", 0.2, broken=False).keys[1] == Key(1, 0.5, 0.7, 0.2)


def test_keys_stay_in_order_apart_and_within_what_the_channel_can_do() -> None:
    curve = Curve("jawOpen", (), "replace")
    for time, value in ((2.0, 0.5), (1.0, 3.0), (2.0, -1.0)):
        curve = curves.with_key(curve, time, value)
    assert [(key.time, key.value) for key in curve.keys] == [(1, 1), (2, 0)]
    assert curves.with_key(Curve("jawOpen", ()), 0, -0.4).keys[0].value == -0.4
    assert curves.with_key(Curve("headYaw", (), "replace"), 0, -0.4).keys[0].value == -0.4
