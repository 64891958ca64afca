"""A camera that is unplugged, taken, and comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from fake_webcam import FakeWebcam, nobody

from studio.core.media import live_camera
from studio.core.media.live_camera import LiveCamera


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[FakeWebcam]:
    class Device(FakeWebcam):
        made: ClassVar[list[FakeWebcam]] = []
        pictures: ClassVar[list] = [nobody()]
        fps = 200.0

    monkeypatch.setattr(live_camera, "Webcam", Device)
    monkeypatch.setattr(live_camera, "_LOOK_FOR_DEVICE", 0.01)
    return Device


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watch(said: list[str]) -> Iterator[Callable[..., LiveCamera]]:
    made = []

    def make(name: str | None = None) -> LiveCamera:
        made.append(LiveCamera(name, said.append))
        return made[-1]

    yield make
    for camera in made:
        camera.stop()


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_whoever_is_slow_gets_the_newest_and_nothing_twice(
    device: type[FakeWebcam], watch: Callable[..., LiveCamera]
) -> None:
    camera = watch()
    first = camera.newer(0, 20.0)
    assert first is not None
    until(lambda: (shot := camera.newer(0, 20.0)) is not None and shot.number > first.number + 5)
    second = camera.newer(first.number, 20.0)
    assert second is not None
    assert second.number > first.number + 5
    assert second.taken > first.taken
    assert camera.name == "Desk camera"


def test_a_lost_camera_is_waited_for_and_no_other_is_taken(
    device: type[FakeWebcam], watch: Callable[..., LiveCamera], said: list[str]
) -> None:
    camera = watch("Lid")
    assert camera.newer(0, 20.0) is not None
    device.there = False
    until(lambda: camera.state == "waiting")
    last = camera.newer(0, 20.0)
    assert last is not None
    assert camera.newer(last.number, 0.05) is None
    device.there = True
    assert camera.newer(last.number, 20.0) is not None
    assert said == ["Watching Lid.", "The camera 'Lid' is gone; waiting for it.", "The camera 'Lid' is back."]
    assert {made.name for made in device.made} == {"Lid"}


def test_a_camera_that_another_program_has_is_told_once_and_taken_when_it_is_free(
    device: type[FakeWebcam], watch: Callable[..., LiveCamera], said: list[str]
) -> None:
    device.taken = True
    camera = watch("Lid")
    until(lambda: len(device.made) > 3)
    assert said == ["The camera 'Lid' is taken by another program; close that one."]
    device.taken = False
    until(lambda: camera.state == "seeing")


def test_stop_lets_go_of_it(device: type[FakeWebcam], watch: Callable[..., LiveCamera]) -> None:
    camera = watch()
    until(lambda: camera.state == "seeing")
    camera.stop()
    until(lambda: not device.made[0].open)
    assert camera.newer(10**9, 20.0) is None


def test_a_fault_is_told_and_final(device: type[FakeWebcam], watch: Callable[..., LiveCamera]) -> None:
    device.pictures = []
    camera = watch()
    until(lambda: camera.state == "failed")
    assert "fault in the program" in camera.failure
