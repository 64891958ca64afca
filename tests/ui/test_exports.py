"""Exports from the window: options, estimate, queue, pause, cancel, and what is left of them."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sound_files import write_wave

from studio.core import unfinished
from studio.core.export_clip import ClipOptions
from studio.core.jobs import Job, Progress
from studio.core.media.video import probe_clip
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.document import Media
from studio.core.project.timeline import Block
from studio.ui import export_tasks, theme
from studio.ui.export_tasks import Exported
from studio.ui.main_window import MainWindow
from studio.ui.panels.export import ExportPanel
from studio.ui.session import RATE


def choose(panel: ExportPanel, name: str, value: object) -> None:
    """Choose in the box of that name, as a click does."""
    box = getattr(panel, f"_{name}")
    index = next(i for i in range(box.count()) if box.itemData(i) == value)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def told(window: MainWindow, words: str) -> bool:
    """Return whether the status line has said so by now."""
    return any(words in sentence for sentence in window.status.sentences)


@pytest.fixture
def ready(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Return a window with a head and a sound, its Export panel on show."""
    noise = np.random.default_rng(0).normal(0, 0.1, (8000, 1))
    sound = write_wave(tmp_path / "speech.wav", noise, RATE)
    window.director.session.avatar = TinyAvatar.make(60)
    document, block = window.director.document, Block("b", "key", "speech", 0.0, 0.0, 0.5, ("audio",))
    state = replace(document.state, media={"key": Media(str(sound), sound.name, 0.5)})
    document.edit("Add", replace(state, timeline=replace(state.timeline, sounds=(block,))))
    window.tabs.setCurrentWidget(window.export)
    return window


