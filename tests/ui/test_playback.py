"""The timeline as it is played, scrubbed, edited meanwhile and recorded into."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_microphone import FakeMicrophone
from fakes import TinyAvatar
from pytestqt.qtbot import QtBot

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media import player
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.timeline import MOTION_LANES, CameraKey, Curve, Key
from studio.core.sample import sample_speech
from studio.core.speech.hidden import hidden_states, hidden_window
from studio.ui.director import Director
from studio.ui.viewport import timeline_source

JAW, SMILE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthSmileLeft"]
PATIENCE = 20_000  # ms


@pytest.fixture(autouse=True)
def no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer's clock is the master, as on a machine without a sound card."""

    def refuse(self: object) -> None:
        raise UserError("No sound output could be opened; connect one.")

    monkeypatch.setattr(player.Player, "start", refuse)


def ramp(seconds: float = 4.0) -> Motion:
    """The jaw says which second it is, tenth by tenth."""
    times = np.arange(0, seconds, 0.02)
    return Motion.from_frames("arkit", times, np.outer(times / 10, np.eye(52)[JAW]))


def edit(director: Director, **changes: object) -> None:
    state = director.document.state
    director.document.edit("Edit", replace(state, timeline=replace(state.timeline, **changes)))  # pyright: ignore


@pytest.fixture
def said(director: Director) -> list[str]:
    """Every sentence of the status line."""
    sentences: list[str] = []
    director.session.events.status.connect(sentences.append)
    return sentences


def jaw(director: Director) -> float:
    return float(director.drive.newest.code[0, JAW])


def test_scrubbing_shows_the_second_under_the_playhead(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp())
    for at in (1.0, 3.5, 0.25):
        director.playback.seek(at)
        qtbot.waitUntil(lambda at=at: jaw(director) == pytest.approx(at / 10, abs=1e-4), timeout=PATIENCE)
        assert director.playback.position == at
    assert not director.session.playing


def test_of_many_seeks_the_newest_wins(director: Director, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    director.add_motion("Ramp", ramp())
    director.playback.seek(0.5)
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(0.05, abs=1e-4), timeout=PATIENCE)
    seen: list[float] = []
    gate, entered = threading.Event(), threading.Event()
    publish = director.drive._publish

    def slow(motion: Motion, captured: float, filmed: float, view: Orbit | None) -> None:
        seen.append(round(float(motion.code[0, JAW]) * 10, 3))
        entered.set()
        gate.wait(20)
        publish(motion, captured, filmed, view)

    monkeypatch.setattr(director.drive, "_publish", slow)
    director.playback.seek(1.0)
    assert entered.wait(20)
    for at in np.linspace(1.1, 3.0, 200):
        director.playback.seek(float(at))
    gate.set()
    qtbot.waitUntil(lambda: 3.0 in seen, timeout=PATIENCE)
    assert seen == [1.0, 3.0]


def test_an_edit_is_seen_at_once_where_the_playhead_stands(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp())
    director.playback.seek(2.0)
    edit(director, curves=(Curve("mouthSmileLeft", (Key(0, 0.6),)),))
    qtbot.waitUntil(lambda: director.drive.newest.code[0, SMILE] == pytest.approx(0.6), timeout=PATIENCE)
    director.document.undo()
    qtbot.waitUntil(lambda: director.drive.newest.code[0, SMILE] == 0, timeout=PATIENCE)
    assert "base" not in director.drive.layers
    director.drive.asleep = False
    director.document.undo()  # nothing is left to stand on
    qtbot.waitUntil(lambda: "base" in director.drive.layers, timeout=PATIENCE)


def test_it_plays_to_its_end_and_begins_anew(director: Director, qtbot: QtBot, said: list[str]) -> None:
    director.add_motion("Ramp", ramp(0.6))
    director.playback.play(True)
    assert director.session.playing
    qtbot.waitUntil(lambda: not director.session.playing, timeout=PATIENCE)
    assert any(line.startswith("Playing without sound, by the computer's clock") for line in said)
    assert said[-1] == "The timeline has ended."
    director.playback.seek(0.6)
    director.playback.play(True)
    qtbot.waitUntil(lambda: director.session.playing and 0.01 < jaw(director) < 0.04, timeout=PATIENCE)


def test_a_pause_holds_the_head_where_it_is(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp(9.0))
    director.playback.play(True, 1.0)
    qtbot.waitUntil(lambda: jaw(director) > 0.11, timeout=PATIENCE)
    director.playback.play(False)
    qtbot.waitUntil(lambda: director.drive.position is None, timeout=PATIENCE)
    here = director.playback.position
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(here / 10, abs=0.02), timeout=PATIENCE)
    assert director.playback.position == here


def test_a_loop_turns_back_again_and_again(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp(9.0))
    edit(director, loop=(2.0, 2.4))
    director.playback.play(True, 2.0)
    places: list[float] = []

    def turned_back() -> bool:
        places.append(director.playback.position)
        return int(np.sum(np.diff(places) < -0.2)) >= 3

    qtbot.waitUntil(turned_back, timeout=PATIENCE)
    assert 2.0 <= min(places[1:]) < max(places) <= 2.41
    edit(director, loop=None)
    qtbot.waitUntil(lambda: director.playback.position > 3.0, timeout=PATIENCE)
    director.playback.play(False)


