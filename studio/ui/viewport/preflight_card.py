"""What was seen of a face before its head is built, and one sentence about what will hurt."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from studio.core.perception.preflight import Preflight

WIDTH = 264


class PreflightCard(QFrame):
    """Lies on the picture; the pointer reaches through it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        title = QLabel(self.tr("What was seen"))
        title.setProperty("role", "heading")
        self.facts, self.fault = QLabel(), QLabel()
        self.facts.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        layout.addWidget(title)
        for label in (self.facts, self.fault):
            label.setWordWrap(True)
            layout.addWidget(label)
        self.setFixedWidth(WIDTH)

    def tell(self, seen: "Preflight", scale: float) -> None:
        """Show a closer look at a picture that has `scale` px per px of its file."""
        from studio.core.perception.preflight import BLURRED, COVERED

        height, turn = seen.height / scale, abs(round(seen.yaw))
        sharp = self.tr("blurred") if seen.blur > BLURRED else self.tr("sharp")
        free = self.tr("{percent:.0f} % not skin").format(percent=100 * seen.covered)
        self.facts.setText(
            " · ".join(
                (
                    self.tr("Face {px:.0f} px high").format(px=height),
                    self.tr("turned by {degrees}°").format(degrees=turn),
                    sharp,
                    free if seen.covered > COVERED else self.tr("nothing before it"),
                )
            )
        )
        sentences = {
            "": self.tr("This picture makes a good head."),
            "covered": self.tr("Something covers the face and will become part of it; a picture without it is better."),
            "turned": self.tr("The face is turned far to the side; the hidden half is guessed."),
            "blurred": self.tr("The face is blurred and the head will be too; a sharper picture is better."),
            "small": self.tr("The face is small, so the head will look soft; a larger picture is better."),
        }
        self.fault.setText(sentences[seen.fault])
        self.setAccessibleName(f"{self.facts.text()}. {self.fault.text()}")
        self.adjustSize()
