"""The Camera panel on real widgets: views, keys, turns, backgrounds, guides."""

from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.orbit import MAX_YAW, Orbit
from studio.ui.main_window import MainWindow

PATIENCE = 8_000  # ms


@pytest.fixture
def head(window: MainWindow) -> MainWindow:
    window.director.session.avatar = TinyAvatar.make()
    return window


def test_distance_roll_and_angle_reach_the_view(head: MainWindow) -> None:
    session, panel = head.director.session, head.camera
    session.orbit = Orbit(yaw=12.34, zoom=1.23)
    panel._distance[1].setValue(0.7)
    panel._roll[1].setValue(-10)
    assert (session.orbit.distance, session.orbit.roll) == (0.7, -10)
    assert (session.orbit.yaw, session.orbit.zoom) == (12.34, 1.23)  # shown rounded, and not touched
    before = session.orbit.field_of_view(session.avatar)  # pyright: ignore[reportArgumentType]
    assert panel._angle[1].value() == pytest.approx(before, abs=0.06)
    panel._angle[1].setValue(20)
    assert session.orbit.field_of_view(session.avatar) == pytest.approx(20, abs=0.1)  # pyright: ignore
    assert session.orbit.zoom / session.orbit.distance == pytest.approx(1.23 / 0.7)


def test_a_view_is_saved_chosen_and_dropped_with_undo(head: MainWindow, qtbot: QtBot) -> None:
    director, panel = head.director, head.camera
    director.session.orbit = Orbit(yaw=20)
    panel.views.setEditText("Left side")
    panel.save.click()
    director.session.orbit = Orbit()
    panel.views.setEditText("")
    panel.save.click()
    assert [(saved.name, saved.view.yaw) for saved in director.document.state.views] == [
        ("Left side", 20), ("Camera 2", 0),
    ]  # fmt: skip
    panel.views.setCurrentIndex(panel.views.findText("Left side"))
    panel.views.activated.emit(panel.views.currentIndex())
    assert director.session.orbit == Orbit(yaw=20)
    panel._drop.click()
    assert [saved.name for saved in director.document.state.views] == ["Camera 2"]
    director.document.undo()
    assert panel.views.findText("Left side") == 0


def test_keys_are_put_where_the_playhead_is_and_taken_away(head: MainWindow, qtbot: QtBot) -> None:
    director, panel = head.director, head.camera
    keys = lambda: [(key.time, key.view.yaw) for key in director.document.state.timeline.camera]  # noqa: E731
    for time, yaw in ((0.0, 10.0), (2.0, 30.0), (2.0, 25.0)):
        director.playback.seek(time)
        director.playback.take_camera(Orbit(yaw=yaw))
        panel.key.click()
    assert keys() == [(0.0, 10.0), (2.0, 25.0)]
    director.playback.seek(1.0)
    qtbot.waitUntil(lambda: director.playback.view == Orbit(yaw=17.5), timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel._yaw[1].value() == 17.5, timeout=PATIENCE)
    panel.drop_key.click()
    assert keys() == [(2.0, 25.0)]
    panel.drop_key.click()
    assert "no camera key here" in head.status.toolTip()
    director.document.undo()
    assert keys() == [(0.0, 10.0), (2.0, 25.0)]


def test_a_turntable_fills_keys_for_one_turn(head: MainWindow) -> None:
    director, panel = head.director, head.camera
    director.playback.seek(1.0)
    panel._seconds.setValue(4.0)
    panel.turn.click()
    yaws = [key.view.yaw for key in director.document.state.timeline.camera]
    assert (min(yaws), max(yaws)) == (-MAX_YAW, MAX_YAW)
    panel._whole.setChecked(True)
    panel.turn.click()
    camera = director.document.state.timeline.camera
    assert (camera[0].time, camera[-1].time, camera[-1].view.yaw) == (1.0, 5.0, 360.0)
    assert director.document.undo_label == "Turntable"


def test_a_picture_lies_behind_the_head_cut_to_the_square(head: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "beach.png"
    rows = np.zeros((60, 200, 3), np.uint8)
    rows[:, 70:130] = (0, 200, 0)
    Image.fromarray(rows).save(path)
    director, panel = head.director, head.camera
    director.camera_work.choose_picture(path)
    behind = lambda: director.session.background  # noqa: E731
    qtbot.waitUntil(lambda: isinstance(behind(), np.ndarray), timeout=PATIENCE)
    key = director.document.state.background
    assert director.document.state.media[key].name == "beach.png"
    assert panel._kinds.checkedId() == 3
    corner = lambda: head.stage.shown is not None and tuple(head.stage.shown[2, 2, :3])  # noqa: E731
    qtbot.waitUntil(lambda: corner() == (0, 200, 0), timeout=20_000)
    director.session.render_size = 256
    qtbot.waitUntil(lambda: head.stage.shown is not None and len(head.stage.shown) == 256, timeout=PATIENCE)
    qtbot.waitUntil(lambda: corner() == (0, 200, 0), timeout=PATIENCE)
    wide = director.camera_work.background_at(128, 64)
    assert isinstance(wide, np.ndarray)
    assert wide.shape == (64, 128, 3)
    np.testing.assert_allclose(wide[32, [5, 64]], [[0, 0, 0], [0, 200 / 255, 0]], atol=0.01)


def test_guides_are_switched_from_menu_and_panel(head: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: head.stage.shown is not None, timeout=20_000)
    head.actions_by_name["guides"].trigger()
    assert head.stage.guides.isVisible()
    assert head.camera.guides.isChecked()
    head.tabs.setCurrentWidget(head.camera)
    head.camera.guides.click()
    assert not head.stage.guides.isVisible()
    assert head.stage.guides.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
