"""A microphone that goes and comes back, as PulseAudio really loads and unloads it."""

import math
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from studio.core.media.live_input import LiveInput
from studio.core.media.microphone import RATE
from studio.core.media.sound_devices import input_devices

if TYPE_CHECKING:
    from null_sink import NullSink


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def listen(null_sink: "NullSink", said: list[str]) -> Iterator[Callable[[str | None], LiveInput]]:
    made = []

    def make(wanted: str | None) -> LiveInput:
        made.append(LiveInput(wanted, said.append))
        return made[-1]

    yield make
    for live in made:
        live.stop()


def until(live: LiveInput, enough: Callable[[np.ndarray], bool], seconds: float = 20.0) -> np.ndarray:
    """Read as the drive thread does until something is so; return all that was read."""
    heard = np.zeros(0, np.float32)
    deadline = time.monotonic() + seconds
    while not enough(heard):
        assert time.monotonic() < deadline, live.state
        heard = np.concatenate([heard, live.read()])
        time.sleep(0.01)
    return heard


def tone(sink: "NullSink", device: str, seconds: float, amplitude: float = 0.3) -> None:
    """Play into one sink."""
    t = np.arange(round(seconds * RATE)) / RATE
    samples = (amplitude * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    player = sink.play("--raw", "--format=float32le", f"--rate={RATE}", "--channels=1", program="pacat",
                       device=device, stdin=subprocess.PIPE)  # fmt: skip
    assert player.stdin is not None
    player.stdin.write(samples.tobytes())
    player.stdin.close()


def test_microphones_have_the_servers_names_and_twins_are_told_apart(null_sink: "NullSink") -> None:
    null_sink.plug_in("desk", "Desk microphone")
    names = [
        "Monitor of Null Output (studio.monitor)",
        "Desk microphone",
        "Monitor of Null Output (desk_sink.monitor)",
    ]
    deadline = time.monotonic() + 10  # a server that has just started may not answer yet
    while [device.name for device in input_devices()] != names and time.monotonic() < deadline:
        time.sleep(0.05)
    found = input_devices()
    assert [device.name for device in found] == names
    assert [device.default for device in found] == [True, False, False]


def test_a_lost_microphone_is_waited_for_and_no_other_is_taken(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str]
) -> None:
    plug = null_sink.plug_in("desk", "Desk microphone")
    live = listen("Desk microphone")
    tone(null_sink, "desk_sink", 3.0)
    until(live, lambda heard: np.abs(heard).max(initial=0) > 0.2)
    assert said == ["Listening to Desk microphone."]
    before = live.position()

    plug.pull()
    until(live, lambda _: live.state == "waiting")
    assert said[1:] == ["The microphone 'Desk microphone' is gone; waiting for it."]
    # What another microphone hears meanwhile is not heard, and the stream goes on in silence, in step with time.
    tone(null_sink, "studio", 1.0)
    start = time.monotonic()
    heard = until(live, lambda heard: len(heard) > RATE)
    assert np.abs(heard).max() == 0
    assert len(heard) / RATE == pytest.approx(time.monotonic() - start, abs=0.6)
    assert live.position() > before
    assert math.isnan(live.captured_at(live.position()))

    plug = null_sink.plug_in("desk", "Desk microphone")
    until(live, lambda _: live.state == "hearing")
    assert said[2:] == ["The microphone 'Desk microphone' is back."]
    tone(null_sink, "desk_sink", 1.0)
    until(live, lambda heard: np.abs(heard).max(initial=0) > 0.2)
    delay = time.monotonic() - live.captured_at(live.position())
    assert 0 < delay < 1


def test_a_chosen_microphone_that_is_not_there_is_waited_for(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str]
) -> None:
    live = listen("Headset")
    until(live, lambda _: live.state == "waiting")
    assert said[0].startswith("The microphone 'Headset' is not there; plug it in, or choose one of 'Monitor of")
    null_sink.plug_in("headset", "Headset")
    until(live, lambda _: live.state == "hearing")
    assert said[1:] == ["The microphone 'Headset' is back."]


def test_the_system_microphone_is_not_exchanged_when_it_goes(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str]
) -> None:
    plug = null_sink.plug_in("desk", "Desk microphone", default=True)
    live = listen(None)
    until(live, lambda _: live.state == "hearing")
    assert live.name == "Desk microphone"
    plug.pull()
    until(live, lambda _: live.state == "waiting")
    null_sink.plug_in("desk", "Desk microphone")
    until(live, lambda _: live.state == "hearing")
    assert said == [
        "Listening to Desk microphone.",
        "The microphone 'Desk microphone' is gone; waiting for it.",
        "The microphone 'Desk microphone' is back.",
    ]


def test_a_microphone_exchanged_in_the_systems_settings_is_said(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str]
) -> None:
    null_sink.plug_in("desk", "Desk microphone")
    live = listen("Desk microphone")
    until(live, lambda heard: len(heard) > RATE // 4)
    listed = null_sink.control("list", "short", "source-outputs").splitlines()
    mine = next(line.split()[0] for line in listed if "float32le" in line)
    null_sink.control("move-source-output", mine, "studio.monitor")
    until(live, lambda _: len(said) > 1)
    assert said[1] == (
        "The system's sound settings replaced the microphone 'Desk microphone' by 'Monitor of Null Output'."
    )
    assert live.state == "hearing"


def test_a_microphone_that_does_not_open_is_one_sentence_and_tried_again(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sounddevice

    real = sounddevice.InputStream

    def taken(**options: object) -> object:
        if os.environ.get("TAKEN"):
            raise sounddevice.PortAudioError("Device unavailable", -9985)
        return real(**options)

    monkeypatch.setattr(sounddevice, "InputStream", taken)
    monkeypatch.setenv("TAKEN", "by another program")
    null_sink.plug_in("desk", "Desk microphone")
    live = listen("Desk microphone")
    until(live, lambda heard: len(heard) > 2 * RATE)
    monkeypatch.delenv("TAKEN")
    until(live, lambda _: live.state == "hearing")
    assert said == [
        "The microphone 'Desk microphone' cannot be opened; close other programs that use it, or choose another one.",
        "The microphone 'Desk microphone' is back.",
    ]


def test_the_monitor_waits_for_its_output_and_never_takes_another(
    null_sink: "NullSink", listen: Callable[[str | None], LiveInput], said: list[str]
) -> None:
    headphones = null_sink.control("load-module", "module-null-sink", "sink_name=ears",
                                   "sink_properties=device.description=Headphones")  # fmt: skip
    null_sink.control("set-default-sink", "ears")
    null_sink.plug_in("desk", "Desk")
    live = listen("Desk")
    live.monitored, live.monitor_delay = True, 0.12
    until(live, lambda _: len(said) > 1)
    assert said == ["Listening to Desk.", "The monitor plays on Headphones."]
    null_sink.control("unload-module", headphones)
    until(live, lambda _: len(said) > 2)
    assert said[2] == "The output 'Headphones' is gone; the monitor is silent until it is back."
    until(live, lambda _: "ALSA Playback" not in null_sink.control("list", "sink-inputs"))
    assert live.state == "hearing"
    null_sink.control("load-module", "module-null-sink", "sink_name=ears",
                      "sink_properties=device.description=Headphones")  # fmt: skip
    until(live, lambda _: len(said) > 3)
    assert said[3:] == ["The monitor plays on Headphones."]
    live.monitored = False
    until(live, lambda _: "ALSA Playback" not in null_sink.control("list", "sink-inputs"))
