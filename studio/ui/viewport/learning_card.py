"""`LearningCard`: how far learning is, with a frame that was never learnt, before and after it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.engines.base import Learning
from studio.ui import theme
from studio.ui.viewport.view import to_image

_SIDE = 232  # px
_KEY_STEP = 0.05


class Wipe(QWidget):
    """Two pictures of one size, one left and one right of a line that the pointer or the arrow keys move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left: QImage | None = None
        self._right: QImage | None = None
        self.place = 0.5
        """Of the width: where the line is."""
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(self.tr("Before and after"))

    def show_pictures(self, left: NDArray[np.uint8], right: NDArray[np.uint8]) -> None:
        """Show ``[H,W,3]`` pictures."""
        self._left, self._right = to_image(left), to_image(right)
        self.update()

    def move_line(self, place: float) -> None:
        """Put the line at a part of the width."""
        self.place = min(max(place, 0.0), 1.0)
        self.update()

    def _area(self, image: QImage) -> QRectF:
        size = image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, *size.toTuple())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint both, each on its side."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        colors = theme.current()
        painter.fillRect(self.rect(), QColor(colors.stage))
        if self._left is None or self._right is None:
            return
        area = self._area(self._left)
        line = area.left() + self.place * area.width()
        painter.drawImage(area, self._left)
        painter.save()
        painter.setClipRect(QRectF(line, area.top(), area.right() - line, area.height()))
        painter.drawImage(area, self._right)
        painter.restore()
        painter.setPen(QPen(QColor("#ffffff"), 2 if self.hasFocus() else 1))
        painter.drawLine(QPointF(line, area.top()), QPointF(line, area.bottom()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the line."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pull the line."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._left is not None:
            area = self._area(self._left)
            self.move_line((event.position().x() - area.left()) / area.width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the line with the arrows."""
        steps = {Qt.Key.Key_Left: -_KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}
        if event.key() in steps:
            self.move_line(self.place + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


class LearningCard(QFrame):
    """Shows how far learning is and what it changes; asks where the person is in doubt."""

    cancel_wanted = Signal()
    pause_wanted = Signal()
    answered = Signal(bool)
    """Whether the footage shows the same person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self.title = QLabel(self.tr("Learning"))
        self.title.setProperty("role", "heading")
        self.score = QLabel()
        self.score.setProperty("role", "dim")
        for label in (self.title, self.score):
            label.setWordWrap(True)
        self.wipe = Wipe()
        self.real = QCheckBox(self.tr("Left: the clip itself"))
        self.real.setToolTip(self.tr("Compare with the clip instead of the head as it was"))
        self.real.toggled.connect(self._show_pictures)
        self.pause = self._button(self.tr("Pause"), self.pause_wanted.emit)
        self.pause.setToolTip(self.tr("Keep what was learnt; the same clip goes on from there"))
        self.cancel = self._button(self.tr("Cancel"), self.cancel_wanted.emit)
        self.no = self._button(self.tr("No"), lambda: self.answered.emit(False))
        self.yes = self._button(self.tr("Yes, learn it"), lambda: self.answered.emit(True))
        self.yes.setProperty("role", "primary")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch()
        for button in (self.pause, self.cancel, self.no, self.yes):
            buttons.addWidget(button)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self.title)
        layout.addWidget(self.wipe)
        layout.addWidget(self.real)
        layout.addWidget(self.score)
        layout.addLayout(buttons)
        self.setFixedWidth(_SIDE + 24)
        self._learning: Learning | None = None
        self.hide()

    def _button(self, text: str, clicked: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(clicked)
        return button

    def show_learning(self, learning: Learning) -> None:
        """Show how far it is."""
        self._learning = learning
        self.title.setText(self.tr("Learning “{name}”").format(name=learning.avatar.name))
        told = self.tr("A frame it never saw: {before:.1f} dB before, {now:.1f} dB now ({gain:+.1f}).")
        gain = learning.now - learning.before
        self.score.setText(told.format(before=learning.before, now=learning.now, gain=gain))
        self.setAccessibleName(f"{self.title.text()}. {self.score.text()}")
        self._show_pictures()
        self._lay_out(asking=False)

    def ask(self, sentence: str) -> None:
        """Ask whether the footage shows the same person."""
        self.title.setText(self.tr("Is this the same person?"))
        self.score.setText(sentence)
        self.setAccessibleName(f"{self.title.text()} {sentence}")
        self._lay_out(asking=True)
        self.yes.setFocus()

    def _lay_out(self, asking: bool) -> None:
        for widget in (self.wipe, self.real, self.pause, self.cancel):
            widget.setVisible(not asking)
        for widget in (self.no, self.yes):
            widget.setVisible(asking)
        self.show()
        self._layout.activate()
        self.resize(self.width(), self.heightForWidth(self.width()))
        self.place()
        self.raise_()

    def _show_pictures(self) -> None:
        if self._learning is not None:
            left = self._learning.real if self.real.isChecked() else self._learning.start
            self.wipe.show_pictures(left, self._learning.best)

    def place(self) -> None:
        """Lie in the upper right corner of the stage."""
        stage = self.parentWidget()
        if stage is not None:
            self.move(stage.width() - self.width() - 2 * theme.GRID, 2 * theme.GRID)

    def clear(self) -> None:
        """Show nothing."""
        self._learning = None
        self.hide()
