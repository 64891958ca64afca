"""Handles as a user meets them: a picture without a face, twelve points to drag, a head."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyBuilder
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.core.avatar import Avatar, Consent
from studio.core.errors import NoFaceFoundError
from studio.core.jobs import run
from studio.core.perception.handles import HANDLES, LIDS, Handles, fit_landmarks, guess_handles
from studio.core.sample import sample_portrait
from studio.ui import building_tasks
from studio.ui.library import stated_now
from studio.ui.main_window import MainWindow
from studio.ui.viewport.handle_canvas import HandleCanvas, mesh_edges
from studio.ui.viewport.handles_page import HandlesPage

NO_FACE = NoFaceFoundError("No face was found; place handles.")
LEFT = Qt.MouseButton.LeftButton
GREY = np.full((300, 400, 3), 0.5, np.float32)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[HandlesPage]:
    """Return a shown page on a grey picture of 400 x 300 px, on twice as many px of the screen."""
    made = HandlesPage()
    qtbot.addWidget(made)
    made.resize(800, 600 + made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    made.start(GREY, guess_handles(400, 300))
    yield made
    made.close()


def drag(qtbot: QtBot, canvas: HandleCanvas, name: str, by: tuple[int, int]) -> None:
    """Take a handle with the mouse and let it go elsewhere, px of the screen."""
    start = canvas.grip(name).toPoint()
    qtbot.mousePress(canvas, LEFT, pos=start)
    for part in (0.3, 0.7, 1.0):
        qtbot.mouseMove(canvas, start + QPoint(round(by[0] * part), round(by[1] * part)))
    qtbot.mouseRelease(canvas, LEFT, pos=start + QPoint(*by))


def scale(canvas: HandleCanvas) -> float:
    return min(canvas.width() / 400, canvas.height() / 300)


def moved(before: Handles, after: Handles) -> dict[str, NDArray]:
    """Return by how much those handles that moved did, px of the picture."""
    shifts = {name: np.subtract(after.places[name], before.places[name]) for name in before.places}
    return {name: shift for name, shift in shifts.items() if np.abs(shift).max() > 1e-6}


def wheel(canvas: HandleCanvas, at: QPointF, notches: int) -> None:
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


@pytest.mark.parametrize("name", HANDLES)
def test_every_handle_follows_the_mouse_alone_and_the_face_follows_it(
    page: HandlesPage, qtbot: QtBot, name: str
) -> None:
    canvas, before = page.canvas, page.canvas.handles
    by = (6, -8) if name == "lip_upper" else (6, 8)
    drag(qtbot, canvas, name, by)
    ((who, shift),) = moved(before, canvas.handles).items()
    assert who == name
    np.testing.assert_allclose(shift, np.array(by) / scale(canvas), atol=1e-3)
    assert canvas.landmarks is not None
    np.testing.assert_allclose(canvas.landmarks, fit_landmarks(canvas.handles, 400, 300))


def test_a_press_beside_the_handles_moves_none(page: HandlesPage, qtbot: QtBot) -> None:
    canvas, before = page.canvas, page.canvas.handles
    qtbot.mousePress(canvas, LEFT, pos=QPoint(10, 10))
    qtbot.mouseMove(canvas, QPoint(60, 40))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(60, 40))
    assert canvas.handles == before


def test_a_mirrored_drag_moves_the_partner_the_other_way(page: HandlesPage, qtbot: QtBot) -> None:
    canvas, before = page.canvas, page.canvas.handles
    qtbot.mouseClick(page.mirror, LEFT, pos=QPoint(8, page.mirror.height() // 2))
    assert page.mirror.isChecked()
    drag(qtbot, canvas, "side_left", (20, 10))
    shifts = moved(before, canvas.handles)
    assert shifts.keys() == {"side_left", "side_right"}
    np.testing.assert_allclose(shifts["side_right"], shifts["side_left"] * [-1, 1], atol=0.1)
    drag(qtbot, canvas, "chin", (0, 10))
    assert moved(before, canvas.handles).keys() == {"side_left", "side_right", "chin"}


def test_a_handle_stays_in_the_picture(page: HandlesPage, qtbot: QtBot) -> None:
    drag(qtbot, page.canvas, "side_left", (900, 0))
    assert page.canvas.handles.places["side_left"][0] == pytest.approx(400)
    assert page.build.isEnabled()


def test_crossed_handles_say_so_and_cannot_be_built(page: HandlesPage, qtbot: QtBot) -> None:
    canvas = page.canvas
    across = canvas.grip("mouth_left") - canvas.grip("mouth_right")
    drag(qtbot, canvas, "mouth_right", (round(across.x()) + 30, 25))
    assert canvas.landmarks is None
    assert "mouth_right and mouth_left are crossed; swap them" in page.sentence.text()
    assert not page.build.isEnabled()
    answers: list[object] = []
    page.answered.connect(answers.append)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.mouseClick(page.build, LEFT)
    assert answers == []
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "Drag the handles" in page.sentence.text()
    qtbot.mouseClick(page.build, LEFT)
    assert answers == [canvas.handles]


def test_reset_brings_the_start_back_and_undo_takes_that_back(page: HandlesPage, qtbot: QtBot) -> None:
    canvas, start = page.canvas, page.canvas.handles
    drag(qtbot, canvas, "chin", (10, 30))
    placed = canvas.handles
    qtbot.mouseClick(page.reset, LEFT)
    assert canvas.handles == start
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert canvas.handles == placed


def test_keys_choose_and_push(page: HandlesPage, qtbot: QtBot) -> None:
    canvas, before = page.canvas, page.canvas.handles
    qtbot.keyClick(canvas, Qt.Key.Key_Right)  # nothing is chosen yet
    assert canvas.handles == before
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    qtbot.keyClick(canvas, Qt.Key.Key_PageUp)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    first, *_, last = before.places
    shifts = moved(before, canvas.handles)
    assert shifts.keys() == {first, last}
    np.testing.assert_allclose(shifts[first], [0, -1])
    np.testing.assert_allclose(shifts[last], [10, 0])
    with qtbot.waitSignal(page.answered) as answer:
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert answer.args == [None]


def test_round_eyes_bring_four_more_handles(page: HandlesPage, qtbot: QtBot) -> None:
    canvas = page.canvas
    qtbot.mouseClick(page.lids, LEFT, pos=QPoint(8, page.lids.height() // 2))
    assert canvas.handles.places.keys() == {**HANDLES, **LIDS}.keys()
    before = canvas.handles
    drag(qtbot, canvas, "lid_upper_left", (0, -14))
    assert moved(before, canvas.handles).keys() == {"lid_upper_left"}
    qtbot.mouseClick(page.lids, LEFT, pos=QPoint(8, page.lids.height() // 2))
    assert not canvas.handles.lids


def test_the_muzzle_is_guessed_until_it_is_set(page: HandlesPage, qtbot: QtBot) -> None:
    canvas = page.canvas
    assert page.muzzle.value() == 0
    drag(qtbot, canvas, "nose_tip", (0, 40))
    assert page.muzzle.value() > 0
    assert canvas.handles.muzzle is None
    page.muzzle.setValue(80)
    assert canvas.handles.muzzle == pytest.approx(0.8)
    drag(qtbot, canvas, "nose_tip", (0, -40))
    assert page.muzzle.value() == 80


def test_the_wheel_zooms_about_the_pointer_and_a_drag_is_finer_then(page: HandlesPage, qtbot: QtBot) -> None:
    canvas = page.canvas
    at = canvas.grip("nose_tip")
    wheel(canvas, at, 6)
    after = canvas.grip("nose_tip")
    assert (after - at).manhattanLength() < 1
    before = canvas.handles
    drag(qtbot, canvas, "nose_tip", (12, 0))
    assert moved(before, canvas.handles)["nose_tip"][0] == pytest.approx(12 / scale(canvas) / 1.2**6, rel=1e-3)
    wheel(canvas, at, -20)
    assert canvas.grip("nose_tip").x() == pytest.approx(canvas.handles.places["nose_tip"][0] * scale(canvas), abs=1)


def pixels(canvas: HandleCanvas) -> NDArray[np.uint8]:
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_the_loupe_shows_while_a_handle_is_held(page: HandlesPage, qtbot: QtBot) -> None:
    canvas = page.canvas
    start = canvas.grip("chin").toPoint()
    spot = start - QPoint(0, 82)  # where the loupe's middle is to be
    still = pixels(canvas)
    qtbot.mousePress(canvas, LEFT, pos=start)
    held = pixels(canvas)
    qtbot.mouseRelease(canvas, LEFT, pos=start)
    ring = held[spot.y() - 66 : spot.y() + 67, spot.x()], still[spot.y() - 66 : spot.y() + 67, spot.x()]
    assert (ring[0] != ring[1]).any()
    np.testing.assert_array_equal(held[spot.y(), spot.x()], [127, 127, 127])  # the picture, free of lines
    assert not np.array_equal(pixels(canvas), held)


def test_every_edge_of_the_mesh_is_drawn_once() -> None:
    edges = mesh_edges()
    assert len(np.unique(np.sort(edges, axis=1), axis=0)) == len(edges)
    assert edges.max() == 467


# In the window


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier))


def placing(window: MainWindow, qtbot: QtBot) -> HandlesPage:
    qtbot.waitUntil(lambda: window.stage.handles is not None and window.stage.handles.isVisible(), timeout=60_000)
    assert window.stage.handles is not None
    return window.stage.handles


def test_a_picture_without_a_face_asks_for_handles_and_is_built_with_them(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.refuse = NO_FACE
    drop(window, picture)
    page = placing(window, qtbot)
    assert "then press Build" in window.status.text()
    drag(qtbot, page.canvas, "chin", (0, 20))
    placed = page.canvas.handles
    qtbot.mouseClick(page.build, LEFT)
    qtbot.waitUntil(window.stage.consent.isVisible)
    assert builder.calls == []
    qtbot.mouseClick(window.stage.consent.yes, LEFT)
    qtbot.waitUntil(lambda: bool(window.director.session.selected), timeout=60_000)
    assert builder.landmarks == [placed]
    assert not page.isVisible()

    drop(window, picture)  # the answer about consent is known: only the build finds no face
    again = placing(window, qtbot)
    qtbot.mouseClick(again.build, LEFT)
    qtbot.waitUntil(lambda: len(window.director.entries) == 2)
    assert builder.landmarks[1] is None
    assert builder.landmarks[2] is not None


def test_cancelling_builds_nothing_and_leaves_the_picture(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.refuse = NO_FACE
    drop(window, picture)
    page = placing(window, qtbot)
    qtbot.mouseClick(page.cancel, LEFT)
    assert window.stage.empty.isVisible()
    qtbot.waitUntil(lambda: window.director.jobs.idle)
    assert builder.calls == []


def test_two_pictures_without_a_face_are_asked_about_in_turn(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.refuse = NO_FACE
    other = picture.with_name("other.png")
    other.write_bytes(picture.read_bytes())
    drop(window, picture, other)
    page = placing(window, qtbot)
    qtbot.waitUntil(lambda: len(window.director.builds._placing) == 2)
    assert "“somebody.png”" in window.status.text()
    qtbot.mouseClick(page.cancel, LEFT)
    assert "“other.png”" in window.status.text()
    assert page.isVisible()
    qtbot.mouseClick(page.cancel, LEFT)
    assert not page.isVisible()


def test_without_consent_the_handles_are_forgotten(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.refuse = NO_FACE
    drop(window, picture)
    qtbot.mouseClick(placing(window, qtbot).build, LEFT)
    qtbot.waitUntil(window.stage.consent.isVisible)
    qtbot.mouseClick(window.stage.consent.no, LEFT)
    builder.refuse = None
    window.director.builds.build(picture, stated_now())
    qtbot.waitUntil(lambda: bool(window.director.session.selected), timeout=60_000)
    assert builder.landmarks == [None]


def test_a_head_finished_meanwhile_does_not_take_the_picture_away(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.engine.gate = threading.Event()
    window.director.builds.build(picture, stated_now())
    qtbot.waitUntil(lambda: window.director.session.avatar is not None)
    window.director.builds.place_handles(picture)
    page = placing(window, qtbot)
    builder.engine.gate.set()
    qtbot.waitUntil(lambda: window.avatars.list.count() == 1)
    assert page.isVisible()
    qtbot.mouseClick(page.cancel, LEFT)


def test_the_menu_offers_handles_for_any_picture(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    window.actions_by_name["handles"].trigger()
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(picture))
    dialog.close()
    placing(window, qtbot)
    qtbot.mouseClick(placing(window, qtbot).cancel, LEFT)


def test_handles_begin_on_the_face_that_is_found() -> None:
    begin = run(building_tasks.begin_handles(sample_portrait()))
    points = fit_landmarks(begin.handles, begin.rgb.shape[1], begin.rgb.shape[0])
    middle = points[:468, :2].mean(0)
    np.testing.assert_allclose(middle, [224, 130], atol=25)  # the astronaut's face
    assert begin.scale == 1


def test_handles_begin_in_the_middle_where_none_is_found(picture: Path) -> None:
    begin = run(building_tasks.begin_handles(picture))
    assert begin.handles == guess_handles(96, 96)


def test_handles_reach_the_real_build(monkeypatch: pytest.MonkeyPatch, picture: Path) -> None:
    from studio.core import build

    asked: list[object] = []

    def build_avatar(path: Path, *, landmarks: object, **options: object) -> Avatar:
        asked.append(landmarks)
        return iter(())  # pyright: ignore[reportReturnType] - a job that ends at once

    monkeypatch.setattr(build, "build_avatar", build_avatar)
    handles = guess_handles(96, 96)
    run(building_tasks.core_builder(picture, face=None, landmarks=handles, consent=Consent()))
    assert asked == [handles]
