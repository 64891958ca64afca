"""A face followed while it is filmed."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_webcam import nobody, swaying
from numpy.typing import NDArray

from studio.core.motion.driver import Driver
from studio.core.tracking.follow import PATIENCE, FaceFollower
from studio.core.tracking.live import EASE, LiveTracker

FPS = 25


@pytest.fixture(scope="module")
def frames() -> list[NDArray[np.uint8]]:
    return swaying(24)


@pytest.fixture
def tracker() -> Iterator[LiveTracker]:
    made = LiveTracker(FPS)
    yield made
    made.close()


def test_it_is_a_driver_whose_frames_never_change(tracker: LiveTracker, frames: list[NDArray[np.uint8]]) -> None:
    assert isinstance(tracker, Driver)
    assert (tracker.source, tracker.space, tracker.look_ahead) == ("video", "arkit", 0.0)
    live = []
    for i, frame in enumerate(frames[:12]):
        tracker.push(frame)
        live.append(tracker.read((i + 0.2) / FPS))
    for i, motion in enumerate(live):
        later = tracker.read((i + 0.7) / FPS)
        assert later.times[0] == pytest.approx(i / FPS)
        np.testing.assert_array_equal(later.head_pose, motion.head_pose)
    assert tracker.read(99.0) is live[-1]  # past what is known the newest is held
    assert live[-1].confidence[0] > 0.5
    assert live[-1].head_pose[0, 3] != live[0].head_pose[0, 3]


def test_the_same_frames_give_the_same_motion_after_a_reset(
    tracker: LiveTracker, frames: list[NDArray[np.uint8]]
) -> None:
    played = []
    for _ in range(2):
        for frame in frames[:6]:
            tracker.push(frame)
        played.append(tracker.read(1.0))
        tracker.reset()
    np.testing.assert_allclose(played[0].head_pose, played[1].head_pose, atol=2e-3)
    assert played[0].times == played[1].times


def test_a_lost_face_comes_to_rest_and_takes_over_again_gently(
    tracker: LiveTracker, frames: list[NDArray[np.uint8]]
) -> None:
    for frame in frames[:12]:
        tracker.push(frame)
    assert tracker.presence == 1
    assert tracker.landmarks is not None
    before = tracker.read(99.0)
    count = round(2 * EASE * FPS)
    seen = []
    for _ in range(count):
        tracker.push(nobody())
        seen.append(tracker.read(99.0))
    assert all(motion.confidence[0] == 0 for motion in seen)
    assert np.abs(seen[0].head_pose - before.head_pose).max() < 0.5 * np.abs(before.head_pose).max()
    assert not seen[-1].code.any()
    assert not seen[-1].head_pose.any()
    assert tracker.presence == 0
    assert tracker.landmarks is None
    tracker.push(frames[18])
    assert tracker.presence < 0.2
    for _ in range(count):
        tracker.push(frames[18])
    assert tracker.presence == 1
    assert tracker.read(99.0).confidence[0] > 0.5


def test_forgetting_keeps_what_is_read_from_then_on(tracker: LiveTracker, frames: list[NDArray[np.uint8]]) -> None:
    for frame in frames[:6]:
        tracker.push(frame)
    kept = tracker.read(3.4 / FPS)
    tracker.forget(3.4 / FPS)
    assert tracker.read(3.4 / FPS) is kept
    assert tracker.read(0.0) is kept


def test_calibrated_a_turned_and_smiling_second_is_rest(tracker: LiveTracker, shared_data: Path) -> None:
    from studio.core.media.video import read_frames

    clip = shared_data / "driving" / "drive_woman_expressions_12s_512_silent.mp4"
    shown = [rgb for _, rgb in read_frames(clip, 46)][45]  # her head is turned here
    straight = [rgb for _, rgb in read_frames(clip, 3)]
    for frame in straight:
        tracker.push(frame)
    for _ in range(10):
        tracker.push(shown)
    turned = tracker.read(99.0)
    assert abs(turned.head_pose[0, 1]) > 0.08
    tracker.calibrate()
    assert tracker.calibrating
    for _ in range(2 * FPS):
        tracker.push(shown)
    assert not tracker.calibrating
    rest = tracker.read(99.0)
    assert np.abs(rest.head_pose[0]).max() < 0.01
    assert rest.code.max() < 0.1


def pair(frames: list[NDArray[np.uint8]], left: bool, right: bool) -> NDArray[np.uint8]:
    """Return a picture with two people, the right one smaller, who may each be away."""
    other = cv2.flip(cv2.resize(frames[0], (240, 180), interpolation=cv2.INTER_AREA), 1)
    room = nobody(640, 240)
    if left:
        room[:, :320] = frames[0]
    if right:
        room[30:210, 380:620] = other
    return room


def test_of_two_faces_the_one_followed_stays_followed(frames: list[NDArray[np.uint8]]) -> None:
    follow = FaceFollower()
    try:
        time = 0.0

        def look(left: bool, right: bool, seconds: float) -> list[float | None]:
            nonlocal time
            out: list[float | None] = []
            for _ in range(round(seconds * 10)):
                time += 0.1
                found = follow(pair(frames, left, right), time)
                out.append(None if found is None else float(found[:, 0].mean()))
            return out

        both = look(True, True, 0.5)
        assert all(x is not None and x < 320 for x in both)  # the larger one
        assert look(False, True, 0.5 * PATIENCE) == [None] * round(5 * PATIENCE)
        back = look(True, True, 1.0)
        assert back[-1] is not None
        assert back[-1] < 320
        assert look(False, True, PATIENCE - 0.2)[-1] is None
        after = look(False, True, 1.0)
        assert after[-1] is not None
        assert after[-1] > 380
    finally:
        follow.close()


def test_another_person_is_measured_anew(tracker: LiveTracker, frames: list[NDArray[np.uint8]]) -> None:
    for frame in frames[:4]:
        tracker.push(frame)
    for _ in range(round((PATIENCE + 0.2) * FPS)):
        tracker.push(nobody())
    stretched = cv2.resize(frames[0][20:220, 80:230], (320, 240))  # a wider face than hers
    for _ in range(round(2 * EASE * FPS)):
        tracker.push(np.asarray(stretched, np.uint8))
    rest = tracker.read(99.0)
    assert rest.confidence[0] > 0.9
    assert np.abs(rest.head_pose).max() < 0.06  # its own pose is home now


def test_the_face_that_is_pointed_at_is_followed_and_measured_anew(
    tracker: LiveTracker, frames: list[NDArray[np.uint8]]
) -> None:
    def middle() -> float:
        assert tracker.landmarks is not None
        return float(tracker.landmarks[:, 0].mean())

    for k in range(4):
        tracker.push(pair(frames[k:], True, True))
    assert middle() < 320
    turned = tracker.read(99.0).head_pose[0]
    tracker.point_at((0.78, 0.5))
    tracker.push(pair(frames, True, True))
    assert middle() > 380
    # The other one's own pose is home now, and what was shown before does not jump.
    assert np.abs(tracker.read(99.0).head_pose[0] - turned).max() < 0.02
    for _ in range(FPS):
        tracker.push(pair(frames, True, True))
    assert middle() > 380
    assert np.abs(tracker.read(99.0).head_pose[0]).max() < 0.02
    tracker.point_at((0.05, 0.95))
    tracker.push(pair(frames, True, True))
    assert middle() > 380  # nobody is there
