"""The only module that knows sounddevice; it imports it when a microphone or a player first asks."""

import json
import subprocess
import sys
import threading
from types import ModuleType
from typing import Any

from studio.core.errors import UserError

PATIENCE = 3.0  # s
_LOOK_PATIENCE = 10.0  # s for another process to list the devices


class NoPortAudioError(UserError):
    """PortAudio is not installed."""


class DeviceLock:
    """A re-entrant lock that is not waited for without end: PortAudio may hang in a device that is gone."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=PATIENCE):
            raise UserError(
                "The sound system does not answer since a device was lost; "
                "restart it or the computer, then start this program again."
            )

    def __exit__(self, *_: object) -> None:
        self._lock.release()


lock = DeviceLock()
"""Hold it from `port_audio` until a stream is open or a list is read: listing anew closes what is half open."""

running: set[object] = set()
"""The microphones and players that hold a stream now."""


def port_audio(anew: bool = True) -> ModuleType:
    """Import sounddevice; while no stream runs, make PortAudio look at the devices `anew`.

    Raises
    ------
    NoPortAudioError
        If PortAudio is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise NoPortAudioError(
            "Sound needs PortAudio, which is not installed; install it with: sudo apt install libportaudio2"
        ) from error
    if anew and not running:
        # PortAudio lists devices once, when it starts. These two are its only way to list them again;
        # they would also close every stream.
        sounddevice._terminate()
        sounddevice._initialize()
    return sounddevice


def devices() -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """Return the devices present now and the indices of the default input and output.

    While a stream runs, PortAudio's list is the one from before it was opened; another process then looks, whose
    indices may differ from those in this one.

    Raises
    ------
    UserError
        If PortAudio is not installed or does not answer.
    """
    with lock:
        sounddevice = port_audio()
        if not running:
            return list(sounddevice.query_devices()), tuple(sounddevice.default.device)
    code = "import json, sounddevice as s; print(json.dumps([list(s.query_devices()), list(s.default.device)]))"
    try:
        looked = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=_LOOK_PATIENCE,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise UserError("The sound devices cannot be listed; restart the system's sound server.") from error
    listed, (first, second) = json.loads(looked.stdout)
    return listed, (first, second)
