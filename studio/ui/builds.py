"""`Builds`: from pictures to heads; asks which face and for consent on the way."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.core.avatar import Avatar, Consent
from studio.core.errors import NoFaceFoundError
from studio.core.jobs import Progress
from studio.core.orbit import Orbit
from studio.ui import building_tasks, tasks
from studio.ui.library import Entry, Library, stated_now
from studio.ui.session import Session
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.perception.handles import Handles
    from studio.core.perception.preflight import Preflight

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
    handles_wanted = Signal(object, object)
    """Picture ``[H,W,3]`` and the `Handles` to begin with: where is the face?"""
    picture_shown = Signal(object)
    """Picture ``[H,W,3]`` to look at until the head appears."""
    inspected = Signal(object, float)
    """`Preflight` of the picture on show, and px of it per px of its file."""
    picture_left = Signal()
    """No head will come of that picture."""

    def __init__(
        self,
        session: Session,
        library: Library,
        jobs: JobQueue,
        say: Callable[[str], None],
        builder: building_tasks.Builder,
        face_finder: building_tasks.FaceFinder,
        inspector: building_tasks.Inspector,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._library = library
        self._jobs = jobs
        self._say = say
        self._builder = builder
        self._face_finder = face_finder
        self._inspector = inspector
        self._unasked: list[Person] = []
        self._choosing: list[tuple[Path, building_tasks.Survey]] = []
        self._placing: list[tuple[Path, building_tasks.Unplaced]] = []
        self._placed: dict[Path, Handles] = {}
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
            for picture, _ in people:
                self._placed.pop(picture, None)
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

    def place_handles(self, picture: Path, look: bool = True) -> None:
        """Ask where the face is in a picture, then build; `look` for one first, to begin with."""
        self._look_at(picture)
        title = self.tr("Looking at {name}").format(name=picture.name)
        begin = partial(building_tasks.begin_handles, picture, look)
        self._jobs.submit(title, begin, Urgency.QUICK, partial(self._ready_to_place, picture), self._unusable)

    def answer_handles(self, handles: "Handles | None") -> None:
        """Go on with the picture of `handles_wanted`, or leave it."""
        if not self._placing:
            return
        picture, unplaced = self._placing.pop(0)
        if handles is not None:
            self._placed[picture] = handles.scaled(1 / unplaced.scale)
            self.picture_shown.emit(unplaced.rgb)
            self._survey(picture, None)
        if self._placing:
            self._ask_handles()
        elif handles is None:
            self._say(self.tr("Nothing was built. Drop a picture where one face looks towards the camera."))
            self._leave_picture()

    def build(self, picture: Path, consent: Consent, face: int | None = None) -> Ticket:
        """Build a head; its previews are shown unless another avatar is chosen meanwhile."""
        handles = self._placed.pop(picture, None)
        options = self._session.options
        start = partial(building_tasks.build, self._builder, self._library, picture, face, handles, consent, options)
        title = self.tr("Building {name}").format(name=picture.stem)
        ticket = self._jobs.submit(
            title,
            start,
            Urgency.BUILD,
            lambda result: self._built(ticket, *result),
            lambda error, sentence: self._failed(ticket, sentence, picture, error),
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
        self._placing.clear()

    def _survey(self, picture: Path, face: int | None) -> None:
        self._look_at(picture)
        title = self.tr("Looking at {name}").format(name=picture.name)
        self._say(title + "…")
        finder = building_tasks.nobody_to_choose if picture in self._placed else self._face_finder
        self._jobs.submit(
            title,
            partial(building_tasks.survey, self._library, picture, face, finder),
            Urgency.QUICK,
            partial(self._surveyed, picture, face),
            partial(self._unusable, picture=picture),
            self._show_picture,
        )

    def _surveyed(self, picture: Path, face: int | None, survey: building_tasks.Survey) -> None:
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
            if picture not in self._placed:
                self._inspect(picture, face, survey)

    def _inspect(self, picture: Path, face: int | None, survey: building_tasks.Survey) -> None:
        def seen(preflight: "Preflight | None") -> None:
            if preflight is not None and self._pictured == picture and self._unasked:
                self.inspected.emit(preflight, survey.scale)

        title = self.tr("Looking at {name}").format(name=picture.name)
        inspect = partial(self._inspector, survey.rgb, face)
        self._jobs.submit(title, inspect, Urgency.QUICK, seen, lambda _, sentence: self._say(sentence))

    def _ask_face(self) -> None:
        picture, survey = self._choosing[0]
        assert survey.boxes is not None
        self._look_at(picture)
        self.face_wanted.emit(survey.rgb, survey.boxes)
        faces = self.tr("The picture shows {count} faces; click the one to build.")
        self._say(faces.format(count=len(survey.boxes)))

    def _ready_to_place(self, picture: Path, unplaced: building_tasks.Unplaced) -> None:
        self._placing.append((picture, unplaced))
        if len(self._placing) == 1:
            self._ask_handles()

    def _ask_handles(self) -> None:
        picture, unplaced = self._placing[0]
        self._look_at(picture)
        self._foreground = None  # a head that is being built must not push the picture away under the pointer
        self.handles_wanted.emit(unplaced.rgb, unplaced.handles)
        self._say(self.tr("Drag the handles onto the face in “{name}”, then press Build.").format(name=picture.name))

    def _look_at(self, picture: Path) -> None:
        self._pictured = picture
        if self._before is None:
            self._before = (self._session.selected, self._session.avatar)
        self._session.selected = ""

    def _show_picture(self, progress: Progress) -> None:
        if isinstance(progress.preview, np.ndarray) and not self._choosing and not self._placing:
            self.picture_shown.emit(progress.preview)

    def _unusable(self, error: Exception, sentence: str, picture: Path | None = None) -> None:
        self._say(sentence)
        if picture is not None and isinstance(error, NoFaceFoundError):
            self.place_handles(picture, look=False)
        elif not self._unasked and not self._choosing and not self._placing:
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

    def _failed(
        self, ticket: Ticket, sentence: str, picture: Path | None = None, error: Exception | None = None
    ) -> None:
        self._say(sentence)
        if ticket is not self._foreground:
            return
        if picture is not None and isinstance(error, NoFaceFoundError):
            self.place_handles(picture, look=False)
        else:
            self._leave_picture()
