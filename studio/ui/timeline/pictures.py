"""`Pictures`: what is drawn inside blocks, computed once per source by jobs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core import jobs
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.project.pyramid import Pyramid
from studio.core.project.timeline import MOTION_LANES, Lane, Timeline
from studio.core.project.traces import trace_channel, trace_motion

Runner = Callable[[str, Callable[[], Job[Any]], Callable[[Any], None]], object]
"""Runs a job somewhere: its title, what starts it, and what takes its result on this thread."""


def run_here(title: str, start: Callable[[], Job[Any]], done: Callable[[Any], None]) -> None:
    """Run a job at once, where nobody is kept waiting."""
    done(jobs.run(start()))


class Pictures(QObject):
    """Mip levels of sounds and motions.

    Attributes
    ----------
    waves
        Of sounds, by key of the media.
    traces
        Of motions, by key and lane.
    channels
        Of motions, by key and channel.
    """

    changed = Signal()

    def __init__(self, run: Runner = run_here) -> None:
        super().__init__()
        self.waves: dict[str, Pyramid] = {}
        self.traces: dict[tuple[str, Lane], Pyramid] = {}
        self.channels: dict[tuple[str, str], Pyramid] = {}
        self._asked: set[tuple[str, str]] = set()
        self._run = run

    def add_wave(self, key: str, pyramid: Pyramid) -> None:
        """Draw this in the blocks of a sound."""
        self.waves[key] = pyramid
        self.changed.emit()

    def ask(self, timeline: Timeline, motions: Mapping[str, Motion], opened: Mapping[Lane, str]) -> None:
        """See to it that the takes of a timeline can be drawn, and the channels that are opened in lanes."""
        for take in timeline.takes:
            motion = motions.get(take.source)
            if motion is None:
                continue  # its member of a damaged project is lost: the block stays empty
            for lane in MOTION_LANES:
                if lane in take.lanes:
                    self._ask(take.name, (take.source, lane), partial(trace_motion, motion, lane), self.traces)
                if lane in take.lanes and lane in opened:
                    channel = opened[lane]
                    start = partial(trace_channel, motion, channel)
                    self._ask(take.name, (take.source, channel), start, self.channels)

    def _ask(self, name: str, wanted: tuple[str, Any], start: Callable[[], Job[Pyramid]], into: dict) -> None:
        def done(pyramid: Pyramid) -> None:
            into[wanted] = pyramid
            self.changed.emit()

        if wanted not in self._asked:
            self._asked.add(wanted)
            self._run(self.tr("Drawing {name}").format(name=name), start, done)
