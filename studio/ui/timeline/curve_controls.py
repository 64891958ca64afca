"""`CurveControls`: which channel an opened lane shows, and what its curve does."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from studio.core.project.timeline import CHANNELS, Curve, Lane, lane_of


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("curves", text)


class CurveControls(QWidget):
    """Beside an opened curve: channel, mode, and the button that makes a curve of what was recorded."""

    channel_wanted = Signal(str)
    mode_wanted = Signal(str)
    convert_wanted = Signal()

    def __init__(self, lane: Lane, lane_name: str) -> None:
        super().__init__()
        self.channel, self.mode = QComboBox(), QComboBox()
        self.channel.addItems([name for name in CHANNELS if lane_of(name) == lane])
        self.channel.setAccessibleName(tr("Channel of {lane}").format(lane=lane_name))
        self.mode.addItem(tr("Added to takes"), "add")
        self.mode.addItem(tr("Instead of takes"), "replace")
        self.mode.setAccessibleName(tr("What the curve of {lane} does").format(lane=lane_name))
        self.convert = QPushButton(tr("Curve from take"))
        self.convert.setToolTip(
            tr("Make keys of what the selected takes, or all, do to this channel; the curve then stands for them")
        )
        self.convert.setAccessibleName(tr("Curve from takes of {lane}").format(lane=lane_name))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.channel, self.mode, self.convert):
            widget.setProperty("size", "small")
            column.addWidget(widget)
        column.addStretch()
        self.channel.activated.connect(lambda _: self.channel_wanted.emit(self.channel.currentText()))
        self.mode.activated.connect(lambda _: self.mode_wanted.emit(self.mode.currentData()))
        self.convert.clicked.connect(lambda: self.convert_wanted.emit())

    def show_curve(self, channel: str, curve: Curve | None) -> None:
        """Show a channel and how its curve is used."""
        self.channel.setCurrentText(channel)
        self.mode.setEnabled(curve is not None)
        self.mode.setCurrentIndex(self.mode.findData(curve.mode if curve else "add"))
