"""How fast the head is drawn, and how late it shows what is heard, over the last minute."""

import math
from collections import deque
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui import tasks, theme
from studio.ui.pages.page import Page
from studio.ui.panels.controls import dim, heading
from studio.ui.workers import Urgency

if TYPE_CHECKING:
    from studio.ui.director import Director

SECONDS = 60
EVERY = 0.5  # s
HEIGHT = 140  # px


class FiguresPage(Page):
    """Measures from its first opening on; draws with pyqtgraph, which is loaded only then."""

    def __init__(self, director: "Director") -> None:
        super().__init__(self.tr("Speed and delay"))
        self._director = director
        self.told = dim("")
        self.body.addWidget(self.told)
        self._charts = {
            "fps": (self.tr("Frames per second"), QWidget()),
            "ms": (self.tr("Drawing a frame, ms"), QWidget()),
            "delay": (self.tr("Microphone to picture, ms"), QWidget()),
        }
        for title, place in self._charts.values():
            place.setFixedHeight(HEIGHT)
            QVBoxLayout(place).setContentsMargins(0, 0, 0, 0)
            self.body.addWidget(heading(title))
            self.body.addWidget(place)
        self.body.addStretch()
        self.measured: deque[tuple[float, float, float]] = deque(maxlen=round(SECONDS / EVERY))
        self.lines: dict[str, Any] = {}
        self._plots: list[Any] = []
        self._tick = QTimer(self, interval=round(1000 * EVERY))
        self._tick.timeout.connect(self._measure)
        self._tick.start()

    def shown(self) -> None:
        """Load what draws, the first time."""
        if not self.lines:
            self.told.setText(self.tr("Loading…"))
            title = self.tr("Loading charts")
            self._director.jobs.submit(title, tasks.load_charts, Urgency.QUICK, self._make, self._failed)

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        super().refresh()
        if getattr(self, "lines", None):
            import pyqtgraph as pg

            colors = theme.current()
            for line in self.lines.values():
                line.setPen(pg.mkPen(colors.accent, width=2))
            for plot in self._plots:
                plot.getAxis("left").setPen(colors.line)
                plot.getAxis("left").setTextPen(colors.dim)

    def _make(self, _: None) -> None:
        import pyqtgraph as pg

        if self.lines:
            return
        for name, (title, place) in self._charts.items():
            plot: Any = pg.PlotWidget()
            plot.setBackground(None)
            plot.setFrameStyle(0)
            plot.hideAxis("bottom")
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(False, False)
            plot.setXRange(-SECONDS, 0, padding=0)
            plot.setLimits(yMin=0, minYRange=10)
            plot.getAxis("left").setWidth(40)
            plot.setAccessibleName(title)
            self._plots.append(plot)
            self.lines[name] = plot.plot([], [], connect="finite")
            layout = place.layout()
            assert layout is not None
            layout.addWidget(plot)
        self.refresh()
        self._draw()

    def _measure(self) -> None:
        pace = self._director.frames.pace()
        drawn = pace.ms if pace.fps else math.nan
        live = self._director.session.listening
        delay = 1000 * self._director.drive.latency if live else math.nan
        self.measured.append((pace.fps, drawn, delay))
        if self.isVisible() and self.lines:
            self._draw()

    def _draw(self) -> None:
        ages = [EVERY * (i - len(self.measured) + 1) for i in range(len(self.measured))]
        for line, values in zip(self.lines.values(), zip(*self.measured, strict=True), strict=False):
            line.setData(ages, values)
        pace = self._director.frames.pace()
        told = self.tr(
            "The last minute. {drawn} frames drawn since the start, {skipped} wishes overtaken by newer ones."
        )
        self.told.setText(told.format(drawn=pace.rendered, skipped=pace.superseded))

    def _failed(self, error: Exception, sentence: str) -> None:
        self.told.setText(sentence)
