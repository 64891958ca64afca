"""A project in the window: what is edited is undone, saved, reopened and recovered, and nobody is asked in the way."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import TinyAvatar, TinyBuilder
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.project import project_file
from studio.core.project.archive import save_avatar
from studio.core.project.claim import Claim
from studio.core.project.document import ProjectState
from studio.core.project.recovery import Recovery
from studio.core.project.take_recorder import TakeRecorder
from studio.core.project.timeline import Marker, Timeline
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import LANES_HEIGHT, MainWindow

JAW = ARKIT_INDEX["jawOpen"]
ANNA, BERT = "a" * 16, "b" * 16


@pytest.fixture
def people(tmp_path: Path) -> None:
    """Put two heads into the library before the window opens."""
    (tmp_path / "avatars").mkdir()
    for key, name in ((ANNA, "Anna"), (BERT, "Bert")):
        save_avatar(TinyAvatar.make(40, name=name), tmp_path / "avatars" / f"{key}.avatar")


@pytest.fixture
def studio(people: None, window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Return a window with a project, as `studio.ui.app` opens it."""
    window.director.project.begin()
    settle(window, qtbot)
    return window


class Sessions:
    """Windows that open one after the other on the same files."""

    def __init__(self, qtbot: QtBot, folder: Path, builder: TinyBuilder) -> None:
        self.qtbot, self.folder, self.builder = qtbot, folder, builder
        self.windows: list[MainWindow] = []

    def open(self, begin: bool = True) -> MainWindow:
        settings = QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat)
        director = Director(Library(self.folder / "avatars"), settings, self.builder)
        director.start()
        window = MainWindow(director)
        self.qtbot.addWidget(window)
        window.show()
        self.windows.append(window)
        if begin:
            director.project.begin()
            settle(window, self.qtbot)
        return window

    def crash(self, window: MainWindow) -> None:
        """End it as a crash does: what was claimed is never given back."""
        journal = window.director.project._journal
        assert journal is not None
        assert journal.flush()
        path, lock = journal.folder / "lock", (journal.folder / "lock").read_bytes()
        window.close()
        path.write_bytes(lock)


@pytest.fixture
def sessions(people: None, qtbot: QtBot, tmp_path: Path, builder: TinyBuilder, tiny_engine: str) -> Iterator[Sessions]:
    made = Sessions(qtbot, tmp_path, builder)
    yield made
    for window in made.windows:
        window.close()


