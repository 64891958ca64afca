"""The bar under the stage: microphone, play, the sound's waveform and the time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from studio.ui import theme
from studio.ui.session import RATE, Clip

BINS = 1200  # of the drawn waveform


def clock(seconds: float) -> str:
    """Return ``00:03.1``."""
    return f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"


def envelope(samples: NDArray[np.float32], bins: int = BINS) -> NDArray[np.float32]:
    """Return the loudest sample of each of `bins` equal stretches ``[bins]``."""
    edges = np.linspace(0, max(len(samples), 1), bins, endpoint=False).astype(int)
    return np.maximum.reduceat(np.abs(np.append(samples, 0)), edges)


class Waveform(QWidget):
    """The opened sound, with a line where it is being heard; a click goes there."""

    sought = Signal(float)
    """Seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(44)
        self.setAccessibleName(self.tr("Waveform"))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._hint = QLabel(self.tr("Press the microphone and speak, or drop a sound file here"))
        self._hint.setProperty("role", "dim")
        self._layout.addWidget(self._hint)
        self._plot: Any = None
        self._line: Any = None
        self._fill: Any = None
        self._curves: list[Any] = []
        self._clip: Clip | None = None

    def show_clip(self, clip: Clip) -> None:
        """Draw a sound."""
        self._clip = clip
        plot = self._plot or self._make_plot()
        peaks = envelope(clip.samples)
        peaks = peaks / max(float(peaks.max()), 0.05)
        times = np.linspace(0, clip.seconds, len(peaks))
        self._curves[0].setData(times, peaks)
        self._curves[1].setData(times, -peaks)
        plot.setXRange(0, clip.seconds, padding=0)
        self.show_position(0.0)

    def show_position(self, seconds: float) -> None:
        """Move the line."""
        if self._line is not None:
            self._line.setValue(seconds)

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        if self._plot is None:
            return
        import pyqtgraph as pg

        colors = theme.current()
        for curve in self._curves:
            curve.setPen(pg.mkPen(colors.dim))
        self._fill.setBrush(pg.mkBrush(colors.dim))
        self._line.setPen(pg.mkPen(colors.accent, width=2))

    def _make_plot(self) -> Any:
        # Imported when the first sound is opened: the window is shown sooner without it.
        import pyqtgraph as pg

        self._hint.hide()
        plot: Any = pg.PlotWidget()
        plot.setBackground(None)
        plot.setFrameStyle(0)
        plot.hideAxis("left")
        plot.hideAxis("bottom")
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.setYRange(-1.05, 1.05, padding=0)
        plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot = plot
        self._curves = [plot.plot([], []), plot.plot([], [])]
        self._fill = pg.FillBetweenItem(self._curves[0], self._curves[1])
        plot.addItem(self._fill)
        self._line = pg.InfiniteLine(0)
        plot.addItem(self._line)
        plot.scene().sigMouseClicked.connect(self._clicked)
        self._layout.addWidget(plot)
        self.refresh()
        return plot

    def _clicked(self, event: Any) -> None:
        if self._clip is not None:
            at = self._plot.getViewBox().mapSceneToView(event.scenePos()).x()
            self.sought.emit(min(max(float(at), 0.0), self._clip.seconds))


class Transport(QWidget):
    """Microphone and play are the same actions as in the menus."""

    def __init__(self, listen: QAction, play: QAction) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.wave = Waveform()
        self._time = QLabel()
        self._time.setProperty("role", "dim")
        self._time.setMinimumWidth(112)
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._seconds = 0.0
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 16, 6)
        layout.setSpacing(theme.GRID)
        for action in (listen, play):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(22, 22))
            button.setAccessibleName(action.text())
            layout.addWidget(button)
        layout.addWidget(self.wave, 1)
        layout.addWidget(self._time)

    def show_clip(self, clip: Clip | None) -> None:
        """Show an opened sound."""
        if clip is not None:
            self.wave.show_clip(clip)
            self._seconds = len(clip.samples) / RATE
            self.show_position(0.0)

    def show_position(self, seconds: float) -> None:
        """Show what is being heard."""
        self.wave.show_position(seconds)
        if self._seconds:
            self._time.setText(f"{clock(seconds)} / {clock(self._seconds)}")
