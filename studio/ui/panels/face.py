"""The Face panel: 52 ARKit channels in anatomical groups."""

import re

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.heads.arkit import ARKIT_NAMES
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
        for channel in channels:
            slider = ValueSlider(0, 1, 0, spoken(ARKIT_NAMES[channel]), 100)
            slider.moved.connect(lambda value, channel=channel: panel.channel_wanted.emit(channel, value))
            tip = panel.tr("{name}: right click to reset").format(name=ARKIT_NAMES[channel])
            row = add_slider(grid, spoken(ARKIT_NAMES[channel]), slider, "{:.2f}".format, tip)
            row[2].setMinimumWidth(28)
            self.rows[channel] = row
            panel.sliders[channel] = slider
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._fold)
        layout.addWidget(self._body)
        self.refresh()

    def refresh(self) -> None:
        """Redraw the arrow."""
        self._fold.setIcon(theme.icon("chevron-down" if self._fold.isChecked() else "chevron-right"))

    def _toggle(self, open_: bool) -> None:
        self._body.setVisible(open_)
        self.refresh()

    def filter(self, text: str) -> None:
        """Show only the channels whose name holds `text`."""
        found = False
        for channel, widgets in self.rows.items():
            name = ARKIT_NAMES[channel]
            hit = text in name.lower() or text in spoken(name).lower()
            found |= hit
            for widget in widgets:
                widget.setVisible(hit)
        self.setVisible(found)
        if text and found:
            self._fold.setChecked(True)


class FacePanel(QWidget):
    """Sliders of the user layer, with marks where the driven face is now."""

    channel_wanted = Signal(int, float)
    reset_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sliders: dict[int, ValueSlider] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search 52 channels"))
        self.search.setAccessibleName(self.tr("Search channels"))
        self.search.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        reset = QPushButton(self.tr("Reset all"))
        reset.setToolTip(self.tr("Let every slider go back to rest"))
        reset.clicked.connect(self.reset_wanted)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(self.search, 1)
        top.addWidget(reset)

        inner = QWidget()
        inner.setObjectName("panel")
        groups = QVBoxLayout(inner)
        groups.setContentsMargins(0, 0, 8, 0)
        groups.setSpacing(theme.GRID)
        self.groups = []
        for title, pattern in GROUPS:
            channels = [i for i, name in enumerate(ARKIT_NAMES) if re.match(pattern, name)]
            group = _Group(QCoreApplication.translate("FacePanel", title), channels, self)
            self.search.textChanged.connect(lambda text, group=group: group.filter(text.strip().lower()))
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
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        self.refresh()

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
