"""The window as a user meets it: drop, consent, build, choose, move, export."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dome import write_ict
from fakes import TinyAvatar, TinyBuilder
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from sound_files import write_wave

from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.gaussians.splat_file import read_splats
from studio.core.heads import library as heads
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import run
from studio.core.orbit import Orbit
from studio.core.perception.portrait import FacesFoundError
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.project.document import Document, Media
from studio.core.project.timeline import Block
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MINIMUM, MainWindow

TWO_FACES = FacesFoundError(np.array([[10, 10, 40, 50], [50, 20, 80, 60]], np.float32))


def drop(window: MainWindow, *paths: Path) -> None:
    """Let files fall on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)  # Qt delivers drops only from a real drag


def add_sound(document: Document, path: Path) -> None:
    """Put a second of a sound on the timeline."""
    state = document.state
    block = Block("b", "key", path.stem, 0.0, 0.0, 1.0, ("audio",))
    timeline = replace(state.timeline, sounds=(block,))
    document.edit("Add", replace(state, timeline=timeline, media={"key": Media(str(path), path.name, 1.0)}))


def build(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    """Drop a picture, consent, and wait for the finished head."""
    drop(window, picture)
    qtbot.waitUntil(window.stage.consent.isVisible)
    qtbot.mouseClick(window.stage.consent.yes, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.director.session.selected))
    qtbot.waitUntil(lambda: window.stage.shown is not None, timeout=60_000)


