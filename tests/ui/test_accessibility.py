"""Keyboard, names and room: what somebody without a mouse, without eyes or with a small screen meets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot
from test_window import build

from studio.core import doctor
from studio.core.jobs import Job, Progress
from studio.ui import tasks
from studio.ui.main_window import MINIMUM, MainWindow
from studio.ui.pages.pages import PAGES
from studio.ui.panels.controls import ElidedLabel

INTERACTIVE = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QAbstractItemView,
    QGraphicsView,
)


def parts(window: MainWindow) -> list[QWidget]:
    """Every control, those of pages included, without the insides Qt gives to controls."""
    for name in PAGES:
        window.pages.show(name)
    window.pages.show(name)
    found = [widget for widget in window.findChildren(QWidget) if isinstance(widget, INTERACTIVE)]
    return [
        widget
        for widget in found
        if not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), (QComboBox, QAbstractSpinBox, QLineEdit, QTabBar))
        and not widget.objectName().startswith("qt_")
        and widget.window() is window
    ]


def what(widget: QWidget) -> str:
    holders = []
    at: QWidget | None = widget
    while at is not None:
        holders.append(type(at).__name__)
        at = at.parentWidget()
    return " < ".join(holders[:5])


@pytest.fixture
def busy(window: MainWindow, qtbot: QtBot, picture: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return a window with a head in it, whose pages do not look for devices."""

    def look() -> Job[doctor.Report]:
        yield Progress(0.0, "looking")
        return doctor.Report((doctor.Check("renderer", "limited", "numba"),))

    def find() -> Job[list[str]]:
        yield Progress(0.0, "looking")
        return ["one"]

    monkeypatch.setattr(tasks, "look_at_machine", look)
    monkeypatch.setattr(tasks, "find_microphones", find)
    build(window, qtbot, picture)
    return window


def test_every_control_says_what_it_is(busy: MainWindow) -> None:
    nameless = []
    for widget in parts(busy):
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text or widget.toolTip()):
            nameless.append(what(widget))
    assert nameless == []


def test_buttons_without_words_have_a_tooltip(busy: MainWindow) -> None:
    silent = [
        what(widget)
        for widget in parts(busy)
        if isinstance(widget, QAbstractButton) and not widget.text() and not widget.toolTip()
    ]
    assert silent == []


def test_tab_reaches_every_control_that_can_be_used(busy: MainWindow) -> None:
    for index in range(busy.tabs.count()):
        busy.tabs.setCurrentIndex(index)
        QApplication.processEvents()
        usable = {
            widget
            for widget in parts(busy)
            if widget.isVisible() and widget.isEnabled() and not isinstance(widget, QGraphicsView)
        }
        reached, at = set(), busy.tabs.nextInFocusChain()
        while at is not None and at not in reached:
            reached.add(at)
            at = at.nextInFocusChain()
        # One of several exclusive buttons, and a list beside its own line of text, are reached by the arrows.
        lost = [
            what(widget)
            for widget in usable
            if widget not in reached or not (widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        ]
        assert lost == [], busy.tabs.tabText(index)


def test_nothing_is_cut_off_in_the_smallest_window(busy: MainWindow) -> None:
    busy.resize(*MINIMUM)
    for index in range(busy.tabs.count()):
        busy.tabs.setCurrentIndex(index)
        QApplication.processEvents()
        assert (busy.width(), busy.height()) == MINIMUM
        assert cut_off(busy) == []
    for name in PAGES:
        page = busy.pages.show(name)
        QApplication.processEvents()
        assert cut_off(page) == []
    busy.pages.show(name)


def cut_off(within: QWidget) -> list[str]:
    """Return the words of labels and buttons that have less room than they need, across."""
    found = []
    for area in within.findChildren(QScrollArea):
        # Panels roll up and down only: what is wider than its panel is cut off at its right.
        inner, room = area.widget(), area.viewport().width()
        if inner is not None and area.isVisible() and inner.minimumSizeHint().width() > room:
            found.append(f"{what(area)} ({room} of {inner.minimumSizeHint().width()} px)")
    for widget in within.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, (QLabel, QAbstractButton)):
            continue
        if isinstance(widget, QLabel) and (widget.wordWrap() or isinstance(widget, ElidedLabel)):
            continue
        if widget.text() and widget.width() < widget.minimumSizeHint().width():
            found.append(f"{widget.text()} ({widget.width()} of {widget.minimumSizeHint().width()} px)")
    return found


@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_nothing_is_cut_off_on_larger_scales(tmp_path: Path, scale: str) -> None:
    # Qt reads the scale once, when it starts.
    script = tmp_path / "scaled.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nsys.path.insert(0, {{!r}})\n".format(
            str(Path(__file__).parents[1])
        )
        + "from pathlib import Path\n"
        "from PySide6.QtCore import QSettings\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from test_accessibility import cut_off\n"
        "from studio.ui import theme\n"
        "from studio.ui.director import Director\n"
        "from studio.ui.library import Library\n"
        "from studio.ui.main_window import MINIMUM, MainWindow\n"
        "app = QApplication([])\n"
        "theme.apply(app, 'dark')\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "settings = QSettings(str(folder / 'a.ini'), QSettings.Format.IniFormat)\n"
        "window = MainWindow(Director(Library(folder), settings))\n"
        "window.resize(*MINIMUM)\n"
        "window.show()\n"
        "found = []\n"
        "for index in range(window.tabs.count()):\n"
        "    window.tabs.setCurrentIndex(index)\n"
        "    app.processEvents()\n"
        "    found += cut_off(window)\n"
        "print(window.devicePixelRatio(), window.width(), window.height(), found)\n"
        "window.close()\n"
    )
    environment = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=120)
    assert done.stdout.splitlines()[-1:] == [f"{float(scale)} {MINIMUM[0]} {MINIMUM[1]} []"], done.stderr[-2000:]
