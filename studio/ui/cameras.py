"""`Cameras`: the webcam as the window knows it: which one, what it sees, and how much of that reaches the head."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QSettings, Signal

from studio.core.tracking.gains import FaceGains
from studio.ui import tasks
from studio.ui.panels.webcam import WebcamBox
from studio.ui.session import DriveSettings, Session
from studio.ui.viewport.drive_loop import DriveLoop
from studio.ui.viewport.source_preview import SourcePreview
from studio.ui.workers import JobQueue, Urgency


class Cameras(QObject):
    """Chooses the camera, remembers it, and shows what it sees."""

    found = Signal(list)
    """Names of the cameras."""

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
        self._looked = False
        session.camera = str(settings.value("camera", "")) or None

    def serve(self, box: WebcamBox) -> None:
        """Do what the panel wants, and show there what is known."""
        session = self._session
        box.camera_wanted.connect(self.choose)
        box.devices_wanted.connect(self.find)
        box.rest_wanted.connect(self.calibrate)
        box.gains_wanted.connect(self._use_gains)
        box.mirror_wanted.connect(lambda on: setattr(session, "drive", replace(session.drive, mirror=on)))
        self.found.connect(lambda names: box.show_devices(names, session.camera))

        def show_settings(drive: DriveSettings) -> None:
            box.show_settings(drive.face, drive.mirror, lips=drive.source == "webcam")
            if drive.source != "microphone" and not self._looked:
                self.find()

        session.events.drive.connect(show_settings)
        box.show_devices([], session.camera)
        show_settings(session.drive)

    def find(self) -> None:
        """Look for cameras."""
        self._looked = True
        title = self.tr("Looking for cameras")
        self._jobs.submit(title, tasks.find_cameras, Urgency.UNASKED, self.found.emit, self._failed)

    def choose(self, name: str | None) -> None:
        """Watch this camera, at once if one is being watched, and at the next start."""
        self._session.camera = name
        self._settings.setValue("camera", name or "")
        if self._session.listening:
            self.watch()

    def watch(self) -> None:
        """Let the chosen camera drive as the settings say, or none."""
        source = self._session.drive.source
        if source == "microphone":
            self._drive.look_away()
        else:
            self._drive.watch(self._session.camera, alone=source == "webcam")

    def calibrate(self) -> None:
        """Take the face of the next second for its rest."""
        self._drive.calibrate_face()
        self._say(self.tr("Look straight into the camera and relax, for one second."))

    def show(self, box: WebcamBox, preview: SourcePreview) -> None:
        """Show what is seen right now; call it about 30 times a second."""
        face = self._drive.face
        if face is None:
            box.show_seen(None, 0.0, False)
            return
        sight = face.newest
        box.show_seen(sight.landmarks is not None, face.rate, face.calibrating)
        if sight.rgb is not None:
            preview.show_picture(sight.rgb, sight.landmarks, mirrored=True)

    def _use_gains(self, gains: FaceGains) -> None:
        self._session.drive = replace(self._session.drive, face=gains)

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)
