"""`Readings`: what the window reads off the threads while it is open: levels, playhead, source, pace and delay."""

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from studio.ui.latency import LatencyMeter
from studio.ui.viewport.frame_loop import Scene

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow

METER_TICK = 33  # ms
PACE_TICK = 250
FACE_EVERY = 3  # meter ticks


class Readings(QObject):
    """Puts them into the panels of a window, a few times a second."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window, self._director = window, window.director
        self._ticks = 0
        self._hearing, self._filming = LatencyMeter(), LatencyMeter()
        self._captured = self._filmed = math.nan
        self._meter, self._pace = QTimer(self), QTimer(self)
        self._meter.timeout.connect(self._show_live)
        self._pace.timeout.connect(self._show_pace)
        self._meter.start(METER_TICK)
        self._pace.start(PACE_TICK)

    def stop(self) -> None:
        """Read nothing more."""
        self._meter.stop()
        self._pace.stop()

    def taken(self, scene: Scene) -> None:
        """Note what the frame shows that is painted next."""
        self._captured, self._filmed = scene.captured, scene.filmed

    def painted(self) -> None:
        """Note that it is on screen."""
        self._hearing.note(self._captured, time.monotonic())
        self._filming.note(self._filmed, time.monotonic())

    def _show_live(self) -> None:
        window, director, drive = self._window, self._director, self._director.drive
        window.drive.show_live(drive.level, drive.left_to_record)
        director.live.cameras.show(window.drive.webcam, window.stage.preview)
        if drive.face is None:
            director.performances.show(window.stage.preview)
        self._ticks += 1
        if self._ticks % FACE_EVERY == 0 and window.tabs.currentWidget() is window.face:
            window.face.show_live(drive.newest.code[0])
            window.face.show_layers(director.session.layers_off, drive.layers)
        if director.session.playing or director.session.recording:
            window.timeline.show_position(director.playback.position)
        if (view := director.playback.view) is not None:
            director.session.orbit = view
        drive.asleep = not window.isVisible() or window.isMinimized()

    def _show_pace(self) -> None:
        session, drive = self._director.session, self._director.drive
        waiting = session.listening and drive.waiting
        if waiting:
            blind = drive.face is not None and drive.face.waiting
            state = self.tr("Waiting for the camera") if blind else self.tr("Waiting for the microphone")
        elif session.listening:
            state = self.tr("Live")
        elif session.recording:
            state = self.tr("Recording")
        elif session.playing:
            state = self.tr("Playing")
        else:
            state = self.tr("At rest")
        live = session.playing or (session.listening and not waiting)
        hearing, filming = (meter.median(time.monotonic()) for meter in (self._hearing, self._filming))
        self._window.drive.show_latency(hearing)
        self._window.drive.webcam.show_latency(filming)
        if math.isfinite(hearing):
            drive.latency = hearing
        self._window.indicator.show_pace(state, live, self._director.frames.pace(), hearing, filming)
