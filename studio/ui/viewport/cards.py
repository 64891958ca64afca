"""What lies on the stage besides a head: the empty state, questions and the legend of the tint."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.avatar import GuessedTint
from studio.ui import theme


class EmptyStage(QWidget):
    """The drop zone: one line and one button."""

    sample_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._line = QLabel(self.tr("Drop a portrait, or press Ctrl+O"))
        self._line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._line.setProperty("role", "title")
        sample = QPushButton(self.tr("Try the sample"))
        sample.setToolTip(self.tr("Build a head from a public-domain portrait"))
        sample.clicked.connect(self.sample_asked)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.GRID)
        layout.addStretch(5)
        layout.addWidget(self._picture)
        layout.addWidget(self._line)
        layout.addWidget(sample, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(6)
        self.refresh()

    def refresh(self) -> None:
        """Redraw the icon in the theme's colours."""
        self._picture.setPixmap(theme.icon("portrait", "faint").pixmap(64, 64))


class QuestionCard(QFrame):
    """Asks one question, without standing in the way of anything else; Escape is the answer that changes least."""

    answered = Signal(bool)

    def __init__(self, note: str, yes: str, no: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self._question = QLabel()
        self._question.setProperty("role", "heading")
        self._question.setWordWrap(True)
        remark = QLabel(note)
        remark.setProperty("role", "dim")
        remark.setWordWrap(True)
        self.yes = QPushButton(yes)
        self.yes.setProperty("role", "primary")
        self.yes.clicked.connect(lambda: self.answered.emit(True))
        self.no = QPushButton(no)
        self.no.clicked.connect(lambda: self.answered.emit(False))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch()
        buttons.addWidget(self.no)
        buttons.addWidget(self.yes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._question)
        layout.addWidget(remark)
        layout.addSpacing(theme.GRID)
        layout.addLayout(buttons)
        self.setFixedWidth(400)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape is no."""
        if event.key() == Qt.Key.Key_Escape:
            self.no.click()
        else:
            super().keyPressEvent(event)

    def _pose(self, question: str) -> None:
        self._question.setText(question)
        self.setAccessibleName(question)
        self.show()
        self.adjustSize()
        self.raise_()
        self.yes.setFocus()


class ConsentCard(QuestionCard):
    """Asks once per person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr("The answer is kept with the avatar; you are asked once per person."),
            self.tr("Yes, build the head"),
            self.tr("Cancel"),
            parent,
        )

    def ask(self, people: list[tuple[Path, int | None]]) -> None:
        """Show the question about these pictures, each with the face chosen in it; none hides the card."""
        if not people:
            self.hide()
        elif len(people) == 1:
            ((picture, face),) = people
            one = self.tr("Do you have the consent of the person in “{name}”?")
            chosen = self.tr("Do you have the consent of the person you chose in “{name}”?")
            self._pose((one if face is None else chosen).format(name=picture.name))
        else:
            many = self.tr("Do you have the consent of the people in these {count} pictures?")
            self._pose(many.format(count=len(people)))


class RecoveryCard(QuestionCard):
    """Offers what a crash left behind."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr("The program did not end well the last time. Nothing is thrown away if you start fresh."),
            self.tr("Recover"),
            self.tr("Start fresh"),
            parent,
        )

    def offer(self, name: str, when: str) -> None:
        """Show the question about a project, "" for one without a name, as it was at a time."""
        named = self.tr("Recover “{name}” as it was at {when}, with what was not saved?")
        nameless = self.tr("Recover the project that was open, as it was at {when}?")
        self._pose((named if name else nameless).format(name=name, when=when))


class GuessedLegend(QFrame):
    """Says what the tint on the head means; the pointer reaches through it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        swatch = QPixmap(12, 12)
        swatch.fill(QColor.fromRgbF(*GuessedTint.RGB))
        self._swatch = QLabel()
        self._swatch.setPixmap(swatch)
        self._share = QLabel()
        self._share.setProperty("role", "heading")
        self._meaning = QLabel()
        self._meaning.setProperty("role", "dim")
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self._swatch)
        row.addWidget(self._share, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, theme.GRID, 12, theme.GRID)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self._meaning)

    def tell(self, guessed: float | None) -> None:
        """Show the share of the Gaussians that were guessed, 0..1; None where the avatar does not know."""
        if guessed is None:
            share = self.tr("Seen or guessed: not known")
            meaning = self.tr("This avatar does not tell; build it again to see the tint.")
        else:
            share = self.tr("Guessed: {percent:.0f} % of the Gaussians").format(percent=100 * guessed)
            meaning = self.tr("The portrait did not show what is tinted.")
        if share != self._share.text():
            self._swatch.setVisible(guessed is not None)
            self._share.setText(share)
            self._meaning.setText(meaning)
            self.setAccessibleName(f"{share}. {meaning}")
            self.adjustSize()