def test_playing_on_from_elsewhere(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp(9.0))
    director.playback.play(True)
    qtbot.waitUntil(lambda: jaw(director) > 0.005, timeout=PATIENCE)
    director.playback.seek(6.0)
    qtbot.waitUntil(lambda: jaw(director) > 0.6, timeout=PATIENCE)
    assert director.session.playing
    assert director.playback.position < 8.5


def test_the_camera_follows_its_keys_until_the_user_takes_it(director: Director, qtbot: QtBot) -> None:
    director.session.avatar = TinyAvatar.make(50)
    keys = tuple(CameraKey(t, Orbit(yaw=10 * t)) for t in (0.0, 2.0, 4.0))
    edit(director, camera=keys)
    orbit = lambda: director.frames._scene.orbit  # noqa: E731
    director.playback.seek(1.0)
    qtbot.waitUntil(lambda: orbit().yaw == pytest.approx(10), timeout=PATIENCE)
    assert director.playback.view is not None
    director.playback.take_camera(Orbit(yaw=-5))
    assert director.playback.view is None
    edit(director, camera=keys[:2])  # a frame of the timeline that comes later
    director.playback.drive.configure(director.session.drive, Motion.arkit(jawOpen=0.5))
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(0.5), timeout=PATIENCE)
    assert orbit().yaw == -5
    director.playback.seek(1.5)
    qtbot.waitUntil(lambda: orbit().yaw == pytest.approx(15), timeout=PATIENCE)


def test_a_head_that_follows_sound_hears_the_timeline_and_no_other_does(
    director: Director, qtbot: QtBot, tmp_path: Path
) -> None:
    shutil.copy(sample_speech(), tmp_path / "words.flac")
    director.session.avatar = replace(TinyAvatar.make(50), motion_space="audio")
    director.open_paths([tmp_path / "words.flac"])
    qtbot.waitUntil(lambda: len(director.document.state.timeline.sounds) == 1, timeout=PATIENCE)
    director.playback.seek(1.0)
    qtbot.waitUntil(lambda: director.drive.newest.heard is not None, timeout=PATIENCE)
    wanted = hidden_window(hidden_states(load_audio(tmp_path / "words.flac")), 1.0)

    def hears() -> bool:
        heard = director.drive.newest.heard
        return heard is not None and np.allclose(heard[0], wanted, atol=1e-3)

    qtbot.waitUntil(hears, timeout=PATIENCE)
    director.session.avatar = TinyAvatar.make(50)
    qtbot.waitUntil(lambda: director.drive.newest.heard is None, timeout=PATIENCE)


def test_an_opened_sound_lies_on_the_timeline_with_lips_that_can_be_edited(
    director: Director, qtbot: QtBot, tmp_path: Path
) -> None:
    shutil.copy(sample_speech(), tmp_path / "words.flac")
    with qtbot.waitSignal(director.playback.sound_ready, timeout=PATIENCE) as ready:
        director.open_paths([tmp_path / "words.flac"])
    timeline = lambda: director.document.state.timeline  # noqa: E731
    qtbot.waitUntil(lambda: len(timeline().takes) == 4, timeout=60_000)
    (sound,) = timeline().sounds
    assert ready.args is not None
    assert ready.args[0] == sound.source
    assert director.document.state.media[sound.source].name == "words.flac"
    assert [take.lanes for take in timeline().takes] == [(lane,) for lane in MOTION_LANES]
    assert {(take.start, take.end, take.source) for take in timeline().takes} == {
        (0.0, sound.end, timeline().takes[0].source)
    }
    jaws = director.document.motions[timeline().takes[0].source].code[:, JAW]
    assert jaws.max() > 0.1
    assert director.document.undo_label == "Add the lips of words"
    edit(director, takes=tuple(take for take in timeline().takes if take.lanes != ("mouth",)))
    director.playback.seek(float(jaws.argmax()) / 60)
    qtbot.waitUntil(lambda: jaw(director) == 0 and bool(director.drive.layers), timeout=PATIENCE)
    director.document.undo()
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(jaws.max(), abs=0.02), timeout=PATIENCE)


def test_sounds_line_up_and_one_that_was_taken_away_gets_no_lips(
    director: Director, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sample_speech(), tmp_path / "a.flac")
    for count in (1, 2):
        director.open_paths([tmp_path / "a.flac"])
        qtbot.waitUntil(lambda count=count: len(director.document.state.timeline.sounds) == count, timeout=PATIENCE)
    first, second = director.document.state.timeline.sounds
    assert second.start == first.stop
    edit(director, sounds=(first,), takes=())
    qtbot.waitUntil(lambda: director.jobs.idle, timeout=60_000)
    assert all(take.start == 0 for take in director.document.state.timeline.takes)


