"""Learning a clip in the window: a card with before and after, a new head beside the old one, and every way out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar, TinyBuilder, TinyLearner
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.avatar import Consent
from studio.core.project.archive import save_avatar
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow

CLIP = [Path("/clips/somebody.mp4")]
WAIT = 20_000  # ms


@pytest.fixture
def learner() -> TinyLearner:
    return TinyLearner()


@pytest.fixture
def director(
    qapp: QApplication, tmp_path: Path, builder: TinyBuilder, learner: TinyLearner, tiny_engine: str
) -> Iterator[Director]:
    """Return a director whose learner is scripted and whose library holds one head."""
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    library = tmp_path / "avatars"
    library.mkdir()
    save_avatar(TinyAvatar.make(consent=Consent(True, "window", "2026-01-01T00:00:00+00:00")), library / "old.avatar")
    made = Director(Library(library), settings, builder, learner=learner)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def looking(window: MainWindow, director: Director, qtbot: QtBot) -> MainWindow:
    """Return the window with that head on show."""
    qtbot.waitUntil(lambda: "old" in director.entries, timeout=WAIT)
    director.select("old")
    qtbot.waitUntil(lambda: director.session.selected == "old", timeout=WAIT)
    return window


def begin(window: MainWindow, qtbot: QtBot) -> None:
    """Start to learn and wait for the card."""
    window.director.personalize(CLIP)
    qtbot.waitUntil(window.stage.learning.isVisible, timeout=WAIT)


def test_a_clip_gives_a_better_head_beside_the_old_one(
    looking: MainWindow, director: Director, learner: TinyLearner, qtbot: QtBot
) -> None:
    before = director.session.avatar
    begin(looking, qtbot)
    assert "21.5 dB" in looking.stage.learning.score.text()
    assert director.session.avatar is not before  # the head is shown as far as it has got
    learner.gate.set()
    qtbot.waitUntil(lambda: len(director.entries) == 2, timeout=WAIT)
    assert director.session.selected != "old"
    assert director.entries[director.session.selected].name == "tiny (personal)"
    assert not looking.stage.learning.isVisible()
    assert "4.5 dB" in director.session.status
    director.select("old")
    assert director.session.avatar is before


def test_cancel_gives_the_old_head_back_and_forgets(
    looking: MainWindow, director: Director, learner: TinyLearner, qtbot: QtBot
) -> None:
    before = director.session.avatar
    begin(looking, qtbot)
    (_, _, kept) = learner.calls[0]
    assert kept.exists()
    qtbot.mouseClick(looking.stage.learning.cancel, Qt.MouseButton.LeftButton)
    assert director.session.avatar is before
    assert not looking.stage.learning.isVisible()
    qtbot.waitUntil(lambda: not kept.exists(), timeout=WAIT)
    assert len(director.entries) == 1


def test_pause_keeps_what_was_learnt(
    looking: MainWindow, director: Director, learner: TinyLearner, qtbot: QtBot
) -> None:
    begin(looking, qtbot)
    qtbot.mouseClick(looking.stage.learning.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: director.jobs.idle, timeout=WAIT)
    assert learner.calls[0][2].exists()
    learner.gate.set()
    director.personalize(CLIP)
    qtbot.waitUntil(lambda: len(director.entries) == 2, timeout=WAIT)
    assert learner.calls[1][2] == learner.calls[0][2]


def test_somebody_else_is_asked_about(
    looking: MainWindow, director: Director, learner: TinyLearner, qtbot: QtBot
) -> None:
    learner.doubts = True
    begin(looking, qtbot)
    qtbot.mouseClick(looking.stage.learning.no, Qt.MouseButton.LeftButton)
    assert not looking.stage.learning.isVisible()
    begin(looking, qtbot)
    learner.gate.set()
    qtbot.mouseClick(looking.stage.learning.yes, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(director.entries) == 2, timeout=WAIT)
    assert [same for _, same, _ in learner.calls] == [False, False, True]


def test_what_does_not_help_adds_no_head(
    looking: MainWindow, director: Director, learner: TinyLearner, qtbot: QtBot
) -> None:
    learner.helps = False
    learner.gate.set()
    before = director.session.avatar
    director.personalize(CLIP)
    qtbot.waitUntil(lambda: "Nothing came nearer" in director.session.status, timeout=WAIT)
    assert len(director.entries) == 1
    assert director.session.avatar is before


def test_without_a_head_nothing_is_learnt(window: MainWindow, director: Director, learner: TinyLearner) -> None:
    director.personalize(CLIP)
    assert "needs a head" in director.session.status
    assert not learner.calls


def test_the_wipe_follows_pointer_and_keys(looking: MainWindow, qtbot: QtBot) -> None:
    begin(looking, qtbot)
    wipe = looking.stage.learning.wipe
    qtbot.mousePress(wipe, Qt.MouseButton.LeftButton, pos=QPoint(wipe.width() // 4, wipe.height() // 2))
    assert wipe.place == pytest.approx(0.25, abs=0.03)
    shown = np.array([wipe.grab().toImage().pixelColor(x, wipe.height() // 2).red() for x in (20, wipe.width() - 20)])
    assert shown[1] > shown[0] + 50
    place = wipe.place
    qtbot.keyClick(wipe, Qt.Key.Key_Right)
    assert wipe.place > place
    looking.stage.learning.real.setChecked(True)
    assert wipe.grab().toImage().pixelColor(20, wipe.height() // 2).red() > shown[0] + 30
