"""The timeline through real widgets: what a pointer and a keyboard do to the document."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core import jobs
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.document import Document, Media
from studio.core.project.edits import Item
from studio.core.project.pyramid import build_pyramid
from studio.core.project.timeline import MOTION_LANES, Block, CameraKey, Lane, Marker, Timeline
from studio.ui import theme
from studio.ui.timeline.hits import Plot
from studio.ui.timeline.panel import TimelinePanel

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (getattr(Qt.KeyboardModifier, f"{name}Modifier") for name in ("Shift", "Control", "Alt"))


def jaw(seconds: float = 6.0) -> Motion:
    times = np.arange(int(seconds * 60) + 1) / 60
    code = np.zeros((len(times), 52))
    code[:, ARKIT_INDEX["jawOpen"]] = 0.5 + 0.4 * np.sin(times * 3)
    return Motion.from_frames("arkit", times, code)


@pytest.fixture
def document() -> Document:
    made = Document()
    key = made.store(jaw())
    timeline = Timeline(
        sounds=(Block("sound", "media", "hello.wav", 0.0, 0.0, 4.0, ("audio",)),),
        takes=(Block("take", key, "Take 1", 1.0, 1.0, 4.0, MOTION_LANES),),
        camera=(CameraKey(2.0, Orbit()), CameraKey(6.0, Orbit(yaw=20))),
        markers=(Marker(5.0, "here"),),
    )
    media = {"media": Media("/x/hello.wav", "hello.wav", 5.0)}
    made.edit("begin", replace(made.state, timeline=timeline, media=media))
    return made


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> Iterator[TimelinePanel]:
    theme.apply(QApplication.instance(), "dark")  # pyright: ignore[reportArgumentType]
    made = TimelinePanel(document)
    qtbot.addWidget(made)
    made.resize(1000, 420)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def at(panel: TimelinePanel, time: float, lane: Lane, down: float = 0.5) -> QPoint:
    """Return the px of a second in a lane, some way down it."""
    row = next(row for row in panel.lanes.rows if row.lane == lane)
    return QPoint(round(panel.axis.x(time)), round(row.top + row.band * down))


def drag(panel: TimelinePanel, start: QPoint, stop: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    """Press, move in steps and release; QTest's own moves carry no keys."""
    QTest.mousePress(panel.lanes, LEFT, keys, start)
    for step in np.linspace(0, 1, 6)[1:]:
        point = QPointF(start) + (QPointF(stop) - QPointF(start)) * float(step)
        glob = panel.lanes.mapToGlobal(point)
        QApplication.sendEvent(panel.lanes, QMouseEvent(QEvent.Type.MouseMove, point, glob, LEFT, LEFT, keys))
    QTest.mouseRelease(panel.lanes, LEFT, keys, stop)


