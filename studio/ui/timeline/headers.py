"""`Headers`: the names of the lanes with what mutes them, lets them alone be seen, and opens their curve."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.core.project.timeline import LANES, MOTION_LANES, Lane, Timeline
from studio.ui import theme
from studio.ui.language import noted
from studio.ui.timeline.curve_controls import CurveControls
from studio.ui.timeline.rows import Row

WIDTH = 152  # px

NAMES: dict[Lane, str] = {
    "audio": noted("lanes", "Audio"),
    "mouth": noted("lanes", "Mouth"),
    "expression": noted("lanes", "Expression"),
    "gaze": noted("lanes", "Gaze"),
    "head": noted("lanes", "Head"),
    "camera": noted("lanes", "Camera"),
    "markers": noted("lanes", "Markers"),
}


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("lanes", text)


class LaneHeader(QWidget):
    """One lane's name and switches."""

    mute_wanted = Signal(str, bool)
    solo_wanted = Signal(str, bool)
    open_wanted = Signal(str, bool)

    def __init__(self, lane: Lane) -> None:
        super().__init__()
        self.lane: Lane = lane
        name = tr(NAMES[lane])
        self._band = QWidget()
        self._line = QHBoxLayout(self._band)
        self._line.setContentsMargins(0, 0, theme.GRID, 0)
        self._line.setSpacing(2)
        self.opener = self._button("", tr("Curve of {lane}").format(lane=name), tr("Open the curves of this lane"))
        self._line.addWidget(QLabel(name), 1)
        self.mute = self._button("M", tr("Mute {lane}").format(lane=name), tr("Mute: this lane does nothing"))
        solo = tr("Solo: lanes without it do nothing")
        self.solo = self._button("S", tr("Solo {lane}").format(lane=name), solo)
        if lane not in MOTION_LANES:
            policy = self.opener.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            self.opener.setSizePolicy(policy)
            self.opener.hide()
        self.mute.setVisible(lane != "markers")
        self.solo.setVisible(lane not in ("camera", "markers"))
        self.curve = CurveControls(lane, name) if lane in MOTION_LANES else None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._band)
        if self.curve is not None:
            column.addWidget(self.curve, 1)
            self.curve.setContentsMargins(0, 4, theme.GRID, 0)
            self.curve.hide()
        self.mute.clicked.connect(lambda on: self.mute_wanted.emit(lane, on))
        self.solo.clicked.connect(lambda on: self.solo_wanted.emit(lane, on))
        self.opener.clicked.connect(lambda on: self.open_wanted.emit(lane, on))
        self.refresh()

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setFixedSize(QSize(20, 20))
        button.setIconSize(QSize(12, 12))
        button.setProperty("role", "lane")
        button.setProperty("flat", not text)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        self._line.addWidget(button)
        return button

    def show_row(self, row: Row) -> None:
        """Take the place beside a row."""
        self.setGeometry(0, row.top, WIDTH, row.height)
        self._band.setFixedHeight(row.band)
        self.opener.setChecked(row.height > row.band)
        if self.curve is not None:
            self.curve.setVisible(row.height > row.band)
        self.refresh()

    def show_timeline(self, timeline: Timeline) -> None:
        """Show whether the lane is muted or solo."""
        self.mute.setChecked(self.lane in timeline.muted)
        self.solo.setChecked(self.lane in timeline.solo)

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        self.opener.setIcon(theme.icon("chevron-down" if self.opener.isChecked() else "chevron-right"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line below."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.current().line))


class Headers(QWidget):
    """The headers of all lanes, beside their rows."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.of: dict[Lane, LaneHeader] = {lane: LaneHeader(lane) for lane in LANES}
        for header in self.of.values():
            header.setParent(self)

    def show_rows(self, rows: tuple[Row, ...], timeline: Timeline, channels: Mapping[Lane, str]) -> None:
        """Lay the headers beside these rows, whose opened curves show these channels."""
        for row in rows:
            header = self.of[row.lane]
            header.show_row(row)
            header.show_timeline(timeline)
            if header.curve is not None:
                header.curve.show_curve(channels[row.lane], timeline.curve(channels[row.lane]))
        self.setFixedHeight(rows[-1].bottom)

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        for header in self.of.values():
            header.refresh()
