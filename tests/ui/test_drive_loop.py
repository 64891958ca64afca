import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fake_microphone import FakeMicrophone
from pytestqt.qtbot import QtBot

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media import microphone
from studio.core.media.portaudio import NoPortAudioError
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.speech.settings import LOOK_AHEADS, SpeechSettings
from studio.core.speech.stream import SpeechDriver
from studio.ui.session import RATE, DriveSettings
from studio.ui.viewport.drive_loop import DriveLoop

JAW, BLINK = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["eyeBlinkLeft"]


@pytest.fixture
def frames() -> list[Motion]:
    return []


@pytest.fixture
def captured() -> list[float]:
    """When the sound of each frame was at the microphone."""
    return []


@pytest.fixture
def loop(qapp: object, frames: list[Motion], captured: list[float]) -> Iterator[DriveLoop]:
    def publish(motion: Motion, at: float, filmed: float, view: Orbit | None) -> None:
        captured.append(at - time.monotonic())
        frames.append(motion)

    made = DriveLoop(publish)
    made.start()
    yield made
    made.stop()


def test_sliders_reach_the_head(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    loop.configure(DriveSettings(at_rest=False), Motion.arkit(jawOpen=0.6))
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].code[0, JAW] == pytest.approx(0.6), timeout=20_000)
    assert frames[-1].code.sum() == pytest.approx(0.6)


def test_a_resting_head_lives_until_told_otherwise(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    loop.asleep = False
    loop.configure(DriveSettings(), Motion.neutral())
    qtbot.waitUntil(lambda: len(frames) > 5, timeout=20_000)
    assert np.ptp([frame.head_pose for frame in frames], axis=0).max() > 0
    loop.configure(DriveSettings(at_rest=False), Motion.neutral())
    qtbot.waitUntil(lambda: not frames[-1].head_pose.any(), timeout=20_000)


def test_a_head_that_nobody_saw_lives_on_when_it_is_seen_again(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion]
) -> None:
    qtbot.waitUntil(lambda: len(frames) > 0, timeout=20_000)
    for _ in range(2):
        loop.asleep = False
        count = len(frames)
        qtbot.waitUntil(lambda before=count: len(frames) > before + 3, timeout=20_000)
        loop.asleep = True


def test_no_blink_means_open_eyes(qtbot: QtBot, loop: DriveLoop, frames: list[Motion]) -> None:
    qtbot.waitUntil(lambda: len(frames) == 1, timeout=20_000)  # the first one knows of no settings
    loop.configure(DriveSettings(blink=False, head=0.0), Motion.neutral())
    loop.asleep = False
    qtbot.waitUntil(lambda: len(frames) > 4, timeout=20_000)
    assert not any(frame.code[0, BLINK] or frame.head_pose.any() for frame in frames[1:])


def test_without_portaudio_listening_fails_with_one_sentence(
    qtbot: QtBot, loop: DriveLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(self: object) -> None:
        raise NoPortAudioError("Sound needs PortAudio; install it.")

    monkeypatch.setattr(microphone.Microphone, "start", nothing)
    with qtbot.waitSignal(loop.failed) as failure:
        loop.listen(None)
    assert failure.args == ["Sound needs PortAudio; install it."]
    assert loop.microphone == ""


def test_a_lost_microphone_closes_the_mouth_and_opens_it_when_it_is_back(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion], device: type[FakeMicrophone]
) -> None:
    said: list[str] = []
    loop.said.connect(said.append)
    loop.configure(DriveSettings(at_rest=False), Motion.neutral())
    loop.listen("Desk")
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].code[0, JAW] > 0.02, timeout=20_000)
    device.there = False
    qtbot.waitUntil(lambda: loop.waiting, timeout=20_000)
    qtbot.waitUntil(lambda: frames[-1].code[0, JAW] < 0.01, timeout=20_000)
    device.there = True
    qtbot.waitUntil(lambda: not loop.waiting, timeout=20_000)
    qtbot.waitUntil(lambda: frames[-1].code[0, JAW] > 0.02, timeout=20_000)
    assert [line.split(";")[0] for line in said] == [
        "Listening to Desk.",
        "The microphone 'Desk' is gone",
        "The microphone 'Desk' is back.",
    ]
    assert {made.name for made in device.made} == {"Desk"}