def settle(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.director.project
    queues = window.director.jobs, desk.jobs
    qtbot.waitUntil(lambda: all(queue.idle for queue in queues) and desk._journal is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not desk._saving, timeout=60_000)


def show(window: MainWindow, qtbot: QtBot, key: str) -> None:
    qtbot.waitUntil(lambda: key in window.director.entries, timeout=60_000)
    window.director.select(key)
    qtbot.waitUntil(lambda: window.director.session.selected == key, timeout=60_000)


def jaw(window: MainWindow) -> float:
    return round(float(window.director.session.expression.code[0, JAW]), 4)


def save(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.director.project.save_as(path)
    qtbot.waitUntil(lambda: window.director.project.path == path, timeout=60_000)
    settle(window, qtbot)


def test_a_drag_of_a_slider_is_one_undo(studio: MainWindow) -> None:
    undo, redo = (studio.actions_by_name[name] for name in ("undo", "redo"))
    assert not undo.isEnabled()
    for i in range(1, 8):
        studio.face.channel_wanted.emit(JAW, i / 10)
    assert undo.text() == "Undo Jaw open"
    studio.camera.background_wanted.emit((1.0, 0.0, 0.0))
    assert studio.director.document.state.background == "#ff0000"
    undo.trigger()
    assert studio.director.session.background == "plate"
    undo.trigger()
    assert jaw(studio) == 0
    assert studio.face.sliders[JAW].value() == 0  # what is shown follows
    assert not undo.isEnabled()
    redo.trigger()
    assert jaw(studio) == 0.7
    assert redo.text() == "Redo Background"


def test_the_head_on_show_is_undone_too(studio: MainWindow, qtbot: QtBot) -> None:
    show(studio, qtbot, ANNA)
    studio.face.channel_wanted.emit(JAW, 0.5)
    show(studio, qtbot, BERT)
    assert [ref.name for ref in studio.director.document.state.avatars] == ["Bert"]  # Anna was only looked at
    studio.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: studio.director.session.selected == ANNA, timeout=60_000)
    assert [ref.name for ref in studio.director.document.state.avatars] == ["Anna"]
    assert studio.actions_by_name["redo"].text() == "Redo Show Bert"


def test_a_project_is_saved_and_the_title_says_so(studio: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert studio.windowTitle() == "Untitled[*] — Avatar Studio"
    assert not studio.isWindowModified()
    show(studio, qtbot, ANNA)
    assert studio.isWindowModified()
    path = tmp_path / "film.astudio"
    save(studio, qtbot, path)
    assert studio.windowTitle() == "film[*] — Avatar Studio"
    assert not studio.isWindowModified()
    assert "Saved film.astudio" in studio.status.toolTip()
    assert studio.director.recent() == [path]
    studio.face.channel_wanted.emit(JAW, 0.5)
    assert studio.isWindowModified()
    before = project_file.fingerprint(path)
    studio.actions_by_name["save_project"].trigger()
    qtbot.waitUntil(lambda: not studio.isWindowModified(), timeout=60_000)
    assert project_file.fingerprint(project_file.backup(path, 1)) == before
    studio.actions_by_name["undo"].trigger()  # back to what the backup holds
    assert studio.isWindowModified()


def test_a_project_without_a_file_asks_for_a_name(studio: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    studio.actions_by_name["save_project"].trigger()
    dialog = studio.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "named.astudio"))
    dialog.close()
    qtbot.waitUntil(lambda: studio.director.project.path == tmp_path / "named.astudio", timeout=60_000)


def test_a_new_project_keeps_the_one_before(studio: MainWindow, qtbot: QtBot) -> None:
    show(studio, qtbot, ANNA)
    studio.face.channel_wanted.emit(JAW, 0.5)
    studio.actions_by_name["new_project"].trigger()
    qtbot.waitUntil(lambda: studio.director.document.state == ProjectState(), timeout=60_000)
    assert studio.director.session.avatar is None
    assert jaw(studio) == 0
    qtbot.waitUntil(lambda: len(studio.director.project.left) == 1, timeout=60_000)
    (again,) = [action for action in studio._recent.actions() if action.text().startswith("Project without a file")]
    again.trigger()
    qtbot.waitUntil(lambda: jaw(studio) == 0.5, timeout=60_000)
    qtbot.waitUntil(lambda: studio.director.session.selected == ANNA, timeout=60_000)
    assert studio.actions_by_name["undo"].text() == "Undo Jaw open"


def test_closing_asks_nothing_and_the_next_session_goes_on(sessions: Sessions, qtbot: QtBot) -> None:
    first = sessions.open()
    show(first, qtbot, ANNA)
    first.face.channel_wanted.emit(JAW, 0.5)
    first.close()
    assert not Recovery().after_crash()
    second = sessions.open()
    qtbot.waitUntil(lambda: second.director.session.selected == ANNA, timeout=60_000)
    assert jaw(second) == 0.5
    assert any("as you left it" in sentence for sentence in second.status.sentences)
    assert not second.stage.recovery.isVisible()
    second.actions_by_name["undo"].trigger()
    assert jaw(second) == 0


def test_edits_after_the_last_save_are_there_when_the_file_is_opened(
    sessions: Sessions, qtbot: QtBot, tmp_path: Path
) -> None:
    first, path = sessions.open(), tmp_path / "film.astudio"
    first.face.channel_wanted.emit(JAW, 0.5)
    save(first, qtbot, path)
    first.camera.background_wanted.emit("transparent")
    first.actions_by_name["new_project"].trigger()
    qtbot.waitUntil(lambda: first.director.project.path is None, timeout=60_000)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    modifier, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    first.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, button, modifier))
    qtbot.waitUntil(lambda: first.director.project.path == path, timeout=60_000)
    assert first.director.session.background == "transparent"
    assert first.isWindowModified()
    first.actions_by_name["undo"].trigger()
    assert not first.isWindowModified()
    assert jaw(first) == 0.5


@pytest.mark.parametrize("recover", [True, False])
def test_after_a_crash_a_card_offers_what_was_not_saved(sessions: Sessions, qtbot: QtBot, recover: bool) -> None:
    first = sessions.open()
    first.face.channel_wanted.emit(JAW, 0.5)
    sessions.crash(first)
    assert Recovery().after_crash()
    second = sessions.open()
    card = second.stage.recovery
    assert card.isVisible()
    assert jaw(second) == 0
    qtbot.mouseClick(card.yes if recover else card.no, Qt.MouseButton.LeftButton)
    assert not card.isVisible()
    settle(second, qtbot)
    if recover:
        assert jaw(second) == 0.5
        assert second.actions_by_name["undo"].text() == "Undo Jaw open"
    else:
        assert jaw(second) == 0
        qtbot.waitUntil(lambda: len(second.director.project.left) == 1, timeout=60_000)  # not thrown away
    second.close()
    assert not Recovery().after_crash()


def test_a_take_that_was_being_recorded_is_put_back_where_it_was(sessions: Sessions, qtbot: QtBot) -> None:
    first = sessions.open()
    first.face.channel_wanted.emit(JAW, 0.5)
    recorder = TakeRecorder(first.director.playback.folder, 0, 2.0)
    for i in range(61):
        recorder.see(Motion.arkit(jawOpen=0.5), i / 60)
    take = recorder.finish()  # nobody takes it over
    sessions.crash(first)
    second = sessions.open()
    qtbot.mouseClick(second.stage.recovery.yes, Qt.MouseButton.LeftButton)
    timeline = lambda: second.director.document.state.timeline  # noqa: E731
    qtbot.waitUntil(lambda: bool(timeline().takes))
    assert timeline().takes[0].start == 2.0
    assert timeline().takes[0].stop == pytest.approx(3.0, abs=0.05)
    assert not take.motion.exists()
    assert "is on the timeline" in second.director.session.status
    second.actions_by_name["undo"].trigger()
    assert not timeline().takes


