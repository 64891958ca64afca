"""A microphone without hardware: PulseAudio's null sink, whose monitor PortAudio records through ALSA."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ALSA_CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


class NoSoundServerError(Exception):
    """There is no PulseAudio to be had; a sentence says what is missing."""


@dataclass(frozen=True)
class NullSink:
    """A running sound server: what its sink plays is what the microphone hears."""

    server: subprocess.Popen
    environment: dict[str, str]
    """What a program must find in its environment, before it loads PortAudio, to use this server."""
    _players: list[subprocess.Popen] = field(default_factory=list)

    def play(
        self, *source: str | Path, program: str = "paplay", device: str = "studio", **options: object
    ) -> subprocess.Popen:
        """Start a player on a sink: ``paplay`` of a file, or ``pacat`` of what is written to its stdin."""
        command = [program, f"--device={device}", "--latency-msec=20", *map(str, source)]
        environment = os.environ | self.environment
        self._players.append(subprocess.Popen(command, env=environment, **options))  # pyright: ignore
        return self._players[-1]

    def control(self, *words: str) -> str:
        """Let ``pactl`` do something and return what it says."""
        environment = os.environ | self.environment
        return subprocess.run(
            ["pactl", *words], env=environment, capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    def plug_in(self, name: str, description: str, default: bool = False) -> "Plug":
        """Add another microphone, which hears what is played into the sink ``<name>_sink``."""
        if f"{name}_sink" not in self.control("list", "short", "sinks"):
            self.control("load-module", "module-null-sink", f"sink_name={name}_sink", "rate=48000")
        module = self.control(
            "load-module", "module-remap-source", f"source_name={name}", f"master={name}_sink.monitor",
            f"source_properties=\"device.description='{description}'\"",
        )  # fmt: skip
        if default:
            self.control("set-default-source", name)
        return Plug(self, module)


@dataclass(frozen=True)
class Plug:
    """A microphone that was plugged in."""

    sink: NullSink
    module: str

    def pull(self) -> None:
        """Take it away; the sink that fed it stays."""
        self.sink.control("unload-module", self.module)


@contextmanager
def null_sink(folder: Path) -> Iterator[NullSink]:
    """Run a private PulseAudio in an empty folder; its null sink's monitor is the default microphone.

    Raises
    ------
    NoSoundServerError
        If PulseAudio or ALSA's plugin for it is missing, or the server does not start.
    """
    for program in ("pulseaudio", "paplay"):
        if shutil.which(program) is None:
            raise NoSoundServerError(f"{program} is not installed (apt install pulseaudio pulseaudio-utils)")
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        raise NoSoundServerError("ALSA has no pulse plugin (apt install libasound2-plugins)")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    configuration = folder / "asound.conf"
    configuration.write_text(ALSA_CONFIGURATION)
    socket, log = runtime / "native", folder / "pulse.log"
    environment = {
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_RUNTIME_PATH": str(runtime),
        "PULSE_STATE_PATH": str(runtime),
        "PULSE_SERVER": f"unix:{socket}",
        "ALSA_CONFIG_PATH": str(configuration),
    }
    # An ordinary user and root start it alike; the ready server answers pactl.
    server = subprocess.Popen(
        [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", f"--log-target=file:{log}",
            "--load=module-null-sink sink_name=studio rate=48000",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
        ],
        env=os.environ | environment | {"HOME": str(folder)},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    sink = NullSink(server, environment)
    try:
        deadline = time.monotonic() + 20
        select = ["pactl", "set-default-source", "studio.monitor"]
        while subprocess.run(select, env=os.environ | environment, capture_output=True, timeout=10).returncode != 0:
            if server.poll() is not None or time.monotonic() > deadline:
                raise NoSoundServerError(f"pulseaudio does not start: {log.read_text()[-200:]}")
        yield sink
    finally:
        for process in (*sink._players, server):
            process.terminate()
            process.wait(timeout=10)
