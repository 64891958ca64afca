import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.driver import Driver
from studio.core.motion.motion import Motion
from studio.core.speech.stream import SpeechDriver


@pytest.fixture
def track() -> Motion:
    """Three frames at uneven times; every value says where it is."""
    rng = np.random.default_rng(0)
    return Motion(
        "arkit",
        np.array([1.0, 1.5, 3.5]),
        rng.uniform(0, 1, (3, 52)).astype(np.float32),
        rng.normal(0, 0.2, (3, 6)).astype(np.float32),
        np.array([1.0, 0.5, 0.0], np.float32),
    )


def test_a_frame_of_the_track_is_given_as_it_is(track: Motion) -> None:
    for i, time in enumerate(track.times):
        frame = track.at(time)
        assert len(frame) == 1
        assert frame.times[0] == time
        np.testing.assert_array_equal(frame.code[0], track.code[i])
        np.testing.assert_array_equal(frame.head_pose[0], track.head_pose[i])
        assert frame.confidence[0] == track.confidence[i]


def test_between_frames_everything_is_interpolated(track: Motion) -> None:
    frame = track.at(2.0)  # a quarter of the way from the second frame to the third
    np.testing.assert_allclose(frame.code[0], 0.75 * track.code[1] + 0.25 * track.code[2], rtol=1e-6)
    np.testing.assert_allclose(frame.head_pose[0], 0.75 * track.head_pose[1] + 0.25 * track.head_pose[2], rtol=1e-5)
    assert frame.confidence[0] == pytest.approx(0.375)
    assert frame.times[0] == 2.0
    assert (frame.code.dtype, frame.head_pose.dtype, frame.confidence.dtype) == (np.float32,) * 3


def test_outside_the_track_its_ends_are_held(track: Motion) -> None:
    for time, end in [(-5.0, 0), (0.99, 0), (3.51, 2), (1e9, 2)]:
        frame = track.at(time)
        np.testing.assert_array_equal(frame.code[0], track.code[end])
        assert frame.times[0] == time


@given(st.floats(-2, 12), st.lists(st.floats(0.001, 2), min_size=0, max_size=6))
def test_a_frame_stays_between_its_neighbours(time: float, steps: list[float]) -> None:
    times = np.cumsum([0.0, *steps])
    ramp = np.repeat(np.linspace(0, 1, len(times))[:, None], 52, axis=1)
    value = Motion.from_frames("arkit", times, ramp).at(time).code[0, 0]
    i = np.clip(np.searchsorted(times, time), 1, len(times) - 1) if len(times) > 1 else 0
    assert ramp[max(i - 1, 0), 0] - 1e-6 <= value <= ramp[i, 0] + 1e-6


def test_one_frame_is_held_for_ever() -> None:
    frame = Motion.arkit(2.0, jawOpen=0.4)
    for time in (0.0, 2.0, 9.0):
        np.testing.assert_array_equal(frame.at(time).code, frame.code)


def test_channels_are_set_by_name() -> None:
    frame = Motion.arkit(1.5, [0.1, 0, 0, 0, 0.01, 0], jawOpen=0.7, tongueOut=0.2)
    assert frame.code[0, ARKIT_INDEX["jawOpen"]] == np.float32(0.7)
    assert frame.code[0, ARKIT_INDEX["tongueOut"]] == np.float32(0.2)
    assert np.count_nonzero(frame.code) == 2
    np.testing.assert_allclose(frame.head_pose, [[0.1, 0, 0, 0, 0.01, 0]])
    assert frame.times[0] == 1.5
    assert not Motion.neutral().code.any()
    assert not Motion.neutral().head_pose.any()
    with pytest.raises(KeyError, match="jawopen"):
        Motion.arkit(jawopen=1)


def test_there_are_52_channels() -> None:
    assert len(set(ARKIT_NAMES)) == 52
    assert [ARKIT_NAMES[i] for i in ARKIT_INDEX.values()] == list(ARKIT_INDEX)
    for name in ARKIT_NAMES:
        for side, other in (("Left", "Right"), ("Right", "Left")):
            assert not name.endswith(side) or name.removesuffix(side) + other in ARKIT_NAMES


@pytest.mark.parametrize(
    ("space", "code", "head_pose", "confidence"),
    [
        ("arkit", (2, 51), (2, 6), (2,)),
        ("arkit", (1, 52), (2, 6), (2,)),
        ("arkit", (52,), (2, 6), (2,)),
        ("arkit", (2, 52), (2, 7), (2,)),
        ("arkit", (2, 52), (1, 6), (2,)),
        ("arkit", (2, 52), (2, 6), (2, 1)),
        ("arkit", (2, 52), (2, 6), (3,)),
    ],
)
def test_wrong_shapes_are_refused(space: str, code: tuple, head_pose: tuple, confidence: tuple) -> None:
    zeros = (np.zeros(shape, np.float32) for shape in (code, head_pose, confidence))
    with pytest.raises(ValueError, match=r"must|expected"):
        Motion(space, np.arange(2.0), *zeros)


def test_spaces_of_other_engines_bring_their_own_size() -> None:
    assert Motion.from_frames("uhap", np.arange(2), np.zeros((2, 256))).at(0.5).code.shape == (1, 256)


def test_the_speech_driver_is_a_driver() -> None:
    driver = SpeechDriver()
    assert isinstance(driver, Driver)
    assert (driver.source, driver.space) == ("speech", "arkit")
    assert driver.read(0.0).space == "arkit"
    assert not isinstance(Motion.neutral(), Driver)
