"""The small controls that panels are made of."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme

FLOOR = -60.0  # dBFS at the left end of a level meter
LOUD = -6.0  # dBFS above which speech will clip


class ValueSlider(QSlider):
    """A horizontal slider over a range of floats; double or right click goes back to its rest.

    A thin mark shows a second, live value.
    """

    moved = Signal(float)
    """The user's value; not emitted by `show_value`."""

    def __init__(self, low: float, high: float, rest: float, name: str, steps: int = 200) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._low, self._span, self._rest = low, high - low, rest
        self._live: float | None = None
        self.setRange(0, steps)
        self.setPageStep(max(1, steps // 10))
        self.setAccessibleName(name)
        self._quiet = False
        self.show_value(rest)
        self.valueChanged.connect(self._announce)

    def number(self) -> float:
        """Return the value as a float."""
        return self._low + self._span * self.value() / self.maximum()

    def show_value(self, number: float) -> None:
        """Show a value without announcing it."""
        self._quiet = True
        self.setValue(round((number - self._low) / self._span * self.maximum()))
        self._quiet = False

    def show_live(self, number: float | None) -> None:
        """Show where the driven value is now."""
        if number != self._live:
            self._live = number
            self.update()

    def rest(self) -> None:
        """Go back to the resting value, announcing it."""
        self.setValue(round((self._rest - self._low) / self._span * self.maximum()))

    def _announce(self) -> None:
        if not self._quiet:
            self.moved.emit(self.number())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the slider and the live mark."""
        super().paintEvent(event)
        if self._live is None or self._live <= self._low:
            return
        painter = QPainter(self)
        x = 6 + (self.width() - 12) * min(1.0, (self._live - self._low) / self._span)
        color = QColor(theme.current().text)
        painter.fillRect(QRectF(x - 1, self.height() / 2 - 6, 2, 12), color)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to rest."""
        self.rest()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Go back to rest."""
        self.rest()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the list the slider lies in."""
        event.ignore()


def add_slider(
    grid: QGridLayout, label: str, slider: ValueSlider, shown: Callable[[float], str], tip: str = ""
) -> tuple[QWidget, ...]:
    """Add a row of label, slider and value with unit, and return the three."""
    row = grid.rowCount()
    caption, value = QLabel(label), QLabel(shown(slider.number()))
    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    value.setProperty("role", "dim")
    value.setMinimumWidth(44)
    caption.setBuddy(slider)
    for widget in (caption, slider, value):
        widget.setToolTip(tip)
    slider.valueChanged.connect(lambda _: value.setText(shown(slider.number())))
    grid.addWidget(caption, row, 0)
    grid.addWidget(slider, row, 1)
    grid.addWidget(value, row, 2)
    return caption, slider, value


class ElidedLabel(QLabel):
    """One line that ends in … where there is no room; the tooltip has it whole."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._whole = text
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        room = self.contentsRect().width() - 2 * self.margin()
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the room there is."""
        super().resizeEvent(event)
        self.show_text(self._whole)


def heading(text: str) -> QLabel:
    """Return a section title."""
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def dim(text: str) -> QLabel:
    """Return an explanatory line."""
    label = QLabel(text)
    label.setProperty("role", "dim")
    label.setWordWrap(True)
    return label


def scrolled(body: QWidget) -> QScrollArea:
    """Let a panel's body scroll up and down where it has no room; the keyboard goes to what is in it."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(body)
    return scroll


def device_choice(name: str, tip: str, again: str) -> tuple[QComboBox, QToolButton, QHBoxLayout]:
    """Return a list of devices, the button that looks for them again, and the row that holds both."""
    devices, button, row = QComboBox(), QToolButton(), QHBoxLayout()
    devices.setAccessibleName(name)
    devices.setToolTip(tip)
    devices.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    devices.setMinimumContentsLength(12)
    button.setToolTip(again)
    button.setAccessibleName(again)
    row.setSpacing(theme.GRID)
    row.addWidget(devices, 1)
    row.addWidget(button)
    return devices, button, row


def framed(title: str, body: QWidget) -> QFrame:
    """Put a panel with its title on the window's grid."""
    frame = QFrame()
    frame.setObjectName("panel")
    label = QLabel(title)
    label.setProperty("role", "heading")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(12, 12, 12, 12)
    layout.setSpacing(theme.GRID)
    layout.addWidget(label)
    layout.addWidget(body, 1)
    return frame


def mirror(action: QAction) -> QPushButton:
    """Return a button that mirrors an action, its icon and its checked state."""
    button = QPushButton()
    button.setCheckable(action.isCheckable())

    def reflect() -> None:
        button.setText(action.text())
        button.setIcon(action.icon())
        button.setToolTip(action.toolTip())
        button.setChecked(action.isChecked())
        button.setEnabled(action.isEnabled())

    action.changed.connect(reflect)
    button.clicked.connect(action.trigger)
    reflect()
    return button


class LevelMeter(QWidget):
    """Loudness in dBFS with a peak that falls slowly."""

    def __init__(self) -> None:
        super().__init__()
        self._level = self._peak = FLOOR
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Input level"))
        self.setToolTip(self.tr("Input level in dBFS; speech should reach about −20"))

    def sizeHint(self) -> QSize:
        """Thin and wide."""
        return QSize(160, 8)

    def show_level(self, level: float) -> None:
        """Show a level; call it about 30 times a second."""
        level = min(max(level, FLOOR), 0.0)
        peak = max(level, self._peak - 0.7)
        if (level, peak) != (self._level, self._peak):
            self._level, self._peak = level, peak
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint trough, bar and peak."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.trough))
        painter.drawRoundedRect(QRectF(0, 0, self.width(), self.height()), 3, 3)
        filled = self.width() * (self._level - FLOOR) / -FLOOR
        if filled > 1:
            painter.setBrush(QColor(colors.bad if self._level > LOUD else colors.accent))
            painter.drawRoundedRect(QRectF(0, 0, filled, self.height()), 3, 3)
        if self._peak > FLOOR + 1:
            x = self.width() * (self._peak - FLOOR) / -FLOOR
            painter.fillRect(QRectF(x - 2, 0, 2, self.height()), QColor(colors.text))