def press(panel: TimelinePanel, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(panel.lanes, key, keys)


def select(panel: TimelinePanel, time: float, lane: Lane, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(panel.lanes, LEFT, keys, at(panel, time, lane))


def timeline(panel: TimelinePanel) -> Timeline:
    return panel.editing.timeline


def test_a_click_selects_and_a_click_beside_goes_there(panel: TimelinePanel, qtbot: QtBot) -> None:
    select(panel, 2.0, "audio")
    assert panel.editing.selected == {Item("block", "sound")}
    select(panel, 2.0, "camera", SHIFT)
    assert panel.editing.selected == {Item("block", "sound"), Item("camera", time=2.0)}
    with qtbot.waitSignal(panel.sought) as heard:
        select(panel, 4.0, "camera")
    assert heard.args == pytest.approx([4.0], abs=0.02)
    assert panel.editing.selected == frozenset()
    assert panel.position == pytest.approx(4.0, abs=0.02)


def test_a_drag_moves_the_selection_snaps_and_is_one_step(panel: TimelinePanel, document: Document) -> None:
    steps = len(document.steps)
    drag(panel, at(panel, 2.0, "mouth"), at(panel, 2.0 + 3.03, "mouth"))
    assert timeline(panel).takes[0].start == 4.0  # the end of the sound
    assert len(document.steps) == steps + 1
    assert document.undo() == "Move"
    assert timeline(panel).takes[0].start == 1.0
    drag(panel, at(panel, 2.0, "mouth"), at(panel, 5.03, "mouth"), ALT)
    assert timeline(panel).takes[0].start == pytest.approx(4.03, abs=0.02)
    assert timeline(panel).takes[0].start != 4.0


def test_snapping_is_switched_off(panel: TimelinePanel) -> None:
    press(panel, Qt.Key.Key_N)
    drag(panel, at(panel, 2.0, "mouth"), at(panel, 5.03, "mouth"))
    assert timeline(panel).takes[0].start == pytest.approx(4.03, abs=0.02)
    assert timeline(panel).takes[0].start != 4.0


def test_an_edge_is_trimmed_as_far_as_the_source_reaches(panel: TimelinePanel) -> None:
    start = at(panel, 4.0, "audio") - QPoint(3, 0)
    drag(panel, start, start + QPoint(400, 0))
    assert timeline(panel).sounds[0].stop == 5.0
    edge = at(panel, 1.0, "mouth") + QPoint(3, 0)
    drag(panel, edge, edge + QPoint(at(panel, 2.0, "mouth").x() - at(panel, 1.0, "mouth").x(), 0))
    take = timeline(panel).takes[0]
    assert (take.start, take.begin) == (2.0, 2.0)  # where the camera key is


def test_a_box_selects_what_it_touches(panel: TimelinePanel) -> None:
    drag(panel, at(panel, 4.8, "camera", 0.1), at(panel, 6.4, "markers", 0.9))
    assert panel.editing.selected == {Item("camera", time=6.0), Item("marker", time=5.0)}
    drag(panel, at(panel, 4.6, "audio", 0.1), at(panel, 1.5, "mouth", 0.9), SHIFT)
    assert len(panel.editing.selected) == 4


def test_copy_paste_duplicate_delete_and_undo(panel: TimelinePanel, document: Document) -> None:
    select(panel, 2.0, "mouth")
    press(panel, Qt.Key.Key_C, CTRL)
    panel.seek(5.0)
    press(panel, Qt.Key.Key_V, CTRL)
    assert [take.start for take in timeline(panel).takes] == [1.0, 5.0]
    press(panel, Qt.Key.Key_D, CTRL)
    assert [take.start for take in timeline(panel).takes] == [1.0, 5.0, 8.0]
    press(panel, Qt.Key.Key_X, CTRL)
    press(panel, Qt.Key.Key_A, CTRL)
    press(panel, Qt.Key.Key_Delete)
    assert timeline(panel).duration == 0
    assert [document.undo() for _ in range(4)] == ["Delete", "Cut", "Duplicate", "Paste"]
    assert len(timeline(panel).takes) == 1


def test_split_trim_and_ripple_at_the_playhead(panel: TimelinePanel) -> None:
    panel.seek(2.5)
    press(panel, Qt.Key.Key_S)
    assert len(timeline(panel).sounds) == len(timeline(panel).takes) == 2
    select(panel, 1.5, "audio")
    press(panel, Qt.Key.Key_Delete, SHIFT)
    assert [sound.start for sound in timeline(panel).sounds] == [0.0]
    assert [take.start for take in timeline(panel).takes] == [0.0]
    select(panel, 1.0, "audio")
    panel.seek(1.0)
    press(panel, Qt.Key.Key_BracketRight)
    assert timeline(panel).sounds[0].stop == 1.0


def test_everything_can_be_done_from_the_keyboard(panel: TimelinePanel, qtbot: QtBot) -> None:
    panel.lanes.setFocus()
    with qtbot.waitSignal(panel.sought):
        press(panel, Qt.Key.Key_Right, SHIFT)
    assert panel.position == 1.0
    press(panel, Qt.Key.Key_PageDown)
    assert panel.editing.selected == {Item("block", "sound")}
    press(panel, Qt.Key.Key_PageDown)
    press(panel, Qt.Key.Key_Right, CTRL)
    assert timeline(panel).takes[0].start == pytest.approx(1 + 1 / 60)
    press(panel, Qt.Key.Key_M)
    assert Marker(1.0, "Marker 2") in timeline(panel).markers
    press(panel, Qt.Key.Key_End)
    assert panel.position == 6.0
    press(panel, Qt.Key.Key_Escape)
    assert not panel.editing.selected


def test_a_marker_is_renamed_where_it_is(panel: TimelinePanel, qtbot: QtBot) -> None:
    QTest.mouseDClick(panel.lanes, LEFT, NONE, at(panel, 5.0, "markers") + QPoint(4, 0))
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "the end")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert timeline(panel).markers == (Marker(5.0, "the end"),)


def test_headers_mute_and_solo_by_name(panel: TimelinePanel, document: Document) -> None:
    mouth = panel.headers.of["mouth"]
    assert mouth.mute.accessibleName() == "Mute Mouth"
    QTest.mouseClick(mouth.mute, LEFT)
    mouth.solo.click()
    assert (timeline(panel).muted, timeline(panel).solo) == ({"mouth"}, {"mouth"})
    document.undo()
    assert not mouth.solo.isChecked()


def test_curve_keys_are_added_moved_turned_and_deleted(panel: TimelinePanel, document: Document) -> None:
    QTest.mouseClick(panel.headers.of["mouth"].opener, LEFT)
    row = next(row for row in panel.lanes.rows if row.lane == "mouth")

    def point(time: float, value: float) -> QPoint:
        plot = Plot.of(row, "jawOpen", timeline(panel))
        return QPoint(round(panel.axis.x(time)), round(plot.y(value)))

    for time, value in ((1.0, 0.2), (3.0, 0.8), (5.0, 0.2)):
        QTest.mouseDClick(panel.lanes, LEFT, NONE, point(time, value))
        QTest.mouseRelease(panel.lanes, LEFT, NONE, point(time, value))
    curve = timeline(panel).curves[0]
    assert [key.value for key in curve.keys] == pytest.approx([0.2, 0.8, 0.2], abs=0.02)
    drag(panel, point(3.0, 0.8), point(4.0, 0.4))
    key = timeline(panel).curves[0].keys[1]
    assert key.time == 4.0  # snapped to the end of the sound
    assert key.value == pytest.approx(0.4, abs=0.03)
    plot = Plot.of(row, "jawOpen", timeline(panel))
    handle = plot.handle(panel.axis, key, "after").toPoint()
    drag(panel, handle, handle - QPoint(0, 20), ALT)
    turned = timeline(panel).curves[0].keys[1]
    assert turned.after > turned.before == key.before
    press(panel, Qt.Key.Key_T, SHIFT)
    assert timeline(panel).curves[0].keys[1].after == 0
    press(panel, Qt.Key.Key_Delete)
    assert len(timeline(panel).curves[0].keys) == 2
    assert document.undo() == "Delete"


def test_a_curve_is_made_from_the_keyboard(panel: TimelinePanel) -> None:
    panel.headers.of["head"].opener.click()
    for time in (1.0, 3.0):
        panel.seek(time)
        press(panel, Qt.Key.Key_K)
    for _ in range(5):
        press(panel, Qt.Key.Key_Up, CTRL)
    (curve,) = timeline(panel).curves
    assert curve.channel == "headYaw"
    assert [(key.time, key.value) for key in curve.keys] == [(1.0, 0.0), (3.0, pytest.approx(0.1))]


def test_a_take_becomes_a_curve_that_stands_for_it(panel: TimelinePanel, document: Document) -> None:
    before = [timeline(panel).motion_at(time, document.motions).code for time in np.linspace(1, 3.9, 50)]
    QTest.mouseClick(panel.headers.of["mouth"].opener, LEFT)
    controls = panel.headers.of["mouth"].curve
    assert controls is not None
    QTest.mouseClick(controls.convert, LEFT)
    (curve,) = timeline(panel).curves
    assert (curve.mode, len(curve.keys) < 20) == ("replace", True)
    after = [timeline(panel).motion_at(time, document.motions).code for time in np.linspace(1, 3.9, 50)]
    assert np.abs(np.array(after) - before).max() < 0.025
    assert controls.mode.currentData() == "replace"


def test_the_wheel_zooms_about_the_pointer_and_scrolls(panel: TimelinePanel) -> None:
    def wheel(x: float, turn: int, keys: Qt.KeyboardModifier) -> None:
        point = QPointF(x, 20)
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        glob = panel.lanes.mapToGlobal(point)
        event = QWheelEvent(point, glob, QPoint(), QPoint(0, turn), buttons, keys, phase, False)
        QApplication.sendEvent(panel.lanes, event)

    x = panel.axis.x(3.0)
    for _ in range(5):
        wheel(x, 120, CTRL)
    assert panel.axis.scale > 100
    assert panel.axis.x(3.0) == pytest.approx(x)
    begin = panel.axis.begin
    wheel(x, -120, NONE)
    assert panel.axis.begin > begin
    panel.actions_by_name["fit"].trigger()
    assert panel.axis.begin <= 0
    assert panel.axis.end >= 6.0


def test_the_ruler_scrubs_and_loops(panel: TimelinePanel, qtbot: QtBot) -> None:
    heard: list[float] = []
    panel.sought.connect(heard.append)
    for time in np.linspace(1, 3, 40):
        QTest.mouseMove(panel.ruler, QPoint(round(panel.axis.x(time)), 8))
        QTest.mousePress(panel.ruler, LEFT, NONE, QPoint(round(panel.axis.x(time)), 8))
    QTest.mouseRelease(panel.ruler, LEFT)
    qtbot.waitUntil(lambda: heard[-1:] == [panel.position])
    assert panel.position == pytest.approx(3.0, abs=0.02)
    start, stop = (QPoint(round(panel.axis.x(time)), 8) for time in (1.0, 4.0))
    QTest.mousePress(panel.ruler, LEFT, SHIFT, start)
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(stop), panel.ruler.mapToGlobal(QPointF(stop)), LEFT, LEFT, SHIFT)
    QApplication.sendEvent(panel.ruler, move)
    QTest.mouseRelease(panel.ruler, LEFT, SHIFT, stop)
    assert timeline(panel).loop == (1.0, 4.0)
    assert panel.actions_by_name["loop"].isChecked()
    with qtbot.waitSignal(panel.loop_wanted) as told:
        panel.actions_by_name["loop"].trigger()
    assert (told.args, timeline(panel).loop) == ([False], None)


