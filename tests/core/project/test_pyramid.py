import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core import jobs
from studio.core.motion.motion import Motion
from studio.core.project.pyramid import build_pyramid
from studio.core.project.timeline import MOTION_LANES
from studio.core.project.traces import TRACES, trace_motion


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 300), st.integers(0, 2**31))
def test_columns_hold_all_of_a_track_and_nothing_else(count: int, columns: int, seed: int) -> None:
    track = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    pyramid = jobs.run(build_pyramid(track, 100.0))
    low, high = pyramid.columns(np.linspace(0, pyramid.seconds, columns + 1))
    np.testing.assert_array_equal(low.min(axis=0), track.min(axis=0))
    np.testing.assert_array_equal(high.max(axis=0), track.max(axis=0))
    assert (low <= high).all()


def test_a_peak_is_seen_where_it_is_at_any_zoom() -> None:
    track = np.zeros(100_000, np.float32)
    track[54_321] = 1
    pyramid = jobs.run(build_pyramid(track, 1000.0))
    for columns in (50, 700, 9000):
        edges = np.linspace(40, 60, columns + 1)
        _, high = pyramid.columns(edges)
        found = (edges[:-1] + edges[1:])[high[:, 0] == 1] / 2
        assert len(found)
        assert np.abs(found - 54.321).max() <= 20 / columns
    times, samples = pyramid.stretch(54.3, 54.4)
    assert times[samples[:, 0].argmax()] == pytest.approx(54.321)
    with pytest.raises(ValueError, match="one sample"):
        jobs.run(build_pyramid(track[:0], 1000.0))


def test_lanes_show_what_their_channels_do() -> None:
    motion = Motion.arkit(jawOpen=0.5, eyeLookInLeft=0.8, head_pose=(0, 0.3, 0, 0, 0, 0))
    seen = {lane: jobs.run(trace_motion(motion, lane)).samples for lane in MOTION_LANES}
    assert all(seen[lane].shape == (1, len(TRACES[lane])) for lane in MOTION_LANES)
    assert seen["mouth"][0, 0] == pytest.approx(0.5)
    assert seen["gaze"][0, 0] == pytest.approx(-0.8)
    assert seen["head"][0, 0] == pytest.approx(0.5)
    assert not seen["expression"].any()