def test_a_clip_is_written_as_the_panel_says(ready: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel, session = ready.export, ready.director.session
    session.orbit, session.background = Orbit(20.0), "transparent"
    choose(panel, "size", (256, 256))
    choose(panel, "rate", 24)
    options = panel.options(session.background, session.orbit)
    assert options == ClipOptions(256, 256, 24, "plate", view=Orbit(20.0))  # an MP4 holds no transparency
    choose(panel, "format", "webm")
    choose(panel, "quality", "draft")
    options = panel.options(session.background, session.orbit)
    assert (options.background, options.quality) == ("transparent", "draft")
    ready.director.exports.clip(panel.source, tmp_path / "out.webm", replace(options, width=64, height=64))
    qtbot.waitUntil(lambda: told(ready, "Exported out.webm. 12 frames"), timeout=60_000)
    info = probe_clip(tmp_path / "out.webm")
    assert (info.frames, info.alpha, info.audio_duration > 0.4) == (12, True, True)
    card = next(card for card in ready.jobs.cards if "out.webm" in card.title.toolTip())
    assert card.message.text() == "Done"
    assert card.reveal.isVisible()


def test_the_panel_estimates_what_is_chosen(ready: MainWindow, qtbot: QtBot) -> None:
    panel = ready.export
    choose(panel, "size", (256, 256))
    qtbot.waitUntil(lambda: "13 frames; about" in panel._estimate.text(), timeout=60_000)
    choose(panel, "source", "turntable")
    qtbot.waitUntil(lambda: "150 frames; about" in panel._estimate.text(), timeout=60_000)


def test_what_a_clip_shows_is_chosen_by_what_there_is(window: MainWindow, tmp_path: Path) -> None:
    panel, session, document = window.export, window.director.session, window.director.document
    assert not panel.clip.isEnabled()
    assert not window.actions_by_name["export_clip"].isEnabled()
    session.avatar = TinyAvatar.make(60)
    assert not panel.clip.isEnabled()
    motion = Motion.from_frames("arkit", np.array([0.0, 1.0]), np.zeros((2, 52)))
    take = Block("t", document.store(motion), "take", 0.0, 0.0, 1.0, ("head",))
    timeline = replace(document.state.timeline, takes=(take,), loop=(0.25, 0.75))
    document.edit("Record", replace(document.state, timeline=timeline))
    assert panel.clip.isEnabled()
    assert window.actions_by_name["export_motion"].isEnabled()
    choose(panel, "range", True)
    options = panel.options("plate", Orbit())
    assert (options.begin, options.end) == (0.25, 0.75)
    document.undo()
    assert not window.actions_by_name["export_clip"].isEnabled()
    choose(panel, "source", "turntable")
    assert window.actions_by_name["export_clip"].isEnabled()


def test_the_motion_of_the_timeline_becomes_a_csv(ready: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    ready.director.exports.motion("turntable", tmp_path / "m.csv", ClipOptions(fps=30))
    qtbot.waitUntil(lambda: told(ready, "180 frames of 52"), timeout=60_000)
    assert len((tmp_path / "m.csv").read_text().splitlines()) == 181


class Gated:
    """Stands in for `export_clip`: each step waits for its turn to be given."""

    def __init__(self) -> None:
        self.turn = threading.Semaphore(0)
        self.begun: list[str] = []
        self.done: list[str] = []

    def __call__(self, avatar: TinyAvatar, shown: object, out: Path, options: ClipOptions) -> Job[Exported]:
        self.begun.append(out.name)
        try:
            for step in range(3):
                yield Progress(step / 3, f"rendering {step}")
                assert self.turn.acquire(timeout=30)
            self.done.append(out.name)
            return Exported(out)
        finally:
            self.begun.remove(out.name)


def test_a_paused_export_lets_the_next_one_run_and_goes_on_later(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = Gated()
    monkeypatch.setattr(export_tasks, "export_clip", gated)
    exports, jobs = ready.director.exports, ready.director.jobs
    for name in ("a.mp4", "b.mp4"):
        assert exports.clip("timeline", tmp_path / name, ClipOptions()) is not None
    card = next(card for card in ready.jobs.cards if "a.mp4" in card.title.toolTip())
    qtbot.waitUntil(lambda: gated.begun == ["a.mp4"])
    card.pause_button.click()
    gated.turn.release(1)  # of the step that was under way
    qtbot.waitUntil(lambda: gated.begun == ["a.mp4", "b.mp4"])
    assert card.message.text() == "Paused"
    assert card.pause_button.accessibleName().startswith("Go on")
    gated.turn.release(3)
    qtbot.waitUntil(lambda: gated.done == ["b.mp4"])
    qtbot.waitUntil(lambda: jobs.idle)  # what is paused keeps nobody busy
    card.pause_button.click()
    assert not jobs.idle
    gated.turn.release(3)
    qtbot.waitUntil(lambda: gated.done == ["b.mp4", "a.mp4"])


def test_a_paused_export_can_be_cancelled(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = Gated()
    monkeypatch.setattr(export_tasks, "export_clip", gated)
    ticket = ready.director.exports.clip("timeline", tmp_path / "a.mp4", ClipOptions())
    assert ticket is not None
    qtbot.waitUntil(lambda: gated.begun == ["a.mp4"])
    ticket.pause()
    gated.turn.release(1)
    qtbot.waitUntil(lambda: ready.director.jobs.idle)
    ticket.cancel()
    qtbot.waitUntil(lambda: gated.begun == [])
    qtbot.waitUntil(lambda: told(ready, "cancelled"))


def test_the_panel_is_tidy_in_every_theme(ready: MainWindow, qapp: QApplication) -> None:
    ready.resize(1100, 700)
    for name in ("dark", "light"):
        theme.apply(qapp, name)
        panel = ready.export
        for box in (panel._source, panel._format, panel._size):
            assert box.accessibleName()
            assert box.width() >= box.sizeHint().width() - 60  # nothing squeezed away
        for button in (panel.clip, panel.motion):
            assert button.width() >= button.sizeHint().width()
    theme.apply(qapp, "dark")


def test_what_a_killed_export_left_is_removed_at_the_next_start_and_that_is_said(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    left, place = tmp_path / ".0123456789ab.part.mp4", unfinished.default_folder() / "0123456789ab"
    left.write_bytes(b"half a clip")
    place.mkdir(parents=True)
    (place / "path").write_bytes(str(left).encode())
    (place / "lock").touch()
    window.director.exports.clear_away()
    qtbot.waitUntil(lambda: "what it left was removed" in window.director.session.status)
    assert not left.exists()
