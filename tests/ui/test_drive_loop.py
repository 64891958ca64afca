from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media import microphone, player
from studio.core.motion.motion import Motion
from studio.ui.session import RATE, Clip, DriveSettings
from studio.ui.viewport import drive_loop
from studio.ui.viewport.drive_loop import DriveLoop

JAW, BLINK = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["eyeBlinkLeft"]


@pytest.fixture
def frames() -> list[Motion]:
    return []


@pytest.fixture
def loop(qapp: object, frames: list[Motion], monkeypatch: pytest.MonkeyPatch) -> Iterator[DriveLoop]:
    def no_output(self: object, at: float = 0.0) -> None:
        raise UserError("No sound output could be opened; connect one.")

    monkeypatch.setattr(player.Player, "start", no_output)
    made = DriveLoop(frames.append)
    made.start()
    yield made
    made.stop()


def hum(seconds: float) -> Clip:
    """A voice-like buzz."""
    t = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 25))
    return Clip(Path("hum.wav"), (0.2 * buzz * (1 + np.sin(2 * np.pi * 4 * t))).astype(np.float32))


def test_sliders_reach_the_head(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    loop.configure(DriveSettings(at_rest=False), Motion.arkit(jawOpen=0.6))
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].code[0, JAW] == pytest.approx(0.6))
    assert frames[-1].code.sum() == pytest.approx(0.6)


def test_a_resting_head_lives_until_told_otherwise(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    loop.asleep = False
    loop.configure(DriveSettings(), Motion.neutral())
    qtbot.waitUntil(lambda: len(frames) > 5)
    assert np.ptp([frame.head_pose for frame in frames], axis=0).max() > 0
    loop.configure(DriveSettings(at_rest=False), Motion.neutral())
    qtbot.waitUntil(lambda: not frames[-1].head_pose.any())


def test_a_clip_moves_the_mouth_and_ends(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    with qtbot.waitSignal(loop.stopped, timeout=20_000) as stopped, qtbot.waitSignal(loop.started) as started:
        loop.play(hum(0.6))
    assert started.args is not None
    assert started.args[0].startswith("Playing hum.wav without sound. No sound output")
    assert stopped.args == ["The clip has ended."]
    assert max(frame.code[0, JAW] for frame in frames) > 0.02
    assert loop.position is None


def test_a_clip_can_start_in_the_middle(qtbot: QtBot, loop: DriveLoop) -> None:
    with qtbot.waitSignal(loop.started):
        loop.play(hum(5), at=3.0)
    assert loop.position is not None
    assert 3.0 <= loop.position <= 5.0
    with qtbot.waitSignal(loop.stopped) as stopped:
        loop.rest()
    assert stopped.args == [""]


def test_no_blink_means_open_eyes(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    loop.asleep = False
    loop.configure(DriveSettings(blink=False, head=0.0), Motion.neutral())
    qtbot.waitUntil(lambda: len(frames) > 3)
    assert not any(frame.code[0, BLINK] or frame.head_pose.any() for frame in frames[1:])


def test_a_missing_microphone_is_one_sentence(qtbot: QtBot, loop: DriveLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: object) -> None:
        raise UserError("No microphone was found; plug one in.")

    monkeypatch.setattr(microphone.Microphone, "start", nothing)
    with qtbot.waitSignal(loop.failed) as failure:
        loop.listen(None)
    assert failure.args == ["No microphone was found; plug one in."]


def test_a_lost_microphone_is_said(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = [np.zeros(160, np.float32)] * 3
    monkeypatch.setattr(microphone.Microphone, "start", lambda self: None)
    monkeypatch.setattr(microphone.Microphone, "stop", lambda self: None)
    monkeypatch.setattr(microphone.Microphone, "read", lambda self: heard.pop() if heard else np.zeros(0, np.float32))
    monkeypatch.setattr(microphone.Microphone, "lost", property(lambda self: not heard))
    with qtbot.waitSignal(loop.stopped) as stopped:
        loop.listen("Desk")
    assert stopped.args is not None
    assert "disconnected" in stopped.args[0]


def test_a_device_that_does_not_close_does_not_stop_the_head(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(self: object) -> None:
        raise UserError("The sound system does not answer.")

    monkeypatch.setattr(microphone.Microphone, "start", lambda self: None)
    monkeypatch.setattr(microphone.Microphone, "stop", hangs)
    with qtbot.waitSignal(loop.started):
        loop.listen("Desk")
    with qtbot.waitSignal(loop.failed) as failure:
        loop.listen("Headset")
    assert failure.args == ["The sound system does not answer."]
    loop.configure(DriveSettings(at_rest=False), Motion.arkit(jawOpen=0.6))
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].code[0, JAW] == pytest.approx(0.6))


def test_a_clip_whose_output_stalls_is_let_go(qtbot: QtBot, loop: DriveLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive_loop, "STALLED", 0.05)
    monkeypatch.setattr(player.Player, "start", lambda self, at=0.0: None)
    monkeypatch.setattr(player.Player, "position", 0.0)
    with qtbot.waitSignal(loop.stopped, timeout=20_000) as stopped:
        loop.play(hum(1.0))
    assert stopped.args is not None
    assert stopped.args[0].startswith("The sound output stopped")
    assert loop.position is None
