"""The Drive panel: what moves the head, and how much."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme
from studio.ui.panels.controls import LevelMeter, ValueSlider, add_slider, dim, heading
from studio.ui.session import DriveSettings

LOOK_AHEADS = (0.02, 0.05, 0.08)  # s the speech driver was trained for


class DrivePanel(QWidget):
    """Shows `DriveSettings` and the microphone; emits what the user wants."""

    settings_wanted = Signal(object)
    microphone_wanted = Signal(object)
    """Device name, or None for the system's."""
    devices_wanted = Signal()

    def __init__(self, listen: QPushButton) -> None:
        super().__init__()
        self._settings = DriveSettings()
        self._devices = QComboBox()
        self._devices.setAccessibleName(self.tr("Microphone"))
        self._devices.setToolTip(self.tr("Which microphone is heard"))
        self._devices.activated.connect(lambda _: self.microphone_wanted.emit(self._devices.currentData()))
        self._refresh = QToolButton()
        self._refresh.setToolTip(self.tr("Look for microphones again"))
        self._refresh.setAccessibleName(self._refresh.toolTip())
        self._refresh.clicked.connect(self.devices_wanted)
        self.meter = LevelMeter()
        self._level = QLabel()
        self._level.setProperty("role", "dim")
        # A fixed size: a label that may grow lays the whole panel out anew with every text.
        self._level.setFixedSize(72, self.meter.sizeHint().height() + theme.GRID)

        device = QHBoxLayout()
        device.setSpacing(theme.GRID)
        device.addWidget(self._devices, 1)
        device.addWidget(self._refresh)
        level = QHBoxLayout()
        level.setSpacing(theme.GRID)
        level.addWidget(self.meter, 1)
        level.addWidget(self._level)

        self._look_ahead = QComboBox()
        self._look_ahead.setAccessibleName(self.tr("Look-ahead"))
        self._look_ahead.setToolTip(
            self.tr("How long the mouth waits to hear what comes next: longer closes lips more surely")
        )
        for seconds in LOOK_AHEADS:
            self._look_ahead.addItem(self.tr("{ms:.0f} ms").format(ms=seconds * 1000), seconds)
        self._look_ahead.setCurrentIndex(LOOK_AHEADS.index(self._settings.look_ahead))
        self._look_ahead.activated.connect(lambda _: self._change(look_ahead=self._look_ahead.currentData()))

        percent = "{:.0%}".format
        self._speech = ValueSlider(0, 2, 1, self.tr("Mouth motion"))
        self._head = ValueSlider(0, 2, 1, self.tr("Head motion"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        add_slider(grid, self.tr("Mouth"), self._speech, percent, self.tr("How far speech moves the mouth"))
        add_slider(grid, self.tr("Head"), self._head, percent, self.tr("How much the head sways by itself"))
        self._speech.moved.connect(lambda value: self._change(speech=value))
        self._head.moved.connect(lambda value: self._change(head=value))
        ahead = QLabel(self.tr("Look-ahead"))
        ahead.setBuddy(self._look_ahead)
        grid.addWidget(ahead, 3, 0)
        grid.addWidget(self._look_ahead, 3, 1, 1, 2)
        self._blink = QCheckBox(self.tr("Blink"))
        self._blink.setChecked(True)
        self._blink.toggled.connect(lambda on: self._change(blink=on))
        self._at_rest = QCheckBox(self.tr("Stay alive at rest"))
        self._at_rest.setToolTip(self.tr("Blink, look about and breathe also while nobody speaks"))
        self._at_rest.setChecked(True)
        self._at_rest.toggled.connect(lambda on: self._change(at_rest=on))

        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Microphone")))
        layout.addLayout(device)
        layout.addLayout(level)
        layout.addWidget(listen)
        layout.addSpacing(2 * theme.GRID)
        layout.addWidget(heading(self.tr("Motion")))
        layout.addLayout(grid)
        layout.addWidget(self._blink)
        layout.addWidget(self._at_rest)
        layout.addSpacing(theme.GRID)
        layout.addWidget(dim(self.tr("Sound never leaves this computer.")))
        layout.addStretch()
        self.refresh()

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._refresh.setIcon(theme.icon("refresh"))

    def show_devices(self, names: list[str], chosen: str | None) -> None:
        """List the microphones there are."""
        self._devices.clear()
        self._devices.addItem(self.tr("System microphone") if names else self.tr("No microphone found"), None)
        for name in names:
            self._devices.addItem(name, name)
        index = self._devices.findData(chosen) if chosen is not None else 0
        self._devices.setCurrentIndex(max(index, 0))
        self._devices.setEnabled(bool(names))

    def show_settings(self, settings: DriveSettings) -> None:
        """Show settings that came from elsewhere."""
        self._settings = settings
        self._speech.show_value(settings.speech)
        self._head.show_value(settings.head)
        self._look_ahead.setCurrentIndex(LOOK_AHEADS.index(settings.look_ahead))
        for box, on in ((self._blink, settings.blink), (self._at_rest, settings.at_rest)):
            blocked = box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(blocked)

    def show_level(self, level: float) -> None:
        """Show how loud it is, dBFS."""
        self.meter.show_level(level)
        self._level.setText(self.tr("{db:.0f} dBFS").format(db=level) if level > -100 else "")

    def _change(self, **changes: float | bool) -> None:
        self._settings = replace(self._settings, **changes)  # pyright: ignore[reportArgumentType]
        self.settings_wanted.emit(self._settings)