def test_a_corrupt_journal_is_set_aside_and_the_window_opens(sessions: Sessions, qtbot: QtBot) -> None:
    first = sessions.open()
    first.face.channel_wanted.emit(JAW, 0.5)
    sessions.crash(first)
    (journal,) = Recovery().folder.glob("*/journal")
    journal.write_bytes(os.urandom(3000))
    second = sessions.open()
    assert any("set aside" in sentence for sentence in second.status.sentences)
    assert not second.stage.recovery.isVisible()
    assert list(Recovery().folder.glob("*/journal.damaged-*"))
    second.face.channel_wanted.emit(JAW, 0.25)
    assert second.isWindowModified()


def test_a_second_window_has_a_copy_of_the_same_project(sessions: Sessions, qtbot: QtBot, tmp_path: Path) -> None:
    first, path = sessions.open(), tmp_path / "film.astudio"
    first.face.channel_wanted.emit(JAW, 0.5)
    save(first, qtbot, path)
    second = sessions.open()
    settle(second, qtbot)
    second.director.open_paths([path])
    qtbot.waitUntil(lambda: jaw(second) == 0.5, timeout=60_000)
    assert second.director.project.path is None
    assert second.windowTitle() == "film (copy)[*] — Avatar Studio"
    assert any("open in another window" in sentence for sentence in second.status.sentences)
    before = project_file.fingerprint(path)
    second.director.project.save_as(path)
    settle(second, qtbot)
    assert "open in another window" in second.status.toolTip()
    assert project_file.fingerprint(path) == before
    save(second, qtbot, tmp_path / "mine.astudio")
    assert project_file.fingerprint(path) == before


def test_a_failed_save_is_said_and_nothing_is_lost(
    studio: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.face.channel_wanted.emit(JAW, 0.5)
    studio.director.project.save_as(tmp_path / "no such folder" / "film.astudio")
    settle(studio, qtbot)
    assert "There is no folder" in studio.status.toolTip()
    assert studio.isWindowModified()
    assert jaw(studio) == 0.5
    save(studio, qtbot, tmp_path / "film.astudio")


def test_a_claim_that_is_released_twice_is_released_once(tmp_path: Path) -> None:
    from studio.core.project.claim import claim

    claimed = claim(tmp_path)
    assert isinstance(claimed, Claim)
    claimed.release()
    with (tmp_path / "other").open("wb") as other:  # takes the number of the closed file
        claimed.release()
        other.write(b"still open")


def test_safe_mode_is_said_where_the_renderer_is_named(window: MainWindow, qtbot: QtBot) -> None:
    window.say_safe(crashed=True)
    assert "did not end well" in window.status.toolTip()
    window._prepared("numba", "no card")
    assert "Safe mode" in window.indicator.toolTip()


def test_a_head_that_was_removed_comes_back_by_undo(studio: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    show(studio, qtbot, ANNA)
    file = tmp_path / "avatars" / f"{ANNA}.avatar"
    content = file.read_bytes()
    studio.director.remove(ANNA)
    assert not file.exists()
    assert studio.director.session.avatar is None
    assert studio.actions_by_name["undo"].text() == "Undo Remove Anna"
    studio.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: studio.director.session.selected == ANNA, timeout=60_000)
    assert file.read_bytes() == content
    assert studio.avatars.list.count() == 2


def test_a_save_ends_when_the_window_is_closed_at_once(sessions: Sessions, qtbot: QtBot, tmp_path: Path) -> None:
    first, path = sessions.open(), tmp_path / "film.astudio"
    first.face.channel_wanted.emit(JAW, 0.5)
    first.director.project.save_as(path)
    first.close()
    assert project_file.fingerprint(path)
    second = sessions.open()
    qtbot.waitUntil(lambda: second.director.project.path == path, timeout=60_000)
    assert not second.isWindowModified()
    assert jaw(second) == 0.5


def test_the_timeline_is_as_high_and_as_folded_as_it_was_left(sessions: Sessions, qtbot: QtBot) -> None:
    window = sessions.open()
    document = window.director.document
    marked = replace(document.state, timeline=Timeline(markers=(Marker(1.0, "here"),)))
    document.edit("Mark", marked)
    assert not window.timeline.folded
    window._beside_timeline.moveSplitter(window._beside_timeline.height() - 250, 1)
    height = window.timeline.height()
    assert height < LANES_HEIGHT
    window.close()

    window = sessions.open()
    qtbot.waitUntil(lambda: not window.timeline.folded and window.timeline.height() == height)
    window.actions_by_name["timeline"].trigger()
    window.close()

    window = sessions.open()
    assert window.director.document.state.timeline.markers
    assert window.timeline.folded
    window.actions_by_name["timeline"].trigger()
    qtbot.waitUntil(lambda: window.timeline.height() == height)
