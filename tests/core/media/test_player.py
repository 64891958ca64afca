import time

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.player import Player
from studio.core.media.portaudio import running

RATE = 16000


def test_a_silent_player_stands_at_the_start() -> None:
    player = Player(np.zeros(RATE, np.float32), RATE)
    assert player.seconds == 1
    assert player.position == 0
    assert not player.playing
    player.stop()


def test_without_an_output_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    sounddevice = pytest.importorskip("sounddevice")

    def refuse(*args: object, **kwargs: object) -> None:
        raise sounddevice.PortAudioError("no device")

    monkeypatch.setattr(sounddevice, "OutputStream", refuse)
    player = Player(np.zeros(RATE, np.float32), RATE)
    with pytest.raises(UserError, match="No sound output"):
        player.start()
    assert player not in running


def test_the_clock_follows_what_is_heard(null_sink: object) -> None:
    player = Player(np.zeros(RATE, np.float32), RATE)
    player.start(at=0.4)
    assert player in running
    seen = []
    deadline = time.monotonic() + 20
    while player.playing and time.monotonic() < deadline:
        seen.append(player.position)
        time.sleep(0.01)
    player.stop()
    assert player.position == pytest.approx(1.0, abs=0.01)
    assert player not in running
    assert min(np.diff(seen)) >= 0
    assert seen[0] >= 0.4
