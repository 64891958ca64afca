"""`JobQueue`: one worker thread that runs job generators, the most urgent one first.

Because a job is a generator, a build need not wait for a long export: between two yields the worker
turns to whatever is most urgent and comes back. One heavy job runs at a time, and every step of a job,
its cancellation included, happens on the worker's own thread.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress

log = logging.getLogger(__name__)

REPORT_EVERY = 0.1  # s between progress signals that carry no preview


class Urgency(IntEnum):
    """Lower runs first."""

    QUICK = 0
    FIRST = 1
    """Builds and all that is slower wait for it."""
    BUILD = 2
    HEAVY = 3
    UNASKED = 4
    """Preparation, of which nothing is shown."""


class Ticket(QObject):
    """One submitted job as the window sees it; all signals arrive on the window's thread."""

    progress = Signal(object)
    finished = Signal(object)
    failed = Signal(object, str)
    """The exception and the sentence to show."""
    cancelled = Signal()
    paused = Signal(bool)
    """Whether it waits for `resume` now."""
    ended = Signal()
    """After any of the three outcomes."""
    changed = Signal()
    """It may be its turn now, or no more; for the queue."""

    def __init__(self, title: str, start: Callable[[], Job[Any]], urgency: Urgency, number: int) -> None:
        super().__init__()
        self.title = title
        self.urgency = urgency
        self.number = number
        self._start = start
        self._job: Job[Any] | None = None
        self._cancel = threading.Event()
        self._paused = threading.Event()
        self._reported = 0.0

    def cancel(self) -> None:
        """Ask the worker to close the job before its next step."""
        self._cancel.set()
        self.changed.emit()

    def pause(self, on: bool = True) -> None:
        """Keep the job as it is after its next step, for others to run meanwhile, or go on with it."""
        if on == self._paused.is_set():
            return
        (self._paused.set if on else self._paused.clear)()
        self.paused.emit(on)
        self.changed.emit()

    @property
    def is_paused(self) -> bool:
        """Whether it waits for its user."""
        return self._paused.is_set()

    @property
    def waits(self) -> bool:
        """Whether no step of it is to be taken now: it is paused and not cancelled."""
        return self._paused.is_set() and not self._cancel.is_set()

    def step(self) -> bool:
        """Run to the next yield, on the worker's thread; return False once the job has ended."""
        try:
            if self._cancel.is_set():
                if self._job is not None:
                    self._job.close()
                self.cancelled.emit()
            else:
                if self._job is None:
                    self._job = self._start()
                self._report(next(self._job))
                return True
        except StopIteration as stop:
            self.finished.emit(stop.value)
        except UserError as error:
            self.failed.emit(error, str(error))
        except Exception as error:
            log.exception("a job failed")  # its title may name a person, and the log may be shared
            kind = type(error).__name__
            sentence = self.tr("{title} stopped on a fault in the program ({kind}: {error}); see Help > Log.")
            self.failed.emit(error, sentence.format(title=self.title, kind=kind, error=error))
        self._job = None
        self.ended.emit()
        return False

    def _report(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.preview is not None or now - self._reported >= REPORT_EVERY:
            self._reported = now
            self.progress.emit(progress)


class JobQueue(QObject):
    """Takes jobs from the window's thread and runs them on one worker thread."""

    submitted = Signal(object)
    """The new `Ticket`."""
    idle_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers: Iterator[int] = count()
        self._work = threading.Condition()
        self._tickets: list[Ticket] = []
        self._running = True
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def submit(
        self,
        title: str,
        start: Callable[[], Job[Any]],
        urgency: Urgency = Urgency.HEAVY,
        on_result: Callable[[Any], None] | None = None,
        on_failure: Callable[[Exception, str], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ticket:
        """Queue ``start()``, which is called on the worker's thread; callbacks run on the window's."""
        ticket = Ticket(title, start, urgency, next(self._numbers))
        ticket.setParent(self)
        if on_result is not None:
            ticket.finished.connect(on_result)
        if on_failure is not None:
            ticket.failed.connect(on_failure)
        if on_progress is not None:
            ticket.progress.connect(on_progress)
        self.submitted.emit(ticket)
        ticket.changed.connect(self._look_again)
        with self._work:
            self._tickets.append(ticket)
            self._work.notify()
        self.idle_changed.emit(False)
        return ticket

    def _look_again(self) -> None:
        with self._work:
            self._work.notify()
            idle = self._next() is None
        self.idle_changed.emit(idle)

    def _next(self) -> Ticket | None:
        """Return the most urgent ticket that is not paused."""
        able = [ticket for ticket in self._tickets if not ticket.waits]
        return min(able, key=lambda ticket: (ticket.urgency, ticket.number), default=None)

    @property
    def idle(self) -> bool:
        """True when nothing is running or waiting for its turn; what is paused waits for its user."""
        with self._work:
            return self._next() is None

    def stop(self) -> None:
        """Cancel everything and end the thread."""
        with self._work:
            self._running = False
            tickets = tuple(self._tickets)
        for ticket in tickets:
            ticket.cancel()
        with self._work:
            self._work.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._work:
                while self._running and self._next() is None:
                    self._work.wait()
                ticket = self._next()
                if ticket is None:
                    return
            if not ticket.step():
                with self._work:
                    self._tickets.remove(ticket)
                    idle = self._next() is None
                if idle:
                    self.idle_changed.emit(True)
