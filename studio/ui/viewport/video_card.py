"""`VideoCard`: asks what a dropped video is for."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme

_NAME = 240  # px


class VideoCard(QFrame):
    """Lies over the head until it is answered, without standing in the way of anything else."""

    answered = Signal(object, str)
    """The video, and "drive", "personalize", "sound" or "" for nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self._path = Path()
        self._question = QLabel()
        self._question.setProperty("role", "heading")
        self._question.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._question)
        self.buttons: dict[str, QPushButton] = {}
        for answer, text, tip in (
            ("drive", self.tr("Drive the head with it"), self.tr("The head moves as the face in the video does")),
            (
                "personalize",
                self.tr("Personalise the head with it"),
                self.tr("The head learns how this person looks and moves"),
            ),
            ("sound", self.tr("Take only its sound"), self.tr("The head says what is heard in it")),
            ("", self.tr("Cancel"), ""),
        ):
            button = self.buttons[answer] = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(lambda _, answer=answer: self._answer(answer))
            layout.addWidget(button)
        self.buttons["drive"].setProperty("role", "primary")
        self.setFixedWidth(360)
        self.hide()

    def ask(self, path: Path, choices: tuple[str, ...]) -> None:
        """Ask about a video; only these answers are offered, and nothing."""
        self._path = path
        asked = self.tr("What is “{name}” for?")
        # A long name without a space would not be wrapped.
        short = self._question.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, _NAME)
        self._question.setText(asked.format(name=short))
        self.setAccessibleName(asked.format(name=path.name))
        for answer, button in self.buttons.items():
            button.setVisible(answer in (*choices, ""))
        self.adjustSize()
        self.setVisible(True)
        self.raise_()
        self.buttons[choices[0]].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape is nothing."""
        if event.key() == Qt.Key.Key_Escape:
            self._answer("")
        else:
            super().keyPressEvent(event)

    def _answer(self, answer: str) -> None:
        self.hide()
        self.answered.emit(self._path, answer)
