"""`Journal`: every step of a document on disk within moments; one file serves undo, autosave and crash recovery.

A journal lies in a folder of its own: ``journal`` has one line per event, ``motions/`` the stored motions. The first
line tells the state before the first step; then come steps, undo moves and saves, in order. A line is JSON behind a
CRC-32 that runs on from the line before it, so that a line is worth something only after all those before it.

A thread of its own writes. Each event is handed to the system at once, which survives the end of this process by
whatever means, and to the disk within `SYNC_AFTER`.
"""

import errno
import json
import logging
import os
import queue
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from shutil import rmtree
from typing import Any, TypeAlias

from studio.core.errors import UserError
from studio.core.media.files import atomic_path
from studio.core.motion.motion import Motion
from studio.core.project.claim import Claim
from studio.core.project.document import MAX_STEPS, Document, ProjectState, Step
from studio.core.project.patches import diff, to_json
from studio.core.project.recovery import JOURNAL
from studio.core.project.stored_motion import motion_bytes

log = logging.getLogger(__name__)

FORMAT = "avatar-studio/journal"
FORMAT_VERSION = 1
MOTIONS = "motions"
MOTION_SUFFIX = ".safetensors"
SYNC_AFTER = 0.4  # s
RETRY_AFTER = 1.0  # s
REWRITE_AT = 2**20
"""Bytes from which a journal is written anew once it has grown fourfold, which leaves out what was merged away."""


@dataclass(frozen=True)
class Origin:
    """The project file that a document belongs to, and what the two had in common when it was written or read.

    Attributes
    ----------
    path
        "" for a project that was never saved.
    fingerprint
        Of the file then (`project_file.fingerprint`).
    state
        What the file holds; None where it is not known.
    """

    path: str = ""
    fingerprint: str = ""
    state: ProjectState | None = None


_Entry: TypeAlias = tuple[Any, ...]
"""What a line tells, before it is JSON: ("step" or "merge", label, before, after), ("drop",) or ("moved", done)."""


def _value(entry: _Entry) -> list[Any]:
    match entry:
        case (kind, label, before, after):
            return [kind, label, diff(before, after)]
    return list(entry)


@dataclass
class _Kept:
    """What the file says, as the writer knows it."""

    base: ProjectState
    steps: list[Step]
    done: int
    origin: Origin

    def lines(self) -> Iterator[Any]:
        """Tell all of it from the beginning."""
        origin = self.origin
        head = {"format": FORMAT, "version": FORMAT_VERSION, "path": origin.path, "fingerprint": origin.fingerprint}
        yield {**head, "state": to_json(self.base)}
        if self.base == origin.state:
            yield ["saved"]
        for step in self.steps:
            yield _value(("step", step.label, step.before, step.after))
            if step.after == origin.state:
                yield ["saved"]
        if self.done != len(self.steps):
            yield ["moved", self.done]


@dataclass
class _Flush:
    done: threading.Event = field(default_factory=threading.Event)
    well: bool = False


