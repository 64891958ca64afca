"""A video that drives the head: the question, the tracking, the playing, the export."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_webcam import swaying
from fakes import TinyAvatar
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.errors import UserError
from studio.core.export_clip import ClipOptions
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.motion import Motion
from studio.core.project.timeline import Block
from studio.core.tracking import performance
from studio.ui.director import Director
from studio.ui.main_window import MainWindow


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a silent clip of a swaying face, 2 s."""
    path = tmp_path_factory.mktemp("video") / "swaying.mp4"
    with VideoWriter(path, 320, 240, 15) as writer:
        for frame in swaying(30):
            writer.write(frame)
    return path


def drive(window: MainWindow, qtbot: QtBot, video: Path) -> Block:
    card = window.stage.video
    window.director.open_paths([video])
    qtbot.waitUntil(card.isVisible, timeout=20_000)
    with qtbot.waitSignal(window.director.performances.added, timeout=120_000) as added:
        card.buttons["drive"].click()
    assert not card.isVisible()
    assert added.args is not None
    return added.args[0]


def test_a_dropped_video_is_asked_about(window: MainWindow, qtbot: QtBot, video: Path) -> None:
    card = window.stage.video
    window.director.open_paths([video])
    assert card.isVisible()
    assert "swaying.mp4" in card.accessibleName()
    assert [answer for answer, button in card.buttons.items() if button.isVisible()] == ["drive", "sound", ""]
    qtbot.keyClick(card, "\x1b")
    assert not card.isVisible()
    assert window.director.document.state.timeline.takes == ()


def test_its_face_drives_and_is_seen_beside_the_head(
    window: MainWindow, qtbot: QtBot, director: Director, video: Path
) -> None:
    take = drive(window, qtbot, video)
    assert take.stop - take.start == pytest.approx(2.0, abs=0.1)
    assert director.document.state.timeline.sounds == ()
    preview = window.stage.preview
    window.timeline.editing.switch_loop(True)
    director.playback.play(True, 0.0)
    qtbot.waitUntil(lambda: preview.isVisible() and preview.landmarks_shown, timeout=20_000)

    motion = director.document.motions[take.source]

    def follows() -> bool:
        apart = np.abs(motion.code - director.drive.newest.code).max(axis=1)
        return float(apart.min()) < 0.02

    qtbot.waitUntil(follows, timeout=20_000)
    director.playback.play(False)
    qtbot.waitUntil(lambda: not preview.isVisible(), timeout=20_000)


def test_it_is_fitted_to_the_head_on_show_and_exported_as_it_drives(
    window: MainWindow, qtbot: QtBot, director: Director, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = Motion.from_frames("arkit", np.array([0.0, 2.0]), np.full((2, 52), 0.25))
    given: list[object] = []

    def fit(avatar: object, track: object, gains: object) -> object:
        given.append((avatar, gains))
        yield from ()
        return fitted

    monkeypatch.setattr(performance, "played_by", fit)
    avatar = director.session.avatar = TinyAvatar.make()
    take = drive(window, qtbot, video)
    assert director.document.motions[take.source] is fitted
    assert given == [(avatar, director.session.drive.face)]
    ticket = director.exports.motion("timeline", tmp_path / "out.csv", ClipOptions(fps=25))
    assert ticket is not None
    with qtbot.waitSignal(ticket.ended, timeout=20_000):
        pass
    assert "0.250000" in (tmp_path / "out.csv").read_text().splitlines()[1]


def test_a_head_without_a_face_plays_what_was_tracked(
    window: MainWindow, qtbot: QtBot, director: Director, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> object:
        yield from ()
        raise UserError("No face is found in the avatar 'tiny'; drive it by speech.")

    monkeypatch.setattr(performance, "played_by", refuse)
    director.session.avatar = TinyAvatar.make()
    take = drive(window, qtbot, video)
    assert "No face is found in the avatar" in window.status.toolTip()
    assert len(director.document.motions[take.source]) == 30


def test_a_video_without_a_face_is_one_sentence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "wall.mp4"
    with VideoWriter(path, 64, 64, 10) as writer:
        for _ in range(3):
            writer.write(np.full((64, 64, 3), 90, np.uint8))
    window.director.use_video(path, "drive")
    qtbot.waitUntil(lambda: any("No face was found" in s for s in window.status.sentences), timeout=60_000)
    assert window.director.document.state.timeline.takes == ()


@pytest.fixture(scope="module")
def couple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a silent clip of two people, the one at the right smaller."""
    path = tmp_path_factory.mktemp("couple") / "couple.mp4"
    with VideoWriter(path, 640, 240, 15) as writer:
        for frame in swaying(6):
            room = np.full((240, 640, 3), 90, np.uint8)
            room[:, :320] = frame
            room[30:210, 380:620] = cv2.flip(cv2.resize(frame, (240, 180), interpolation=cv2.INTER_AREA), 1)
            writer.write(room)
    return path


def test_of_several_faces_in_a_video_one_is_asked_for(
    window: MainWindow, qtbot: QtBot, director: Director, couple: Path
) -> None:
    director.session.avatar = TinyAvatar.make()
    with qtbot.waitSignal(director.faces.wanted, timeout=60_000) as wanted:
        director.use_video(couple, "drive")
    assert wanted.args is not None
    assert wanted.args[1].shape == (2, 4)
    picture = window.stage.picture
    qtbot.waitUntil(picture.isVisible, timeout=20_000)
    with qtbot.waitSignal(director.performances.added, timeout=120_000):
        qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=picture.box(1).center().toPoint())
    assert not picture.isVisible()
    assert "number 2 from the left" in window.status.toolTip()
    assert len(director.document.state.timeline.takes) == 1
    with qtbot.waitSignal(director.faces.wanted, timeout=60_000):
        director.use_video(couple, "drive")
    qtbot.keyClick(picture, Qt.Key.Key_Escape)
    assert not picture.isVisible()
    assert len(director.document.state.timeline.takes) == 1
