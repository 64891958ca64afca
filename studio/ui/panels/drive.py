"""The Drive panel: what moves the head, and how much."""

import math
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

from studio.core.speech.settings import LOOK_AHEADS, RANGES
from studio.ui import theme
from studio.ui.panels.controls import LevelMeter, ValueSlider, add_slider, device_choice, dim, heading, scrolled
from studio.ui.panels.webcam import WebcamBox
from studio.ui.session import SOURCES, DriveSettings

MONITOR_SHIFT = 0.2  # s, either way


class DrivePanel(QWidget):
    """Shows `DriveSettings` and the microphone; emits what the user wants."""

    settings_wanted = Signal(object)
    source_wanted = Signal(str)
    microphone_wanted = Signal(object)
    """Device name, or None for the system's."""
    devices_wanted = Signal()
    calibration_wanted = Signal(bool)
    """True to begin, False to cancel."""
    forgetting_wanted = Signal()

    def __init__(self, listen: QPushButton) -> None:
        super().__init__()
        self._settings = DriveSettings()
        self._calibrated = False
        self._left = -1
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addLayout(self._source_row())
        layout.addWidget(listen)
        layout.addSpacing(theme.GRID)
        layout.addWidget(self._microphone_part())
        self.webcam = WebcamBox()
        layout.addWidget(self.webcam)
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Mouth")))
        layout.addLayout(self._mouth_grid())
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Head")))
        layout.addLayout(self._head_grid())
        layout.addWidget(self._blink)
        layout.addWidget(self._at_rest)
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Monitor")))
        layout.addLayout(self._monitor_grid())
        layout.addSpacing(theme.GRID)
        layout.addWidget(dim(self.tr("Sound never leaves this computer.")))
        layout.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(body))
        self.show_calibration(False)
        self.show_live(-math.inf, 0.0)
        self.show_latency(math.nan)
        self.refresh()

    def _source_row(self) -> QHBoxLayout:
        self.source = QComboBox()
        self.source.setAccessibleName(self.tr("Source"))
        self.source.setToolTip(
            self.tr("What drives the head live; with both, speech moves the lips and your face the rest")
        )
        for source, text in zip(SOURCES, (self.tr("Microphone"), self.tr("Webcam"), self.tr("Both")), strict=True):
            self.source.addItem(text, source)
        self.source.activated.connect(lambda _: self.source_wanted.emit(self.source.currentData()))
        caption = heading(self.tr("Source"))
        caption.setBuddy(self.source)
        row = _row(self.source, caption)
        row.insertWidget(0, caption)
        return row

    def _microphone_part(self) -> QWidget:
        self._microphone = QWidget()
        part = QVBoxLayout(self._microphone)
        part.setContentsMargins(0, 0, 0, theme.GRID)
        part.setSpacing(theme.GRID)
        part.addWidget(heading(self.tr("Microphone")))
        part.addLayout(self._device_row())
        part.addLayout(self._level_row())
        part.addLayout(self._calibration_row())
        return self._microphone

    def _device_row(self) -> QHBoxLayout:
        tip = self.tr("Which microphone is heard; no other is ever taken in its place")
        self.devices, self._refresh, row = device_choice(
            self.tr("Microphone"), tip, self.tr("Look for microphones again")
        )
        self.devices.activated.connect(lambda _: self.microphone_wanted.emit(self.devices.currentData()))
        self._refresh.clicked.connect(self.devices_wanted)
        return row

    def _level_row(self) -> QHBoxLayout:
        self.meter = LevelMeter()
        self._level = QLabel()
        self._level.setProperty("role", "dim")
        # A fixed size: a label that may grow lays the whole panel out anew with every text.
        self._level.setFixedSize(72, self.meter.sizeHint().height() + theme.GRID)
        return _row(self.meter, self._level)

    def _calibration_row(self) -> QHBoxLayout:
        self.calibrate = QPushButton()
        self.calibrate.setToolTip(
            self.tr("Speak for ten seconds, so that the mouth fits your voice and this microphone")
        )
        self.calibrate.clicked.connect(lambda: self.calibration_wanted.emit(self._left < 0))
        self.calibrate.setFixedWidth(112)
        self.told = dim("")
        self._forget = QToolButton()
        self._forget.setToolTip(self.tr("Forget the calibration of this microphone"))
        self._forget.setAccessibleName(self._forget.toolTip())
        self._forget.clicked.connect(self.forgetting_wanted)
        row = _row(self.told, self._forget)
        row.insertWidget(0, self.calibrate)
        return row

    def _mouth_grid(self) -> QGridLayout:
        grid = _grid()
        self.look_ahead = QComboBox()
        self.look_ahead.setAccessibleName(self.tr("Look-ahead"))
        self.look_ahead.setToolTip(
            self.tr("How long the mouth waits to hear what comes next: longer closes lips more surely")
        )
        for seconds in LOOK_AHEADS:
            self.look_ahead.addItem(self.tr("{ms:.0f} ms").format(ms=seconds * 1000), seconds)
        self.look_ahead.activated.connect(lambda _: self._speak(look_ahead=self.look_ahead.currentData()))
        ahead = QLabel(self.tr("Look-ahead"))
        ahead.setBuddy(self.look_ahead)
        grid.addWidget(ahead, 0, 0)
        grid.addWidget(self.look_ahead, 0, 1, 1, 2)
        self.sliders: dict[str, ValueSlider] = {}
        for name, label, tip in (
            ("gain", self.tr("Motion"), self.tr("How far speech opens and shapes the mouth")),
            ("closure", self.tr("Closure"), self.tr("How readily the lips shut on p, b and m")),
            ("emphasis", self.tr("Emphasis"), self.tr("How much stressed syllables open the mouth and move the head")),
            ("smoothing", self.tr("Smoothing"), self.tr("How calmly jaw and lips move; closures stay quick")),
            ("sensitivity", self.tr("Gate"), self.tr("How little sound counts as your voice: less for a noisy room")),
        ):
            slider = self.sliders[name] = ValueSlider(*RANGES[name], getattr(self._settings.speech, name), label)
            add_slider(grid, label, slider, "{:.0%}".format, tip)
            slider.moved.connect(lambda value, name=name: self._speak(**{name: value}))
        self.latency = dim("")
        self.latency.setToolTip(
            self.tr("Measured from a sound at the microphone to the painted picture that shows it, look-ahead included")
        )
        grid.addWidget(self.latency, grid.rowCount(), 0, 1, 3)
        return grid

    def _head_grid(self) -> QGridLayout:
        grid = _grid()
        self._head = ValueSlider(0, 2, 1, self.tr("Head motion"))
        add_slider(grid, self.tr("Motion"), self._head, "{:.0%}".format, self.tr("How much the head sways by itself"))
        self._head.moved.connect(lambda value: self._change(head=value))
        self._blink = QCheckBox(self.tr("Blink"))
        self._blink.toggled.connect(lambda on: self._change(blink=on))
        self._at_rest = QCheckBox(self.tr("Stay alive at rest"))
        self._at_rest.setToolTip(self.tr("Blink, look about and breathe also while nobody speaks"))
        self._at_rest.toggled.connect(lambda on: self._change(at_rest=on))
        return grid

    def _monitor_grid(self) -> QGridLayout:
        grid = _grid()
        self.monitor = QCheckBox(self.tr("Hear yourself, in step with the lips"))
        self.monitor.setToolTip(
            self.tr(
                "Plays the microphone on the sound output as late as the picture is. Wear headphones: on "
                "loudspeakers the microphone hears it again and it howls"
            )
        )
        self.monitor.toggled.connect(lambda on: self._change(monitor=on))
        grid.addWidget(self.monitor, 0, 0, 1, 3)
        self.shift = ValueSlider(-MONITOR_SHIFT, MONITOR_SHIFT, 0.0, self.tr("Monitor shift"), 80)
        tip = self.tr("Moves the sound against the picture, for screens and headphones that are late themselves")
        shown = self.tr("{ms:+.0f} ms")
        add_slider(grid, self.tr("Shift"), self.shift, lambda value: shown.format(ms=1000 * value), tip)
        self.shift.moved.connect(lambda value: self._change(monitor_shift=value))
        return grid

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._refresh.setIcon(theme.icon("refresh"))
        self._forget.setIcon(theme.icon("reset"))
        self.webcam.refresh()

    def show_devices(self, names: list[str], chosen: str | None) -> None:
        """List the microphones there are, and the chosen one even if it is not."""
        self.devices.clear()
        self.devices.addItem(self.tr("System microphone") if names else self.tr("No microphone found"), None)
        for name in names:
            self.devices.addItem(name, name)
        if chosen is not None and chosen not in names:
            self.devices.addItem(self.tr("{name} (not there)").format(name=chosen), chosen)
        self.devices.setCurrentIndex(max(self.devices.findData(chosen), 0) if chosen is not None else 0)
        self.devices.setEnabled(self.devices.count() > 1)

    def show_settings(self, settings: DriveSettings) -> None:
        """Show settings that came from elsewhere."""
        self._settings = settings
        self.source.setCurrentIndex(SOURCES.index(settings.source))
        self._microphone.setVisible(settings.source != "webcam")
        self.webcam.setVisible(settings.source != "microphone")
        for name, slider in self.sliders.items():
            slider.show_value(getattr(settings.speech, name))
        self.look_ahead.setCurrentIndex(LOOK_AHEADS.index(settings.speech.look_ahead))
        self._head.show_value(settings.head)
        self.shift.show_value(settings.monitor_shift)
        self.shift.setEnabled(settings.monitor)
        for box, on in (
            (self._blink, settings.blink),
            (self._at_rest, settings.at_rest),
            (self.monitor, settings.monitor),
        ):
            blocked = box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(blocked)

    def show_calibration(self, known: bool) -> None:
        """Say whether the voice at this microphone is known."""
        self._calibrated = known
        self._forget.setVisible(known)
        self._left = 0
        self._count_down(-1)

    def show_latency(self, seconds: float) -> None:
        """Show what was measured from microphone to picture; NaN where nothing was."""
        known = self.tr("Microphone to picture: {ms:.0f} ms").format(ms=1000 * seconds)
        self.latency.setText(known if math.isfinite(seconds) else self.tr("Microphone to picture: not measured yet"))

    def show_live(self, level: float, left: float) -> None:
        """Show the level, dBFS, and the s that a calibration still listens."""
        self.meter.show_level(level)
        self._level.setText(self.tr("{db:.0f} dBFS").format(db=level) if level > -100 else "")
        self._count_down(math.ceil(left) if left > 0 else -1)

    def _count_down(self, left: int) -> None:
        if left == self._left:
            return
        self._left = left
        if left >= 0:
            self.calibrate.setText(self.tr("Cancel"))
            self.told.setText(self.tr("Speak for {s} more s").format(s=left))
        else:
            self.calibrate.setText(self.tr("Calibrate"))
            known, unknown = self.tr("Fits your voice"), self.tr("Fits anyone's voice")
            self.told.setText(known if self._calibrated else unknown)

    def _speak(self, **changes: float) -> None:
        self._change(speech=replace(self._settings.speech, **changes))

    def _change(self, **changes: object) -> None:
        self._settings = replace(self._settings, **changes)  # pyright: ignore[reportArgumentType]
        self.settings_wanted.emit(self._settings)


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.GRID)
    grid.setVerticalSpacing(theme.GRID // 2)
    grid.setColumnMinimumWidth(0, 76)
    grid.setColumnStretch(1, 1)
    return grid


def _row(wide: QWidget, narrow: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.GRID)
    row.addWidget(wide, 1)
    row.addWidget(narrow)
    return row
