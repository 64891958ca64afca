"""Cameras as Linux lists them, and as OpenCV opens them."""

import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media import webcam
from studio.core.media.webcam import FPS, HEIGHT, LARGEST, WIDTH, Webcam, webcams

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cameras are listed by name on Linux only")


class Capture:
    """Stands in for `cv2.VideoCapture`."""

    opens = True
    size: tuple[int, int] = (480, 640)
    pictures = 1000
    told = 0.0
    asked: dict[int, float]

    def __init__(self, number: int, *_: Any) -> None:
        self.number, self.released = number, False
        Capture.asked = {}
        Capture.newest = self

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, what: int, value: float) -> None:
        Capture.asked[what] = value

    def get(self, what: int) -> float:
        return self.told

    def read(self) -> tuple[bool, np.ndarray | None]:
        Capture.pictures -= 1
        if Capture.pictures < 0:
            return False, None
        picture = np.zeros((*self.size, 3), np.uint8)
        picture[..., 0] = 200  # blue
        return True, picture

    def release(self) -> None:
        self.released = True


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Capture]:
    """Plug in two cameras of one make and one of another, each with a node that gives no pictures."""
    names = ["HD Webcam", "HD Webcam", "HD Webcam", "HD Webcam", "Capture Card", "Capture Card"]
    for i, name in enumerate(names):
        node = tmp_path / f"video{2 * i if i < 5 else 12}"
        node.mkdir()
        (node / "name").write_text(name + "\n")
        (node / "index").write_text(f"{i % 2}\n")

    class Fresh(Capture):
        pass

    Capture.pictures = 1000
    monkeypatch.setattr(webcam, "_SYSTEM", tmp_path)
    monkeypatch.setattr(webcam.os, "access", lambda *_: True)
    monkeypatch.setattr(cv2, "VideoCapture", Fresh)
    return Fresh


def test_cameras_have_names_that_differ(plugged: type[Capture]) -> None:
    assert webcams() == ["HD Webcam 1", "HD Webcam 2", "Capture Card"]


def test_a_camera_is_found_by_name_and_asked_for_what_the_tracker_needs(plugged: type[Capture]) -> None:
    camera = Webcam("Capture Card")
    camera.start()
    assert Capture.newest.number == 8
    assert Capture.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert (Capture.asked[cv2.CAP_PROP_FRAME_WIDTH], Capture.asked[cv2.CAP_PROP_FRAME_HEIGHT]) == (WIDTH, HEIGHT)
    assert Capture.asked[cv2.CAP_PROP_FPS] == FPS
    seen = camera.read()
    assert seen is not None
    assert seen[0][0, 0].tolist() == [0, 0, 200]  # RGB
    camera.stop()
    assert Capture.newest.released


def test_without_a_wish_the_first_is_taken_and_named(plugged: type[Capture]) -> None:
    camera = Webcam()
    camera.start()
    assert (camera.name, Capture.newest.number) == ("HD Webcam 1", 0)


def test_pictures_larger_than_wanted_are_shrunk(plugged: type[Capture]) -> None:
    plugged.size = (2160, 3840)
    camera = Webcam()
    camera.start()
    seen = camera.read()
    assert seen is not None
    assert seen[0].shape == (720, LARGEST, 3)


def test_the_drivers_time_is_believed_only_where_it_can_be(plugged: type[Capture]) -> None:
    camera = Webcam()
    camera.start()
    before = time.monotonic()
    for told in (0.0, 12.0, 1e12):
        plugged.told = told
        seen = camera.read()
        assert seen is not None
        assert before <= seen[1] <= time.monotonic()
    plugged.told = 1000 * (before - 0.04)
    seen = camera.read()
    assert seen is not None
    assert seen[1] == pytest.approx(before - 0.04)


def test_a_camera_that_ends_is_gone(plugged: type[Capture]) -> None:
    camera = Webcam()
    camera.start()
    Capture.pictures = 1
    assert camera.read() is not None
    assert camera.read() is None


def test_what_stands_in_the_way_is_said(plugged: type[Capture], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="'Door' is not there; plug it in"):
        Webcam("Door").start()
    plugged.opens = False
    with pytest.raises(UserError, match="taken by another program; close that one"):
        Webcam().start()
    plugged.opens = True
    Capture.pictures = 0
    with pytest.raises(UserError, match="gives no picture; another program may have it"):
        Webcam().start()
    assert Capture.newest.released
    monkeypatch.setattr(webcam.os, "access", lambda *_: False)
    with pytest.raises(UserError, match="add yourself to the group 'video'"):
        Webcam().start()
    monkeypatch.setattr(webcam, "_SYSTEM", Path("/nowhere"))
    with pytest.raises(UserError, match="No camera is connected; plug one in"):
        Webcam().start()
