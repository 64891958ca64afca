"""`TimelinePanel`: the bar, the ruler and the lanes under the stage."""

from collections.abc import Mapping
from functools import partial
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from studio.core.project.document import Document, ProjectState
from studio.core.project.edits import Item, span_of
from studio.core.project.pyramid import Pyramid
from studio.core.project.timeline import Lane
from studio.core.project.traces import as_curve
from studio.ui import commands, theme
from studio.ui.timeline.axis import MARGIN, TimeAxis
from studio.ui.timeline.bar import TransportBar
from studio.ui.timeline.editing import Editing
from studio.ui.timeline.headers import WIDTH, Headers
from studio.ui.timeline.lane_actions import LaneActions
from studio.ui.timeline.pictures import Pictures, Runner, run_here
from studio.ui.timeline.ruler import Ruler
from studio.ui.timeline.view import LanesView

SEEK_EVERY = 16  # ms
LEAST_HEIGHT = 200  # px of the bar and a few lanes
UNBOUNDED = 16777215  # px, Qt's own bound
SCROLL = 1000  # steps of the scroll bar per s


class TimelinePanel(QWidget):
    """Shows a document's timeline, edits it, and tells what the user wants to see and hear of it."""

    sought = Signal(float)
    """s to which the user moved the playhead; at most 60 times a second, and once more where it stays."""
    play_wanted = Signal(bool)
    record_wanted = Signal(bool)
    loop_wanted = Signal(bool)
    """The document says so already."""
    unfolded = Signal()
    """The lanes are shown from now on and need room."""

    def __init__(
        self, document: Document, actions: Mapping[str, QAction] | None = None, run: Runner = run_here
    ) -> None:
        """Make it.

        Parameters
        ----------
        actions
            Those of the window's menus; without them the panel has its own.
        run
            Where waveforms and such are computed.
        """
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Timeline"))
        self._document = document
        self._run = run
        self.actions_by_name = dict(actions or commands.make_actions(self, ("Timeline", "Live", "View")))
        self._playing = False
        self._duration = 0.0
        self.stays_folded = False
        """Whether the first that comes onto an empty timeline does not unfold it: it was folded when last seen."""
        self.pictures = Pictures(run)
        self.axis = TimeAxis()
        self.editing = Editing(document)
        self.ruler = Ruler(self.editing, self.axis)
        self.lanes = LanesView(self.editing, self.axis, self.pictures)
        self.headers = Headers()
        named = self.actions_by_name
        self.bar = TransportBar(
            [named[name] for name in ("listen", "play", "record", "loop")],
            [named[name] for name in ("split", "marker", "snap", "zoom_out", "zoom_in", "fit")],
        )
        self._lay_out()
        self._sought: float | None = None
        self._pause = QTimer(self, singleShot=True, interval=SEEK_EVERY)
        self._pause.timeout.connect(self._announce)
        self.menu_actions = LaneActions(self, named, self.editing, self.lanes, self.axis, self.seek, self._rename)
        self._name = QLineEdit(self.lanes)
        self._name.setAccessibleName(self.tr("Name of the marker"))
        self._name.hide()
        self._name.editingFinished.connect(self._named)
        self._named_at = 0.0
        self._connect()
        self.show_document()

    def _lay_out(self) -> None:
        rows = QWidget()
        line = QHBoxLayout(rows)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.headers, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.lanes)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(rows)
        self._slider = QScrollBar(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(self.tr("Scroll in time"))
        self._slider.valueChanged.connect(lambda value: self.axis.go(value / SCROLL))
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(theme.GRID, 0, theme.GRID, theme.GRID)
        column.setSpacing(0)
        for widget, beside in ((self.ruler, 0), (self._scroll, None), (self._slider, 0)):
            if beside is None:
                column.addWidget(widget, 1)
                continue
            line = QHBoxLayout()
            line.setContentsMargins(WIDTH, 0, 0, 0)
            line.addWidget(widget)
            line.addStretch()
            column.addLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.body, 1)
        self.fold(True)

    @property
    def folded(self) -> bool:
        """Whether only the bar is shown."""
        return self.body.isHidden()

    def fold(self, folded: bool) -> None:
        """Show only the bar, or the lanes as well."""
        self.body.setVisible(not folded)
        self.setMinimumHeight(0 if folded else LEAST_HEIGHT)
        self.setMaximumHeight(self.bar.sizeHint().height() if folded else UNBOUNDED)
        self.actions_by_name["timeline"].setChecked(not folded)
        if not folded:
            self.unfolded.emit()

    def _connect(self) -> None:
        self.ruler.sought.connect(self.seek)
        self.ruler.wheeled.connect(self.lanes.wheelEvent)
        self.axis.changed.connect(self._show_axis)
        self._document.changed.connect(self._changed)
        for name, wanted in (("play", self.play_wanted), ("record", self.record_wanted), ("loop", self.loop_wanted)):
            self.actions_by_name[name].triggered.connect(wanted)
        self.actions_by_name["timeline"].triggered.connect(lambda on: self.fold(not on))
        self.lanes.sought.connect(self.seek)
        self.lanes.rename_wanted.connect(self._rename)
        self.actions_by_name["loop"].triggered.connect(self.editing.switch_loop)
        for lane, header in self.headers.of.items():
            header.mute_wanted.connect(self.editing.mute)
            header.solo_wanted.connect(self.editing.solo)
            header.open_wanted.connect(self.open_lane)
            if header.curve is not None:
                header.curve.channel_wanted.connect(partial(self.show_channel, lane))
                header.curve.mode_wanted.connect(partial(self._set_mode, lane))
                header.curve.convert_wanted.connect(partial(self.convert, lane))

    # What the document and the player say

    def show_document(self) -> None:
        """Show what the document says now."""
        timeline = self._document.state.timeline
        begun = self._duration == 0 and timeline.duration > 0
        self._duration = timeline.duration
        self.lanes.show_document()
        self.headers.show_rows(self.lanes.rows, timeline, self.lanes.channels)
        self._check("loop", timeline.loop is not None)
        self.bar.show_time(self.position, self._duration)
        self.axis.show_duration(self._duration)
        self.ruler.update()
        opened: dict[Lane, str] = {lane: self.lanes.channels[lane] for lane in self.lanes.opened}
        self.pictures.ask(timeline, self._document.motions, opened)
        if begun and self.folded:
            if self.stays_folded:
                self.stays_folded = False
            else:
                self.fold(False)

    def _changed(self, state: ProjectState, before: ProjectState) -> None:
        if state.timeline != before.timeline:
            self.show_document()

    @property
    def position(self) -> float:
        """Second at which the playhead is."""
        return self.lanes.position

    def show_position(self, seconds: float) -> None:
        """Put the playhead where the player is; while it plays, pages turn under it."""
        if seconds == self.position:
            return
        if self._playing:
            self.axis.reveal(seconds)
        self._put(seconds)

    def show_playing(self, on: bool) -> None:
        """Show whether it plays."""
        self._playing = on
        self._check("play", on)

    def show_recording(self, on: bool) -> None:
        """Show whether a take is being recorded, from the playhead on."""
        self._check("record", on)
        self.lanes.recording_from = self.position if on else None
        self.lanes.update()

    def _check(self, name: str, on: bool) -> None:
        if self.actions_by_name[name].isChecked() == on:
            return
        self.actions_by_name[name].setChecked(on)
        commands.refresh_icons(self.actions_by_name)

    def show_waveform(self, media_key: str, pyramid: Pyramid) -> None:
        """Draw this in the blocks of a sound."""
        self.pictures.add_wave(media_key, pyramid)

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        self.headers.refresh()
        self.lanes.refresh()
        self.ruler.update()

    # What the user wants

    def seek(self, seconds: float) -> None:
        """Move the playhead for the user, and tell."""
        self._put(seconds)
        self._sought = seconds
        if not self._pause.isActive():
            self._announce()

    def open_lane(self, lane: Lane, on: bool) -> None:
        """Open the curve of a lane, or close it."""
        one: frozenset[Lane] = frozenset([lane])
        self.lanes.opened = self.lanes.opened | one if on else self.lanes.opened - one
        self.show_document()

    def show_channel(self, lane: Lane, channel: str) -> None:
        """Show another channel in an opened lane."""
        self.lanes.channels[lane] = channel
        self.show_document()

    def convert(self, lane: Lane) -> None:
        """Make keys of what the selected takes of a lane, or all of them, do to its channel."""
        timeline, channel = self._document.state.timeline, self.lanes.channels[lane]
        takes = {Item("block", take.id) for take in timeline.takes if lane in take.lanes}
        span = span_of(timeline, takes & self.editing.selected or takes)
        if span is not None:
            self._run(
                self.tr("Finding the keys of {channel}").format(channel=channel),
                partial(as_curve, timeline, dict(self._document.motions), channel, *span),
                partial(self.editing.put_curve, self.tr("Curve from take")),
            )

    def _set_mode(self, lane: Lane, mode: Literal["add", "replace"]) -> None:
        self.editing.set_mode(self.lanes.channels[lane], mode)

    def _rename(self, at: float) -> None:
        """Let the user type a marker's name where it is."""
        marker = next(marker for marker in self._document.state.timeline.markers if marker.time == at)
        row = self.lanes.rows[-1]
        self._name.setGeometry(round(self.axis.x(at)), row.top, 160, row.height)
        self._name.setText(marker.name)
        self._name.selectAll()
        self._name.show()
        self._name.setFocus()
        self._named_at = at

    def _named(self) -> None:
        if self._name.isHidden():
            return
        self._name.hide()
        self.lanes.setFocus()
        if self._name.text().strip():
            self.editing.rename_marker(self._named_at, self._name.text().strip())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show what can be done to the selection."""
        self.menu_actions.menu().popup(event.globalPos())

    def _announce(self) -> None:
        if self._sought is not None:
            at, self._sought = self._sought, None
            self._pause.start()
            self.sought.emit(at)

    def _put(self, seconds: float) -> None:
        self.editing.position = seconds
        self.lanes.show_position(seconds)
        self.ruler.show_position(seconds)
        self.bar.show_time(seconds, self._duration)

    def _show_axis(self) -> None:
        axis = self.axis
        self.ruler.setFixedWidth(self.lanes.width())
        self._slider.setFixedWidth(self.lanes.width())
        with QSignalBlocker(self._slider):
            page = round(axis.width / axis.scale * SCROLL)
            first = -MARGIN / axis.scale
            self._slider.setPageStep(page)
            self._slider.setRange(round(first * SCROLL), max(round(axis.length * SCROLL) - page, round(first * SCROLL)))
            self._slider.setValue(round(axis.begin * SCROLL))
