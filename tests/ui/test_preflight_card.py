from pathlib import Path

import numpy as np
import pytest
from fakes import TinyBuilder
from pytestqt.qtbot import QtBot
from test_window import drop

from studio.core.perception.preflight import Preflight
from studio.ui.main_window import MainWindow

BOX = np.array([20, 20, 70, 80], np.float32)


@pytest.mark.parametrize(
    ("seen", "fact", "sentence"),
    [
        (Preflight(BOX, 300, 4, 0.5, 0.02), "Face 300 px high · turned by 4° · sharp · nothing before it", "good head"),
        (Preflight(BOX, 300, -31, 0.5, 0.02), "turned by 31°", "turned far to the side"),
        (Preflight(BOX, 300, 0, 0.9, 0.02), "blurred", "The face is blurred"),
        (Preflight(BOX, 90, 0, 0.5, 0.02), "Face 90 px high", "The face is small"),
        (Preflight(BOX, 90, 40, 0.9, 0.3), "30 % not skin", "Something covers the face"),
    ],
)
def test_what_was_seen_is_told_while_consent_is_asked(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder, seen: Preflight, fact: str, sentence: str
) -> None:
    builder.seen = seen
    drop(window, picture)
    card = window.stage.preflight
    qtbot.waitUntil(card.isVisible)
    assert fact in card.facts.text()
    assert sentence in card.fault.text()
    assert window.stage.consent.isVisible()
    assert not card.geometry().intersects(window.stage.consent.geometry())
    window.stage.consent.no.click()
    assert not card.isVisible()
