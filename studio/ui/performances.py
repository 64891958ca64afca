"""`Performances`: videos that drive the head: asked about, tracked, fitted to the head on show, put on the timeline."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.project.document import Document
from studio.core.project.timeline import Block
from studio.ui import tasks
from studio.ui.playback import Playback
from studio.ui.session import Session
from studio.ui.viewport.source_preview import SourcePreview
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.tracking.performance import Performance


class Performances(QObject):
    """Turns a video into a take of its face, and shows the video beside the head while that plays."""

    asked = Signal(object)
    """A video whose use is to be asked for."""
    added = Signal(object)
    """The take's `Block`."""

    def __init__(
        self,
        session: Session,
        document: Document,
        playback: Playback,
        jobs: JobQueue,
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._document, self._playback, self._jobs, self._say = session, document, playback, jobs, say
        self._known: dict[str, tuple[Path, Performance]] = {}
        """By the source of their takes."""

    def drive(self, path: Path, face: int = 1) -> Ticket:
        """Track a face in a video, the `face`-th largest; its motion becomes a take at the playhead, with its sound."""
        title = self.tr("Tracking {name}").format(name=path.name)
        start = partial(tasks.perform, path, self._session.avatar, self._session.drive.face, face)
        ticket = self._jobs.submit(title, start, Urgency.HEAVY, partial(self._add, path), self._failed)
        ticket.cancelled.connect(lambda: self._say(self.tr("{name} is not tracked.").format(name=path.name)))
        return ticket

    def show(self, preview: SourcePreview) -> None:
        """Show the moment of the video that drives the head now; call it about 30 times a second."""
        position = self._playback.drive.position
        take = None if position is None else self._at(position)
        if take is None or position is None:
            preview.clear()
            return
        _, performance = self._known[take.source]
        second = position - take.start + take.begin + float(performance.track.motion.times[0])
        rgb, landmarks = performance.strip.at(second)
        preview.show_picture(rgb, landmarks, mirrored=False)

    def _at(self, second: float) -> Block | None:
        takes = self._document.state.timeline.takes
        return next((take for take in takes if take.source in self._known and take.covers(second)), None)

    def _add(self, path: Path, performed: tasks.Performed) -> None:
        self._playback.play(False)
        take = self._playback.add_motion(path.stem, performed.motion, path if performed.sounds else None)
        self._known[take.source] = path, performed.performance
        added = self.tr("{name} drives the head, {seconds:.1f} s. Press Space to play.")
        seconds = performed.performance.track.duration
        self._say(" ".join([added.format(name=path.name, seconds=seconds), *performed.notes]))
        self.added.emit(take)

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)
