"""`CameraWork`: what the Camera panel wants, as edits of the document: saved cameras, keys, turns, a picture behind."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from studio.core.avatar import Background
from studio.core.project.document import Document, Media, ProjectState, SavedView
from studio.core.project.timeline import CameraKey, Timeline
from studio.core.project.turntable import turntable
from studio.ui import tasks
from studio.ui.playback import Playback
from studio.ui.session import Session
from studio.ui.workers import JobQueue, Urgency

AT_KEY = 0.02  # s: a playhead so near to a key stands on it


class CameraWork(QObject):
    """Edits views and keys, and shows the picture that the document has as background."""

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
        self._session, self._document, self._playback, self._jobs = session, document, playback, jobs
        self._say = say
        self._picture: NDArray[np.float32] | None = None
        self._shown = "plate"
        document.changed.connect(self._document_changed)
        session.events.render_size.connect(lambda _: self._show_picture())

    # Cameras

    def save_view(self, name: str) -> None:
        """Keep the present view under a name, in place of another of that name."""
        state = self._document.state
        name = name.strip() or self.tr("Camera {n}").format(n=len(state.views) + 1)
        others = tuple(view for view in state.views if view.name != name)
        saved = replace(state, views=(*others, SavedView(name, self._session.orbit)))
        self._document.edit(self.tr("Save camera {name}").format(name=name), saved)

    def forget_view(self, name: str) -> None:
        """Drop a saved view."""
        state = self._document.state
        kept = tuple(view for view in state.views if view.name != name)
        self._document.edit(self.tr("Delete camera {name}").format(name=name), replace(state, views=kept))

    def use_field_of_view(self, degrees: float) -> None:
        """Change the perspective and keep the head's size."""
        if (avatar := self._session.avatar) is not None:
            self._playback.take_camera(self._session.orbit.with_field_of_view(degrees, avatar))

    # Keys

    def add_key(self) -> None:
        """Let the camera stand where it is when the playhead comes here."""
        timeline = self._document.state.timeline
        key = CameraKey(self._playback.position, self._session.orbit)
        self._edit(self.tr("Add camera key"), timeline.with_camera_key(key))

    def delete_key(self) -> None:
        """Drop the key under the playhead, or the one before it."""
        timeline, here = self._document.state.timeline, self._playback.position
        before = [key for key in timeline.camera if key.time <= here + AT_KEY]
        if not before:
            self._say(self.tr("There is no camera key here or before; put the playhead on one."))
            return
        kept = tuple(key for key in timeline.camera if key is not before[-1])
        self._edit(self.tr("Delete camera key"), replace(timeline, camera=kept))

    def turn(self, seconds: float, whole: bool) -> None:
        """Go once round the head, from the playhead on, in place of the keys there."""
        timeline, begin = self._document.state.timeline, self._playback.position
        others = [key for key in timeline.camera if not begin <= key.time <= begin + seconds]
        keys = sorted((*others, *turntable(self._session.orbit, begin, seconds, whole)), key=lambda key: key.time)
        self._edit(self.tr("Turntable"), replace(timeline, camera=tuple(keys)))

    def _edit(self, label: str, timeline: Timeline) -> None:
        self._document.edit(label, replace(self._document.state, timeline=timeline))

    # The picture behind the head

    def choose_picture(self, path: Path) -> None:
        """Put a picture behind the head, as large as the view is, its longer side cut."""

        def loaded(picture: NDArray[np.float32]) -> None:
            state, key = self._document.state, secrets.token_hex(8)
            self._picture, self._shown = picture, key
            media = {**state.media, key: Media(str(path), path.name)}
            label = self.tr("Background {name}").format(name=path.name)
            self._document.edit(label, replace(state, background=key, media=media), "", time.monotonic())
            self._show_picture()

        title = self.tr("Opening {name}").format(name=path.name)
        self._jobs.submit(title, partial(tasks.open_background, path), Urgency.QUICK, loaded, self._failed)

    def background_at(self, width: int, height: int) -> Background:
        """Return the background for a picture of another size than the window's."""
        if self._picture is None or not isinstance(self._session.background, np.ndarray):
            return self._session.background
        return filling(self._picture, width, height)

    def _show_picture(self) -> None:
        if self._picture is not None and self._shown == self._document.state.background:
            size = self._session.render_size
            self._session.background = filling(self._picture, size, size)

    def _document_changed(self, now: ProjectState, before: ProjectState) -> None:
        key = now.background
        if key == before.background or key not in now.media:
            return
        if key == self._shown:
            self._show_picture()
            return

        def loaded(picture: NDArray[np.float32]) -> None:
            self._picture, self._shown = picture, key
            self._show_picture()

        path = Path(now.media[key].path)
        title = self.tr("Opening {name}").format(name=path.name)
        self._jobs.submit(title, partial(tasks.open_background, path), Urgency.QUICK, loaded, self._failed)

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)


def filling(picture: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Return the middle of a picture ``[height,width,3]``, as large as fills it, the rest cut."""
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    tall, wide = min(round(height / scale), rows), min(round(width / scale), columns)
    top, left = (rows - tall) // 2, (columns - wide) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    middle = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
    return np.clip(np.asarray(cv2.resize(middle, (width, height), interpolation=way), np.float32), 0, 1)
