"""`Binding`: session and document tell the same: what is saved follows the window, and the window what is undone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from studio.core.avatar import Background
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.project.document import AvatarRef, Document, ProjectState
from studio.ui.library import Entry
from studio.ui.panels.face import spoken
from studio.ui.session import Session


class Binding(QObject):
    """Makes an edit of each change of the session that is saved, and shows each change of the document.

    Parameters
    ----------
    entries
        What is known of every avatar, by key.
    show
        Shows the avatar of a key, or none for "".
    """

    def __init__(
        self,
        session: Session,
        document: Document,
        entries: Mapping[str, Entry],
        show: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._document, self._entries, self._show = session, document, entries, show
        self._showing = False
        self._guests: set[str] = set()
        """Avatars that are in the project because they were looked at; they leave it when another one is."""
        session.events.expression.connect(self._expression_changed)
        session.events.background.connect(self._background_changed)
        session.events.selected.connect(self._selected_changed)
        document.changed.connect(self._document_changed)

    def keep(self, key: str) -> None:
        """Let an avatar be the project's own, whatever is shown after it."""
        self._guests.discard(key)

    def forget(self, key: str) -> None:
        """Take an avatar out of the project."""
        state = self._document.state
        avatars = tuple(ref for ref in state.avatars if ref.key != key)
        if avatars != state.avatars:
            name = next(ref.name for ref in state.avatars if ref.key == key)
            shown = "" if state.shown == key else state.shown
            removed = replace(state, avatars=avatars, shown=shown)
            self._edit(self.tr("Remove {name}").format(name=name), removed)

    # From the session

    def _expression_changed(self, motion: Motion) -> None:
        before = self._document.state.expression
        after = expression_of(motion)
        changed = [name for name in ARKIT_NAMES if before.get(name, 0.0) != after.get(name, 0.0)]
        if not changed:
            return
        label = spoken(changed[0]) if len(changed) == 1 else self.tr("Face sliders")
        merge = f"expression {changed[0]}" if len(changed) == 1 else ""
        self._edit(label, replace(self._document.state, expression=after), merge)

    def _background_changed(self, background: Background) -> None:
        text = background_text(background)
        if text is not None:
            self._edit(self.tr("Background"), replace(self._document.state, background=text), "background")

    def _selected_changed(self, key: str) -> None:
        state = self._document.state
        entry = self._entries.get(key)
        if entry is None or key == state.shown:
            return
        known = any(ref.key == key for ref in state.avatars)
        staying = tuple(ref for ref in state.avatars if ref.key == key or ref.key not in self._guests)
        self._guests.clear()
        if not known:
            self._guests.add(key)
            staying += (AvatarRef(key, entry.name, str(entry.path)),)
        label = self.tr("Show {name}").format(name=entry.name)
        self._edit(label, replace(state, avatars=staying, shown=key), "shown")

    def _edit(self, label: str, state: ProjectState, merge: str = "") -> None:
        if not self._showing:
            self._document.edit(label, state, merge, time.monotonic())

    # From the document

    def _document_changed(self, new: ProjectState, old: ProjectState) -> None:
        self._showing = True
        try:
            if dict(new.expression) != expression_of(self._session.expression):
                self._session.expression = motion_of(new.expression)
            shown = background_of(new.background)
            if shown is not None and new.background != background_text(self._session.background):
                self._session.background = shown
            if new.shown != old.shown and new.shown != self._session.selected:
                self._show(new.shown)
        finally:
            self._showing = False


def expression_of(motion: Motion) -> dict[str, float]:
    """Return the channels of a frame that are not at rest, as a project keeps them."""
    values = ((name, round(float(value), 4)) for name, value in zip(ARKIT_NAMES, motion.code[0], strict=True))
    return {name: value for name, value in values if value}


def motion_of(expression: Mapping[str, float]) -> Motion:
    """Return the frame that a project's expression asks for."""
    frame = Motion.neutral()
    for name, value in expression.items():
        if name in ARKIT_INDEX:
            frame.code[0, ARKIT_INDEX[name]] = value
    return frame


def background_text(background: Background) -> str | None:
    """Return how a project tells a background; None for a picture, which is a file of the project."""
    if isinstance(background, str):
        return background
    if isinstance(background, tuple):
        return "#" + "".join(f"{round(255 * float(np.clip(value, 0, 1))):02x}" for value in background)
    return None


def background_of(text: str) -> "Background | None":
    """Return the background that a project tells of; None for a picture."""
    if text in ("plate", "transparent"):
        return text
    if text.startswith("#") and len(text) == 7:
        red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return red, green, blue
    return None