def test_the_playhead_moves_without_a_new_picture(panel: TimelinePanel) -> None:
    panel.show_waveform("media", jobs.run(build_pyramid(np.sin(np.arange(64000) / 9).astype(np.float32), 16000)))
    panel.show_playing(True)
    before = panel.lanes.grab().toImage()
    picture = panel.lanes._picture
    panel.show_position(3.0)
    after = panel.lanes.grab().toImage()
    assert panel.lanes._picture is picture
    assert before != after


def test_what_is_empty_is_folded_and_opens_with_the_first_sound(qtbot: QtBot) -> None:
    document = Document()
    panel = TimelinePanel(document)
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.body.isVisible()
    sound = Block("a", "a", "a.wav", 0.0, 0.0, 2.0, ("audio",))
    document.edit("Open", replace(document.state, timeline=Timeline(sounds=(sound,))))
    assert panel.body.isVisible()
    panel.actions_by_name["timeline"].trigger()
    assert not panel.body.isVisible()


@pytest.mark.parametrize("name", theme.THEMES)
def test_it_follows_the_theme(panel: TimelinePanel, name: str) -> None:
    theme.apply(QApplication.instance(), name)  # pyright: ignore[reportArgumentType]
    panel.refresh()
    image = panel.lanes.grab().toImage()
    corner = image.pixelColor(image.width() - 4, image.height() - 4)
    assert corner.name() == theme.THEMES[name].panel


def test_what_was_folded_stays_folded_when_its_project_is_opened_again(qtbot: QtBot) -> None:
    document = Document()
    panel = TimelinePanel(document)
    qtbot.addWidget(panel)
    panel.stays_folded = True
    filled = replace(document.state, timeline=Timeline(markers=(Marker(1.0, "here"),)))
    document.restore(filled, {})
    assert panel.folded
    document.edit("Clear", replace(document.state, timeline=Timeline()))
    document.edit("Mark", filled)
    assert not panel.folded
