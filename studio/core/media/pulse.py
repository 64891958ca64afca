"""What PulseAudio, or PipeWire in its place, calls its microphones and outputs, and where it lets a stream run.

PortAudio reaches the server through ALSA's plugin and sees one device, "pulse", whatever is plugged in. When the
device behind a stream goes, the server moves the stream to another one without a word. `pactl` knows the names and
tells of every change; without it PortAudio's own names are all there is.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

ALSA_DEVICE = "pulse"
"""What PortAudio calls the server."""
Kind = Literal["source", "sink"]
_PATIENCE = 3.0  # s for the server to answer


@dataclass(frozen=True)
class Endpoint:
    """A microphone ("source") or an output ("sink") of the server."""

    index: int
    name: str
    """The server's own; the same after the device was plugged in again."""
    description: str
    rate: int
    channels: int
    echo: bool
    """A source that repeats what an output plays."""
    default: bool


def endpoints(kind: Kind) -> list[Endpoint] | None:
    """Return the server's sources or sinks; None where no server answers or `pactl` is missing."""
    listed, info = _ask("list", f"{kind}s"), _ask("info")
    if not isinstance(listed, list) or not isinstance(info, dict):
        return None
    default = info.get(f"default_{kind}_name")
    found = []
    for item in listed:
        _, channels, rate = item["sample_specification"].split()  # "s16le 2ch 48000Hz"
        found.append(
            Endpoint(
                item["index"],
                item["name"],
                item["description"],
                int(rate.removesuffix("Hz")),
                int(channels.removesuffix("ch")),
                bool(item.get("monitor_source")) and kind == "source",
                item["name"] == default,
            )
        )
    return found


def current(kind: Kind) -> int | None:
    """Return the index of the source or sink that this program's newest stream runs on now; None if there is none."""
    streams = _ask("list", "source-outputs" if kind == "source" else "sink-inputs")
    own = str(os.getpid())
    mine = [
        stream for stream in streams or [] if stream.get("properties", {}).get("application.process.id") == own
    ]  # fmt: skip
    return max(mine, key=lambda stream: stream["index"])[kind] if mine else None


@contextmanager
def routed(kind: Kind, name: str) -> Iterator[None]:
    """Let what PortAudio opens meanwhile run on this source or sink; only one thread may at a time."""
    variable = f"PULSE_{kind.upper()}"  # read by libpulse when a stream connects
    before = os.environ.get(variable)
    os.environ[variable] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


class Watch:
    """Calls back, on a thread of its own, whenever a device or a stream of the server came, went or changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._process: subprocess.Popen[str] | None = None
        if _program() is None:
            return
        self._process = subprocess.Popen(
            ["pactl", "subscribe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(),
        )
        threading.Thread(target=self._listen, args=(self._process, changed), name="sound server", daemon=True).start()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    @staticmethod
    def _listen(process: "subprocess.Popen[str]", changed: Callable[[], None]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if " on source" in line or " on sink" in line:
                    changed()


def _program() -> str | None:
    return shutil.which("pactl") if sys.platform == "linux" else None


def _environment() -> dict[str, str]:
    return os.environ | {"LC_ALL": "C"}


def _ask(*words: str) -> Any:
    """Return what `pactl` answers, None where it does not."""
    if _program() is None:
        return None
    try:
        done = subprocess.run(
            ["pactl", "--format=json", *words],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            env=_environment(),
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):  # no server, or a pactl older than 16 without JSON
        return None
