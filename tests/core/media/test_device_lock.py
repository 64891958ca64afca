import threading

import pytest

from studio.core.errors import UserError
from studio.core.media import portaudio


def test_a_device_that_hangs_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "PATIENCE", 0.01)
    lock, held, done = portaudio.DeviceLock(), threading.Event(), threading.Event()

    def hang() -> None:
        with lock, lock:  # whoever has it may take it again
            held.set()
            done.wait()

    hanging = threading.Thread(target=hang)
    hanging.start()
    held.wait()
    with pytest.raises(UserError, match="does not answer"), lock:
        pass
    done.set()
    hanging.join()
    with lock:
        pass
