"""The pages over the stage: preferences, what this machine can do, the log."""

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core import doctor, logs
from studio.core.jobs import Job, Progress
from studio.core.render.rasterize import choose_backend
from studio.ui import preferences, tasks, theme
from studio.ui.library import default_folder
from studio.ui.main_window import MainWindow
from studio.ui.pages.figures import FiguresPage
from studio.ui.pages.log import LogPage
from studio.ui.pages.machine import MachinePage
from studio.ui.pages.pages import PAGES
from studio.ui.pages.preferences import PreferencesPage


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "some.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def few_findings(monkeypatch: pytest.MonkeyPatch) -> doctor.Report:
    found = doctor.Report(
        (
            doctor.Check("studio", "ok", "0.1"),
            doctor.Check("renderer", "limited", "numba; CUDA is not used: no card"),
            doctor.Check("assets", "broken", "missing; restore them"),
        )
    )

    def reporting() -> Job[doctor.Report]:
        yield Progress(0.5, "looking at: renderer")
        return found

    monkeypatch.setattr(doctor, "reporting", reporting)
    return found


def open_page(window: MainWindow, name: str) -> object:
    window.actions_by_name[name].trigger()
    return window.pages.open


def test_one_page_is_open_at_a_time_and_escape_leaves_it(window: MainWindow, qtbot: QtBot) -> None:
    for name in PAGES:
        page = open_page(window, name)
        assert [p for p in window.pages._made.values() if p.isVisible()] == [page]
        assert window.pages.open is not None
        assert window.pages.open.geometry() == window._middle.rect()
        assert window.pages.open.accessibleName()
    qtbot.keyClick(window.pages.open, Qt.Key.Key_Escape)
    assert window.pages.open is None
    open_page(window, "log")
    assert open_page(window, "log") is None  # the same command closes it
    qtbot.waitUntil(lambda: window.director.jobs.idle, timeout=60_000)


def test_no_page_is_imported_before_it_is_opened(window: MainWindow) -> None:
    assert window.pages._made == {}


def test_what_is_set_counts_at_the_next_start(settings: QSettings, tmp_path: Path) -> None:
    assert preferences.read(settings) == preferences.Preferences()
    preferences.write(settings, scale=150, renderer="numba", view="painted", threads=1, library=str(tmp_path))
    read = preferences.read(settings)
    assert read.folder == tmp_path
    environment: dict[str, str] = {}
    read.prepare(environment)
    assert environment == {
        "QT_SCALE_FACTOR": "1.5",
        "AVATAR_STUDIO_RENDERER": "numba",
        "AVATAR_STUDIO_VIEW": "painted",
        "AVATAR_STUDIO_THREADS": "1",
    }
    by_hand = {"QT_SCALE_FACTOR": "3"}
    read.prepare(by_hand)
    assert by_hand["QT_SCALE_FACTOR"] == "3"
    assert preferences.reset(settings) == preferences.read(settings) == preferences.Preferences()
    assert preferences.read(settings).folder == default_folder()


def test_nonsense_in_the_settings_is_as_if_nothing_were_there(settings: QSettings) -> None:
    for name, value in (("theme", "pink"), ("scale", "wide"), ("renderer", "7"), ("threads", "-4"), ("view", "")):
        settings.setValue(name, value)
    assert preferences.read(settings) == preferences.Preferences()
    preferences.Preferences(threads=10_000).prepare(environment := {})
    assert environment == {}  # of another machine


def test_the_renderer_that_is_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_STUDIO_RENDERER", "numba")
    assert choose_backend().name == "numba"
    assert "preferences" in choose_backend().reason


