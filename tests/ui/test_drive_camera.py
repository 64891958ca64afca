"""A camera on the drive thread, alone and beside a microphone."""

import math
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fake_microphone import FakeMicrophone
from fake_webcam import FakeWebcam, nobody, swaying
from pytestqt.qtbot import QtBot

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.tracking.gains import FaceGains
from studio.ui.session import DriveSettings
from studio.ui.viewport.drive_loop import DriveLoop

JAW, SMILE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthSmileLeft"]
STILL = DriveSettings(at_rest=False)


class Shown:
    """What was published."""

    def __init__(self) -> None:
        self.motion = Motion.neutral()
        self.heard = self.filmed = math.nan
        self.count = 0

    def __call__(self, motion: Motion, heard: float, filmed: float, *_: object) -> None:
        self.motion, self.heard, self.filmed = motion, heard, filmed
        self.count += 1

    @property
    def sideways(self) -> float:
        return float(abs(self.motion.head_pose[0, 3]))


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def loop(qapp: object, camera: type[FakeWebcam], device: type[FakeMicrophone], shown: Shown) -> Iterator[DriveLoop]:
    made = DriveLoop(shown)
    made.start()
    made.configure(STILL, Motion.neutral())
    yield made
    made.stop()


def test_a_face_alone_moves_head_and_lips(qtbot: QtBot, loop: DriveLoop, shown: Shown) -> None:
    loop.watch(None, alone=True)
    qtbot.waitUntil(lambda: shown.sideways > 0.01, timeout=60_000)
    qtbot.waitUntil(lambda: shown.motion.code[0, SMILE] > 0.05, timeout=60_000)  # her smile, against a closed mouth
    assert 0 < time.monotonic() - shown.filmed < 60
    assert math.isnan(shown.heard)
    with qtbot.waitSignal(loop.stopped) as stopped:
        loop.rest()
    assert stopped.args == [""]
    assert loop.face is None


def test_beside_a_microphone_the_face_leaves_the_lips_alone(qtbot: QtBot, loop: DriveLoop, shown: Shown) -> None:
    loop.listen("Desk")
    loop.watch(None, alone=False)
    qtbot.waitUntil(lambda: shown.sideways > 0.01 and shown.motion.code[0, JAW] > 0.02, timeout=60_000)
    assert math.isfinite(shown.filmed)
    assert math.isfinite(shown.heard)
    loop.look_away()
    qtbot.waitUntil(lambda: loop.face is None and math.isnan(shown.filmed), timeout=60_000)
    qtbot.waitUntil(lambda: shown.motion.code[0, JAW] > 0.02, timeout=60_000)  # still heard


def test_a_gain_of_nothing_stops_the_head_and_a_mirror_turns_it_round(
    qtbot: QtBot, loop: DriveLoop, camera: type[FakeWebcam], shown: Shown
) -> None:
    camera.pictures = swaying(2, 0.0)
    loop.watch(None, alone=True)
    qtbot.waitUntil(lambda: loop.face is not None and loop.face.newest.presence == 1, timeout=60_000)
    camera.pictures = [swaying(8)[2]]  # 20 px aside
    qtbot.waitUntil(lambda: shown.sideways > 0.005, timeout=60_000)
    side = np.sign(shown.motion.head_pose[0, 3])
    loop.configure(DriveSettings(at_rest=False, mirror=True), Motion.neutral())
    qtbot.waitUntil(lambda: np.sign(shown.motion.head_pose[0, 3]) == -side, timeout=60_000)
    loop.configure(DriveSettings(at_rest=False, head=0.0, face=FaceGains(head=0.0)), Motion.neutral())
    qtbot.waitUntil(lambda: not shown.motion.head_pose.any(), timeout=60_000)


def test_idle_life_returns_when_the_face_is_lost(
    qtbot: QtBot, loop: DriveLoop, camera: type[FakeWebcam], shown: Shown
) -> None:
    loop.watch(None, alone=True)
    qtbot.waitUntil(lambda: shown.sideways > 0.01, timeout=60_000)
    camera.pictures = [nobody()]
    qtbot.waitUntil(lambda: loop.face is not None and loop.face.newest.presence == 0, timeout=60_000)
    count = shown.count
    qtbot.waitUntil(lambda: shown.count > count + 2, timeout=60_000)
    assert shown.sideways < 0.008  # of idle life, no more of the face
    assert shown.motion.head_pose.any()


def test_a_lost_camera_is_waited_for(qtbot: QtBot, loop: DriveLoop, camera: type[FakeWebcam], shown: Shown) -> None:
    said: list[str] = []
    loop.said.connect(said.append)
    loop.watch("Lid", alone=True)
    qtbot.waitUntil(lambda: shown.sideways > 0.01, timeout=60_000)
    camera.there = False
    qtbot.waitUntil(lambda: loop.waiting, timeout=60_000)
    camera.there = True
    qtbot.waitUntil(lambda: not loop.waiting and shown.sideways > 0.01, timeout=60_000)
    assert "The camera 'Lid' is gone; waiting for it." in said
    assert "The camera 'Lid' is back." in said


def test_a_tracker_that_fails_lets_go_of_everything(
    qtbot: QtBot, loop: DriveLoop, camera: type[FakeWebcam], shown: Shown
) -> None:
    loop.listen("Desk")
    loop.watch(None, alone=False)
    qtbot.waitUntil(lambda: shown.sideways > 0.01, timeout=60_000)
    with qtbot.waitSignal(loop.failed, timeout=60_000) as failed:
        camera.pictures = [np.zeros((4, 4), np.uint8)]
    assert failed.args is not None
    assert "fault in the program" in failed.args[0]
    assert loop.face is None
    assert loop.microphone == ""
