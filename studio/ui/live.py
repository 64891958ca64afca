"""`Live`: what drives live as the window knows it; the microphone: which one, how it is heard, whose voice it is."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSettings, Signal

from studio.core.speech.settings import SpeechSettings
from studio.core.tracking.gains import FaceGains
from studio.ui import tasks
from studio.ui.cameras import Cameras
from studio.ui.panels.drive import DrivePanel
from studio.ui.session import SOURCES, DriveSettings, Session, Source
from studio.ui.viewport.drive_loop import DriveLoop
from studio.ui.workers import JobQueue, Urgency

log = logging.getLogger(__name__)

CALIBRATION_SECONDS = 10.0


class Live(QObject):
    """Switches the microphone, remembers choice and settings, and calibrates."""

    microphones_found = Signal(list)
    """Names of the input devices."""
    outputs_found = Signal(list)
    """Names of the sound outputs."""
    calibration_known = Signal(bool)
    """Whether there is a calibration for the microphone in use."""

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        jobs: JobQueue,
        drive: DriveLoop,
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._settings, self._jobs, self._drive, self._say = session, settings, jobs, drive, say
        self._heard = ""
        drive.said.connect(self._said)
        drive.recorded.connect(self._recorded)
        session.microphone = str(settings.value("microphone", "")) or None
        session.output = drive.output = str(settings.value("output", "")) or None
        session.drive = self._remembered()
        self.cameras = Cameras(session, settings, jobs, drive, say, self)
        session.events.drive.connect(self._remember)

    def serve(self, panel: DrivePanel) -> None:
        """Do what the panel wants, and show there what is known."""
        panel.show_settings(self._session.drive)
        panel.settings_wanted.connect(lambda settings: setattr(self._session, "drive", settings))
        panel.source_wanted.connect(self.use_source)
        self.cameras.serve(panel.webcam)
        panel.microphone_wanted.connect(self.choose)
        panel.devices_wanted.connect(self.find)
        panel.calibration_wanted.connect(lambda begin: self.calibrate() if begin else self.cancel())
        panel.forgetting_wanted.connect(self.forget)
        self.microphones_found.connect(lambda names: panel.show_devices(names, self._session.microphone))
        self.calibration_known.connect(panel.show_calibration)

    def listen(self, on: bool) -> None:
        """Switch the microphone."""
        if on == self._session.listening:
            return
        self._session.playing = False
        self._session.listening = on
        if on:
            self._begin()
        else:
            self._drive.rest()
            off = self.tr("The microphone is off."), self.tr("The camera is off."), self.tr("Both are off.")
            self._say(off[SOURCES.index(self._session.drive.source)])

    def _begin(self) -> None:
        """Open what the chosen source needs, and let go of the rest."""
        if self._session.drive.source != "webcam":
            self._drive.listen(self._session.microphone)
        self.cameras.watch()

    def use_source(self, source: Source) -> None:
        """Drive by the microphone, the webcam or both, at once if live, and at the next start."""
        if source != self._session.drive.source:
            self._session.drive = replace(self._session.drive, source=source)
            if self._session.listening:
                self._begin()

    def find(self) -> None:
        """Look for input devices."""
        title = self.tr("Looking for microphones")
        found = self.microphones_found.emit
        self._jobs.submit(title, tasks.find_microphones, Urgency.UNASKED, found, self._failed)

    def choose(self, name: str | None) -> None:
        """Use this input device, at once if listening, and at the next start."""
        self._session.microphone = name
        self._settings.setValue("microphone", name or "")
        if self._session.listening and self._session.drive.source != "webcam":
            self._drive.listen(name)

    def find_outputs(self) -> None:
        """Look for sound outputs."""
        title, found = self.tr("Looking for sound outputs"), self.outputs_found.emit
        self._jobs.submit(title, tasks.find_outputs, Urgency.UNASKED, found, self._failed)

    def choose_output(self, name: str | None) -> None:
        """Be heard on this output from the next time that something plays, and at the next start."""
        self._session.output = self._drive.output = name
        self._settings.setValue("output", name or "")

    # Calibration

    def calibrate(self) -> None:
        """Listen to the person for ten seconds and keep what was learnt for this microphone."""
        if self._session.drive.source == "webcam":
            self.use_source("both")
        self.listen(True)
        self._drive.record(CALIBRATION_SECONDS)
        self._say(
            self.tr("Speak as you usually do, for ten seconds: whole sentences, with words like “maybe” in them.")
        )

    def cancel(self) -> None:
        """Stop a calibration; what was known before stays."""
        self._drive.record(0)
        self._say(self.tr("The calibration was cancelled; nothing has changed."))

    def forget(self) -> None:
        """Drop what is known of the person at this microphone."""
        start = partial(tasks.forget_calibration, self._heard)
        self._jobs.submit(self.tr("Forgetting the calibration"), start, Urgency.QUICK, self._calibrated, self._failed)

    def _recorded(self, name: str, samples: NDArray[np.float32]) -> None:
        start = partial(tasks.calibrate, name, samples)
        self._jobs.submit(self.tr("Calibrating"), start, Urgency.QUICK, self._calibrated, self._failed)

    def _calibrated(self, known: bool) -> None:
        self._drive.recalibrate()
        self.calibration_known.emit(known)
        told = self.tr("The mouth now follows your voice at {name}.") if known else self.tr("{name} is as it was new.")
        self._say(told.format(name=self._heard))

    def _look_for_calibration(self) -> None:
        start = partial(tasks.has_calibration, self._heard)
        title = self.tr("Looking for a calibration")
        self._jobs.submit(title, start, Urgency.UNASKED, self.calibration_known.emit, self._failed)

    # What the drive thread says

    def _said(self, sentence: str) -> None:
        self._say(sentence)
        heard = self._drive.microphone
        if heard and heard != self._heard:
            self._heard = heard
            self._look_for_calibration()
        if self._session.listening:
            self.find()  # a sentence often means that something was plugged in or out

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)

    # What is remembered

    def _remember(self, drive: DriveSettings) -> None:
        # Not the monitor: who takes the headphones off and comes back the next day would hear it howl.
        self._settings.setValue("drive", json.dumps(asdict(replace(drive, monitor=False))))

    def _remembered(self) -> DriveSettings:
        text = self._settings.value("drive", "")
        if not text:
            return DriveSettings()
        try:
            values: dict[str, Any] = json.loads(str(text))
            parts = {"speech": SpeechSettings(**values["speech"]), "face": FaceGains(**values.get("face", {}))}
            return DriveSettings(**{**values, **parts})
        except (KeyError, TypeError, ValueError) as error:  # of another version, or edited by hand
            log.warning("settings of the drive panel are not understood: %s", error)
            self._say(self.tr("The settings of the Drive panel could not be read; they are as they were new."))
            return DriveSettings()
