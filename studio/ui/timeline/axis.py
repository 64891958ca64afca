"""`TimeAxis`: which seconds the timeline shows, and where on the screen they are."""

import math

from PySide6.QtCore import QObject, Signal

from studio.core.project.snapping import FRAME

MARGIN = 8  # px left of second 0
CLOSEST = 6000.0  # px per s
SHORTEST = 10.0  # s that an empty timeline shows
TICKS = (FRAME, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


def timecode(seconds: float) -> str:
    """Return ``00:03.12``: minutes, seconds and hundredths."""
    hundredths = round(max(seconds, 0.0) * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


class TimeAxis(QObject):
    """Maps seconds to px of the lanes; scrolls, and zooms about a point."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.begin = 0.0
        """s at the left edge."""
        self.scale = 100.0
        """px per s."""
        self._width = 100
        self._duration = 0.0
        self._fitted = True

    @property
    def width(self) -> int:
        """Width of the lanes, px."""
        return self._width

    @property
    def end(self) -> float:
        """Second at the right edge."""
        return self.begin + self._width / self.scale

    @property
    def length(self) -> float:
        """Seconds that can be scrolled to: what there is, and room to put something after it."""
        return max(self._duration * 1.1, self._duration + 1.0, SHORTEST)

    def x(self, time: float) -> float:
        """Return the px of a second."""
        return (time - self.begin) * self.scale

    def time(self, x: float) -> float:
        """Return the second of a px, never before 0."""
        return max(self.begin + x / self.scale, 0.0)

    def resize(self, width: int) -> None:
        """Take another width, px; what was fitted stays fitted."""
        self._width = max(width, 1)
        self._settle()

    def show_duration(self, seconds: float) -> None:
        """Make room for so many s; what was fitted stays fitted."""
        if seconds != self._duration:
            self._duration = seconds
            self._settle()

    def fit(self) -> None:
        """Show all there is, and go on doing so until the user zooms."""
        self._fitted = True
        self._settle()

    def hold(self) -> None:
        """Stay as it is, also while what it fitted changes."""
        self._fitted = False

    def zoom(self, factor: float, x: float) -> None:
        """Magnify by a factor about a px, whose second stays where it is."""
        time = self.begin + x / self.scale
        self._fitted = False
        self.scale = min(max(self.scale * factor, self._farthest()), CLOSEST)
        self._go(time - x / self.scale)

    def scroll(self, px: float) -> None:
        """Show what lies so many px further right."""
        self._fitted = False
        self._go(self.begin + px / self.scale)

    def go(self, begin: float) -> None:
        """Put a second at the left edge."""
        self._fitted = False
        self._go(begin)

    def reveal(self, time: float) -> None:
        """Turn the page if a second is out of sight."""
        if not self.begin <= time <= self.end:
            self.go(time - 2 * MARGIN / self.scale)

    def tick(self, least: float) -> float:
        """Return the step of the ruler, s, whose ticks are at least so many px apart."""
        return next((step for step in TICKS if step * self.scale >= least), TICKS[-1])

    def _farthest(self) -> float:
        return max(self._width - 2 * MARGIN, 1) / self.length

    def _settle(self) -> None:
        if self._fitted:
            self.scale, self.begin = self._farthest(), -math.inf
        self.scale = max(self.scale, self._farthest())
        self._go(self.begin)

    def _go(self, begin: float) -> None:
        first = -MARGIN / self.scale
        last = max(self.length - (self._width - MARGIN) / self.scale, first)
        self.begin = min(max(begin, first), last)
        self.changed.emit()
