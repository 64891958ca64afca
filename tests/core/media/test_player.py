import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.player import Player, SilentOutput
from studio.core.media.portaudio import running

if TYPE_CHECKING:
    from null_sink import NullSink

RATE = 48000


def block(seconds: float) -> np.ndarray:
    return np.zeros((round(seconds * RATE), 2), np.float32)


def wait_until_heard(output: Player | SilentOutput, sample: float) -> list[float]:
    seen, deadline = [], time.monotonic() + 20
    while output.heard < sample and time.monotonic() < deadline:
        seen.append(output.heard)
        time.sleep(0.005)
    return seen


def test_a_silent_player_stands_at_the_start() -> None:
    player = Player(RATE)
    player.put(block(0.5))
    assert (player.heard, player.queued) == (0, RATE // 2)
    assert player.room == 1.5 * RATE
    assert player.drop() == RATE // 2
    assert player.queued == 0
    player.stop()


def test_without_an_output_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sounddevice = pytest.importorskip("sounddevice")

    def refuse(*args: object, **kwargs: object) -> None:
        raise sounddevice.PortAudioError("no device")

    monkeypatch.setattr(sounddevice, "OutputStream", refuse)
    player = Player(RATE)
    with pytest.raises(UserError, match="No sound output"):
        player.start()
    assert player not in running


def test_the_clock_follows_what_is_heard_and_waits_where_there_is_nothing(null_sink: object) -> None:
    player = Player(RATE)
    player.put(block(0.6))
    player.start()
    assert player in running
    seen = wait_until_heard(player, 0.6 * RATE)
    assert min(np.diff(seen)) >= 0
    assert player.heard == 0.6 * RATE  # nothing more was put in
    player.put(block(0.6))
    assert player.heard < 1.1 * RATE
    wait_until_heard(player, 1.2 * RATE)
    assert player.heard == 1.2 * RATE
    player.stop()
    assert player not in running


def test_what_is_dropped_is_not_played(null_sink: object) -> None:
    player = Player(RATE)
    player.put(block(1.5))
    player.start()
    wait_until_heard(player, 0.1 * RATE)
    begun = time.monotonic()
    assert player.drop() == 1.5 * RATE
    player.put(block(0.2))
    wait_until_heard(player, 1.7 * RATE)
    assert player.heard == 1.7 * RATE
    assert time.monotonic() - begun < 10
    player.stop()


def test_without_an_output_the_computers_clock_takes_it() -> None:
    output = SilentOutput(RATE)
    begun = time.monotonic()
    output.put(block(0.2))
    wait_until_heard(output, 0.2 * RATE)
    assert time.monotonic() - begun >= 0.19
    assert (output.heard, output.queued) == (0.2 * RATE, 0)
    output.put(block(0.5))
    assert output.drop() == 0.7 * RATE
    assert output.heard == 0.7 * RATE


def test_an_output_is_chosen_by_name_and_never_replaced(null_sink: "NullSink") -> None:
    for name in ("Ears", "Room"):
        properties = f"sink_properties=device.description={name}"
        null_sink.control("load-module", "module-null-sink", f"sink_name={name.lower()}", properties)
    null_sink.control("set-default-sink", "room")
    player = Player(RATE, "Ears")
    player.put(block(0.5))
    player.start()
    wait_until_heard(player, 0.2 * RATE)
    sinks = {line.split()[0]: line.split()[1] for line in null_sink.control("list", "short", "sinks").splitlines()}
    playing = [line.split()[1] for line in null_sink.control("list", "short", "sink-inputs").splitlines()]
    player.stop()
    assert [sinks[number] for number in playing] == ["ears"]
    with pytest.raises(UserError, match="'Gone' is missing"):
        Player(RATE, "Gone").start()
