"""A window without a display, with the tiny engine, that must leave nothing behind."""

import os
import threading
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from fake_microphone import FakeMicrophone
from fake_webcam import FakeWebcam, swaying
from fakes import TinyBuilder
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.errors import NoFaceFoundError
from studio.core.jobs import Job, Progress
from studio.core.media import live_camera, live_input
from studio.core.media.image import LoadedPicture
from studio.core.perception.portrait import FacesFoundError
from studio.core.perception.preflight import Preflight
from studio.ui import theme
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow
from studio.ui.watchdog import Watchdog

PATIENCE = 30_000  # ms
STALL = "stall"  # see the other conftest.py
DEVICES = {"microphone", "camera", "face"}
THREADS = {"render", "drive", "jobs"} | DEVICES


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Choose the platform without a display, whatever importing cv2 set."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    return ["avatar-studio"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long for whatever a test waits for as a machine may take that does much else."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitExposed"):
        monkeypatch.setattr(QtBot, name, partialmethod(getattr(QtBot, name), timeout=PATIENCE))
    monkeypatch.setattr("studio.core.project.document.MERGED_WITHIN", PATIENCE / 1000)  # s: one drag is one step


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a top-level widget or one of the window's threads."""
    before = set(QApplication.topLevelWidgets())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget for widget in set(QApplication.topLevelWidgets()) - before if widget.isVisible()]
    assert not left, f"widgets left behind: {left}"
    for thread in threading.enumerate():
        if thread.name in DEVICES:
            thread.join(10)  # nobody else waits for a device
    running = [thread.name for thread in threading.enumerate() if thread.name in THREADS]
    assert not running, f"threads left behind: {running}"


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[FakeMicrophone]:
    """Let every microphone be one of these from now on."""

    class Device(FakeMicrophone):
        made: ClassVar[list[FakeMicrophone]] = []

    monkeypatch.setattr(live_input, "Microphone", Device)
    monkeypatch.setattr(live_input, "_LEAVING", 0.0)
    monkeypatch.setattr(live_input, "_LOOK_FOR_DEVICE", 0.05)
    return Device


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeWebcam]:
    """Let every camera be one of these from now on."""

    class Camera(FakeWebcam):
        made: ClassVar[list[FakeWebcam]] = []
        pictures: ClassVar[list] = swaying()

    monkeypatch.setattr(live_camera, "Webcam", Camera)
    monkeypatch.setattr(live_camera, "_LOOK_FOR_DEVICE", 0.05)
    return Camera


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture file."""
    path = tmp_path / "somebody.png"
    rows = np.linspace(0, 255, 96).astype(np.uint8)
    Image.fromarray(np.stack(np.broadcast_arrays(rows[:, None], rows[None], 90), axis=-1).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def builder() -> TinyBuilder:
    """Return the scripted builder that `director` uses."""
    return TinyBuilder()


@pytest.fixture
def director(qapp: QApplication, tmp_path: Path, builder: TinyBuilder, tiny_engine: str) -> Iterator[Director]:
    """Return a running director with an empty library."""
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)

    def find_face(picture: LoadedPicture) -> Job[np.ndarray | None]:
        yield Progress(0.5, "finding the face")
        if isinstance(builder.refuse, FacesFoundError):
            return builder.refuse.boxes
        if isinstance(builder.refuse, NoFaceFoundError):
            raise builder.refuse
        return None

    def inspect(rgb: np.ndarray, face: int | None) -> Job[Preflight | None]:
        yield Progress(0.5, "looking closely")
        return builder.seen

    made = Director(Library(tmp_path / "avatars"), settings, builder, find_face, inspect)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def window(qtbot: QtBot, director: Director, record_property: Callable[[str, object], None]) -> Iterator[MainWindow]:
    """Return a shown window; a watchdog tells at the end of the run how long it kept its user waiting."""
    theme.apply(QApplication.instance(), "dark")  # pyright: ignore[reportArgumentType]
    made = MainWindow(director)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    dog = Watchdog()
    yield made
    dog.stop()
    for stall in dog.stalls:
        record_property(STALL, stall.told())
    made.close()
