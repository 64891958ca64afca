"""`Tour`: five callouts in the window itself, once, for whoever opens it for the first time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui import theme

WIDTH = 320
SEEN = "tour_seen"


@dataclass(frozen=True)
class Step:
    """What is pointed at, and what is said of it."""

    target: Callable[[], QWidget]
    title: str
    text: str


class Tour(QFrame):
    """A card beside a framed part of the window; everything stays usable meanwhile."""

    def __init__(self, window: QWidget, steps: Sequence[Step], settings: QSettings) -> None:
        super().__init__(window)
        self.setObjectName("overlayCard")
        self._window = window
        self._steps = steps
        self._settings = settings
        self.at = -1
        self._frame = QFrame(window)
        self._frame.setObjectName("dropHighlight")
        self._frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._frame.hide()
        self._title, self._text, self._count = QLabel(), QLabel(), QLabel()
        self._title.setProperty("role", "heading")
        self._text.setWordWrap(True)
        self._count.setProperty("role", "dim")
        self.skip = QPushButton(self.tr("Skip the tour"))
        self.skip.clicked.connect(self.end)
        self.next = QPushButton(self.tr("Next"))
        self.next.setProperty("role", "primary")
        self.next.clicked.connect(lambda: self._go(self.at + 1))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self._count)
        buttons.addStretch()
        buttons.addWidget(self.skip)
        buttons.addWidget(self.next)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addSpacing(theme.GRID)
        layout.addLayout(buttons)
        self.setFixedWidth(WIDTH)
        self.hide()

    def begin_once(self) -> None:
        """Begin if it never was seen by whoever works here."""
        if not self._settings.value(SEEN, False, type=bool):
            self.begin()

    def begin(self) -> None:
        """Begin with the first callout."""
        self._settings.setValue(SEEN, True)
        self._window.installEventFilter(self)
        self._go(0)

    def end(self) -> None:
        """Go away; Help has it again."""
        self._window.removeEventFilter(self)
        self.at = -1
        self.hide()
        self._frame.hide()

    def _go(self, at: int) -> None:
        if at >= len(self._steps):
            self.end()
            return
        self.at = at
        step = self._steps[at]
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._count.setText(self.tr("{at} of {all}").format(at=at + 1, all=len(self._steps)))
        last = at + 1 == len(self._steps)
        self.next.setText(self.tr("Done") if last else self.tr("Next"))
        self.skip.setVisible(not last)
        self.setAccessibleName(f"{step.title}. {step.text}")
        self.adjustSize()
        self._place()
        self._frame.show()
        self._frame.raise_()
        self.show()
        self.raise_()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place(self) -> None:
        target = self._steps[self.at].target()
        around = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size()).adjusted(-3, -3, 3, 3)
        self._frame.setGeometry(around)
        room, gap = self._window.rect().adjusted(8, 8, -8, -8), 2 * theme.GRID
        size = self.size()
        beside = (
            QRect(QPoint(around.left(), around.top() - gap - size.height()), size),
            QRect(QPoint(around.left() - gap - size.width(), around.top()), size),
            QRect(QPoint(around.right() + gap, around.top()), size),
        )
        within = QRect(QPoint(around.center().x() - size.width() // 2, around.bottom() - 3 * gap - size.height()), size)
        self.setGeometry(next((place for place in beside if room.contains(place)), within))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay beside what is pointed at."""
        if event.type() == QEvent.Type.Resize and self.at >= 0:
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape skips; the arrows go on and back."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() == Qt.Key.Key_Right:
            self._go(self.at + 1)
        elif event.key() == Qt.Key.Key_Left:
            self._go(max(0, self.at - 1))
        else:
            super().keyPressEvent(event)
