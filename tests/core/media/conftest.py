"""A microphone without hardware: PulseAudio's null sink, whose monitor PortAudio records through ALSA."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ALSA_CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


@dataclass(frozen=True)
class NullSink:
    """A running sound server and ``play(wav)``: what it plays is what the microphone hears."""

    server: subprocess.Popen
    play: Callable[[Path], subprocess.Popen]


@pytest.fixture
def null_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NullSink]:
    """Start a private PulseAudio whose null sink is the default microphone."""
    for program in ("pulseaudio", "paplay"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (apt install pulseaudio pulseaudio-utils)")
    plugins = Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")
    if not any(plugins):
        pytest.skip("ALSA has no pulse plugin (apt install libasound2-plugins)")

    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    configuration = tmp_path / "asound.conf"
    configuration.write_text(ALSA_CONFIGURATION)
    socket = runtime / "native"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(runtime))
    monkeypatch.setenv("PULSE_STATE_PATH", str(runtime))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))

    # An ordinary user and root start it alike; the ready server answers pactl.
    server = subprocess.Popen(
        [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1",
            "--log-target=file:" + str(tmp_path / "pulse.log"),
            "--load=module-null-sink sink_name=studio rate=48000",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
        ],
        env=os.environ | {"HOME": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    select = ["pactl", "set-default-source", "studio.monitor"]
    while subprocess.run(select, capture_output=True, timeout=10).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            server.wait()
            pytest.skip(f"pulseaudio does not start: {(tmp_path / 'pulse.log').read_text()[-200:]}")
    players: list[subprocess.Popen] = []

    def play(wav: Path) -> subprocess.Popen:
        players.append(subprocess.Popen(["paplay", "--device=studio", "--latency-msec=20", str(wav)]))
        return players[-1]

    try:
        yield NullSink(server, play)
    finally:
        for process in (*players, server):
            process.terminate()
            process.wait(timeout=10)
