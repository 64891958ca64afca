"""The microphone as the window shows it: choice, loss, latency, settings, calibration."""

import math
from pathlib import Path

import pytest
from fake_microphone import FakeMicrophone
from fakes import TinyAvatar
from pytestqt.qtbot import QtBot

from studio.core.speech.calibration import load_calibration
from studio.ui.director import Director
from studio.ui.latency import LatencyMeter
from studio.ui.library import Library
from studio.ui.main_window import MainWindow


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_choice_and_settings_hold_at_the_next_start_but_not_the_monitor(
    window: MainWindow, director: Director, tmp_path: Path
) -> None:
    panel = window.drive
    director.live.choose("Desk")
    panel.sliders["closure"].setValue(150)
    panel.look_ahead.setCurrentIndex(0)
    panel.look_ahead.activated.emit(0)
    panel.monitor.setChecked(True)
    panel.shift.setValue(60)
    assert director.session.drive.monitor
    following = Director(Library(tmp_path / "avatars"), director.settings)
    session = following.session
    assert session.microphone == "Desk"
    assert (session.drive.speech.closure, session.drive.speech.look_ahead) == (1.5, 0.02)
    assert session.drive.monitor_shift == pytest.approx(0.1)
    assert not session.drive.monitor
    following.stop()


def test_settings_that_are_not_understood_are_said_and_replaced(director: Director, tmp_path: Path) -> None:
    for broken in ("[", '{"speech": {"gain": 99}}', '{"loudness": 3}'):
        director.settings.setValue("drive", broken)
        following = Director(Library(tmp_path / "avatars"), director.settings)
        assert "could not be read" in following.session.status
        assert following.session.drive.speech.gain == 1
        following.stop()


def test_a_chosen_microphone_stays_chosen_while_it_is_not_there(window: MainWindow) -> None:
    devices = window.drive.devices
    window.director.live.choose("Desk")
    window.director.live.microphones_found.emit(["Webcam"])
    assert devices.currentText() == "Desk (not there)"
    assert devices.currentData() == "Desk"
    window.director.live.microphones_found.emit(["Webcam", "Desk"])
    assert devices.currentText() == "Desk"


def test_a_lost_microphone_is_told_and_the_session_goes_on(
    window: MainWindow, qtbot: QtBot, director: Director, device: type[FakeMicrophone]
) -> None:
    director.live.choose("Desk")
    director.live.listen(True)
    qtbot.waitUntil(lambda: "Listening to Desk." in window.status.sentences)
    device.there = False
    qtbot.waitUntil(lambda: "Waiting" in window.indicator.text(), timeout=10_000)
    assert "The microphone 'Desk' is gone; waiting for it." in window.status.sentences
    assert director.session.listening
    device.there = True
    qtbot.waitUntil(lambda: "Live" in window.indicator.text(), timeout=10_000)
    assert "The microphone 'Desk' is back." in window.status.sentences
    director.live.listen(False)
    qtbot.waitUntil(lambda: director.drive.microphone == "")
    assert window.status.toolTip() == "The microphone is off."


def test_the_latency_is_measured_on_painted_frames(
    window: MainWindow, qtbot: QtBot, director: Director, device: type[FakeMicrophone]
) -> None:
    director.session.avatar = TinyAvatar.make()
    qtbot.waitUntil(lambda: window.stage.shown is not None, timeout=60_000)
    assert "not measured" in window.drive.latency.text()
    director.live.listen(True)
    qtbot.waitUntil(lambda: math.isfinite(director.drive.latency), timeout=30_000)
    assert director.session.drive.speech.look_ahead < director.drive.latency < 2
    qtbot.waitUntil(lambda: "Microphone to picture: " in window.drive.latency.text())
    assert "microphone to picture" in window.indicator.text()
    director.live.listen(False)
    qtbot.waitUntil(lambda: "not measured" in window.drive.latency.text(), timeout=10_000)


def test_the_meter_counts_every_sound_once() -> None:
    meter = LatencyMeter()
    for k in range(30):
        meter.note(math.nan, k / 60)
        meter.note(k / 60, k / 60 + 0.1)
        meter.note(k / 60, k / 60 + 5.0)  # the same frame painted again
    assert meter.median(0.6) == pytest.approx(0.1)
    assert math.isnan(meter.median(60.0))


def test_a_calibration_counts_down_is_kept_for_the_device_and_forgotten(
    window: MainWindow, qtbot: QtBot, director: Director, device: type[FakeMicrophone]
) -> None:
    panel = window.drive
    device.speed = 6.0
    assert panel.told.text() == "Fits anyone's voice"
    panel.calibrate.click()
    assert director.session.listening
    qtbot.waitUntil(lambda: panel.calibrate.text() == "Cancel", timeout=10_000)
    assert panel.told.text().startswith("Speak for")
    qtbot.waitUntil(lambda: panel.told.text() == "Fits your voice", timeout=30_000)
    assert panel.calibrate.text() == "Calibrate"
    assert window.status.toolTip() == "The mouth now follows your voice at Desk."
    known = load_calibration("Desk")
    assert known is not None
    assert known.jaw_low < known.jaw_high
    qtbot.waitUntil(lambda: director.drive._driver is not None and director.drive._driver._calibration == known)
    panel.forgetting_wanted.emit()
    qtbot.waitUntil(lambda: panel.told.text() == "Fits anyone's voice")
    assert load_calibration("Desk") is None


def test_a_cancelled_calibration_changes_nothing(
    window: MainWindow, qtbot: QtBot, device: type[FakeMicrophone]
) -> None:
    panel = window.drive
    panel.calibrate.click()
    qtbot.waitUntil(lambda: "Listening to Desk." in window.status.sentences, timeout=20_000)
    qtbot.waitUntil(lambda: panel.calibrate.text() == "Cancel", timeout=10_000)
    panel.calibrate.click()
    qtbot.waitUntil(lambda: panel.calibrate.text() == "Calibrate")
    assert "nothing has changed" in window.status.toolTip()
    assert load_calibration("Desk") is None


def test_too_little_voice_is_one_sentence(
    window: MainWindow, qtbot: QtBot, device: type[FakeMicrophone], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "words", device.words * 0)
    device.speed = 6.0
    window.drive.calibrate.click()
    qtbot.waitUntil(lambda: "s of speech were heard" in window.status.toolTip(), timeout=30_000)
    assert window.drive.told.text() == "Fits anyone's voice"
