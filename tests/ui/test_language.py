"""The window in German."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from test_accessibility import cut_off

from studio.ui import language, theme
from studio.ui.director import Director
from studio.ui.main_window import MINIMUM, MainWindow
from studio.ui.pages.shortcuts import ShortcutsPage


@pytest.fixture
def german(qapp: QApplication, director: Director, qtbot: QtBot) -> Iterator[MainWindow]:
    assert language.install(qapp, "de") == "de"
    theme.apply(qapp, "dark")
    window = MainWindow(director)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()


def test_the_language_is_the_systems_where_there_is_one() -> None:
    assert language.wanted("system", ["de-CH", "en"]) == "de"
    assert language.wanted("system", ["en-GB", "de"]) == "en"
    assert language.wanted("system", ["xx-YY", "de_AT"]) == "de"
    assert language.wanted("system", ["xx"]) == "en"
    assert language.wanted("xx") == "en"
    assert language.names() == {"en": "English", "de": "Deutsch"}


def test_the_window_its_pages_and_cards_are_german(german: MainWindow, qtbot: QtBot) -> None:
    assert [action.text() for action in german.menuBar().actions()][:3] == ["Datei", "Bearbeiten", "Avatar"]
    assert [german.tabs.tabText(i) for i in range(4)] == ["Antrieb", "Gesicht", "Kamera", "Export"]
    assert german.stage.consent.yes.text() == "Ja, den Kopf bauen"
    german.actions_by_name["shortcuts"].trigger()
    page = german.pages.open
    assert isinstance(page, ShortcutsPage)
    assert page._close.accessibleName() == "Schließen"  # of the class it is derived from
    qtbot.keyClicks(page.search, "vollbild")
    assert [text.split(" ")[0] for text in page.listed] == ["Vollbild"]
    german.face.search.setText("kiefer")
    assert any(label.text().startswith("Kiefer") for label in german.face.findChildren(QLabel))


def test_nothing_is_cut_off_in_german(german: MainWindow) -> None:
    german.resize(*MINIMUM)
    for index in range(german.tabs.count()):
        german.tabs.setCurrentIndex(index)
        QApplication.processEvents()
        assert (german.width(), german.height()) == MINIMUM
        assert cut_off(german) == []
    for name in ("shortcuts", "preferences"):
        page = german.pages.show(name)
        QApplication.processEvents()
        assert cut_off(page) == []
