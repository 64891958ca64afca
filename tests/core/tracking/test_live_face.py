"""A face before a camera that may go, on its own thread."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from fake_webcam import FakeWebcam, nobody, played, swaying

from studio.core.media import live_camera
from studio.core.tracking.live_face import LiveFace


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[FakeWebcam]:
    class Device(FakeWebcam):
        made: ClassVar[list[FakeWebcam]] = []
        pictures: ClassVar[list] = swaying()

    monkeypatch.setattr(live_camera, "Webcam", Device)
    monkeypatch.setattr(live_camera, "_LOOK_FOR_DEVICE", 0.01)
    return Device


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def face(device: type[FakeWebcam], said: list[str]) -> Iterator[LiveFace]:
    made = LiveFace(None, said.append)
    yield made
    made.stop()


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_it_is_followed_lost_and_found_again(face: LiveFace, device: type[FakeWebcam], said: list[str]) -> None:
    until(lambda: face.newest.presence == 1)
    sight = face.newest
    assert sight.motion.confidence[0] > 0.5
    assert sight.landmarks is not None
    assert sight.rgb is not None
    assert 0 <= time.monotonic() - sight.taken < 30
    assert face.name == "Desk camera"
    device.pictures = [nobody()]
    until(lambda: face.newest.presence == 0)
    assert not face.newest.motion.head_pose.any()
    until(lambda: "No face is seen; the head rests until one is." in said)
    device.pictures = swaying()
    until(lambda: face.newest.presence == 1)
    assert said == [
        "Watching Desk camera.",
        "The face is seen.",
        "No face is seen; the head rests until one is.",
        "The face is seen.",
    ]


def test_without_its_camera_the_head_rests_until_it_is_back(
    face: LiveFace, device: type[FakeWebcam], said: list[str]
) -> None:
    until(lambda: face.newest.presence == 1)
    device.there = False
    until(lambda: face.newest.presence == 0)
    assert face.waiting
    assert np.isnan(face.newest.taken)
    device.there = True
    until(lambda: face.newest.presence == 1)
    assert "The camera 'Desk camera' is gone; waiting for it." in said
    assert not any("No face" in sentence for sentence in said)


def test_a_calibration_makes_what_is_seen_the_rest(face: LiveFace, device: type[FakeWebcam], said: list[str]) -> None:
    aside = [device.pictures[8]]
    until(lambda: face.newest.presence == 1)
    device.pictures = aside
    face.calibrate()
    assert face.calibrating
    until(lambda: not face.calibrating)
    assert said[-1] == "This is now the face at rest."
    until(lambda: face.newest.presence == 1 and float(np.abs(face.newest.motion.head_pose).max()) < 0.01)


def test_a_face_is_pointed_at(face: LiveFace, said: list[str]) -> None:
    until(lambda: face.newest.landmarks is not None)
    face.point_at((0.02, 0.02))
    until(lambda: "There is no face where you pointed; the one before stays followed." in said)
    sight = face.newest
    assert sight.landmarks is not None
    assert sight.rgb is not None
    x, y = sight.landmarks[:, :2].mean(0) / sight.rgb.shape[1::-1]
    face.point_at((float(x), float(y)))
    until(lambda: "The face you pointed at is followed." in said)


def test_a_fault_is_told(face: LiveFace, device: type[FakeWebcam]) -> None:
    until(lambda: face.newest.presence == 1)
    device.pictures = [np.zeros((4, 4), np.uint8)]
    until(lambda: "fault in the program" in face.failure)


def test_a_clip_of_a_talker_is_followed(device: type[FakeWebcam], shared_data: Path) -> None:
    device.pictures = played(shared_data / "driving" / "drive_man_talking_outdoor_7s_480.mp4", 25)
    face = LiveFace(None, lambda _: None)
    try:
        until(lambda: face.newest.presence == 1)
        assert face.newest.motion.code.max() <= 1
        assert face.newest.motion.confidence[0] > 0.5
    finally:
        face.stop()
