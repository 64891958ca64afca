"""The window gets ready: kernels are compiled before the renderer, and closing meanwhile ends both."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.ui import director as directors
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow
from studio.ui.viewport.frame_loop import FrameLoop


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what happens to the renderer."""
    told: list[str] = []
    monkeypatch.setattr(FrameLoop, "_prepare", lambda loop: told.append("prepared"))
    return told


def open_window(qtbot: QtBot, folder: Path) -> MainWindow:
    director = Director(Library(folder / "avatars"), QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))
    window = MainWindow(director)
    qtbot.addWidget(window)
    director.warm_up()
    director.start()
    director.project.begin()
    window.show()
    return window


def test_the_window_can_be_closed_while_kernels_are_compiled(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: list[str]
) -> None:
    ended: list[str] = []

    def compile_forever(renderer_ready: Callable[[], None]) -> Job[None]:
        try:
            while True:
                yield Progress(0.1, "compiling for this computer: the renderer")
                time.sleep(0.01)
        finally:
            ended.append("compiling")

    monkeypatch.setattr(directors, "compile_elsewhere", compile_forever)
    window = open_window(qtbot, tmp_path)
    qtbot.waitUntil(lambda: "Compiling for this computer" in window.director.session.status)
    window.close()
    assert ended == ["compiling"]
    assert prepared == []


def test_where_compiling_fails_the_renderer_prepares_itself_all_the_same(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: list[str]
) -> None:
    def fail(renderer_ready: Callable[[], None]) -> Job[None]:
        yield Progress(0.0, "preparing the renderer")
        raise UserError("Compiling beforehand failed; see Help > Log.")

    monkeypatch.setattr(directors, "compile_elsewhere", fail)
    window = open_window(qtbot, tmp_path)
    qtbot.waitUntil(lambda: prepared == ["prepared"])
    assert any("Compiling beforehand failed" in sentence for sentence in window.status.sentences)
    window.close()