class Journal:
    """Follows a document from its creation until `close`.

    Parameters
    ----------
    claim
        Of the folder, which becomes the journal's to give back.
    say
        Told on the journal's thread that edits cannot be written, and when they can again.
    """

    def __init__(
        self, claim: Claim, document: Document, origin: Origin = Origin(), say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.folder = claim.folder
        self.origin = origin
        self._claim, self._document, self._say = claim, document, say
        steps = document.steps
        base = steps[0].before if steps else document.state
        self._kept = _Kept(base, list(steps), document.done, origin)
        self._motions: dict[str, Motion] = dict(document.motions)
        self._whole = False  # whether the file tells everything that `_kept` knows
        self._failing = False
        self._discard = False
        self._file: int | None = None
        self._crc = self._size = self._rewritten = 0
        self._unsynced = self._retry_at = 0.0
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        document.edited.connect(self._edited)
        document.dropped.connect(self._dropped)
        document.moved.connect(self._moved)
        document.stored.connect(self._stored)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def unsaved(self) -> bool:
        """Whether the document holds what its file does not."""
        return is_unsaved(self._document.state, self.origin)

    def mark_saved(self, fingerprint: str, state: ProjectState) -> None:
        """Note that `state` was written to the project file."""
        self.origin = Origin(self.origin.path, fingerprint, state)
        self._events.put(self.origin)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything until now is on disk; return whether it is."""
        flush = _Flush()
        self._events.put(flush)
        flush.done.wait(timeout)
        return flush.well

    def close(self, discard: bool = False) -> None:
        """Follow no more, and write the rest behind the caller's back; `discard` removes the folder instead."""
        self._document.edited.disconnect(self._edited)
        self._document.dropped.disconnect(self._dropped)
        self._document.moved.disconnect(self._moved)
        self._document.stored.disconnect(self._stored)
        self._discard = discard
        self._events.put(None)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end of a closed journal; return whether it came."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _edited(self, step: Step, merged: bool) -> None:
        self._events.put((step, merged))

    def _dropped(self) -> None:
        self._events.put("drop")

    def _moved(self, done: int) -> None:
        self._events.put(done)

    def _stored(self, key: str) -> None:
        self._events.put((key, self._document.motions[key]))

    # The journal's thread

    def _run(self) -> None:
        events: list[Any] = []
        try:
            with suppress(OSError):
                self._forget_motions()
            while None not in events:
                self._try(events)
                events = self._next_events()
            if not self._discard:
                self._try(events)
        finally:
            if self._file is not None:
                os.close(self._file)
            if self._discard:
                rmtree(self.folder, ignore_errors=True)
            self._claim.release()

    def _next_events(self) -> list[Any]:
        """Wait for what comes next, but not beyond what is due."""
        due = None
        if not self._whole:
            due = RETRY_AFTER
        elif self._unsynced:
            due = max(self._unsynced + SYNC_AFTER - time.monotonic(), 0.0)
        events = []
        try:
            events.append(self._events.get(timeout=due))
            while True:
                events.append(self._events.get_nowait())
        except queue.Empty:
            return events

    def _try(self, events: list[Any]) -> None:
        """Write; what could not be written is told and tried again."""
        flushes = [event for event in events if isinstance(event, _Flush)]
        entries = [entry for event in events for entry in self._learn(event)]
        urgent = bool(flushes) or None in events
        if not self._failing or urgent or time.monotonic() >= self._retry_at:
            try:
                self._write(entries, urgent)
                if self._failing:
                    self._failing = False
                    self._say("Every edit is kept on disk again.")
            except (OSError, UserError, ValueError) as error:
                self._fail(error)
        for flush in flushes:
            flush.well = self._whole
            flush.done.set()

    def _fail(self, error: Exception) -> None:
        self._whole = False
        self._retry_at = time.monotonic() + RETRY_AFTER
        if not self._failing:
            self._failing = True
            log.warning("the journal cannot be written", exc_info=True)
            full = isinstance(error, UserError) or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT)
            reason = "the disk is full or may not be written" if full else str(error)
            self._say(
                f"Edits are only in memory now, because {reason}; free some space, or save the project elsewhere."
            )

    def _learn(self, event: Any) -> Iterator[_Entry]:
        """Take note of an event; tell what the file needs for it."""
        kept = self._kept
        match event:
            case (Step() as step, bool(merged)):
                # A merge tells only what it adds to the step before it, whose beginning stands.
                before = kept.steps[-1].after if merged else step.before
                del kept.steps[kept.done - merged :]
                kept.steps.append(step)
                del kept.steps[:-MAX_STEPS]
                kept.done = len(kept.steps)
                yield ("merge" if merged else "step", step.label, before, step.after)
            case "drop":
                del kept.steps[-1]
                kept.done = len(kept.steps)
                yield ("drop",)
            case int(done):
                kept.done = done
                yield ("moved", done)
            case (str(key), Motion() as motion):
                self._motions[key] = motion
            case Origin():
                kept.origin = event
                self._whole = False  # the first line names the file

    def _write(self, entries: list[_Entry], sync: bool) -> None:
        self._write_motions()  # before the steps that name them
        if not self._whole or self._size > max(REWRITE_AT, 4 * self._rewritten):
            self._rewrite()
        elif entries:
            assert self._file is not None
            data = b"".join(self._line(_value(entry)) for entry in entries)
            while data:
                data = data[os.write(self._file, data) :]
            self._unsynced = self._unsynced or time.monotonic()
        if self._unsynced and (sync or time.monotonic() >= self._unsynced + SYNC_AFTER):
            assert self._file is not None
            os.fsync(self._file)
            self._unsynced = 0.0

    def _forget_motions(self) -> None:
        """Remove the motions that no step of this document needs: they are of an earlier journal in this folder."""
        for path in (self.folder / MOTIONS).glob("*" + MOTION_SUFFIX):
            if path.stem not in self._motions:
                path.unlink()

    def _write_motions(self) -> None:
        if not self._motions:
            return
        folder = self.folder / MOTIONS
        folder.mkdir(exist_ok=True)
        for key in list(self._motions):
            path = folder / (key + MOTION_SUFFIX)
            if not path.exists():
                with atomic_path(path) as temporary:
                    temporary.write_bytes(motion_bytes(self._motions[key]))
            del self._motions[key]

    def _rewrite(self) -> None:
        """Write everything anew in place of what is there."""
        self._crc = self._size = 0
        if self._kept.steps:
            self._kept.base = self._kept.steps[0].before
        with atomic_path(self.folder / JOURNAL) as temporary, temporary.open("wb") as file:
            for line in self._kept.lines():
                file.write(self._line(line))
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._file = os.open(self.folder / JOURNAL, os.O_WRONLY | os.O_APPEND)
        self._rewritten = self._size
        self._whole, self._unsynced = True, 0.0

    def _line(self, value: Any) -> bytes:
        data = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
        self._crc = zlib.crc32(data, self._crc)
        line = b"%08x %s\n" % (self._crc, data)
        self._size += len(line)
        return line


def is_unsaved(state: ProjectState, origin: Origin) -> bool:
    """Return whether a state holds what its project file does not."""
    return state != (origin.state if origin.state is not None or origin.path else ProjectState())
