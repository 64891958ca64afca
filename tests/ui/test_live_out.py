"""What leaves the window live: a camera, VMC out, and VMC in."""

import os
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar
from pytestqt.qtbot import QtBot

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media import virtual_camera
from studio.core.motion.motion import Motion
from studio.core.motion.vmc import VmcDriver, VmcReceiver, VmcSender
from studio.ui.live_out import letterboxed
from studio.ui.main_window import MainWindow

FAKE = """
import os
class PixelFormat:
    RGB = "rgb"
class Camera:
    device = "Stand-in"
    def __init__(self, width, height, fps, fmt):
        assert (width, height) == (1280, 720)
    __enter__ = lambda self: self
    __exit__ = lambda self, *_: None
    def send(self, frame):
        open(os.environ["FAKE_CAMERA_LOG"], "w").write(str(int(frame[360, 640].max())))
"""


def test_the_head_moves_a_program_that_hears_vmc(window: MainWindow, qtbot: QtBot) -> None:
    driver = VmcDriver()
    receiver = VmcReceiver(driver, port=0)
    try:
        window.director.session.avatar = TinyAvatar.make(60)
        window.live_out._port_out.setValue(receiver.port)
        window.live_out.send.click()
        assert not window.live_out._host.isEnabled()
        window.director.set_channel(ARKIT_INDEX["jawOpen"], 0.75)
        qtbot.waitUntil(lambda: driver.read(0).code[0, ARKIT_INDEX["jawOpen"]] > 0.7, timeout=30_000)
        window.live_out.send.click()
        assert window.live_out._host.isEnabled()
    finally:
        receiver.close()


def test_another_program_moves_the_head(window: MainWindow, qtbot: QtBot) -> None:
    live = window.director.live_out
    window.director.session.avatar = TinyAvatar.make(60)
    live.hear(True, 0, False)
    assert live._receiver is not None
    assert window.live_out.hear.isChecked()
    sender = VmcSender(port=live._receiver.port)

    def moved() -> bool:
        sender.send(Motion.arkit(0.0, None, mouthPucker=0.5))
        return abs(window.director.drive.newest.code[0, ARKIT_INDEX["mouthPucker"]] - 0.5) < 0.01

    try:
        qtbot.waitUntil(moved, timeout=30_000)
    finally:
        sender.close()
    live.hear(False, 0, False)
    qtbot.waitUntil(lambda: window.director.drive.newest.code[0, ARKIT_INDEX["mouthPucker"]] == 0, timeout=30_000)


def test_a_camera_shows_the_head(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyvirtualcam.py").write_text(FAKE)
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(root)]))
    monkeypatch.setenv("FAKE_CAMERA_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(virtual_camera, "missing", lambda: "")
    window.director.session.avatar = TinyAvatar.make(60)
    window.live_out.camera.click()
    qtbot.waitUntil(lambda: "“Stand-in”" in window.live_out._camera_said.text(), timeout=60_000)
    log = tmp_path / "log"
    qtbot.waitUntil(lambda: log.exists() and log.read_text().isdigit() and int(log.read_text()) > 30, timeout=60_000)
    window.live_out.camera.click()
    qtbot.waitUntil(lambda: not window.live_out.camera.isChecked(), timeout=60_000)


def test_without_the_package_the_panel_says_what_to_do(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_camera, "missing", lambda: "pyvirtualcam is missing; install it")
    window.live_out.camera.click()
    assert not window.live_out.camera.isChecked()
    assert "install it" in window.live_out._camera_said.text()


def test_a_picture_lies_in_the_middle_of_the_cameras() -> None:
    rgba = np.full((10, 10, 4), 200, np.uint8)
    rgba[..., 3] = 128
    out = letterboxed(rgba, 40, 20)
    assert out.shape == (20, 40, 3)
    assert (out[:, :10].max(), out[:, 30:].max(), out[10, 20].tolist()) == (0, 0, [100, 100, 100])