def test_preferences_are_kept_and_the_theme_counts_at_once(window: MainWindow, qtbot: QtBot) -> None:
    page = open_page(window, "preferences")
    assert isinstance(page, PreferencesPage)
    settings = window.director.settings
    for name, value in (("theme", "light"), ("threads", 1), ("renderer", "numba")):
        combo = page.combos[name]
        combo.setCurrentIndex(combo.findData(value))
        combo.activated.emit(combo.currentIndex())
    assert theme.current() == theme.THEMES["light"]
    kept = preferences.read(settings)
    assert (kept.theme, kept.threads, kept.renderer) == ("light", 1, "numba")
    page._reset()
    assert preferences.read(settings) == preferences.Preferences()
    assert page.combos["threads"].currentData() == 0
    assert theme.current() == theme.THEMES[theme.system_theme()]


def test_a_folder_that_cannot_be_written_is_refused(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(window, "preferences")
    assert isinstance(page, PreferencesPage)
    page._use_folder(tmp_path)
    assert preferences.read(window.director.settings).folder == tmp_path
    monkeypatch.setattr(preferences.os, "access", lambda *_: False)
    page._use_folder(tmp_path / "locked")
    assert preferences.read(window.director.settings).folder == tmp_path
    assert "choose another folder" in window.status.toolTip()


def test_what_the_machine_can_do_is_told_and_copied(
    window: MainWindow, qtbot: QtBot, few_findings: doctor.Report
) -> None:
    page = open_page(window, "machine")
    assert isinstance(page, MachinePage)
    qtbot.waitUntil(lambda: page.grid.count() == 3 * len(few_findings.checks))
    assert "broken" in page.told.text()
    page.copy.click()
    assert QApplication.clipboard().text() == few_findings.as_text()


def test_the_log_is_shown_and_copied_without_names(
    window: MainWindow, qtbot: QtBot, few_findings: doctor.Report
) -> None:
    logs.log_file().parent.mkdir(parents=True)
    logs.log_file().write_text("2026 WARNING studio: '/home/anna/anna.jpg' is dark\n")
    page = open_page(window, "log")
    assert isinstance(page, LogPage)
    qtbot.waitUntil(lambda: "is dark" in page.text.toPlainText())
    assert "anna" not in page.text.toPlainText()
    page.copy.click()
    qtbot.waitUntil(lambda: "is dark" in QApplication.clipboard().text())
    copied = QApplication.clipboard().text()
    assert few_findings.as_text() in copied
    assert "anna" not in copied


def test_a_long_log_begins_with_a_whole_line() -> None:
    logs.log_file().parent.mkdir(parents=True)
    logs.log_file().write_text("".join(f"line {i:03d}\n" for i in range(100)))
    assert logs.newest(95).splitlines()[0] == "line 090"
    assert len(logs.newest().splitlines()) == 100
    logging.shutdown()


def test_speed_and_delay_are_drawn_as_they_are_measured(window: MainWindow, qtbot: QtBot) -> None:
    page = open_page(window, "figures")
    assert isinstance(page, FiguresPage)
    qtbot.waitUntil(lambda: len(page.lines) == 3 and len(page.measured) > 2)
    qtbot.waitUntil(lambda: len(page.lines["fps"].getData()[0]) > 2)
    assert list(page.lines["fps"].getData()[1]) == [fps for fps, _, _ in page.measured]
    window.use_theme("light")


def test_a_sound_output_is_chosen_and_stays_chosen_while_it_is_away(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    director, there = window.director, ["Headphones", "Speakers"]

    def find() -> Job[list[str]]:
        yield Progress(0.0, "looking")
        return list(there)

    monkeypatch.setattr(tasks, "find_outputs", find)
    page = open_page(window, "preferences")
    assert isinstance(page, PreferencesPage)
    qtbot.waitUntil(lambda: page.outputs.count() == 3)
    assert page.outputs.currentText() == "System output"
    page.outputs.setCurrentText("Headphones")
    page.outputs.activated.emit(page.outputs.currentIndex())
    assert director.session.output == director.drive.output == "Headphones"
    assert director.settings.value("output") == "Headphones"
    there.remove("Headphones")
    director.live.find_outputs()
    qtbot.waitUntil(lambda: page.outputs.currentText() == "Headphones (not there)")
