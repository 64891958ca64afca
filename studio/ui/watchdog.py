"""`Watchdog`: finds out when the window's thread kept everybody waiting, and what it was doing then."""

import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

from PySide6.QtCore import QObject, Qt, QTimer

log = logging.getLogger(__name__)

LIMIT = 0.05  # s
_BEAT = 5  # ms
_LOOK = 0.01  # s
_DEPTH = 40  # functions


@dataclass(frozen=True)
class Stall:
    """One time in which no event was handled.

    Attributes
    ----------
    seconds
        How long it took.
    busy
        s of it that the thread itself had a processor: much less than `seconds` where the machine had other work.
    where
        What it was doing when the limit had passed, as lines of code; "" where that was over before anybody looked.
    """

    seconds: float
    busy: float
    where: str

    def told(self) -> tuple[float, float, str]:
        """Return seconds, busy, and the innermost of this program's own lines."""
        lines = self.where.splitlines()
        return self.seconds, self.busy, next((line for line in lines if f"{os.sep}studio{os.sep}" in line), "")


class Watchdog(QObject):
    """Watches the thread on which it is made, which must run an event loop; a few stalls are kept, all are logged.

    Parameters
    ----------
    limit
        s without an event from which on it is a stall.
    stacks
        A file that is told, at every stall, what every thread was doing when that could be asked again: whoever held
        the interpreter has come no further.
    """

    def __init__(self, limit: float = LIMIT, parent: QObject | None = None, stacks: TextIO | None = None) -> None:
        super().__init__(parent)
        self.stalls: list[Stall] = []
        self._limit = limit
        self._stacks = stacks
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._where = ""
        self._timer = QTimer(self, interval=_BEAT, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._at, self._busy = time.monotonic(), time.thread_time()
        self._timer.start()
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        now, busy = time.monotonic(), time.thread_time()
        gap = now - self._at - _BEAT / 1000
        if gap > self._limit:
            stall = Stall(gap, busy - self._busy, self._where)
            self.stalls = [*self.stalls[-99:], stall]
            log.warning(
                "the window stood still for %.0f ms, %.0f of them busy:\n%s", gap * 1000, stall.busy * 1000, stall.where
            )
        self._at, self._busy, self._where = now, busy, ""

    def _look(self) -> None:
        looked = time.monotonic()
        while not self._over.wait(_LOOK):
            before, looked = looked, time.monotonic()
            if not self._where and looked - self._at > self._limit:
                self._where = _told(sys._current_frames().get(self._watched))
                self._tell_all(looked - self._at)
            elif looked - before > self._limit + _LOOK:  # this thread could not run either
                self._tell_all(looked - before)

    def _tell_all(self, seconds: float) -> None:
        if self._stacks is None:
            return
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        told = [f"after {1000 * seconds:.0f} ms"]
        for ident, frame in sys._current_frames().items():
            if ident != threading.get_ident() and frame.f_code.co_filename != threading.__file__:  # which wait
                told.append(f"{names.get(ident, ident)}:\n{_told(frame)}")
        print(*told, sep="\n", file=self._stacks, flush=True)


def _told(frame: FrameType | None) -> str:
    """Return file, line and function of what a thread is doing, innermost first."""
    found = []
    while frame is not None and len(found) < _DEPTH:
        found.append(f"{frame.f_code.co_name} in {frame.f_code.co_filename}:{frame.f_lineno}")
        # Let go of each at once: a frame that is held keeps its painter alive beyond the end of its painting.
        frame = frame.f_back
    return "\n".join(found)
