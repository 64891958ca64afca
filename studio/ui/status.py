"""The status line and the live indicator."""

import math

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.panels.controls import ElidedLabel
from studio.ui.viewport.frame_loop import Pace

HISTORY = 12


class StatusLine(ElidedLabel):
    """One plain sentence; a click shows those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(4 * theme.GRID)
        self.setMargin(theme.GRID // 2)
        self.setProperty("role", "dim")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        if sentence and (not self.sentences or self.sentences[-1] != sentence):
            self.sentences = [*self.sentences, sentence][-HISTORY:]
        self.show_text(sentence)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show what was said before."""
        popup = QFrame(self, Qt.WindowType.Popup)
        popup.setObjectName("overlayCard")
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(popup)
        layout.setContentsMargins(16, 12, 16, 12)
        for sentence in self.sentences:
            line = QLabel(sentence)
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            line.setWordWrap(True)
            layout.addWidget(line)
        popup.setFixedWidth(min(640, self.window().width() - 32))
        popup.adjustSize()
        corner = self.mapToGlobal(QPoint(8, 0))
        popup.move(corner.x(), corner.y() - popup.height() - 4)
        popup.show()


class LiveIndicator(QLabel):
    """``● Live  microphone to picture 118 ms  58 fps  numba · 2 threads``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "dim")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setContentsMargins(8, 5, 12, 0)
        self.setAccessibleName(self.tr("Live indicator"))
        self._backend = ""
        self._text = ""

    def sizeHint(self) -> QSize:
        """Keep its place while numbers change."""
        return super().sizeHint().expandedTo(QSize(440, 24))

    def show_backend(self, name: str, reason: str) -> None:
        """Say which renderer draws, and in the tooltip why no better one does."""
        self._backend = name
        self.setToolTip(reason)

    def show_pace(self, state: str, live: bool, pace: Pace, latency: float, filming: float) -> None:
        """Say what is going on and how fast.

        `latency` and `filming` are from microphone and camera to picture, s, NaN where not measured.
        """
        color = theme.current().accent if live else theme.current().faint
        parts = [f'<span style="color:{color}">●</span>&nbsp;{state}']
        if math.isfinite(latency):
            parts.append(self.tr("microphone to picture {ms:.0f} ms").format(ms=1000 * latency))
        if math.isfinite(filming):
            parts.append(self.tr("camera to picture {ms:.0f} ms").format(ms=1000 * filming))
        if pace.fps and not (math.isfinite(latency) or math.isfinite(filming)):
            parts.append(self.tr("{ms:.0f} ms").format(ms=pace.ms))
        if pace.fps:
            parts.append(self.tr("{fps:.0f} fps").format(fps=pace.fps))
        if self._backend:
            parts.append(self._backend)
        text = "&nbsp;&nbsp;&nbsp;".join(parts)
        if text != self._text:
            self._text = text
            self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setText(text)
