import numpy as np
import pytest

from studio.core.orbit import MAX_YAW, Orbit
from studio.core.project.timeline import Timeline
from studio.core.project.turntable import turntable


def yaws(whole: bool) -> np.ndarray:
    timeline = Timeline(camera=turntable(Orbit(pitch=7, zoom=2), 3.0, 8.0, whole))
    views = [timeline.view_at(t) for t in np.linspace(3, 11, 161)]
    assert all(view is not None and (view.pitch, view.zoom) == (pytest.approx(7), pytest.approx(2)) for view in views)
    return np.array([view.yaw for view in views if view is not None])


def test_a_turn_stays_where_the_head_can_be_believed_and_comes_back() -> None:
    seen = yaws(whole=False)
    assert seen.max() == pytest.approx(MAX_YAW)
    assert seen.min() == pytest.approx(-MAX_YAW)
    assert seen[[0, -1]] == pytest.approx([0, 0], abs=1e-9)


def test_a_whole_turn_is_even() -> None:
    np.testing.assert_allclose(yaws(whole=True), np.linspace(0, 360, 161), atol=1e-6)


def test_a_turn_takes_time() -> None:
    with pytest.raises(ValueError, match="0 s"):
        turntable(Orbit(), 0, 0)
