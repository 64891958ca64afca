"""`Exports`: what leaves the window, one job each, queued behind one another."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.avatar import Avatar
from studio.core.project.document import Document
from studio.ui import export_tasks as tasks
from studio.ui.export_tasks import Exported, Shown, Source
from studio.ui.session import Session
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.export_clip import ClipOptions

SETTLED = 700  # ms that options stay as they are before an estimate is made


class Exports(QObject):
    """Takes what the Export panel asks for and makes jobs of it."""

    estimated = Signal(object)
    """An `Estimate`, or the sentence that says why there is none, or None while it is being made."""

    def __init__(
        self, session: Session, document: Document, jobs: JobQueue, say: Callable[[str], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._document, self._jobs, self._say = session, document, jobs, say
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLED)
        self._settle.timeout.connect(self._estimate)
        self._asked: tuple[Source, str, ClipOptions] | None = None
        self._estimating: Ticket | None = None

    def clear_away(self) -> None:
        """Remove what exports left that were killed, and say so."""

        def cleared(count: int) -> None:
            if count:
                self._say(self.tr("An export was cut off the last time; what it left was removed."))

        self._jobs.submit(self.tr("Clearing away"), tasks.sweep, Urgency.UNASKED, cleared, self._failed)

    def can_show(self, source: Source) -> bool:
        """Return whether there is anything of the kind to be shown."""
        if self._session.avatar is None:
            return False
        return source == "turntable" or self._document.state.timeline.duration > 0

    def clip(self, source: Source, out: Path, options: "ClipOptions") -> Ticket | None:
        """Write a clip of the avatar on show."""
        avatar = self._head(source)
        if avatar is None:
            return None
        return self._submit(partial(tasks.export_clip, avatar, self._shown(source), out, options), out)

    def motion(self, source: Source, out: Path, options: "ClipOptions") -> Ticket | None:
        """Write how a clip of the avatar on show would move, as ARKit CSV."""
        if self._head(source) is None:
            return None
        fps, begin, end = float(options.fps), options.begin, options.end
        return self._submit(partial(tasks.export_motion, self._shown(source), out, fps, begin, end), out)

    def still(self, out: Path, pixels: NDArray[np.uint8]) -> Ticket | None:
        """Write the picture on show."""
        return self._of_head(lambda avatar: partial(tasks.export_still, avatar, pixels, out), out)

    def sheet(self, out: Path, size: int) -> Ticket | None:
        """Write the sheet of views and expressions."""
        return self._of_head(lambda avatar: partial(tasks.export_sheet, avatar, size, out), out)

    def splats(self, out: Path) -> Ticket | None:
        """Write the head on show as splats, as the sliders pose it."""
        pose = self._session.expression
        return self._of_head(lambda avatar: partial(tasks.export_splats, avatar, pose, out), out)

    def mesh(self, out: Path) -> Ticket | None:
        """Write the head on show as a mesh."""
        return self._of_head(lambda avatar: partial(tasks.export_mesh, avatar, out), out)

    def estimate(self, source: Source, form: str, options: "ClipOptions") -> None:
        """Measure how long a clip takes and how large it gets, once its options have settled."""
        self._asked = (source, form, options)
        self._drop_estimate()
        self.estimated.emit(None)
        self._settle.start()

    def forget_estimate(self) -> None:
        """Make no estimate after all."""
        self._settle.stop()
        self._drop_estimate()

    def _drop_estimate(self) -> None:
        if self._estimating is not None:
            self._estimating.cancel()
            self._estimating = None

    def _estimate(self) -> None:
        avatar = self._session.avatar
        if self._asked is None or avatar is None or not self.can_show(self._asked[0]):
            return
        source, form, options = self._asked
        start = partial(tasks.estimate_clip, avatar, self._shown(source), form, options)

        def told(found: object) -> None:
            if ticket is self._estimating:
                self._estimating = None
                self.estimated.emit(found)

        ticket = self._jobs.submit(
            self.tr("Estimating"), start, Urgency.UNASKED, told, lambda _, sentence: told(sentence)
        )
        self._estimating = ticket

    def _shown(self, source: Source) -> Shown:
        state = self._document.state
        return Shown(
            source,
            self._session.expression,
            state.timeline,
            state.gains,
            dict(self._document.motions),
            {key: media.path for key, media in state.media.items()},
        )

    def _head(self, source: Source) -> Avatar | None:
        if self.can_show(source):
            return self._session.avatar
        if self._session.avatar is None:
            self._say(self.tr("A clip needs a head; drop a portrait first."))
        else:
            self._say(self.tr("The timeline is empty; drop a sound or record a take first."))
        return None

    def _of_head(self, start: Callable[[Avatar], Any], out: Path) -> Ticket | None:
        if (avatar := self._session.avatar) is None:
            return None
        return self._submit(start(avatar), out)

    def _submit(self, start: Any, out: Path) -> Ticket:
        title = self.tr("Exporting {name}").format(name=out.name)
        done = self.tr("Exported {name}.").format(name=out.name)

        def exported(result: Exported) -> None:
            self._say(f"{done} {result.said}".strip())

        ticket = self._jobs.submit(title, start, Urgency.HEAVY, exported, self._failed)
        cancelled = self.tr("The export of {name} was cancelled; nothing was left behind.").format(name=out.name)
        ticket.cancelled.connect(lambda: self._say(cancelled))
        return ticket

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)
