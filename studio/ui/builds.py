"""`Builds`: from pictures to heads; asks which face and for consent on the way."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.core.avatar import Avatar, Consent
from studio.core.jobs import Progress
from studio.ui import tasks
from studio.ui.library import Entry, Library, stated_now
from studio.ui.session import Session
from studio.ui.viewport.orbit import Orbit
from studio.ui.workers import JobQueue, Ticket, Urgency

Person = tuple[Path, int | None]
"""A picture and, where it shows several people, which face counted from 1."""


class Builds(QObject):
    """Every picture between its drop and its head; one of them is in front of the user."""

    built = Signal(object, object, bool)
    """`Entry`, avatar, and whether the user was waiting for this one."""
    consent_wanted = Signal(list)
    """Every `Person` about whom nothing was stated yet."""
    face_wanted = Signal(object, object)
    """Picture ``[H,W,3]`` and boxes ``[B,4]`` px: which face?"""
    picture_shown = Signal(object)
    """Picture ``[H,W,3]`` to look at until the head appears."""
    picture_left = Signal()
    """No head will come of that picture."""

    def __init__(
        self,
        session: Session,
        library: Library,
        jobs: JobQueue,
        say: Callable[[str], None],
        builder: tasks.Builder,
        face_finder: tasks.FaceFinder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._library = library
        self._jobs = jobs
        self._say = say
        self._builder = builder
        self._face_finder = face_finder
        self._unasked: list[Person] = []
        self._choosing: list[tuple[Path, tasks.Survey]] = []
        self._foreground: Ticket | None = None
        self._pictured: Path | None = None
        self._before: tuple[str, Avatar | None] | None = None

    def open(self, pictures: list[Path]) -> None:
        """Find out whom the pictures show, ask what must be asked, and build."""
        for picture in pictures:
            self._survey(picture, None)

    def answer_consent(self, given: bool) -> None:
        """Go on with the people of `consent_wanted`, or leave them."""
        people, self._unasked = self._unasked, []
        if not given:
            self._say(self.tr("Nothing was built. Drop a picture of a person who agrees."))
            self._leave_picture()
            return
        for picture, face in people:
            self.build(picture, stated_now(), face)

    def choose_face(self, index: int) -> None:
        """Go on with the picture of `face_wanted`; `index` counts its boxes from 0, -1 leaves it."""
        if not self._choosing:
            return
        picture, _ = self._choosing.pop(0)
        if index >= 0:
            self._survey(picture, index + 1)
        if self._choosing:
            self._ask_face()
        elif index < 0:
            self._leave_picture()

    def build(self, picture: Path, consent: Consent, face: int | None = None) -> Ticket:
        """Build a head; its previews are shown unless another avatar is chosen meanwhile."""
        start = partial(tasks.build, self._builder, self._library, picture, face, consent)
        title = self.tr("Building {name}").format(name=picture.stem)
        ticket = self._jobs.submit(
            title,
            start,
            Urgency.BUILD,
            lambda result: self._built(ticket, *result),
            lambda _, sentence: self._failed(ticket, sentence),
            lambda progress: self._preview(ticket, progress),
        )
        ticket.cancelled.connect(lambda: self._failed(ticket, self.tr("The build was cancelled.")))
        self._foreground = ticket
        self._say(title + "…")
        if self._pictured != picture:
            self._look_at(picture)
            opening = self.tr("Opening {name}").format(name=picture.name)
            show = partial(tasks.load_preview, picture)
            self._jobs.submit(opening, show, Urgency.QUICK, self.picture_shown.emit)
        return ticket

    def step_back(self) -> None:
        """Let what is being built go on behind, since the user looks at something else."""
        self._foreground = self._before = self._pictured = None

    def _survey(self, picture: Path, face: int | None) -> None:
        self._look_at(picture)
        title = self.tr("Looking at {name}").format(name=picture.name)
        self._say(title + "…")
        self._jobs.submit(
            title,
            partial(tasks.survey, self._library, picture, face, self._face_finder),
            Urgency.QUICK,
            partial(self._surveyed, picture, face),
            self._unusable,
            self._show_picture,
        )

    def _surveyed(self, picture: Path, face: int | None, survey: tasks.Survey) -> None:
        if survey.boxes is not None:
            self._choosing.append((picture, survey))
            if len(self._choosing) == 1:
                self._ask_face()
        elif survey.consent is not None:
            self.build(picture, survey.consent, face)
        else:
            self._unasked.append((picture, face))
            self.consent_wanted.emit(list(self._unasked))
            self._say(self.tr("One question before the head is built."))

    def _ask_face(self) -> None:
        picture, survey = self._choosing[0]
        assert survey.boxes is not None
        self._look_at(picture)
        self.face_wanted.emit(survey.rgb, survey.boxes)
        faces = self.tr("The picture shows {count} faces; click the one to build.")
        self._say(faces.format(count=len(survey.boxes)))

    def _look_at(self, picture: Path) -> None:
        self._pictured = picture
        if self._before is None:
            self._before = (self._session.selected, self._session.avatar)
        self._session.selected = ""

    def _show_picture(self, progress: Progress) -> None:
        if isinstance(progress.preview, np.ndarray) and not self._choosing:
            self.picture_shown.emit(progress.preview)

    def _unusable(self, error: Exception, sentence: str) -> None:
        self._say(sentence)
        if not self._unasked and not self._choosing:
            self._leave_picture()

    def _leave_picture(self) -> None:
        if self._before is not None:
            key, self._session.avatar = self._before
            self._session.selected = key
        self.step_back()
        self.picture_left.emit()

    def _preview(self, ticket: Ticket, progress: Progress) -> None:
        preview = progress.preview
        if preview is None or ticket is not self._foreground:
            return
        if isinstance(preview, np.ndarray):
            self.picture_shown.emit(preview)
        elif hasattr(preview, "pose"):
            if self._session.selected:
                self._session.selected = ""
            if self._session.avatar is None or self._session.avatar.name != preview.name:
                self._session.orbit = Orbit()
            self._pictured = None
            self._session.avatar = preview

    def _built(self, ticket: Ticket, entry: Entry, avatar: Avatar) -> None:
        waited_for = ticket is self._foreground
        if waited_for:
            self.step_back()
        self.built.emit(entry, avatar, waited_for)

    def _failed(self, ticket: Ticket, sentence: str) -> None:
        self._say(sentence)
        if ticket is self._foreground:
            self._leave_picture()
