"""The Jobs panel: one card per job, with progress, time left and cancel."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.jobs import Progress
from studio.ui import theme
from studio.ui.export_tasks import Exported
from studio.ui.panels.controls import ElidedLabel, dim
from studio.ui.workers import Ticket, Urgency

QUIET_AFTER = 300  # ms; quick jobs that end sooner never show a card
GONE_AFTER = 4000  # ms; a finished card without anything to click leaves


def time_left(seconds: float | None) -> str:
    """Return ``1:05`` or, while it cannot be known, nothing."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _written(result: Any) -> Path | None:
    """Return the file that a job wrote, if that was its task."""
    result = result.path if isinstance(result, Exported) else result
    return result if isinstance(result, Path) else None


class JobCard(QFrame):
    """One job."""

    dismissed = Signal()

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self.setObjectName("card")
        self._ticket = ticket
        self._over = False
        self._before = ""  # what was said when it was paused
        self.title = ElidedLabel(ticket.title)
        self.message = dim(self.tr("waiting"))
        self.left = QLabel()
        self.left.setProperty("role", "dim")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(ticket.title)
        self.close_button = QToolButton()
        self.close_button.setProperty("role", "flat")
        self.close_button.setIcon(theme.icon("close", "dim"))
        self.close_button.setToolTip(self.tr("Cancel"))
        self.close_button.setAccessibleName(self.tr("Cancel {title}").format(title=ticket.title))
        self.close_button.clicked.connect(self._close_clicked)
        self.pause_button = QToolButton()
        self.pause_button.setProperty("role", "flat")
        self.pause_button.clicked.connect(lambda: ticket.pause(not ticket.is_paused))
        self.pause_button.setVisible(ticket.urgency is Urgency.HEAVY)
        self._show_paused(False)
        self.reveal = QPushButton(self.tr("Show in folder"))
        self.reveal.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 6, 8, 10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.pause_button, 0, 1)
        grid.addWidget(self.close_button, 0, 2)
        grid.addWidget(self.bar, 1, 0, 1, 3)
        words = QHBoxLayout()
        words.setContentsMargins(0, 0, 4, 0)
        words.addWidget(self.message, 1)
        words.addWidget(self.left, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(words, 2, 0, 1, 3)
        grid.addWidget(self.reveal, 3, 0, 1, 3)
        ticket.progress.connect(self._progress)
        ticket.finished.connect(self._finished)
        ticket.failed.connect(self._failed)
        ticket.cancelled.connect(self._cancelled)
        ticket.paused.connect(self._show_paused)

    def _show_paused(self, paused: bool) -> None:
        """Offer the other of the two; a job that is paused keeps what it has done."""
        words = self.tr("Go on") if paused else self.tr("Pause")
        self.pause_button.setIcon(theme.icon("play" if paused else "pause", "dim"))
        self.pause_button.setToolTip(words)
        self.pause_button.setAccessibleName(f"{words}: {self._ticket.title}")
        if paused:
            self._before = self.message.text()
            self.message.setText(self.tr("Paused"))
            self.left.setText("")
        elif self._before:
            self.message.setText(self._before)

    def _progress(self, progress: Progress) -> None:
        if self._ticket.is_paused:
            return  # of the step that was under way
        self.bar.setValue(round(progress.fraction * 1000))
        self.message.setText(progress.message[:1].upper() + progress.message[1:])
        self.left.setText(time_left(progress.eta))

    def _close_clicked(self) -> None:
        if self._over:
            self.dismissed.emit()
        else:
            self.message.setText(self.tr("Cancelling…"))
            self._ticket.cancel()

    def _end(self, message: str) -> None:
        self._over = True
        self.message.setText(message)
        for part in (self.left, self.bar, self.pause_button):
            part.hide()
        self.close_button.setToolTip(self.tr("Dismiss"))
        self.close_button.setAccessibleName(self.tr("Dismiss {title}").format(title=self._ticket.title))

    def _finished(self, result: Any) -> None:
        self._end(self.tr("Done"))
        path = _written(result)
        if path is not None:
            self.reveal.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
            self.reveal.show()
        else:
            QTimer.singleShot(GONE_AFTER, self, self.dismissed.emit)

    def _failed(self, error: Exception, sentence: str) -> None:
        self._end(sentence)
        theme.set_role(self.message, "bad")

    def _cancelled(self) -> None:
        self._end(self.tr("Cancelled; nothing was left behind"))
        QTimer.singleShot(GONE_AFTER, self, self.dismissed.emit)


class JobsPanel(QWidget):
    """Stacks the cards, newest on top."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[JobCard] = []
        self._idle = dim(self.tr("Nothing is running."))
        inner = QWidget()
        inner.setObjectName("panel")
        self._stack = QVBoxLayout(inner)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(theme.GRID)
        self._stack.addWidget(self._idle)
        self._stack.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def add(self, ticket: Ticket) -> None:
        """Show a job; a quick or first one only if it takes long or fails, an unasked one never."""
        if ticket.urgency is Urgency.UNASKED:
            return
        card = JobCard(ticket)
        card.dismissed.connect(lambda: self._drop(card))
        self.cards.insert(0, card)
        self._stack.insertWidget(0, card)
        if ticket.urgency in (Urgency.QUICK, Urgency.FIRST):
            card.hide()
            ticket.failed.connect(lambda *_: self._reveal(card))
            ticket.finished.connect(lambda result: self._quick_end(card, result))
            ticket.cancelled.connect(lambda: self._drop(card))
            QTimer.singleShot(QUIET_AFTER, card, lambda: self._reveal(card))
        else:
            self._reveal(card)

    def _quick_end(self, card: JobCard, result: Any) -> None:
        if _written(result) is not None:
            self._reveal(card)
        else:
            self._drop(card)

    def _reveal(self, card: JobCard) -> None:
        if card in self.cards:
            card.show()
            self._idle.hide()

    def _drop(self, card: JobCard) -> None:
        if card in self.cards:
            self.cards.remove(card)
            self._stack.removeWidget(card)
            card.deleteLater()
        self._idle.setVisible(all(other.isHidden() for other in self.cards))
