"""Finding things: the palette, the cheat sheet and their search."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from pytestqt.qtbot import QtBot
from test_window import build

from studio.core.heads.arkit import ARKIT_INDEX
from studio.ui.commands import COMMANDS
from studio.ui.fuzzy import match
from studio.ui.main_window import MainWindow
from studio.ui.pages.shortcuts import ShortcutsPage
from studio.ui.panels.face import face_presets


def best(query: str, *texts: str) -> str:
    scored = {text: match(query, text) for text in texts}
    found = {text: score for text, score in scored.items() if score is not None}
    return max(found, key=lambda text: found[text]) if found else ""


def test_the_nearest_text_is_the_best() -> None:
    texts = ("Export still", "Export clip", "Open sound", "Reset face sliders", "Läuft überall")
    assert best("still", *texts) == "Export still"
    assert best("exst", *texts) == "Export still"
    assert best("clip exp", *texts) == "Export clip"
    assert best("OUN", *texts) == "Open sound"
    assert best("uberall lauft", *texts) == "Läuft überall"
    assert best("zebra", *texts) == ""
    assert best("tropxe", *texts) == ""  # the letters are there, their order is not


@given(st.text("abc xyz", min_size=1, max_size=20), st.integers(0, 19), st.integers(1, 20))
def test_every_piece_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    piece = text[start : start + length]
    words = [word for word in piece.split() if len(word) > 1]
    assert match(" ".join(words), text) is not None


def test_no_two_commands_share_a_shortcut(window: MainWindow) -> None:
    # Those of the Timeline menu count while the lanes have the focus, and there before the window's.
    for lanes in (True, False):
        keys = Counter(
            QKeySequence(key).toString()
            for command in COMMANDS
            for key in (command.keys, command.also)
            if key and (command.menu == "Timeline") == lanes
        )
        assert [key for key, times in keys.items() if times > 1] == []
        assert "" not in keys  # Qt did not understand one
    everywhere = Counter(
        key.toString()
        for action in window.findChildren(QAction)
        if action.shortcutContext() == Qt.ShortcutContext.WindowShortcut
        for key in action.shortcuts()
    )
    everywhere.update(shortcut.key().toString() for shortcut in window.findChildren(QShortcut))
    assert [key for key, times in everywhere.items() if times > 1] == []


def test_names_of_commands_are_unique_and_each_does_something(window: MainWindow) -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for name, action in window.actions_by_name.items():
        assert action.receivers("2triggered(bool)"), f"{name} is connected to nothing"


def test_the_palette_runs_an_action_by_its_letters(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["palette"].trigger()
    palette = window.finder
    assert palette.isVisible()
    assert {command.text.rstrip("…") for command in COMMANDS} - {c.title.rstrip("…") for c in palette.found} <= {
        "Microphone"  # says what it will do
    }
    qtbot.keyClicks(palette.query, "gues")
    assert palette.found[0].title == "Show what is guessed"
    assert palette.found[0].keys == "H"
    assert palette.found[0].where == "View"
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.director.session.show_guessed


def test_the_palette_shows_an_avatar(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    build(window, qtbot, picture)
    window.director.session.selected = ""
    window.finder.toggle()
    qtbot.keyClicks(window.finder.query, "someb")
    qtbot.keyClick(window.finder.query, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.director.session.selected))


def test_the_palette_sets_an_expression(window: MainWindow, qtbot: QtBot) -> None:
    name, values = next((n, v) for n, v in face_presets().items() if v)
    window.finder.toggle()
    qtbot.keyClicks(window.finder.query, f"expression {name}")
    qtbot.keyClick(window.finder.query, Qt.Key.Key_Return)
    channel, value = next(iter(values.items()))
    assert window.face.sliders[ARKIT_INDEX[channel]].number() == pytest.approx(value, abs=0.02)


def test_arrows_choose_and_escape_leaves_everything_as_it_was(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    window.avatars.list.setFocus()
    qtbot.waitUntil(window.avatars.list.hasFocus)
    window.finder.toggle()
    query, found = window.finder.query, window.finder.list
    qtbot.waitUntil(query.hasFocus)
    assert found.currentRow() == 0
    qtbot.keyClick(query, Qt.Key.Key_Down)
    assert found.currentRow() == 1
    qtbot.keyClick(query, Qt.Key.Key_Up)
    assert found.currentRow() == 0
    qtbot.keyClick(query, Qt.Key.Key_Escape)
    assert not window.finder.isVisible()
    assert window.avatars.list.hasFocus()


def test_what_cannot_be_done_now_is_listed_last_and_not_run(window: MainWindow, qtbot: QtBot) -> None:
    window.finder.toggle()
    qtbot.keyClicks(window.finder.query, "export clip")
    assert not window.finder.found[0].enabled
    qtbot.keyClick(window.finder.query, Qt.Key.Key_Return)
    assert window.finder.isVisible()
    qtbot.keyClicks(window.finder.query, "qqqq")
    assert window.finder.found == []
    window.finder.leave()


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_the_cheat_sheet_has_every_command_and_narrows(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, key)
    page = window.pages.open
    assert isinstance(page, ShortcutsPage)
    everything = page.listed
    for command in COMMANDS:
        assert any(text.startswith(command.text.rstrip("…")) for text in everything)
    qtbot.keyClicks(page.search, "ctrl+o")
    assert 0 < len(page.listed) < len(everything)
    assert page.listed[0].startswith("Open")
    qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    assert window.pages.open is None
