"""`Heads`: which heads there are, and which one and how many Gaussians the next build is made with."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal

from studio.core.engines.base import BuildOptions, build_options
from studio.core.engines.registry import ENGINES
from studio.core.errors import UserError
from studio.core.heads.head import BUILT_IN
from studio.ui import tasks
from studio.ui.session import Session
from studio.ui.workers import JobQueue, Ticket, Urgency

if TYPE_CHECKING:
    from studio.core.heads.library import HeadInfo


class Heads(QObject):
    """Adds heads to the library and remembers what was chosen."""

    listed = Signal(list)
    """`HeadInfo` of every head that was added."""

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        jobs: JobQueue,
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._jobs = jobs
        self._say = say
        session.options = _remembered(settings)

    def choose(self, options: BuildOptions) -> None:
        """Build with these from now on, and remember them."""
        self._session.options = options
        self._settings.setValue("head", options.head)
        self._settings.setValue("quality", options.quality)
        self._settings.setValue("engine", options.engine)

    def look(self) -> Ticket:
        """Find out which heads there are."""
        return self._jobs.submit(self.tr("Heads"), tasks.list_heads, Urgency.UNASKED, self._found, self._failed)

    def add(self, path: Path) -> Ticket:
        """Read a head model into the library and build with it from now on."""
        title = self.tr("Adding {name}").format(name=path.name)
        return self._jobs.submit(title, partial(tasks.add_head, path), Urgency.HEAVY, self._added, self._failed)

    def _added(self, info: "HeadInfo") -> None:
        self.choose(replace(self._session.options, head=info.name))
        self.look()
        done = self.tr("Added the head “{name}”; new avatars are built with it. {licence}")
        self._say(done.format(name=info.name, licence=info.licence))

    def _found(self, heads: "list[HeadInfo]") -> None:
        self.listed.emit(heads)
        options = self._session.options
        if options.head != BUILT_IN and options.head not in [info.name for info in heads]:
            self.choose(replace(options, head=BUILT_IN))
            gone = self.tr("The head “{name}” is no longer there; new avatars are built with the built-in one.")
            self._say(gone.format(name=options.head))

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)


def _remembered(settings: QSettings) -> BuildOptions:
    """Return what was chosen last; the usual where the settings hold nothing or nonsense."""
    engine = str(settings.value("engine", "lift"))
    try:
        options = build_options(str(settings.value("quality", "standard")), str(settings.value("head", BUILT_IN)))
    except UserError:
        options = BuildOptions()
    return replace(options, engine=engine if engine in ENGINES else "lift")
