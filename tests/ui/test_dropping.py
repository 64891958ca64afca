"""What falls on the window or is pasted."""

from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sound_files import write_wave
from test_window import drop

from studio.core.project.archive import save_avatar
from studio.ui.dropping import incoming
from studio.ui.main_window import MainWindow


def of_urls(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


def red() -> QImage:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    return image


def test_several_things_fall_at_once(window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path) -> None:
    avatar, sound = tmp_path / "a.avatar", tmp_path / "said.wav"
    save_avatar(TinyAvatar.make(name="fallen"), avatar)
    write_wave(sound, np.sin(np.arange(16000)[:, None] / 9) / 4, 16000)
    drop(window, picture, sound, avatar, tmp_path)
    director = window.director
    assert f"“{tmp_path.name}” is a folder" in window.status.toolTip()
    qtbot.waitUntil(window.stage.consent.isVisible)
    qtbot.waitUntil(lambda: director.playback.first_sound is not None, timeout=30_000)
    qtbot.waitUntil(lambda: any(entry.name == "fallen" for entry in director.entries.values()), timeout=30_000)


def test_files_are_sorted_and_each_counts_once(tmp_path: Path) -> None:
    names = ("a.png", "b.JPG", "c.wav", "d.mp4", "e.avatar", "f.astudio", "g.txt")
    for name in names:
        (tmp_path / name).touch()
    urls = [f"file://{tmp_path}/{name}" for name in (*names, "a.png")]
    found = incoming(of_urls(*urls))
    assert [path.name for path in found.paths] == list(names)
    assert found.told() == ("Portraits: 2  ·  Sounds: 1  ·  Videos: 1  ·  Avatars: 1  ·  Projects: 1  ·  Not known: 1")


def test_what_cannot_be_opened_is_refused_with_a_sentence() -> None:
    web = incoming(of_urls("https://example.org/a.png"))
    assert not web
    assert "save it on this computer" in web.refused[0]
    text = QMimeData()
    text.setText("good morning")
    assert not incoming(text)
    assert incoming(text).refused == ()


def test_a_picture_of_a_browser_and_the_path_of_a_terminal_are_taken(picture: Path) -> None:
    data = of_urls("https://example.org/a.png")
    data.setImageData(red())
    found = incoming(data)
    assert found.image is not None
    assert found.told() == "Portraits: 1"
    text = QMimeData()
    text.setText(f"{picture}\nand more\n")
    assert incoming(text).paths == (picture,)


def test_the_window_says_what_a_drop_would_open(window: MainWindow, picture: Path) -> None:
    data = of_urls(picture.as_uri())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, buttons, keys)
    window.dragEnterEvent(event)
    assert event.isAccepted()
    assert window._highlight.isVisible()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window._highlight.isVisible()
    nothing = QMimeData()
    event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, nothing, buttons, keys)
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()
    assert not window._highlight.isVisible()


@pytest.mark.parametrize("what", ["picture", "file", "nothing"])
def test_pasting(window: MainWindow, qtbot: QtBot, picture: Path, what: str) -> None:
    data = QMimeData()
    if what == "picture":
        data.setImageData(red())
    elif what == "file":
        data.setUrls([QUrl.fromLocalFile(str(picture))])
    QApplication.clipboard().setMimeData(data)
    window.actions_by_name["paste"].trigger()
    if what == "nothing":
        assert "nothing to paste" in window.status.toolTip()
    else:
        qtbot.waitUntil(window.stage.consent.isVisible)
