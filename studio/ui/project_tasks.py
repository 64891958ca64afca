"""The jobs of a project: finding, opening and saving it, away from the window's thread."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.core.project.document import ProjectState, Step
from studio.ui.library import Entry, read_entry

if TYPE_CHECKING:
    from studio.core.motion.motion import Motion
    from studio.core.project.claim import Claim
    from studio.core.project.journal import Origin
    from studio.core.project.links import Places
    from studio.core.project.project_file import Saved
    from studio.core.project.recovery import Left, Recovery
    from studio.core.project.replay import Replayed

Hold = Callable[["Claim"], object]
"""Told of every claim at once, so that none is lost if the window closes meanwhile."""


@dataclass(frozen=True, eq=False)
class Project:
    """A project to become the window's.

    Attributes
    ----------
    path
        The file it was read from, None for none; it is `origin`'s unless the project is a copy.
    entries
        What a list shows of its avatars.
    """

    claim: "Claim"
    origin: "Origin"
    state: ProjectState = field(default_factory=ProjectState)
    motions: "dict[str, Motion]" = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    done: int = 0
    path: Path | None = None
    collects: bool = False
    entries: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()
    crashed: bool = False
    changed: float = 0.0
    """s since the epoch, of the last edit; 0 where it was not left by another session."""


def begin_project(recovery: "Recovery", hold: Hold) -> Job[Project]:
    """Claim a place for a project that has no file."""
    yield Progress(0.0, "making room for a project")
    return Project(_claimed(recovery.new_folder(), hold), _origin())


def find_project(recovery: "Recovery", last: str, places: "Places", hold: Hold) -> Job[Project | None]:
    """Find the project of a session that crashed, or else the one named `last`, a folder of `recovery`."""
    yield Progress(0.0, "looking for the last project")
    recovery.prune()
    left = recovery.left()
    wanted = [one for one in left if one.crashed] + [one for one in left if not one.crashed and one.folder.name == last]
    for one in wanted:
        found = yield from _reopened(one, recovery, places, hold)
        if found is not None:
            return found
    return None


def open_left(folder: Path, recovery: "Recovery", places: "Places", hold: Hold) -> Job[Project]:
    """Open a project that has no file, as its journal keeps it."""
    yield Progress(0.0, "opening the project")
    for one in recovery.left():
        if one.folder == folder:
            found = yield from _reopened(one, recovery, places, hold)
            if found is not None:
                return found
    raise UserError("That project is gone, or open in another window; choose another one.")


def list_left(recovery: "Recovery") -> Job["list[Left]"]:
    """List the projects that have no file and that nobody has open."""
    yield Progress(0.0, "looking for projects without a file")
    return [left for left in recovery.left() if left.untitled and not left.busy]


def open_file(path: Path, recovery: "Recovery", places: "Places", hold: Hold) -> Job[Project]:
    """Open a project file, with what was not saved of it and what can be undone.

    A file that another window has open, or that is damaged in parts, becomes a copy without a file of its own.
    """
    yield Progress(0.0, "opening the project")
    from studio.core.project.claim import claim, claimant
    from studio.core.project.journal import Origin
    from studio.core.project.project_file import open_project

    folder = recovery.folder_of(path)
    claimed = claim(folder)
    if claimed is not None:
        hold(claimed)
    try:
        opened = yield from open_project(path, places)
    except BaseException:
        if claimed is not None:
            claimed.release()
        raise
    remarks = list(opened.remarks)
    state, motions, steps, done, crashed = opened.state, opened.motions, (), 0, False
    if claimed is not None and opened.whole:
        kept, remark = _kept_edits(folder, opened.fingerprint, recovery)
        remarks += [remark] if remark else []
        crashed = claimed.crashed
        if kept is not None:
            moved = opened.found.applied
            state, motions, done = moved(kept.state), {**motions, **kept.motions}, kept.done
            steps = tuple(Step(step.label, moved(step.before), moved(step.after)) for step in kept.steps)
        origin = Origin(str(path), opened.fingerprint, opened.state)
    else:
        if claimed is None:
            who = claimant(folder)
            remarks.append(
                f"'{path.name}' is open in another window{f' ({who})' if who else ''}; "
                "this one has a copy, which is saved under another name."
            )
        else:
            claimed.release()
            remarks.append("The file stays as it is; save the project under another name.")
        claimed = _claimed(recovery.new_folder(), hold)
        origin = Origin()
    yield Progress(0.95, "looking at its avatars")
    entries = _entries(state)
    return Project(
        claimed, origin, state, motions, steps, done, path, opened.collects, entries, tuple(remarks), crashed
    )


def save_file(
    path: Path,
    state: ProjectState,
    motions: "dict[str, Motion]",
    collect: bool,
    earlier: Path | None,
    expected: str | None,
    recovery: "Recovery",
    hold: Hold,
) -> Job["tuple[Saved, Claim | None]"]:
    """Write a project; `expected` is None where it becomes another file than it was, which is then claimed."""
    yield Progress(0.0, "writing the project")
    from studio.core.project.claim import claim
    from studio.core.project.project_file import save_project

    claimed = None
    if expected is None:
        claimed = claim(recovery.folder_of(path))
        if claimed is None:
            raise UserError(f"'{path.name}' is open in another window; close it there or choose another name.")
        hold(claimed)
    try:
        saving = save_project(path, state, motions, collect=collect, earlier=earlier, expected=expected or "")
        saved = yield from saving
    except BaseException:
        if claimed is not None:
            claimed.release()
        raise
    return saved, claimed


def _reopened(left: "Left", recovery: "Recovery", places: "Places", hold: Hold) -> Job[Project | None]:
    """Open what was left behind; None where there is nothing in it, or somebody has it."""
    from studio.core.project.claim import claim
    from studio.core.project.replay import replay

    claimed = claim(left.folder)
    if claimed is None:
        return None
    hold(claimed)
    told = Project(claimed, _origin(), crashed=left.crashed, changed=left.changed)
    try:
        kept = replay(left.folder)
    except UserError as error:
        recovery.set_aside(left.folder)
        return replace(told, remarks=(str(error),))
    file = Path(kept.origin.path) if kept.origin.path else None
    if file is not None and file.is_file():
        claimed.release()
        project = yield from open_file(file, recovery, places, hold)
        return replace(project, crashed=left.crashed, changed=left.changed)
    remarks = []
    if kept.remark:
        recovery.copy_aside(left.folder)
        remarks.append(kept.remark)
    if file is not None:
        remarks.append(f"'{file.name}' is not where it was; save the project again to have a file of it.")
        claimed.release()
        claimed = _claimed(recovery.new_folder(), hold)
    elif kept.state == ProjectState() and not kept.steps:
        claimed.release()
        return None
    return replace(
        told,
        claim=claimed,
        state=kept.state,
        motions=kept.motions,
        steps=kept.steps,
        done=kept.done,
        entries=_entries(kept.state),
        remarks=tuple(remarks),
    )


def _kept_edits(folder: Path, fingerprint: str, recovery: "Recovery") -> "tuple[Replayed | None, str]":
    """Return what the journal of a project file keeps beyond it, and a sentence about that."""
    from studio.core.project.journal import is_unsaved
    from studio.core.project.recovery import JOURNAL
    from studio.core.project.replay import replay

    if not (folder / JOURNAL).exists():
        return None, ""
    try:
        kept = replay(folder)
    except UserError as error:
        recovery.set_aside(folder)
        return None, str(error)
    unsaved = is_unsaved(kept.state, kept.origin)
    if kept.origin.fingerprint != fingerprint:
        recovery.set_aside(folder)
        return None, "The file was changed elsewhere; edits that were not saved here were set aside." if unsaved else ""
    if kept.remark:
        recovery.copy_aside(folder)
    return kept, kept.remark or ("Edits that were not saved are here too." if unsaved else "")


def _entries(state: ProjectState) -> tuple[Entry, ...]:
    """Return what a list shows of the avatars whose files can be read."""
    found = [(ref, read_entry(Path(ref.path))) for ref in state.avatars if ref.path]
    return tuple(replace(entry, key=ref.key) for ref, entry in found if entry is not None)


def _origin() -> "Origin":
    from studio.core.project.journal import Origin

    return Origin()


def _claimed(folder: Path, hold: Hold) -> "Claim":
    """Claim a new folder."""
    from studio.core.project.claim import claim

    claimed = claim(folder)
    assert claimed is not None
    hold(claimed)
    return claimed
