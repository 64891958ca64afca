"""`ProjectDesk`: the project that lies open: its file, its journal, and what is undone and done again."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, Signal

from studio.core.project.document import Document, ProjectState
from studio.ui import project_tasks as tasks
from studio.ui.project_tasks import Project
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.project.claim import Claim
    from studio.core.project.journal import Journal
    from studio.core.project.links import Places
    from studio.core.project.project_file import Saved
    from studio.core.project.recovery import Left, Recovery

SUFFIX = ".astudio"
LAST = "project"
"""Key of the settings: folder of the journal that was open last."""
PATIENCE = 10.0  # s for a save to end and the journal to write its rest when the window closes


class ProjectDesk(QObject):
    """Opens and saves in jobs; the journal keeps what is not saved, so that nothing needs to be asked."""

    changed = Signal()
    """Name, whether it is saved, what can be undone, or the list of `left` is another now."""
    listed = Signal(object)
    """An `Entry` that came with a project."""
    opened = Signal(object)
    """Path of a project file that was opened or saved."""
    recovered = Signal()
    """What a crash left behind is open now."""
    name_wanted = Signal()
    """The project has no file yet: where is it to be saved?"""
    recovery_offered = Signal(str, float)
    """Name of a project that a crash left behind ("" for one without a file), and when it was changed, s."""
    _said = Signal(str)

    def __init__(
        self,
        document: Document,
        settings: QSettings,
        library: Path,
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._settings, self._library, self._say = document, settings, library, say
        self.jobs = JobQueue(self)
        """A thread of its own: whoever saves does not wait for a build."""
        self.left: list[Left] = []
        """Projects without a file that wait to be opened again."""
        self._journal: Journal | None = None
        self._closing: list[Journal] = []
        self._held: set[Claim] = set()
        self._offered: Project | None = None
        self._path: Path | None = None
        self._earlier: Path | None = None
        self._collects = False
        self._saving = False
        self.welcome = ""
        """What was said when the last project was opened at the start, "" where none was."""
        document.changed.connect(self._document_changed)
        self._said.connect(say)

    # What is open

    @property
    def path(self) -> Path | None:
        """The project's file, None for a project that has none."""
        return self._path

    @property
    def name(self) -> str:
        """What the title says."""
        if self._path is not None:
            return self._path.stem
        if self._earlier is not None:
            return self.tr("{name} (copy)").format(name=self._earlier.stem)
        return self.tr("Untitled")

    @property
    def unsaved(self) -> bool:
        """Whether there is anything that the file does not hold."""
        if self._journal is not None:
            return self._journal.unsaved
        return self._document.state != ProjectState()

    # Beginning and ending

    def begin(self) -> None:
        """Open what was open last; what a crash left behind is offered first."""
        start = partial(tasks.find_project, self._recovery, self._last(), self._places, self._hold)
        self._submit(self.tr("Last project"), start, self._found, Urgency.QUICK)

    def stop(self) -> None:
        """Let a save end and the journal write its rest, and give everything back."""
        deadline = time.monotonic() + PATIENCE
        while self._saving and not self.jobs.idle and time.monotonic() < deadline:
            time.sleep(0.01)  # the window is hidden by now
        self.jobs.stop()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.MetaCall)  # how the save went
        if self._journal is not None:
            self._retire(self._journal)
            self._journal = None
        for journal in self._closing:
            journal.join(max(deadline - time.monotonic(), 0.0))
        for claim in self._held:
            claim.release()
        self._held.clear()

    def recover(self) -> None:
        """Open what a crash left behind."""
        if self._offered is not None:
            project, self._offered = self._offered, None
            self._adopt(project, self.tr("Everything is as it was before the crash; Ctrl+Z still takes back."))
            self.recovered.emit()

    def start_fresh(self) -> None:
        """Leave what a crash left behind where it is; a project without a file is in the list of `left`."""
        if self._offered is not None:
            project, self._offered = self._offered, None
            self._release(project.claim)
            self._list_left()
            kept = self.tr("A new project. The one before is kept under File > Open recent.")
            self._say(kept)

    def new(self) -> None:
        """Begin a project; the one that is open keeps what is not saved."""
        kept = self.tr("A new project. What was not saved is kept: open the project again to go on.")
        said = kept if self.unsaved else self.tr("A new project.")
        start = partial(tasks.begin_project, self._recovery, self._hold)
        self._submit(self.tr("New project"), start, lambda project: self._adopt(project, said))

    # Files

    def open(self, path: Path) -> None:
        """Open a project file."""
        if self._path is not None and path.resolve() == self._path.resolve():
            self._say(self.tr("{name} is open already.").format(name=path.name))
            return
        title = self.tr("Opening {name}").format(name=path.name)
        start = partial(tasks.open_file, path, self._recovery, self._places, self._hold)
        self._submit(
            title, start, lambda project: self._adopt(project, self.tr("Opened {name}.").format(name=path.name))
        )

    def open_left(self, folder: Path) -> None:
        """Open a project without a file, one of `left`."""
        start = partial(tasks.open_left, folder, self._recovery, self._places, self._hold)
        said = self.tr("Opened a project that has no file yet; Ctrl+S gives it one.")
        self._submit(self.tr("Opening a project"), start, lambda project: self._adopt(project, said))

    def save(self) -> None:
        """Write the project to its file; asks for a name if it has none."""
        if self._path is None:
            self.name_wanted.emit()
        else:
            self._save(self._path, self._collects)

    def save_as(self, path: Path, collect: bool | None = None) -> None:
        """Write the project to a file, which becomes its own; `collect` its media there too, from then on."""
        self._save(path, self._collects if collect is None else collect)

    def _save(self, path: Path, collect: bool) -> None:
        if self._saving or self._journal is None:
            self._say(self.tr("The project is being opened or saved; press Ctrl+S again when that is done."))
            return
        self._saving = True
        state, journal = self._document.state, self._journal
        same = self._path is not None and path.resolve() == self._path.resolve()
        start = partial(
            tasks.save_file,
            path,
            state,
            dict(self._document.motions),
            collect,
            self._path or self._earlier,
            journal.origin.fingerprint if same else None,
            self._recovery,
            self._hold,
        )

        def saved(result: "tuple[Saved, Claim | None]") -> None:
            self._saving = False
            self._file_saved(journal, state, collect, *result)

        def failed(error: Exception, sentence: str) -> None:
            self._saving = False
            self._say(sentence)

        title = self.tr("Saving {name}").format(name=path.name)
        ticket = self.jobs.submit(title, start, Urgency.QUICK, saved, failed)
        # Nobody can cancel it before this line.
        ticket.cancelled.connect(lambda: failed(Exception(), self.tr("The project was not saved.")))

    def _file_saved(
        self, journal: "Journal", state: ProjectState, collect: bool, saved: "Saved", claim: "Claim | None"
    ) -> None:
        from studio.core.project.journal import Journal, Origin

        if journal is not self._journal:
            # Another project was opened meanwhile; its own journal told it nothing of this save.
            if claim is not None:
                self._release(claim)
            return
        if claim is None:
            journal.mark_saved(saved.fingerprint, state)
        else:
            # From now on the journal lies where the journal of this file is looked for.
            self._held.discard(claim)
            self._retire(journal, discard=True)
            origin = Origin(str(saved.path), saved.fingerprint, state)
            self._journal = Journal(claim, self._document, origin, self._said.emit)
            self._remember()
        self._path, self._earlier, self._collects = saved.path, None, collect
        self.opened.emit(saved.path)
        self.changed.emit()
        self._say(" ".join(filter(None, (self.tr("Saved {name}.").format(name=saved.path.name), saved.remark))))

    # Undo

    def undo(self) -> None:
        """Take the last edit back."""
        if label := self._document.undo():
            self._say(self.tr("Undone: {what}.").format(what=label))

    def redo(self) -> None:
        """Do again what was taken back."""
        if label := self._document.redo():
            self._say(self.tr("Done again: {what}.").format(what=label))

    # Becoming another project

    def _found(self, project: Project | None) -> None:
        touched = self._document.state != ProjectState()
        if project is not None and not project.crashed and not touched:
            self.welcome = self._welcome(project)
            self._adopt(project, self.welcome)
            return
        if project is not None and (project.crashed and project.state != ProjectState()):
            self._offered = project
            self.recovery_offered.emit(project.path.stem if project.path else "", project.changed)
        elif project is not None:
            self._release(project.claim)
            for remark in project.remarks:
                self._say(remark)
        start = partial(tasks.begin_project, self._recovery, self._hold)
        self._submit(self.tr("New project"), start, self._begun, Urgency.QUICK)

    def _begun(self, project: Project) -> None:
        """Write down from now on what is in the window already."""
        if self._journal is None:
            self._take_journal(project)
        else:
            self._release(project.claim)
        self._list_left()

    def _welcome(self, project: Project) -> str:
        if project.origin.path:
            named = f"“{Path(project.origin.path).stem}”"
            return self.tr("{name} is as you left it; Ctrl+Z still takes back.").format(name=named)
        return self.tr("Your project is as you left it. It has no file yet; Ctrl+S gives it one.")

    def _adopt(self, project: Project, said: str) -> None:
        if self._journal is not None:
            self._retire(self._journal)
            self._journal = None
        for entry in project.entries:
            self.listed.emit(entry)
        self._path = Path(project.origin.path) if project.origin.path else None
        self._earlier = None if self._path is not None else project.path
        self._collects = project.collects
        self._document.restore(project.state, project.motions, project.steps, project.done)
        self._take_journal(project)
        if self._path is not None:
            self.opened.emit(self._path)
        self._list_left()
        self._say(" ".join((said, *project.remarks)))

    def _take_journal(self, project: Project) -> None:
        from studio.core.project.journal import Journal

        self._held.discard(project.claim)
        self._journal = Journal(project.claim, self._document, project.origin, self._said.emit)
        self._remember()
        self.changed.emit()

    def _retire(self, journal: "Journal", discard: bool = False) -> None:
        """Close a journal behind the window's back; nothing is kept of a project in which nothing was done."""
        state = self._document.state
        empty = not journal.origin.path and state == ProjectState() and not self._document.steps
        journal.close(discard or empty)
        self._closing = [*(one for one in self._closing if not one.join(0)), journal]

    def _release(self, claim: "Claim") -> None:
        self._held.discard(claim)
        claim.release()

    def _remember(self) -> None:
        if self._journal is not None:
            self._settings.setValue(LAST, self._journal.folder.name)

    def _last(self) -> str:
        return str(self._settings.value(LAST, ""))

    def _list_left(self) -> None:
        def listed(left: "list[Left]") -> None:
            self.left = left
            self.changed.emit()

        self._submit(self.tr("Projects"), partial(tasks.list_left, self._recovery), listed, Urgency.UNASKED)

    def _document_changed(self, new: ProjectState, old: ProjectState) -> None:
        self.changed.emit()

    @property
    def _recovery(self) -> "Recovery":
        from studio.core.project.recovery import Recovery

        return Recovery()

    @property
    def _places(self) -> "Places":
        from studio.core.project.links import Places

        return Places(self._library, self._library.parent / "media")

    def _hold(self, claim: "Claim") -> None:
        self._held.add(claim)

    def _submit(
        self, title: str, start: Callable[[], Any], then: Callable[[Any], None], urgency: Urgency = Urgency.QUICK
    ) -> Ticket:
        return self.jobs.submit(title, start, urgency, then, lambda error, sentence: self._say(sentence))
