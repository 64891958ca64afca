import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui import theme
from studio.ui.viewport.stage import Stage
from studio.ui.viewport.view import PaintedView


def noise(side: int) -> np.ndarray:
    picture = np.random.default_rng(side).integers(0, 256, (side, side, 4), dtype=np.uint8)
    picture[..., 3] = 255
    return picture


def seen(view: PaintedView) -> np.ndarray:
    """What the window shows, ``[H,W,3]`` in pixels of the screen."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3].copy()


@pytest.fixture
def view(qtbot: QtBot) -> PaintedView:
    made = PaintedView()
    qtbot.addWidget(made)
    made.resize(101, 80)
    made.show()
    qtbot.waitExposed(made)
    return made


def rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def stage() -> list[int]:
    return rgb(theme.current().stage)


def test_a_picture_of_the_views_size_is_painted_value_by_value(view: PaintedView) -> None:
    picture = noise(80)
    view.show_frame(picture)
    shown = seen(view)
    np.testing.assert_array_equal(shown[:, 10:90], picture[..., :3])
    assert shown[40, 3].tolist() == shown[40, 95].tolist() == stage()


def test_what_was_shown_does_not_change_with_the_memory_it_came_from(view: PaintedView) -> None:
    picture = noise(80)
    view.show_frame(picture)
    before = seen(view)
    picture[:] = 0
    np.testing.assert_array_equal(seen(view), before)


def test_a_transparent_picture_lets_the_checker_through(view: PaintedView) -> None:
    picture = noise(80)
    picture[:, :40, 3] = 0
    picture[:, 40:, 3] = 255
    view.show_frame(picture, opaque=False)
    shown = seen(view)
    np.testing.assert_array_equal(shown[:, 50:90], picture[:, 40:, :3])
    checker = {tuple(rgb(color)) for color in (theme.current().control, theme.current().hover)}
    assert {tuple(pixel) for pixel in shown[:, 11:49].reshape(-1, 3).tolist()} == checker


def test_without_a_picture_there_is_the_stage(view: PaintedView) -> None:
    view.show_frame(noise(80))
    view.let_go()
    view.update()
    assert (seen(view) == stage()).all()


def test_a_view_pressed_to_nothing_still_takes_the_wheel(qtbot: QtBot) -> None:
    stage = Stage()
    qtbot.addWidget(stage)
    stage.view.widget.resize(0, 0)
    nowhere, none = QPointF(), Qt.KeyboardModifier.NoModifier
    turn = QWheelEvent(
        nowhere, nowhere, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
    )
    with qtbot.captureExceptions() as raised:
        QApplication.sendEvent(stage.view.widget, turn)
    assert raised == []
    assert stage.orbit.zoom > 1