def test_what_is_published_says_when_its_sound_was_at_the_microphone(
    qtbot: QtBot, loop: DriveLoop, captured: list[float], device: type[FakeMicrophone]
) -> None:
    loop.configure(DriveSettings(SpeechSettings(look_ahead=0.05), at_rest=False), Motion.neutral())
    loop.listen(None)
    qtbot.waitUntil(lambda: np.isfinite(captured).sum() > 40, timeout=20_000)
    late = -np.array(captured)[np.isfinite(captured)]
    assert np.all(late > 0.049)
    assert np.median(late) < 1


def test_the_mouth_is_that_of_the_sound_it_says_it_shows(
    qtbot: QtBot, loop: DriveLoop, device: type[FakeMicrophone], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, float]] = []
    monkeypatch.setattr(loop, "_publish", lambda motion, at, *_: seen.append((at, float(motion.code[0, JAW]))))
    loop.configure(DriveSettings(SpeechSettings(look_ahead=0.05), at_rest=False), Motion.neutral())
    loop.listen(None)
    qtbot.waitUntil(lambda: bool(seen and device.made) and seen[-1][0] - device.made[0]._opened > 3.5, timeout=30_000)
    loop.rest()
    spoken = np.array(seen) - [device.made[0]._opened, 0]
    spoken = spoken[(spoken[:, 0] > 1.0) & (spoken[:, 0] < 3.5)]
    driver = SpeechDriver(look_ahead=0.05)
    driver.push(FakeMicrophone.words)

    def error(shift: float) -> float:
        known = [float(driver.read(t + shift).code[0, JAW]) for t in spoken[:, 0]]
        return float(np.abs(known - spoken[:, 1]).mean())

    shifts = np.arange(-0.1, 0.1, 0.005)
    assert abs(shifts[np.argmin([error(shift) for shift in shifts])]) < 0.012


def test_a_recording_of_so_many_seconds_is_handed_over_or_given_up(
    qtbot: QtBot, loop: DriveLoop, device: type[FakeMicrophone]
) -> None:
    loop.listen("Desk")
    with qtbot.waitSignal(loop.recorded, timeout=20_000) as recorded:
        loop.record(0.5)
    name, samples = recorded.args or ("", np.zeros(0))
    assert name == "Desk"
    assert len(samples) / RATE == pytest.approx(0.5, abs=0.1)
    assert loop.left_to_record == 0
    loop.record(60)
    qtbot.waitUntil(lambda: 0 < loop.left_to_record < 60, timeout=20_000)
    with qtbot.waitSignal(loop.said, check_params_cb=lambda said: said.startswith("The calibration stopped")):
        device.there = False
    assert loop.left_to_record == 0
    device.there = True
    qtbot.waitUntil(lambda: not loop.waiting, timeout=20_000)
    loop.record(60)
    qtbot.waitUntil(lambda: 0 < loop.left_to_record < 60, timeout=20_000)
    loop.record(0)
    qtbot.waitUntil(lambda: loop.left_to_record == 0, timeout=20_000)


def test_another_look_ahead_holds_at_once(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion], device: type[FakeMicrophone]
) -> None:
    loop.listen("Desk")
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].code[0, JAW] > 0.02, timeout=20_000)
    for look_ahead in LOOK_AHEADS:
        loop.configure(DriveSettings(SpeechSettings(look_ahead=look_ahead, gain=1.5)), Motion.neutral())
        qtbot.waitUntil(
            lambda wanted=look_ahead: loop._driver is not None and loop._driver.look_ahead == wanted, timeout=20_000
        )
    count = len(frames)
    qtbot.waitUntil(lambda: len(frames) > count + 40 and frames[-1].code[0, JAW] > 0.02, timeout=20_000)


def test_a_device_that_does_not_close_does_not_stop_the_head(
    qtbot: QtBot, loop: DriveLoop, frames: list[Motion], device: type[FakeMicrophone], monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = threading.Event()
    monkeypatch.setattr(device, "stop", lambda self: closing.wait(20))
    loop.listen("Desk")
    qtbot.waitUntil(lambda: loop.microphone == "Desk" and bool(frames), timeout=20_000)
    loop.listen("Headset")
    loop.configure(DriveSettings(at_rest=False), Motion.arkit(jawOpen=0.9))
    qtbot.waitUntil(lambda: frames[-1].code[0, JAW] == pytest.approx(0.9, abs=0.1), timeout=20_000)
    assert loop.microphone == "Headset"
    closing.set()
