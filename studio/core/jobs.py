"""Jobs are generators: they yield `Progress`, return their result, and are cancelled by closing them.

The window, the command line and the tests run the identical generator. A runner cancels by calling
``job.close()`` between two yields, on the thread that runs the job, so a job cleans up in ``finally``.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


class Cancelled(Exception):  # noqa: N818 - the house's noun
    """Raised by `run` when its caller asked the job to stop."""


@dataclass(frozen=True)
class Progress:
    """One report of a running job.

    Attributes
    ----------
    fraction
        Done so far, 0..1.
    message
        What is being done, as a short present participle ("finding the face").
    eta
        Seconds left, or None while it cannot be known.
    preview
        `Gaussians`, a preview avatar, an image ``[H,W,3]`` float32 0..1, or None.
    """

    fraction: float
    message: str
    eta: float | None = None
    preview: Any = None


Job: TypeAlias = Generator[Progress, None, T]


class Stopwatch:
    """Turns a fraction done into an ETA and remembers how long each step took."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._step: tuple[str, float] | None = None
        self.steps: dict[str, float] = {}

    def progress(self, fraction: float, message: str, preview: Any = None) -> Progress:
        """Return a `Progress` whose ETA extrapolates the time used so far."""
        now = time.monotonic()
        if self._step is not None and self._step[0] != message:
            self.steps[self._step[0]] = self.steps.get(self._step[0], 0.0) + now - self._step[1]
            self._step = (message, now)
        elif self._step is None:
            self._step = (message, now)
        elapsed = now - self._start
        eta = elapsed * (1 - fraction) / fraction if fraction > 0.02 else None
        return Progress(fraction, message, eta, preview)

    @property
    def elapsed(self) -> float:
        """Seconds since this stopwatch was made."""
        return time.monotonic() - self._start


def run(
    job: Job[T],
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> T:
    """Run a job to its end on this thread and return its result.

    Raises
    ------
    Cancelled
        If `cancelled` returned True at a yield; the job was closed first.
    """
    while True:
        try:
            report = next(job)
        except StopIteration as stop:
            return stop.value
        if on_progress is not None:
            on_progress(report)
        if cancelled is not None and cancelled():
            job.close()
            raise Cancelled


def share(job: Job[T], watch: Stopwatch, start: float, stop: float) -> Job[T]:
    """Run a job as part of a larger one: its fractions are mapped to ``start..stop``, its times are `watch`'s."""
    try:
        while True:
            report = next(job)
            yield watch.progress(start + (stop - start) * report.fraction, report.message, report.preview)
    except StopIteration as done:
        return done.value
    finally:
        job.close()