def test_a_dropped_portrait_becomes_a_head_that_is_kept(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    build(window, qtbot, picture)
    session = window.director.session
    assert isinstance(session.avatar, TinyAvatar)
    assert session.avatar.consent.stated
    assert session.avatar.consent.by == "window"
    assert window.avatars.list.count() == 1
    (kept,) = run(window.director.library.scan())
    assert load_avatar(kept.path).name == "somebody"
    assert "“somebody” is ready" in window.status.text()
    assert threading.get_ident() not in builder.engine.threads


def test_nothing_is_built_before_the_consent_and_nothing_without(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    drop(window, picture)
    qtbot.waitUntil(window.stage.consent.isVisible)
    assert builder.calls == []
    qtbot.mouseClick(window.stage.consent.no, Qt.MouseButton.LeftButton)
    assert not window.stage.consent.isVisible()
    qtbot.waitUntil(lambda: window.director.jobs.idle)
    assert builder.calls == []
    assert window.director.session.avatar is None


def test_enter_presses_the_focused_button_and_escape_is_no(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    card = window.stage.consent
    drop(window, picture)
    qtbot.waitUntil(card.isVisible)
    qtbot.keyClick(card.yes, Qt.Key.Key_Escape)
    assert not card.isVisible()
    assert window.stage.empty.isVisible()
    drop(window, picture)
    qtbot.waitUntil(card.isVisible)
    window.activateWindow()
    qtbot.waitUntil(card.yes.hasFocus)
    qtbot.keyClick(card.yes, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.director.session.selected))


def test_an_avatar_of_the_list_is_saved_without_showing_it(
    window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path
) -> None:
    build(window, qtbot, picture)
    director, out = window.director, tmp_path / "copy.avatar"
    director._avatars.clear()  # as after a restart
    director.session.avatar = None
    director.save(out, director.session.selected)
    qtbot.waitUntil(lambda: window.status.toolTip() == "Saved copy.avatar.")
    assert load_avatar(out).name == "somebody"
    assert director.session.avatar is None


def test_the_same_picture_is_asked_about_once(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    build(window, qtbot, picture)
    drop(window, picture)
    qtbot.waitUntil(lambda: window.avatars.list.count() == 2)
    assert not window.stage.consent.isVisible()
    assert builder.calls[0][2] == builder.calls[1][2]


def test_the_coarse_head_is_on_show_while_the_build_goes_on(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.engine.gate = threading.Event()
    drop(window, picture)
    qtbot.waitUntil(window.stage.consent.isVisible)
    window.stage.consent.yes.click()
    qtbot.waitUntil(lambda: window.stage.shown is not None, timeout=60_000)
    assert window.director.session.selected == ""
    assert len(window.director.session.avatar.means) == 150  # pyright: ignore
    window.director.session.orbit = Orbit(yaw=20)
    builder.engine.gate.set()
    qtbot.waitUntil(lambda: bool(window.director.session.selected))
    assert len(window.director.session.avatar.means) == 600  # pyright: ignore
    assert window.director.session.orbit.yaw == 20  # the view was kept while it sharpened


def test_cancelling_a_build_leaves_nothing(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.engine.gate = threading.Event()
    drop(window, picture)
    qtbot.waitUntil(window.stage.consent.isVisible)
    window.stage.consent.yes.click()
    qtbot.waitUntil(lambda: bool(builder.engine.threads))
    card = next(card for card in window.jobs.cards if card.title.toolTip().startswith("Building"))
    card.close_button.click()
    qtbot.waitUntil(lambda: builder.engine.closed == 1)
    qtbot.waitUntil(lambda: "Cancelled" in card.message.text())
    assert run(window.director.library.scan()) == []
    assert threading.get_ident() not in builder.engine.threads


def test_two_faces_are_chosen_on_the_picture_before_anybody_is_asked(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.refuse = TWO_FACES
    chooser, consent = window.stage.picture, window.stage.consent

    def choose(face: int) -> None:
        drop(window, picture)
        qtbot.waitUntil(lambda: chooser.isVisible() and "click the one" in window.status.toolTip())
        assert not consent.isVisible()
        qtbot.waitUntil(chooser.hasFocus)
        qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton, pos=chooser.box(face).center().toPoint())

    choose(1)
    qtbot.waitUntil(consent.isVisible)
    assert builder.calls == []
    consent.yes.click()
    qtbot.waitUntil(lambda: window.avatars.list.count() == 1)
    choose(1)  # about whom something was stated a moment ago
    qtbot.waitUntil(lambda: window.avatars.list.count() == 2)
    choose(0)  # about whom nothing was
    qtbot.waitUntil(consent.isVisible)
    assert [face for _, face, _ in builder.calls] == [2, 2]


def test_leaving_a_picture_brings_back_the_head_and_its_mark(
    window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path, builder: TinyBuilder
) -> None:
    build(window, qtbot, picture)
    session = window.director.session
    key, avatar = session.selected, session.avatar
    other = tmp_path / "other.png"
    other.write_bytes(picture.read_bytes() + b" ")
    drop(window, other)
    qtbot.waitUntil(window.stage.consent.isVisible)
    assert session.selected == ""
    window.stage.consent.no.click()
    assert (session.selected, session.avatar) == (key, avatar)
    assert window.stage.view.widget.isVisible()
    builder.engine.fail = UserError("No face was found; use a picture with a face.")
    drop(window, other)
    qtbot.waitUntil(window.stage.consent.isVisible)
    window.stage.consent.yes.click()
    qtbot.waitUntil(lambda: session.selected == key)
    assert session.avatar is avatar  # not the last preview of what failed
    assert window.avatars.list.currentItem().data(Qt.ItemDataRole.UserRole) == key


def test_a_failed_build_says_why_on_its_card(
    window: MainWindow, qtbot: QtBot, picture: Path, builder: TinyBuilder
) -> None:
    builder.engine.fail = UserError("No face was found; use a picture with a face.")
    drop(window, picture)
    qtbot.waitUntil(window.stage.consent.isVisible)
    window.stage.consent.yes.click()
    qtbot.waitUntil(lambda: window.status.toolTip().startswith("No face was found"))
    assert any(card.message.text().startswith("No face was found") for card in window.jobs.cards)


def test_what_cannot_be_opened_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    drop(window, tmp_path / "notes.txt")
    assert "'notes.txt' is no picture, sound or avatar" in window.status.toolTip()
    drop(window, tmp_path / "gone.png")
    qtbot.waitUntil(lambda: "'gone.png' cannot be read" in window.status.toolTip())
    broken = tmp_path / "broken.avatar"
    broken.write_bytes(b"nothing")
    drop(window, broken)
    qtbot.waitUntil(lambda: "'broken.avatar' is damaged" in window.status.toolTip())


def test_what_is_wrong_with_a_sound_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tone = np.sin(np.arange(8000) * 0.2)[:, None]
    drop(window, write_wave(tmp_path / "words.wav", np.clip(3 * tone, -1, 1) * [1, 0], 8000))
    qtbot.waitUntil(lambda: any(line.startswith("Added words.wav, 1.0 s.") for line in window.status.sentences))
    said = next(line for line in window.status.sentences if line.startswith("Added words.wav"))
    for fault in ("Only the left channel", "telephone sound", "overdriven"):
        assert fault in said


def test_an_avatar_file_opens_and_is_recent(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "ada.avatar"
    save_avatar(TinyAvatar.make(name="Ada"), path)
    drop(window, path)
    qtbot.waitUntil(lambda: window.director.session.avatar is not None)
    assert window.avatars.list.item(0).text() == "Ada"
    assert window.director.recent() == [path]


def test_saving_writes_the_avatar_on_show(window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path) -> None:
    build(window, qtbot, picture)
    out = tmp_path / "saved.avatar"
    window.director.save(out)
    qtbot.waitUntil(lambda: window.status.toolTip() == "Saved saved.avatar.")
    assert load_avatar(out).name == "somebody"


def test_the_library_is_there_at_the_next_start(
    qtbot: QtBot, director: Director, window: MainWindow, picture: Path
) -> None:
    build(window, qtbot, picture)
    director.remove(director.session.selected)
    assert window.avatars.list.count() == 0
    assert director.session.avatar is None
    assert run(director.library.scan()) == []


def test_choosing_an_avatar_shows_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("Ada", "Bob"):
        save_avatar(TinyAvatar.make(name=name), tmp_path / f"{name}.avatar")
        drop(window, tmp_path / f"{name}.avatar")
    qtbot.waitUntil(lambda: window.avatars.list.count() == 2)
    window.actions_by_name["next"].trigger()
    qtbot.waitUntil(lambda: window.director.session.avatar.name == "Ada")  # pyright: ignore
    window.actions_by_name["previous"].trigger()
    qtbot.waitUntil(lambda: window.director.session.avatar.name == "Bob")  # pyright: ignore


def test_gestures_and_keys_turn_the_head(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    build(window, qtbot, picture)
    head, session = window.stage.view.widget, window.director.session
    centre = head.rect().center()
    qtbot.mousePress(head, Qt.MouseButton.LeftButton, pos=centre)
    qtbot.mouseMove(head, centre + QPoint(60, 0))
    qtbot.mouseRelease(head, Qt.MouseButton.LeftButton, pos=centre + QPoint(60, 0))
    wheel = QWheelEvent(
        QPointF(centre),
        QPointF(head.mapToGlobal(centre)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(head, wheel)
    assert session.orbit.zoom == pytest.approx(1.15**2)
    qtbot.mouseDClick(head, Qt.MouseButton.LeftButton, pos=centre)
    assert session.orbit == Orbit()
    window.actions_by_name["left"].trigger()
    assert session.orbit.yaw == 35
    window.actions_by_name["home"].trigger()
    assert session.orbit == Orbit()


def test_what_is_guessed_is_shown_on_demand_explained_and_remembered(
    window: MainWindow, qtbot: QtBot, director: Director, tmp_path: Path
) -> None:
    head = TinyAvatar.make()
    head = replace(head, seen=head.means[:, 1] > 0.05)
    session, legend, action = director.session, window.stage.legend, window.actions_by_name["guessed"]
    session.avatar = head
    qtbot.waitUntil(lambda: window.stage.shown is not None, timeout=60_000)
    assert not legend.isVisible()
    plain = np.array(window.stage.shown).astype(int)
    action.trigger()
    qtbot.waitUntil(legend.isVisible)
    assert action.isChecked()
    assert np.abs(np.array(window.stage.shown) - plain).max() > 60
    assert "75 %" in legend.accessibleName()
    session.avatar = TinyAvatar.make()
    qtbot.waitUntil(lambda: "build it again" in legend.accessibleName())
    for choice in (True, False):
        next_start = Director(Library(tmp_path / "avatars"), director.settings)
        assert next_start.session.show_guessed is choice
        next_start.show_guessed(False)
        next_start.stop()
    window.stage.show_empty()
    assert not legend.isVisible()
    action.trigger()
    session.avatar = head

    def is_plain() -> bool:
        # The head breathes meanwhile.
        shown = window.stage.shown
        return shown is not None and float(np.abs(np.array(shown).astype(int) - plain).mean()) < 2

    qtbot.waitUntil(is_plain)
    assert not legend.isVisible()


def test_camera_numbers_and_view_agree(window: MainWindow, qtbot: QtBot, picture: Path) -> None:
    build(window, qtbot, picture)
    session = window.director.session
    session.orbit = Orbit(yaw=-12.0, pitch=5.0, zoom=2.0)
    slider, box = window.camera._yaw
    assert box.value() == -12
    assert slider.number() == pytest.approx(-12, abs=0.6)
    box.setValue(30)
    assert (session.orbit.yaw, session.orbit.pitch, session.orbit.zoom) == (30, 5, 2)
    assert window.stage.orbit == session.orbit


def test_a_slider_moves_its_channel_and_reset_lets_go(window: MainWindow, qtbot: QtBot) -> None:
    jaw = ARKIT_INDEX["jawOpen"]
    window.face.sliders[jaw].setValue(70)
    assert window.director.session.expression.code[0, jaw] == pytest.approx(0.7)
    window.actions_by_name["reset_face"].trigger()
    assert not window.director.session.expression.code.any()
    assert window.face.sliders[jaw].value() == 0


def test_search_finds_channels(window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(window.face)
    window.face.search.setText("smile")
    shown = {channel for channel, slider in window.face.sliders.items() if slider.isVisible()}
    assert shown == {ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]}
    window.face.search.clear()
    assert len(window.face.sliders) == 52


def test_the_head_is_exported_as_the_sliders_pose_it(
    window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path
) -> None:
    assert not window.export.splats.isEnabled()
    build(window, qtbot, picture)
    window.director.set_channel(ARKIT_INDEX["jawOpen"], 1.0)
    assert window.export.splats.isEnabled()
    assert window.director.exports.splats(tmp_path / "head.ply") is not None
    qtbot.waitUntil(lambda: window.status.toolTip().startswith("Exported head.ply. 600 splats"))
    avatar = window.director.session.avatar
    assert isinstance(avatar, TinyAvatar)
    lowered = avatar.means[:, 1] - read_splats(tmp_path / "head.ply").means[:, 1]
    np.testing.assert_allclose(lowered, avatar.jaw * 0.04, atol=1e-6)


def test_a_head_without_a_mesh_says_so(window: MainWindow, qtbot: QtBot, picture: Path, tmp_path: Path) -> None:
    build(window, qtbot, picture)
    window.director.exports.mesh(tmp_path / "head.glb")
    qtbot.waitUntil(lambda: "has no mesh" in window.status.toolTip())
    assert not (tmp_path / "head.glb").exists()


def test_the_window_tells_how_frames_reach_the_screen(window: MainWindow) -> None:
    painted = window.stage.why_painted  # no OpenGL, or an emulated one where a virtual display runs
    assert painted in window.status.sentences
    window.director.frames.prepared.emit("numba", "No card was found.")
    assert window.indicator.toolTip() == f"No card was found.\n{painted}"
    window.stage.said.emit("Frames reach the window through main memory: cuda-core is missing.")
    assert window.status.toolTip() == "Frames reach the window through main memory: cuda-core is missing."
    assert window.indicator.toolTip().endswith("cuda-core is missing.")


def test_it_is_no_smaller_than_promised_and_every_control_has_a_name(window: MainWindow) -> None:
    assert (window.minimumWidth(), window.minimumHeight()) == MINIMUM
    window.resize(*MINIMUM)
    assert (window.width(), window.height()) == MINIMUM
    for slider in window.face.sliders.values():
        assert slider.accessibleName()


def test_head_and_quality_are_chosen_used_told_and_remembered(
    window: MainWindow, qtbot: QtBot, picture: Path, director: Director, builder: TinyBuilder, tmp_path: Path
) -> None:
    box = window.options
    assert (box.head.currentText(), box.quality.currentText()) == ("Built-in", "Standard")
    box.quality.setCurrentIndex(1)
    box.quality.activated.emit(box.quality.currentIndex())
    build(window, qtbot, picture)
    assert builder.options == [BuildOptions("high")]
    assert "Quality: high" in window.avatars.list.item(0).toolTip()
    (kept,) = run(director.library.scan())
    assert kept.options == BuildOptions("high")
    next_start = Director(Library(tmp_path / "avatars"), director.settings)
    assert next_start.session.options == BuildOptions("high")
    next_start.stop()


def test_a_head_is_added_in_the_background_and_chosen(
    window: MainWindow, qtbot: QtBot, director: Director, tmp_path: Path
) -> None:
    write_ict(tmp_path / "FaceXModel")
    director.heads.add(tmp_path / "FaceXModel" / "generic_neutral_mesh.obj")
    assert any(card.title.toolTip().startswith("Adding") for card in window.jobs.cards)
    qtbot.waitUntil(lambda: window.options.head.currentData() == "ict", timeout=30_000)
    assert director.session.options == BuildOptions(head="ict")
    assert "MIT" in window.status.toolTip()
    qtbot.waitUntil(lambda: director.jobs.idle)
    assert [window.options.head.itemData(i) for i in range(window.options.head.count())] == [
        "template", "ict", None, None,
    ]  # fmt: skip
    heads.remove("ict")
    director.heads.look()
    qtbot.waitUntil(lambda: window.options.head.currentText() == "Built-in")
    assert "“ict” is no longer there" in window.status.toolTip()


def test_the_last_entry_of_the_heads_asks_for_one_more(window: MainWindow, qtbot: QtBot) -> None:
    box = window.options
    with qtbot.waitSignal(box.add_head_wanted):
        box.head.setCurrentIndex(box.head.count() - 1)
        box.head.activated.emit(box.head.currentIndex())
    assert box.head.currentText() == "Built-in"
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    dialog.reject()


def test_a_file_that_is_no_head_is_said(window: MainWindow, qtbot: QtBot, director: Director, tmp_path: Path) -> None:
    (tmp_path / "notes.pkl").write_bytes(b"hello")
    director.heads.add(tmp_path / "notes.pkl")
    qtbot.waitUntil(lambda: "'notes.pkl' is no FLAME model" in window.status.toolTip())
    assert director.session.options == BuildOptions()
