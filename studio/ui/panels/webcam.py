"""The Drive panel's part about the webcam: which one, what it sees, how much of it reaches the head."""

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
    QVBoxLayout,
    QWidget,
)

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.tracking.gains import MOST_GAIN, FaceGains
from studio.ui import theme
from studio.ui.panels.controls import ValueSlider, add_slider, device_choice, dim, heading

PARTS = ("head", "eyes", "brows", "lips")


class WebcamBox(QWidget):
    """Shows cameras, `FaceGains` and what is seen; emits what the user wants."""

    camera_wanted = Signal(object)
    """Name, or None for the first."""
    devices_wanted = Signal()
    rest_wanted = Signal()
    """Take the face of the next second for its rest."""
    gains_wanted = Signal(object)
    mirror_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._gains = FaceGains()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Webcam")))
        layout.addLayout(self._device_row())
        self.seen = dim("")
        layout.addWidget(self.seen)
        self.rest = QPushButton(self.tr("Look straight and relax"))
        self.rest.setToolTip(
            self.tr("Takes your face of the next second for its rest: head straight, mouth shut, brows at ease")
        )
        self.rest.clicked.connect(self.rest_wanted)
        layout.addWidget(self.rest)
        layout.addLayout(self._gain_grid())
        self.mirror = QCheckBox(self.tr("Mirror the head"))
        self.mirror.setToolTip(self.tr("The head moves as you do in a mirror; off, its left is your left"))
        self.mirror.toggled.connect(self.mirror_wanted)
        layout.addWidget(self.mirror)
        self.latency = dim("")
        self.latency.setToolTip(
            self.tr("Measured from the moment the camera took a picture to the painted picture that shows it")
        )
        layout.addWidget(self.latency)
        self.show_latency(math.nan)
        self.show_seen(None, 0.0, False)
        self.refresh()

    def _device_row(self) -> QHBoxLayout:
        tip = self.tr("Which camera is watched; no other is ever taken in its place")
        self.devices, self._refresh, row = device_choice(self.tr("Webcam"), tip, self.tr("Look for cameras again"))
        self.devices.activated.connect(lambda _: self.camera_wanted.emit(self.devices.currentData()))
        self._refresh.clicked.connect(self.devices_wanted)
        return row

    def _gain_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 2)
        grid.setColumnMinimumWidth(0, 76)
        grid.setColumnStretch(1, 1)
        self.sliders: dict[str, ValueSlider] = {}
        for name, label, tip in (
            ("head", self.tr("Head"), self.tr("How far your head's motion reaches the head")),
            ("eyes", self.tr("Eyes"), self.tr("How far your lids and gaze do; at 0 the head blinks by itself")),
            ("brows", self.tr("Brows"), self.tr("How far your brows do; at 0 speech moves them")),
            ("lips", self.tr("Lips"), self.tr("How far your jaw and lips do, where the microphone does not move them")),
        ):
            slider = self.sliders[name] = ValueSlider(0, MOST_GAIN, 1.0, label)
            add_slider(grid, label, slider, "{:.0%}".format, tip)
            slider.moved.connect(lambda value, name=name: self._change(**{name: value}))
        self.channel = QComboBox()
        self.channel.setAccessibleName(self.tr("Channel"))
        self.channel.setToolTip(self.tr("One of the 52 channels, to be given a gain of its own"))
        self.channel.addItems(ARKIT_NAMES)
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.channel.setMinimumContentsLength(6)
        self.channel.currentTextChanged.connect(lambda _: self._show_channel())
        caption = QLabel(self.tr("Channel"))
        caption.setBuddy(self.channel)
        row = grid.rowCount()
        grid.addWidget(caption, row, 0)
        grid.addWidget(self.channel, row, 1, 1, 2)
        self.of_channel = ValueSlider(0, MOST_GAIN, 1.0, self.tr("Gain of the channel"))
        add_slider(grid, self.tr("Its gain"), self.of_channel, "{:.0%}".format, self.tr("Multiplies the part's own"))
        self.of_channel.moved.connect(self._change_channel)
        return grid

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._refresh.setIcon(theme.icon("refresh"))

    def show_devices(self, names: list[str], chosen: str | None) -> None:
        """List the cameras there are, and the chosen one even if it is not."""
        self.devices.clear()
        self.devices.addItem(self.tr("First camera") if names else self.tr("No camera found"), None)
        for name in names:
            self.devices.addItem(name, name)
        if chosen is not None and chosen not in names:
            self.devices.addItem(self.tr("{name} (not there)").format(name=chosen), chosen)
        self.devices.setCurrentIndex(max(self.devices.findData(chosen), 0) if chosen is not None else 0)
        self.devices.setEnabled(self.devices.count() > 1)

    def show_settings(self, gains: FaceGains, mirror: bool, lips: bool) -> None:
        """Show settings that came from elsewhere; without `lips` the microphone moves those."""
        self._gains = gains
        for name, slider in self.sliders.items():
            slider.show_value(getattr(gains, name))
        self.sliders["lips"].setEnabled(lips)
        blocked = self.mirror.blockSignals(True)
        self.mirror.setChecked(mirror)
        self.mirror.blockSignals(blocked)
        self._show_channel()

    def show_seen(self, face: bool | None, rate: float, calibrating: bool) -> None:
        """Say whether a face is seen, None while the camera is off, and in how many pictures a second."""
        if face is None:
            text = self.tr("Off")
        elif calibrating:
            text = self.tr("Look straight and relax…")
        else:
            seen = self.tr("Face seen") if face else self.tr("No face seen")
            text = self.tr("{seen} · {rate:.0f} pictures/s").format(seen=seen, rate=rate)
        if text != self.seen.text():
            self.seen.setText(text)
        self.rest.setEnabled(face is True and not calibrating)

    def show_latency(self, seconds: float) -> None:
        """Show what was measured from camera to picture; NaN where nothing was."""
        known = self.tr("Camera to picture: {ms:.0f} ms").format(ms=1000 * seconds)
        self.latency.setText(known if math.isfinite(seconds) else self.tr("Camera to picture: not measured yet"))

    def _show_channel(self) -> None:
        self.of_channel.show_value(self._gains.channels.get(self.channel.currentText(), 1.0))
        # The value beside it hears only of what the user does.
        self.of_channel.valueChanged.emit(self.of_channel.value())

    def _change_channel(self, value: float) -> None:
        name = self.channel.currentText()
        rest = {other: gain for other, gain in self._gains.channels.items() if other != name}
        self._change(channels=rest if value == 1 else {**rest, name: value})

    def _change(self, **changes: object) -> None:
        self._gains = replace(self._gains, **changes)  # pyright: ignore[reportArgumentType]
        self.gains_wanted.emit(self._gains)