def test_a_sound_that_is_gone_is_said_and_the_rest_plays(
    director: Director, qtbot: QtBot, tmp_path: Path, said: list[str]
) -> None:
    director.playback.add_motion("Ramp", ramp(0.5), tmp_path / "gone.wav", 0.0)
    qtbot.waitUntil(lambda: any("gone.wav" in line for line in said), timeout=PATIENCE)
    director.playback.play(True)
    qtbot.waitUntil(lambda: not director.session.playing, timeout=PATIENCE)


def test_live_speech_becomes_a_take_with_its_sound(
    director: Director, qtbot: QtBot, device: type[FakeMicrophone]
) -> None:
    director.add_motion("Before", ramp(1.0))
    director.live.listen(True)
    qtbot.waitUntil(lambda: director.drive.microphone == "Desk", timeout=PATIENCE)
    director.playback.seek(1.5)  # where the take is to begin; the head stays live
    assert director.drive.microphone == "Desk"
    director.playback.record(True)
    qtbot.waitUntil(lambda: (director.drive.taken or 0) > 2.0, timeout=PATIENCE)
    assert director.playback.position > 3.4
    director.playback.record(False)
    timeline = lambda: director.document.state.timeline  # noqa: E731
    qtbot.waitUntil(lambda: len(timeline().takes) == 2, timeout=PATIENCE)
    assert not director.session.recording
    take, (sound,) = timeline().takes[1], timeline().sounds
    assert (take.name, take.lanes, take.start) == ("Take 1", MOTION_LANES, 1.5)
    heard = load_audio(Path(director.document.state.media[sound.source].path), 16000)
    assert len(heard) / 16000 == pytest.approx(sound.end, abs=0.01)
    assert sound.end == pytest.approx(take.end, abs=0.5)
    motion = director.document.motions[take.source]
    assert motion.code[:, JAW].max() > 0.02
    assert list(director.playback.folder.glob("*.motion")) == []
    director.playback.record(True)
    qtbot.waitUntil(lambda: (director.drive.taken or 0) > 0.2, timeout=PATIENCE)
    director.live.listen(False)  # the microphone goes, and the take with it
    qtbot.waitUntil(lambda: len(timeline().takes) == 3, timeout=PATIENCE)
    assert timeline().takes[2].name == "Take 2"
    assert timeline().takes[2].start == pytest.approx(1.5 + take.end, abs=0.3)


def test_a_take_of_sliders_holds_nothing_of_the_timeline(director: Director, qtbot: QtBot) -> None:
    director.add_motion("Ramp", ramp())
    director.playback.seek(3.0)
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(0.3, abs=1e-3), timeout=PATIENCE)
    director.playback.record(True)
    qtbot.waitUntil(lambda: (director.drive.taken or 0) > 0.2, timeout=PATIENCE)
    director.playback.record(False)
    qtbot.waitUntil(lambda: len(director.document.state.timeline.takes) == 2, timeout=PATIENCE)
    take = director.document.state.timeline.takes[1]
    assert take.start == 3.0
    assert not director.document.motions[take.source].code[:, JAW].any()


def test_sliders_become_a_take_and_a_pause_is_left_out(director: Director, qtbot: QtBot) -> None:
    director.playback.record(True)
    qtbot.waitUntil(lambda: (director.drive.taken or 0) > 0.2, timeout=PATIENCE)
    director.playback.pause_recording(True)
    director.set_channel(JAW, 0.9)
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(0.9), timeout=PATIENCE)
    director.set_channel(JAW, 0.4)
    qtbot.waitUntil(lambda: jaw(director) == pytest.approx(0.4), timeout=PATIENCE)
    before = director.drive.taken or 0
    director.playback.pause_recording(False)
    qtbot.waitUntil(lambda: (director.drive.taken or 0) > before + 0.2, timeout=PATIENCE)
    director.playback.record(False)
    qtbot.waitUntil(lambda: len(director.document.state.timeline.takes) == 1, timeout=PATIENCE)
    (take,) = director.document.state.timeline.takes
    jaws = director.document.motions[take.source].code[:, JAW]
    assert jaws[0] == 0
    assert jaws[-1] == pytest.approx(0.4)
    assert jaws.max() < 0.5
    assert director.document.state.timeline.sounds == ()


def test_a_disk_that_takes_nothing_ends_the_recording_with_a_sentence(
    director: Director, qtbot: QtBot, said: list[str]
) -> None:
    director.playback.folder.parent.mkdir(exist_ok=True)
    director.playback.folder.write_text("no folder")
    director.playback.record(True)
    qtbot.waitUntil(lambda: any("cannot be written" in line for line in said), timeout=PATIENCE)
    assert not director.session.recording


def test_an_output_that_stalls_is_let_go(
    director: Director, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(timeline_source, "STALLED", 0.05)
    monkeypatch.setattr(player.Player, "start", lambda self: None)
    director.add_motion("Ramp", ramp(1.0))
    director.playback.play(True)
    qtbot.waitUntil(lambda: not director.session.playing, timeout=PATIENCE)
    assert any(line.startswith("The sound output stopped") for line in said)
