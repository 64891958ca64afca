"""The Face panel on real widgets: layers, gains, presets."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.mixer import blend
from studio.core.motion.motion import Motion
from studio.ui.main_window import MainWindow
from studio.ui.panels.face import face_presets

JAW, SMILE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthSmileLeft"]
PATIENCE = 20_000  # ms


def half_open() -> Motion:
    """Two seconds of it."""
    return Motion.from_frames("arkit", np.array([0.0, 1.0]), np.full((2, 1), 0.5) * np.eye(52)[JAW])


def jaw(window: MainWindow) -> float:
    return float(window.director.drive.newest.code[0, JAW])


def test_layers_are_added_and_gains_leave_the_sliders_alone() -> None:
    layers = {"speech": Motion.arkit(jawOpen=0.3), "base": Motion.arkit(jawOpen=0.1), "user": Motion.arkit(jawOpen=0.2)}
    value = lambda **options: float(blend(layers, **options).code[0, JAW])  # noqa: E731  # pyright: ignore
    gains = np.ones(52, np.float32)
    gains[JAW] = 0.5
    assert value() == pytest.approx(0.6)
    assert value(gains=gains) == pytest.approx(0.4)
    assert value(off={"base"}) == pytest.approx(0.5)
    assert value(off={"user"}) == pytest.approx(0.4)
    assert value(off={"speech", "base"}) == pytest.approx(0.2)
    assert value(off={"speech", "base", "user"}) == 0
    gains[JAW] = 2
    assert value(gains=gains, off={"user"}) == pytest.approx(0.8)


def test_a_layer_is_left_out_and_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(window.face)
    window.director.add_motion("Open", half_open())
    window.director.playback.seek(0.0)
    window.director.set_channel(JAW, 0.2)
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.7), timeout=PATIENCE)
    buttons = window.face.layer_buttons
    qtbot.waitUntil(lambda: buttons["timeline"].property("moving") is True, timeout=PATIENCE)
    assert not buttons["webcam"].property("moving")
    buttons["timeline"].click()
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.2), timeout=PATIENCE)
    buttons["user"].click()
    qtbot.waitUntil(lambda: jaw(window) == 0, timeout=PATIENCE)
    buttons["timeline"].click()
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.5), timeout=PATIENCE)
    assert window.face.sliders[JAW].number() == pytest.approx(0.2)


def test_a_gain_scales_what_drives_and_is_undone(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(step=1000)  # s: too slow a hand for two changes to be one step
    monkeypatch.setattr("studio.ui.director.time", SimpleNamespace(monotonic=lambda: next(clock)))
    window.tabs.setCurrentWidget(window.face)
    document, panel = window.director.document, window.face
    window.director.add_motion("Open", half_open())
    window.director.playback.seek(0.0)
    panel.show_gain.click()
    assert panel.gains[JAW].isVisible()
    assert not panel.sliders[JAW].isVisible()
    panel.search.setText("jaw open")
    assert [c for c, slider in panel.gains.items() if slider.isVisible()] == [JAW]
    panel.gains[JAW].setValue(75)
    assert document.state.gains == {"jawOpen": 1.5}
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.75), timeout=PATIENCE)
    panel.gains[JAW].rest()
    assert document.state.gains == {}
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.5), timeout=PATIENCE)
    document.undo()
    assert document.state.gains == {"jawOpen": 1.5}
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.75), timeout=PATIENCE)
    document.undo()
    qtbot.waitUntil(lambda: jaw(window) == pytest.approx(0.5), timeout=PATIENCE)
    panel.search.clear()
    panel.show_gain.click()
    assert panel.sliders[JAW].isVisible()


def test_a_preset_sets_the_sliders(window: MainWindow) -> None:
    panel = window.face
    panel.presets.setCurrentIndex(panel.presets.findText("Smile"))
    panel.presets.activated.emit(panel.presets.currentIndex())
    assert window.director.session.expression.code[0, SMILE] == pytest.approx(0.7)
    assert panel.sliders[SMILE].number() == pytest.approx(0.7)
    assert panel.presets.currentIndex() == 0


def test_every_preset_is_an_expression_within_range() -> None:
    presets = face_presets()
    assert len(presets) > 10
    for values in presets.values():
        assert values.keys() <= ARKIT_INDEX.keys()
        assert 0 < max(values.values()) <= 1


def test_a_head_without_face_parameters_switches_the_sliders_off_and_says_why(window: MainWindow) -> None:
    panel = window.face
    panel.show_space("audio")
    assert not panel.sliders[JAW].isEnabled()
    assert not panel.presets.isEnabled()
    assert "no face parameters" in panel._unfollowed.text()
    panel.show_space("arkit")
    assert panel.sliders[JAW].isEnabled()
    assert panel._unfollowed.isHidden()


def test_the_engine_of_the_next_build_is_chosen_beside_its_head(window: MainWindow) -> None:
    box, session = window.options, window.director.session
    box.engine.setCurrentIndex(box.engine.findData("splat-portrait"))
    box.engine.activated.emit(box.engine.currentIndex())
    assert session.options.engine == "splat-portrait"
    assert not box.head.isEnabled()
