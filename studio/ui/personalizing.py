"""`Personalizing`: a dropped clip, or pictures, make the head on show more like its person; one at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.avatar import Avatar
from studio.core.engines.base import Learning
from studio.core.jobs import Progress
from studio.ui import tasks
from studio.ui.face_choice import FaceChoice
from studio.ui.library import Entry, Library
from studio.ui.session import Session
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.personalize import Personalized


@dataclass(frozen=True, eq=False)
class _Wish:
    """Whom to learn, from what."""

    key: str
    avatar: Avatar
    paths: tuple[Path, ...]
    face: int


class Personalizing(QObject):
    """Runs the job, shows the head as far as it has got, and gives the old one back where nothing comes of it."""

    learnt = Signal(object, object, object)
    """The new `Entry`, its avatar, and the entry's key that it was learnt from."""
    progressed = Signal(object)
    """`Learning`: how far it is."""
    doubted = Signal(str)
    """A sentence that asks whether the footage shows the same person; `answer` goes on."""
    ended = Signal()
    """Nothing is being learnt any more, or asked."""

    def __init__(
        self,
        session: Session,
        library: Library,
        jobs: JobQueue,
        say: Callable[[str], None],
        learner: tasks.Learner,
        faces: FaceChoice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._library = library
        self._jobs = jobs
        self._say = say
        self._learner = learner
        self._faces = faces
        self._wish: _Wish | None = None
        self._ticket: Ticket | None = None
        self._previewed: Avatar | None = None

    def start(self, paths: list[Path], face: int | None = None) -> None:
        """Learn a clip, or several pictures, into the head on show: the `face`-th largest, asked for if None."""
        key, avatar = self._session.selected, self._session.avatar
        if not key or avatar is None:
            self._say(self.tr("Learning needs a head: drop a portrait of the person first, then the clip."))
        elif self._wish is not None:
            self._say(self.tr("A head is being learnt already; cancel that, or wait for it."))
        elif not avatar.consent.stated:
            self._say(self.tr("Nobody stated that this person agrees; build the head from a portrait and say so."))
        elif face is None and len(paths) == 1:
            self._faces.ask(paths[0], partial(self.start, paths))
        else:
            self._wish = _Wish(key, avatar, tuple(paths), face or 1)
            self._submit(same_person=False)

    def answer(self, same_person: bool) -> None:
        """Go on after `doubted`, or leave it."""
        if self._wish is None or self._ticket is not None:
            return
        if same_person:
            self._submit(same_person=True)
        else:
            self._end(self.tr("Nothing was learnt; the head stays as it was."))

    def cancel(self) -> None:
        """Stop and forget what was learnt."""
        self._stop(self.tr("Learning was cancelled; the head stays as it was."), forget=True)

    def pause(self) -> None:
        """Stop, but keep what was learnt: the same clip, dropped on the same head, goes on there."""
        paused = self.tr("Learning is paused; drop the same clip on this head and it goes on, even after a restart.")
        self._stop(paused, forget=False)

    def _stop(self, sentence: str, forget: bool) -> None:
        if self._ticket is None or self._wish is None:
            return
        kept = tasks.learning_file(self._library, self._wish.key, self._wish.paths)
        if forget:
            self._ticket.ended.connect(lambda: kept.unlink(missing_ok=True))
        self._ticket.cancel()
        self._end(sentence)

    def _submit(self, same_person: bool) -> None:
        assert self._wish is not None
        wish = self._wish
        title = self.tr("Learning {name}").format(name=wish.avatar.name)
        whom = (wish.key, wish.avatar, wish.paths, same_person, wish.face)
        start = partial(tasks.personalize, self._learner, self._library, *whom)
        # Of a job that was given up a report or the end may still be on its way: each knows whose it is.
        self._ticket = self._jobs.submit(
            title, start, Urgency.HEAVY, partial(self._finished, wish), partial(self._failed, wish),
            partial(self._progressed, wish),
        )  # fmt: skip
        self._ticket.cancelled.connect(partial(self._cancelled, wish))

    def _progressed(self, wish: _Wish, report: Progress) -> None:
        if wish is self._wish and isinstance(report.preview, Learning):
            self._preview(report.preview.avatar)
            self.progressed.emit(report.preview)

    def _preview(self, avatar: Avatar) -> None:
        """Show a head in place of the one that it is learnt from, if that is what the user looks at."""
        assert self._wish is not None
        looked_at = self._session.avatar
        if self._session.selected == self._wish.key and looked_at in (self._wish.avatar, self._previewed):
            self._session.avatar = self._previewed = avatar

    def _finished(self, wish: _Wish, result: "tuple[Entry | None, Personalized]") -> None:
        entry, done = result
        notes = " ".join(done.notes)
        if wish is self._wish:
            gain = self.tr("“{name}” came {gain:.1f} dB nearer to frames it never saw; the old head stays, too.")
            said = "" if entry is None else gain.format(name=entry.name, gain=done.now - done.before)
            self._end(" ".join(filter(None, (said, notes))))
        if entry is not None:
            self.learnt.emit(entry, done.avatar, wish.key)

    def _failed(self, wish: _Wish, error: Exception, sentence: str) -> None:
        if wish is not self._wish:
            return
        self._ticket = None
        if isinstance(error, tasks.other_person_error()):
            doubt = self.tr("The face there does not look like that of “{name}”, as far as its proportions tell.")
            self.doubted.emit(doubt.format(name=wish.avatar.name))
        else:
            self._end(sentence)

    def _cancelled(self, wish: _Wish) -> None:
        if wish is self._wish:
            self._end(self.tr("Learning was stopped; drop the same clip on this head and it goes on."))

    def _end(self, sentence: str) -> None:
        if self._wish is not None and self._session.avatar is self._previewed and self._previewed is not None:
            self._session.avatar = self._wish.avatar
        self._wish = self._ticket = self._previewed = None
        self._say(sentence)
        self.ended.emit()
