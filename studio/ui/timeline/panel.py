"""`TimelinePanel`: the bar, the ruler and the lanes under the stage."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from studio.core import jobs
from studio.core.jobs import Job
from studio.core.project.document import Document, ProjectState
from studio.core.project.pyramid import Pyramid
from studio.core.project.timeline import MOTION_LANES, Lane
from studio.core.project.traces import trace_motion
from studio.ui import commands, theme
from studio.ui.timeline.axis import MARGIN, TimeAxis
from studio.ui.timeline.bar import TransportBar
from studio.ui.timeline.headers import WIDTH, Headers
from studio.ui.timeline.lanes import Pictures
from studio.ui.timeline.ruler import Ruler
from studio.ui.timeline.view import LanesView

SEEK_EVERY = 16  # ms
ZOOM_STEP = 1.6
LEAST_HEIGHT = 200  # px of the bar and a few lanes
UNBOUNDED = 16777215  # px, Qt's own bound
SCROLL = 1000  # steps of the scroll bar per s

Runner = Callable[[str, Callable[[], Job[Any]], Callable[[Any], None]], object]
"""Runs a job somewhere: its title, what starts it, and what takes its result on this thread."""


def run_here(title: str, start: Callable[[], Job[Any]], done: Callable[[Any], None]) -> None:
    """Run a job at once, where nobody is kept waiting."""
    done(jobs.run(start()))


class TimelinePanel(QWidget):
    """Shows a document's timeline, edits it, and tells what the user wants to see and hear of it."""

    sought = Signal(float)
    """s to which the user moved the playhead; at most 60 times a second, and once more where it stays."""
    play_wanted = Signal(bool)
    record_wanted = Signal(bool)
    loop_wanted = Signal(bool)
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
        self._asked: set[tuple[str, Lane]] = set()
        self.actions_by_name = dict(actions or commands.make_actions(self, ("Timeline", "Live", "View")))
        self._playing = False
        self._duration = 0.0
        self.pictures = Pictures()
        self.axis = TimeAxis()
        self.ruler = Ruler(document, self.axis)
        self.lanes = LanesView(document, self.axis, self.pictures)
        self.headers = Headers()
        named = self.actions_by_name
        self.bar = TransportBar(
            [named[name] for name in ("listen", "play", "record", "loop")],
            [named[name] for name in ("zoom_out", "zoom_in", "fit")],
        )
        self._lay_out()
        self._sought: float | None = None
        self._pause = QTimer(self, singleShot=True, interval=SEEK_EVERY)
        self._pause.timeout.connect(self._announce)
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
        middle = self.lanes.width
        self.actions_by_name["zoom_in"].triggered.connect(lambda: self.axis.zoom(ZOOM_STEP, middle() / 2))
        self.actions_by_name["zoom_out"].triggered.connect(lambda: self.axis.zoom(1 / ZOOM_STEP, middle() / 2))
        self.actions_by_name["fit"].triggered.connect(self.axis.fit)

    # What the document and the player say

    def show_document(self) -> None:
        """Show what the document says now."""
        timeline = self._document.state.timeline
        begun = self._duration == 0 and timeline.duration > 0
        self._duration = timeline.duration
        self.lanes.show_document()
        self.headers.show_rows(self.lanes.rows, timeline)
        self._check("loop", timeline.loop is not None)
        self.bar.show_time(self.position, self._duration)
        self.axis.show_duration(self._duration)
        self.ruler.update()
        self._ask_for_traces()
        if begun and self.body.isHidden():
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
        if self._playing:
            self.axis.reveal(seconds)
        self._put(seconds)

    def show_playing(self, on: bool) -> None:
        """Show whether it plays."""
        self._playing = on
        self._check("play", on)

    def show_recording(self, on: bool) -> None:
        """Show whether a take is being recorded."""
        self._check("record", on)

    def _check(self, name: str, on: bool) -> None:
        self.actions_by_name[name].setChecked(on)
        commands.refresh_icons(self.actions_by_name)

    def show_waveform(self, media_key: str, pyramid: Pyramid) -> None:
        """Draw this in the blocks of a sound."""
        self.pictures.waves[media_key] = pyramid
        self.lanes.refresh()

    def refresh(self) -> None:
        """Redraw in the theme's colours."""
        self.headers.refresh()
        self.lanes.refresh()
        self.ruler.update()

    def _ask_for_traces(self) -> None:
        for take in self._document.state.timeline.takes:
            for lane in take.lanes:
                wanted = (take.source, lane)
                if lane in MOTION_LANES and wanted not in self._asked:
                    self._asked.add(wanted)
                    motion = self._document.motions[take.source]
                    self._run(
                        self.tr("Drawing {name}").format(name=take.name),
                        partial(trace_motion, motion, lane),
                        partial(self._traced, wanted),
                    )

    def _traced(self, wanted: tuple[str, Lane], pyramid: Pyramid) -> None:
        self.pictures.traces[wanted] = pyramid
        self.lanes.refresh()

    # What the user wants

    def seek(self, seconds: float) -> None:
        """Move the playhead for the user, and tell."""
        self._put(seconds)
        self._sought = seconds
        if not self._pause.isActive():
            self._announce()

    def _announce(self) -> None:
        if self._sought is not None:
            at, self._sought = self._sought, None
            self._pause.start()
            self.sought.emit(at)

    def _put(self, seconds: float) -> None:
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
