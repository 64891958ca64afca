"""The Face panel: 52 ARKit channels in anatomical groups, what drives them and by how much."""

import json
import re
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.layers import LAYERS, Layer
from studio.ui import theme
from studio.ui.language import noted
from studio.ui.panels.controls import ValueSlider, add_slider

GROUPS: tuple[tuple[str, str], ...] = (
    (noted("FacePanel", "Jaw and tongue"), "jaw|tongue"),
    (noted("FacePanel", "Mouth"), "mouth"),
    (noted("FacePanel", "Brows"), "brow"),
    (noted("FacePanel", "Eyes"), "eye"),
    (noted("FacePanel", "Cheeks and nose"), "cheek|nose"),
)


MAX_GAIN = 2.0


def face_presets() -> dict[str, dict[str, float]]:
    """Return the expressions of `resources`: ARKit name to value, by name.

    Raises
    ------
    ValueError
        If the file names a channel that there is not.
    """
    presets = json.loads((theme.RESOURCES / "face_presets.json").read_text(encoding="utf-8"))
    unknown = {channel for values in presets.values() for channel in values} - ARKIT_INDEX.keys()
    if unknown:
        raise ValueError(f"face_presets.json names {sorted(unknown)}")
    return presets


def spoken(name: str) -> str:
    """Turn ``mouthSmileLeft`` into "Mouth smile left"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return QCoreApplication.translate("arkit", words[0].upper() + words[1:])


class _Group(QWidget):
    """A foldable set of sliders."""

    def __init__(self, title: str, channels: list[int], panel: "FacePanel") -> None:
        super().__init__()
        self._fold = QToolButton()
        self._fold.setProperty("role", "section")
        self._fold.setText(title)
        self._fold.setCheckable(True)
        self._fold.setChecked(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.toggled.connect(self._toggle)
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, 156)
        grid.setColumnStretch(1, 1)
        self.rows: dict[int, tuple[QWidget, ...]] = {}
        self.gain_rows: dict[int, tuple[QWidget, ...]] = {}
        self._text, self._gains = "", False
        for channel in channels:
            slider = ValueSlider(0, 1, 0, spoken(ARKIT_NAMES[channel]), 100)
            slider.moved.connect(lambda value, channel=channel: panel.channel_wanted.emit(channel, value))
            tip = panel.tr("{name}: right click to reset").format(name=ARKIT_NAMES[channel])
            row = add_slider(grid, spoken(ARKIT_NAMES[channel]), slider, "{:.2f}".format, tip)
            row[2].setMinimumWidth(28)
            self.rows[channel] = row
            panel.sliders[channel] = slider
            self.gain_rows[channel] = self._gain_row(grid, channel, panel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._fold)
        layout.addWidget(self._body)
        self.refresh()

    def _gain_row(self, grid: QGridLayout, channel: int, panel: "FacePanel") -> tuple[QWidget, ...]:
        """Lay a gain in the places of the row above, for `show_gains`."""
        name = ARKIT_NAMES[channel]
        gain = ValueSlider(0, MAX_GAIN, 1, panel.tr("Gain of {name}").format(name=spoken(name)), 100)
        gain.moved.connect(lambda value: panel.gain_wanted.emit(channel, value))
        tip = panel.tr("How much of what drives {name} is shown: right click for all of it").format(name=name)
        row = add_slider(grid, spoken(name), gain, "{:.0%}".format, tip)
        line = grid.rowCount() - 2
        for column, widget in enumerate(row):
            grid.removeWidget(widget)
            grid.addWidget(widget, line, column)
            widget.hide()
        panel.gains[channel] = gain
        return row

    def refresh(self) -> None:
        """Redraw the arrow."""
        self._fold.setIcon(theme.icon("chevron-down" if self._fold.isChecked() else "chevron-right"))

    def _toggle(self, open_: bool) -> None:
        self._body.setVisible(open_)
        self.refresh()

    def filter(self, text: str) -> None:
        """Show only the channels whose name holds `text`."""
        found = False
        self._text = text
        for channel, widgets in self.rows.items():
            name = ARKIT_NAMES[channel]
            hit = text in name.lower() or text in spoken(name).lower()
            found |= hit
            for widget in widgets:
                widget.setVisible(hit and not self._gains)
            for widget in self.gain_rows[channel]:
                widget.setVisible(hit and self._gains)
        self.setVisible(found)
        if text and found:
            self._fold.setChecked(True)

    def show_gains(self, on: bool) -> None:
        """Show gains instead of values."""
        self._gains = on
        self.filter(self._text)


class FacePanel(QWidget):
    """Sliders of the user layer, with marks where the driven face is now; layers, gains and presets."""

    channel_wanted = Signal(int, float)
    gain_wanted = Signal(int, float)
    expression_wanted = Signal(object)
    """ARKit name to value: a preset."""
    layers_off_wanted = Signal(object)
    """Names of the layers that are to take no part."""
    reset_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sliders: dict[int, ValueSlider] = {}
        self.gains: dict[int, ValueSlider] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search 52 channels"))
        self.search.setAccessibleName(self.tr("Search channels"))
        self.search.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.show_gain = QPushButton(self.tr("Gain"))
        self.show_gain.setCheckable(True)
        self.show_gain.setToolTip(self.tr("Set how much of what drives each channel is shown"))
        reset = QPushButton(self.tr("Reset all"))
        reset.setToolTip(self.tr("Let every slider go back to rest"))
        reset.clicked.connect(self.reset_wanted)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(self.search, 1)
        top.addWidget(self.show_gain)
        top.addWidget(reset)

        self._unfollowed = QLabel()
        self._unfollowed.setWordWrap(True)
        self._unfollowed.hide()
        self._controls = inner = QWidget()
        inner.setObjectName("panel")
        groups = QVBoxLayout(inner)
        groups.setContentsMargins(0, 0, 8, 0)
        groups.setSpacing(theme.GRID)
        self.groups = []
        for title, pattern in GROUPS:
            channels = [i for i, name in enumerate(ARKIT_NAMES) if re.match(pattern, name)]
            group = _Group(QCoreApplication.translate("FacePanel", title), channels, self)
            self.search.textChanged.connect(lambda text, group=group: group.filter(text.strip().lower()))
            self.show_gain.toggled.connect(group.show_gains)
            self.groups.append(group)
            groups.addWidget(group)
        groups.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 8, 8)
        layout.setSpacing(theme.GRID)
        layout.addLayout(self._layers())
        layout.addWidget(self._presets())
        layout.addWidget(self._unfollowed)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        self.refresh()

    def _layers(self) -> QGridLayout:
        names = {
            "timeline": (self.tr("Timeline"), self.tr("Takes and curves of the timeline")),
            "base": (self.tr("Idle"), self.tr("Blinks, gaze and breath")),
            "speech": (self.tr("Speech"), self.tr("The mouth that the microphone moves")),
            "webcam": (self.tr("Webcam"), self.tr("The face before the camera")),
            "user": (self.tr("Sliders"), self.tr("The sliders below, on top of everything")),
        }
        self.layer_buttons: dict[Layer, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(theme.GRID // 2)
        for number, layer in enumerate(LAYERS):
            name, tip = names[layer]
            button = QPushButton(name)
            button.setCheckable(True)
            button.setChecked(True)
            button.setProperty("role", "layer")
            button.setToolTip(self.tr("{what}: click to leave this layer out; nothing is lost").format(what=tip))
            button.clicked.connect(self._layers_clicked)
            self.layer_buttons[layer] = button
            grid.addWidget(button, number // 3, number % 3)
        return grid

    def _layers_clicked(self) -> None:
        off = frozenset(layer for layer, button in self.layer_buttons.items() if not button.isChecked())
        self.layers_off_wanted.emit(off)

    def _presets(self) -> QComboBox:
        self.presets = QComboBox()
        self.presets.setAccessibleName(self.tr("Expression presets"))
        self.presets.setToolTip(self.tr("Set the sliders to an expression"))
        self.presets.addItem(self.tr("Choose an expression…"), None)
        for name, values in face_presets().items():
            self.presets.addItem(QCoreApplication.translate("presets", name), values)
        self.presets.activated.connect(self._preset_chosen)
        return self.presets

    def _preset_chosen(self) -> None:
        values = self.presets.currentData()
        if values is not None:
            self.expression_wanted.emit(values)
        self.presets.setCurrentIndex(0)

    def show_space(self, space: str) -> None:
        """Switch the sliders off, and say why, where the head on show follows no face parameters."""
        follows = space == "arkit"
        self._unfollowed.setText(
            self.tr(
                "This head has no face parameters: it follows sound and the pose of the head. "
                "Build it with the engine Lift for sliders, expressions and tracked faces."
            )
        )
        self._unfollowed.setVisible(not follows)
        for part in (self._controls, self.search, self.show_gain, self.presets):
            part.setEnabled(follows)

    def show_layers(self, off: Collection[Layer], moving: Collection[Layer]) -> None:
        """Show which layers take no part, and which of them have something to say now."""
        for layer, button in self.layer_buttons.items():
            button.setChecked(layer not in off)
            if button.property("moving") != (layer in moving):
                button.setProperty("moving", layer in moving)
                button.style().unpolish(button)
                button.style().polish(button)

    def show_channel_gains(self, gains: Mapping[str, float]) -> None:
        """Show the gains that are not 1, by ARKit name."""
        for channel, slider in self.gains.items():
            slider.show_value(gains.get(ARKIT_NAMES[channel], 1.0))
        self.show_gain.setText(self.tr("Gain •") if gains else self.tr("Gain"))

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._glass.setIcon(theme.icon("search", "dim"))
        for group in self.groups:
            group.refresh()

    def show_expression(self, code: NDArray[np.float32]) -> None:
        """Show the user layer ``[52]``."""
        for channel, slider in self.sliders.items():
            slider.show_value(float(code[channel]))

    def show_live(self, code: NDArray[np.float32]) -> None:
        """Mark the driven values ``[52]``."""
        if not self.isVisible():
            return
        for channel, slider in self.sliders.items():
            slider.show_live(round(float(code[channel]), 2))
