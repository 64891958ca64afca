"""The microphone of `null_sink` as a fixture."""

from collections.abc import Iterator
from pathlib import Path

import null_sink as sound_server
import pytest


@pytest.fixture
def null_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound_server.NullSink]:
    """Start a private PulseAudio whose null sink is the default microphone."""
    folder = tmp_path / "sound"
    folder.mkdir()
    try:
        with sound_server.null_sink(folder) as sink:
            for name, value in sink.environment.items():
                monkeypatch.setenv(name, value)
            yield sink
    except sound_server.NoSoundServerError as error:
        pytest.skip(str(error))
