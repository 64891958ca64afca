"""The webcam as the window shows it: source, choice, preview, calibration, gains, latency."""

import math
from pathlib import Path

import pytest
from fake_microphone import FakeMicrophone
from fake_webcam import FakeWebcam, nobody
from fakes import TinyAvatar
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.core.tracking.gains import FaceGains
from studio.ui import tasks
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow


def choose(window: MainWindow, source: str) -> None:
    box = window.drive.source
    box.setCurrentIndex(box.findData(source))
    box.activated.emit(box.currentIndex())


def test_the_panel_shows_what_the_source_needs(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, listen = window.drive, window.actions_by_name["listen"]
    assert panel.devices.isVisible()
    assert not panel.webcam.isVisible()
    choose(window, "webcam")
    assert not panel.devices.isVisible()
    assert panel.webcam.isVisible()
    assert panel.webcam.sliders["lips"].isEnabled()
    assert listen.text() == "Start watching"
    choose(window, "both")
    assert panel.devices.isVisible()
    assert panel.webcam.isVisible()
    assert not panel.webcam.sliders["lips"].isEnabled()


def test_source_camera_and_gains_hold_at_the_next_start(window: MainWindow, director: Director, tmp_path: Path) -> None:
    choose(window, "webcam")
    director.live.cameras.choose("Lid")
    box = window.drive.webcam
    box.sliders["brows"].setValue(0)
    box.channel.setCurrentText("jawOpen")
    box.of_channel.setValue(50)
    box.mirror.setChecked(True)
    following = Director(Library(tmp_path / "avatars"), director.settings)
    drive = following.session.drive
    assert (drive.source, drive.mirror, following.session.camera) == ("webcam", True, "Lid")
    assert drive.face == FaceGains(brows=0.0, channels={"jawOpen": 0.5})
    following.stop()
    box.of_channel.rest()
    assert director.session.drive.face.channels == {}


def test_cameras_are_looked_for_when_one_is_wanted(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two() -> object:
        yield from ()
        return ["Lid", "Desk camera"]

    monkeypatch.setattr(tasks, "find_cameras", two)
    devices = window.drive.webcam.devices
    choose(window, "webcam")
    qtbot.waitUntil(lambda: devices.count() == 3, timeout=20_000)
    devices.setCurrentIndex(2)
    devices.activated.emit(2)
    assert window.director.session.camera == "Desk camera"
    window.director.live.cameras.found.emit(["Lid"])
    assert devices.currentText() == "Desk camera (not there)"


def test_the_face_drives_is_seen_beside_the_head_and_its_delay_is_measured(
    window: MainWindow, qtbot: QtBot, director: Director, camera: type[FakeWebcam]
) -> None:
    box, preview = window.drive.webcam, window.stage.preview
    director.session.avatar = TinyAvatar.make()
    qtbot.waitUntil(lambda: window.stage.shown is not None, timeout=60_000)
    choose(window, "webcam")
    assert not preview.isVisible()
    window.actions_by_name["listen"].trigger()
    qtbot.waitUntil(lambda: preview.isVisible() and preview.landmarks_shown, timeout=60_000)
    qtbot.waitUntil(lambda: box.seen.text().startswith("Face seen"), timeout=20_000)
    qtbot.waitUntil(lambda: "Camera to picture: " in box.latency.text() and "ms" in box.latency.text(), timeout=60_000)
    assert "camera to picture" in window.indicator.text()
    assert math.isnan(director.drive.latency)
    qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    nowhere = "There is no face where you pointed; the one before stays followed."
    qtbot.waitUntil(lambda: nowhere in window.status.sentences, timeout=20_000)
    camera.pictures = [nobody()]
    qtbot.waitUntil(lambda: box.seen.text().startswith("No face seen"), timeout=20_000)
    assert not preview.landmarks_shown
    qtbot.waitUntil(lambda: "No face is seen; the head rests until one is." in window.status.sentences, timeout=20_000)
    camera.there = False
    qtbot.waitUntil(lambda: "Waiting for the camera" in window.indicator.text(), timeout=20_000)
    window.actions_by_name["listen"].trigger()
    qtbot.waitUntil(lambda: not preview.isVisible(), timeout=20_000)
    assert box.seen.text() == "Off"
    assert window.status.toolTip() == "The camera is off."


def test_look_straight_and_relax(
    window: MainWindow, qtbot: QtBot, director: Director, camera: type[FakeWebcam]
) -> None:
    box = window.drive.webcam
    assert not box.rest.isEnabled()
    choose(window, "webcam")
    director.live.listen(True)
    qtbot.waitUntil(box.rest.isEnabled, timeout=60_000)
    box.rest.click()
    qtbot.waitUntil(lambda: "This is now the face at rest." in window.status.sentences, timeout=60_000)
    director.live.listen(False)


def test_the_source_can_be_changed_while_it_drives(
    window: MainWindow, qtbot: QtBot, director: Director, camera: type[FakeWebcam], device: type[FakeMicrophone]
) -> None:
    director.live.listen(True)
    qtbot.waitUntil(lambda: director.drive.microphone == "Desk", timeout=20_000)
    choose(window, "both")
    qtbot.waitUntil(lambda: director.drive.face is not None and director.drive.microphone == "Desk", timeout=20_000)
    choose(window, "webcam")
    qtbot.waitUntil(lambda: director.drive.face is not None and director.drive.microphone == "", timeout=20_000)
    assert director.session.listening
    choose(window, "microphone")
    qtbot.waitUntil(lambda: director.drive.face is None and director.drive.microphone == "Desk", timeout=20_000)
    director.live.listen(False)
    qtbot.waitUntil(lambda: director.drive.microphone == "", timeout=20_000)
