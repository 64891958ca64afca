"""The only module that knows sounddevice; it imports it when a microphone or a player first asks."""

import threading
from types import ModuleType

from studio.core.errors import UserError

PATIENCE = 3.0  # s


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


def port_audio() -> ModuleType:
    """Import sounddevice; while no stream runs, make PortAudio look at the devices anew.

    Raises
    ------
    UserError
        If PortAudio is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise UserError(
            "Sound needs PortAudio, which is not installed; install it with: sudo apt install libportaudio2"
        ) from error
    if not running:
        # PortAudio lists devices once, when it starts. These two are its only way to list them again;
        # they would also close every stream.
        sounddevice._terminate()
        sounddevice._initialize()
    return sounddevice
