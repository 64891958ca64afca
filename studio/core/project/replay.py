"""`replay`: what a journal tells, up to where it can be believed."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import UserError
from studio.core.media.files import opened
from studio.core.motion.motion import Motion
from studio.core.project.document import MAX_STEPS, ProjectState, Step
from studio.core.project.journal import FORMAT, FORMAT_VERSION, MOTION_SUFFIX, MOTIONS, Origin
from studio.core.project.mending import without_takes_of
from studio.core.project.patches import apply, from_json
from studio.core.project.recovery import JOURNAL
from studio.core.project.stored_motion import MAX_BYTES, motion_from

MAX_JOURNAL = 256 * 2**20  # bytes
MAX_MOTIONS = 2**30  # bytes of all motions together


@dataclass(frozen=True)
class Replayed:
    """A project as its journal tells it.

    Attributes
    ----------
    state, steps, done
        As of the `Document`.
    motions
        Those that any of the steps needs.
    origin
        Its file.
    remark
        A sentence about what could not be believed or read, "" where all is well.
    """

    state: ProjectState
    steps: tuple[Step, ...]
    done: int
    motions: dict[str, Motion]
    origin: Origin
    remark: str = ""


def replay(folder: Path) -> Replayed:
    """Read the journal of a folder.

    A last line that was cut short is what a program leaves that was ended while it wrote; it is passed over. From the
    first line on that is damaged otherwise, nothing is believed, and `remark` says so.

    Raises
    ------
    UserError
        If there is no journal, or not even its first line can be believed.
    """
    with opened(folder / JOURNAL) as file:
        data = file.read(MAX_JOURNAL + 1)
    try:
        if len(data) > MAX_JOURNAL:
            raise ValueError("too long")
        lines = _Lines(data)
        reader = _Reader(next(lines))
    except (ValueError, StopIteration, RecursionError) as error:
        raise UserError("What was kept of the project is damaged and was set aside; open the project file.") from error
    remark = ""
    try:
        for line in lines:
            reader.read(line)
    except (ValueError, RecursionError):
        remark = "What was kept of the project is damaged; the newest edits are missing."
    motions, lost = _motions(folder / MOTIONS, reader)
    if lost:
        remark += f" {len(lost)} recorded motions could not be read; their takes were left out."
        reader.states = [without_takes_of(state, lost) for state in reader.states]
    state = reader.states[reader.done]
    origin = Origin(reader.path, reader.fingerprint, reader.saved)
    return Replayed(state, reader.steps(), reader.done, motions, origin, remark.strip())


class _Lines:
    """The values of the lines whose checksums hold."""

    def __init__(self, data: bytes) -> None:
        self._lines = iter(data.split(b"\n")[:-1])  # what is behind the last line's end was cut short
        self._crc = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> Any:
        line = next(self._lines)
        checksum, _, value = line.partition(b" ")
        self._crc = zlib.crc32(value, self._crc)
        if checksum != b"%08x" % self._crc:
            raise ValueError("a checksum that does not hold")
        return json.loads(value)


class _Reader:
    """Follows the events as the document did."""

    def __init__(self, head: Any) -> None:
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise ValueError("not a journal")
        if head.get("version") != FORMAT_VERSION:
            raise ValueError("a journal of another version")
        self.path, self.fingerprint = str(head["path"]), str(head["fingerprint"])
        self.states: list[ProjectState] = [from_json(head["state"])]
        self._labels: list[str] = []
        self.done = 0
        self.saved: ProjectState | None = None

    def read(self, event: Any) -> None:
        states, labels = self.states, self._labels
        match event:
            case ["step", str(label), list(patch)]:
                after = apply(states[self.done], patch)
                del states[self.done + 1 :], labels[self.done :]
                states.append(after)
                labels.append(label)
                del states[: -MAX_STEPS - 1], labels[:-MAX_STEPS]
                self.done = len(labels)
            case ["merge", str(label), list(patch)] if 0 < self.done == len(labels):
                states[-1] = apply(states[-1], patch)
                labels[-1] = label
            case ["drop"] if 0 < self.done == len(labels):
                del states[-1], labels[-1]
                self.done = len(labels)
            case ["moved", int(done)] if 0 <= done <= len(labels):
                self.done = done
            case ["saved"]:
                self.saved = states[self.done]
            case _:
                raise ValueError("an unknown event")

    def steps(self) -> tuple[Step, ...]:
        return tuple(map(Step, self._labels, self.states, self.states[1:]))


def _motions(folder: Path, reader: _Reader) -> tuple[dict[str, Motion], set[str]]:
    """Read what the takes of any state need; return it, and the keys that cannot be read."""
    keys = {take.source for state in reader.states for take in state.timeline.takes}
    motions: dict[str, Motion] = {}
    lost: set[str] = set()
    total = 0
    for key in sorted(keys):
        try:
            with opened(folder / Path(key + MOTION_SUFFIX).name) as file:
                data = file.read(MAX_BYTES + 1)
            total += len(data)
            if total > MAX_MOTIONS:
                raise ValueError("too many motions")
            motions[key] = motion_from(data)
        except (UserError, ValueError):
            lost.add(key)
    return motions, lost
