"""`Document`: what a project is and how it came to be so; every edit is a step that can be undone.

The state is one frozen value. An edit hands over the next value and a label; the document keeps the steps, tells
whoever listens, and a journal (`journal.py`) writes each step down before the next can be made.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from psygnal import Signal

from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.timeline import Timeline

MAX_STEPS = 1000
MERGED_WITHIN = 1.0
"""s within which edits that name the same `merge` are one step, such as the many values of one drag."""


@dataclass(frozen=True)
class AvatarRef:
    """An avatar of the project.

    Attributes
    ----------
    key
        Of the library entry, or of the member of the project file.
    path
        Where the .avatar file lies; "" where it is only in the project file.
    """

    key: str
    name: str
    path: str = ""


@dataclass(frozen=True)
class Media:
    """A sound or picture file that the project uses: where it lies, and what it was when it was added."""

    path: str
    name: str
    seconds: float = 0.0
    sha256: str = ""


@dataclass(frozen=True)
class SavedView:
    """A camera that the user gave a name."""

    name: str
    view: Orbit


@dataclass(frozen=True)
class ProjectState:
    """All that is saved; JSON but for the stored motions.

    Attributes
    ----------
    shown
        Key of the avatar on show, "" for none.
    media
        Files by key.
    background
        "plate", "transparent", "#rrggbb", or a key of `media`.
    expression
        ARKit name to value 0..1: what the user's sliders ask for on top of everything.
    gains
        ARKit name to the gain of the channel, where it is not 1.
    """

    avatars: tuple[AvatarRef, ...] = ()
    shown: str = ""
    timeline: Timeline = field(default_factory=Timeline)
    media: Mapping[str, Media] = field(default_factory=dict)
    views: tuple[SavedView, ...] = ()
    background: str = "plate"
    expression: Mapping[str, float] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One edit: what it is called, and the state before and after it."""

    label: str
    before: ProjectState
    after: ProjectState


class Document:
    """A project in memory. Knows no files and no Qt; one thread edits it."""

    changed = Signal(object, object)
    """The new and the old `ProjectState`, after every edit, undo and redo."""
    edited = Signal(object, bool)
    """A `Step` that was made, and whether it took the place of the one before (a merge)."""
    dropped = Signal()
    """The step made last is none after all: it ended where it began."""
    moved = Signal(int)
    """How many steps are done now, after an undo or a redo."""
    stored = Signal(str)
    """Key of a motion that was stored."""

    def __init__(self, state: ProjectState | None = None) -> None:
        self._state = state or ProjectState()
        self._steps: list[Step] = []
        self._done = 0
        self._merge, self._merged_at = "", -np.inf
        self._motions: dict[str, Motion] = {}

    @property
    def state(self) -> ProjectState:
        """What the project is now."""
        return self._state

    @property
    def motions(self) -> Mapping[str, Motion]:
        """Stored motions by key, for `Timeline.motion_at`."""
        return MappingProxyType(self._motions)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done and can be undone, and then what was undone and can be done again."""
        return tuple(self._steps)

    @property
    def done(self) -> int:
        """How many of `steps` are done."""
        return self._done

    @property
    def undo_label(self) -> str:
        """What an undo takes back, "" for nothing."""
        return self._steps[self._done - 1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What a redo does again, "" for nothing."""
        return self._steps[self._done].label if self._done < len(self._steps) else ""

    def edit(self, label: str, state: ProjectState, merge: str = "", at: float = 0.0) -> None:
        """Make `state` the project's; an equal state is no edit, and a step that merging leads back is none either.

        Parameters
        ----------
        label
            What the menu says: "Undo {label}".
        merge
            Edits in a row with the same one, not "", within `MERGED_WITHIN` s are one step.
        at
            Monotonic s of the edit; only needed with `merge`.
        """
        before = self._state
        if state == before:
            return
        joins = bool(merge) and merge == self._merge and at - self._merged_at < MERGED_WITHIN and self._done > 0
        joins = joins and self._done == len(self._steps)
        if joins and state == self._steps[-1].before:
            del self._steps[-1]
            self._done = len(self._steps)
            self._merge, self._state = "", state
            self.dropped.emit()
            self.changed.emit(state, before)
            return
        step = Step(label, self._steps[-1].before if joins else before, state)
        del self._steps[self._done - joins :]
        self._steps.append(step)
        del self._steps[:-MAX_STEPS]
        self._done = len(self._steps)
        self._merge, self._merged_at = merge, at
        self._state = state
        self.edited.emit(step, joins)
        self.changed.emit(state, before)

    def undo(self) -> str:
        """Take the last step back; return its label, "" if there is none."""
        if not self._done:
            return ""
        self._done -= 1
        step = self._steps[self._done]
        self._go_to(step.before)
        return step.label

    def redo(self) -> str:
        """Do the next step again; return its label, "" if there is none."""
        if self._done == len(self._steps):
            return ""
        step = self._steps[self._done]
        self._done += 1
        self._go_to(step.after)
        return step.label

    def store(self, motion: Motion) -> str:
        """Keep a motion for takes; return its key. A stored motion never changes.

        Raises
        ------
        ValueError
            If its space is not "arkit".
        """
        if motion.space != "arkit":
            raise ValueError(f"a take is of space arkit, not {motion.space}")
        key = secrets.token_hex(8)
        self._motions[key] = motion
        self.stored.emit(key)
        return key

    def restore(
        self, state: ProjectState, motions: Mapping[str, Motion], steps: tuple[Step, ...] = (), done: int = 0
    ) -> None:
        """Become a project that was read, with its steps; announces only `changed`."""
        before = self._state
        self._motions = dict(motions)
        self._state, self._steps, self._done, self._merge = state, list(steps), done, ""
        self.changed.emit(state, before)

    def _go_to(self, state: ProjectState) -> None:
        before, self._state, self._merge = self._state, state, ""
        self.moved.emit(self._done)
        self.changed.emit(state, before)
