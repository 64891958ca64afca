"""`FaceChoice`: which face of a video is meant, asked where it shows several."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.ui import tasks
from studio.ui.workers import JobQueue, Ticket, Urgency

Use = Callable[[int], object]
"""Gets which face it is, counted by size from 1."""


class FaceChoice(QObject):
    """Looks for the faces of a video and asks, on a picture of it, for one; only the newest question stands."""

    wanted = Signal(object, object)
    """Picture ``[H,W,3]`` and boxes ``[B,4]`` px: which face?"""
    left = Signal()
    """The picture may go."""

    def __init__(self, jobs: JobQueue, say: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._say = jobs, say
        self._use: Use | None = None

    def ask(self, path: Path, use: Use) -> Ticket:
        """Have a video used as soon as it is known whose face is meant."""
        self._use = None
        title = self.tr("Looking at {name}").format(name=path.name)
        look = partial(tasks.faces_of_video, path)

        def unseen(error: Exception, sentence: str) -> None:
            use(1)  # which tells what cannot be read in the same words

        return self._jobs.submit(title, look, Urgency.QUICK, partial(self._seen, use), unseen)

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._use is not None

    def choose(self, index: int) -> None:
        """Answer `wanted`; `index` counts its boxes from 0, -1 leaves the video."""
        if self._use is None:
            return
        use, self._use = self._use, None
        self.left.emit()
        if index < 0:
            self._say(self.tr("The video is not used."))
        else:
            use(index + 1)

    def drop(self) -> None:
        """Forget the question: another picture stands where it was asked."""
        self._use = None

    def _seen(self, use: Use, faces: tasks.VideoFaces) -> None:
        if len(faces.boxes) < 2:
            use(1)
            return
        self.wanted.emit(faces.rgb, faces.boxes)
        self._use = use
        self._say(self.tr("The video shows {count} faces; click the one to follow.").format(count=len(faces.boxes)))
