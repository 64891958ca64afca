import errno
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from editing_session import edits

from studio.core.errors import UserError
from studio.core.motion.motion import Motion
from studio.core.project import journal as journal_module
from studio.core.project.claim import claim, claimant, crashed
from studio.core.project.document import Document, ProjectState
from studio.core.project.journal import Journal, Origin
from studio.core.project.recovery import Recovery
from studio.core.project.replay import replay
from studio.core.project.timeline import Block, Timeline


class Session:
    """A document with a journal in a folder."""

    def __init__(self, folder: Path, origin: Origin = Origin()) -> None:
        self.folder = folder
        self.document = Document()
        self.said: list[str] = []
        self.journal: Journal
        self.begin(origin)

    def begin(self, origin: Origin = Origin()) -> None:
        claimed = claim(self.folder)
        assert claimed is not None
        self.journal = Journal(claimed, self.document, origin, self.said.append)

    def paint(self, color: str) -> None:
        self.document.edit(f"Paint {color}", replace(self.document.state, background=color))

    def end(self) -> None:
        self.journal.close()
        assert self.journal.join(20)

    def check_replay(self) -> None:
        replayed = replay(self.folder)
        assert replayed.remark == ""
        known = self.document
        assert (replayed.state, replayed.steps, replayed.done) == (known.state, known.steps, known.done)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "recovery" / "one")
    yield made
    if made.journal._thread.is_alive():
        made.end()


def test_what_was_done_can_be_undone_in_the_next_session(session: Session) -> None:
    for color in ("#000001", "#000002", "#000003"):
        session.paint(color)
    session.document.undo()
    session.end()
    replayed = replay(session.folder)
    document = Document()
    document.restore(replayed.state, replayed.motions, replayed.steps, replayed.done)
    assert (document.undo(), document.redo(), document.redo()) == ("Paint #000002", "Paint #000002", "Paint #000003")
    assert document.state.background == "#000003"


def test_a_drag_that_ended_where_it_began_is_told_as_none(session: Session) -> None:
    session.paint("#000001")
    for color in ("#000002", "#000003", "#000001"):
        session.document.edit("Drag", replace(session.document.state, background=color), merge="drag")
    assert session.journal.flush()
    session.check_replay()
    session.paint("#000004")
    session.end()
    session.check_replay()
    assert [step.label for step in session.document.steps] == ["Paint #000001", "Paint #000004"]


@pytest.mark.parametrize("rewrite_at", [500, 2**20])
def test_a_long_session_is_told_exactly(session: Session, monkeypatch: pytest.MonkeyPatch, rewrite_at: int) -> None:
    monkeypatch.setattr(journal_module, "REWRITE_AT", rewrite_at)
    for number in edits(session.document, seed=1):
        if number % 50 == 0:
            assert session.journal.flush()
            session.check_replay()
        if number == 400:
            break
    session.end()
    session.check_replay()
    assert {path.name for path in session.folder.iterdir()} == {"journal", "motions"}


def test_every_edit_is_handed_over_before_the_next_is_needed(session: Session) -> None:
    session.paint("#123456")
    assert session.journal.flush()
    session.check_replay()  # while the session goes on


def test_only_as_many_steps_as_the_document_keeps(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("document", "journal", "replay"):
        monkeypatch.setattr(f"studio.core.project.{module}.MAX_STEPS", 5)
    for i in range(20):
        session.paint(f"#0000{i:02d}")
    session.document.undo()
    assert session.journal.flush()
    session.check_replay()
    session.journal.mark_saved("f", session.document.state)
    session.end()
    session.check_replay()


def test_a_drag_grows_the_journal_little_and_a_save_takes_that_back(session: Session) -> None:
    for i in range(500):
        expression = {"jawOpen": i / 1000}
        session.document.edit("Drag", replace(session.document.state, expression=expression), "drag", i / 100)
    assert session.journal.flush()
    dragged = (session.folder / "journal").stat().st_size
    session.journal.mark_saved("f", session.document.state)
    assert session.journal.flush()
    assert dragged < 500 * 100
    assert (session.folder / "journal").stat().st_size < 2000
    session.check_replay()


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_last_line_that_was_cut_short_is_passed_over(session: Session, cut: int) -> None:
    session.paint("#000001")
    assert session.journal.flush()
    session.paint("#000002")
    session.end()
    path = session.folder / "journal"
    path.write_bytes(path.read_bytes()[:-cut])
    replayed = replay(session.folder)
    assert (replayed.state.background, replayed.remark) == ("#000001", "")


def test_nothing_behind_a_damaged_line_is_believed(session: Session) -> None:
    assert session.journal.flush()  # so that each step is a line, in this order
    for color in ("#000001", "#000002", "#000003"):
        session.paint(color)
        assert session.journal.flush()
    session.end()
    path = session.folder / "journal"
    path.write_bytes(path.read_bytes().replace(b'#000002"', b'#00000f"'))
    replayed = replay(session.folder)
    assert replayed.state.background == "#000001"
    assert "damaged" in replayed.remark
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], lines[-1]]))  # a line is missing
    assert replay(session.folder).state.background == "#000001"


@pytest.mark.parametrize("content", [b"", b"\n", b"garbage\n", b"00000000 {}\n", b"\x00" * 4096, b"[" * 100000 + b"\n"])
def test_a_journal_of_which_nothing_can_be_believed_is_set_aside(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "journal").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        replay(folder)
    aside = Recovery(tmp_path).set_aside(folder)
    assert aside.read_bytes() == content
    with pytest.raises(UserError, match="no file"):
        replay(folder)


def test_a_take_whose_motion_is_damaged_is_left_out_and_said(session: Session) -> None:
    motions = [Motion.from_frames("arkit", np.arange(3) / 30, np.full((3, 52), value)) for value in (0.25, 0.5)]
    takes = [Block(str(i), session.document.store(m), f"{i}", 0, 0, 1, ("mouth",)) for i, m in enumerate(motions)]
    session.document.edit("Record", replace(session.document.state, timeline=Timeline(takes=tuple(takes))))
    session.end()
    path = session.folder / "motions" / f"{takes[0].source}.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    replayed = replay(session.folder)
    assert [take.id for take in replayed.state.timeline.takes] == ["1"]
    assert "1 recorded motion" in replayed.remark
    np.testing.assert_array_equal(replayed.motions[takes[1].source].code, motions[1].code)


def test_what_is_saved_is_known_in_the_next_session(tmp_path: Path) -> None:
    session = Session(tmp_path / "one", Origin("a.astudio"))
    assert session.journal.unsaved
    session.paint("#000001")
    session.journal.mark_saved("print", session.document.state)
    assert not session.journal.unsaved
    session.paint("#000002")
    assert session.journal.unsaved
    session.end()
    origin = replay(session.folder).origin
    assert (origin.path, origin.fingerprint) == ("a.astudio", "print")
    assert origin.state == replace(ProjectState(), background="#000001")


def test_a_full_disk_is_said_and_loses_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.paint("#000001")
    assert session.journal.flush()
    full, write = threading.Event(), os.write
    full.set()

    def write_a_little(handle: int, data: bytes) -> int:
        if full.is_set() and threading.current_thread().name == "journal":
            write(handle, data[:7])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    def no_file(*_: object) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", write_a_little)
    monkeypatch.setattr("studio.core.media.files._create", no_file)
    session.paint("#000002")
    session.document.store(Motion.neutral())
    assert not session.journal.flush()
    assert len(session.said) == 1
    assert "disk is full" in session.said[0]
    assert replay(session.folder).state.background == "#000001"  # what was there is intact
    session.paint("#000003")
    assert session.document.state.background == "#000003"
    full.clear()
    assert session.journal.flush()
    assert session.said[1:] == ["Every edit is kept on disk again."]
    session.check_replay()
    session.end()


def test_a_discarded_journal_leaves_nothing(session: Session) -> None:
    session.paint("#000001")
    session.journal.close(discard=True)
    assert session.journal.join(20)
    assert not session.folder.exists()


def test_a_folder_belongs_to_one_program(tmp_path: Path) -> None:
    first = claim(tmp_path / "one")
    assert first is not None
    assert not first.crashed
    assert claim(tmp_path / "one") is None
    assert f"process {os.getpid()}, since" in claimant(tmp_path / "one")
    assert not crashed(tmp_path / "one")
    first.release()
    second = claim(tmp_path / "one")
    assert second is not None
    assert not second.crashed
    second.release()


def test_a_claim_that_was_never_given_back_tells_of_a_crash(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path)
    pid = os.fork()
    if pid == 0:
        claim(tmp_path / "one")
        os._exit(1)
    os.waitpid(pid, 0)
    assert recovery.after_crash()
    again = claim(tmp_path / "one")
    assert again is not None
    assert again.crashed
    assert not recovery.after_crash()  # somebody has it
    again.release()
    assert not recovery.after_crash()


def test_journals_are_listed_and_old_ones_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = Recovery(tmp_path)
    for i, folder in enumerate([recovery.new_folder(), recovery.folder_of(tmp_path / "a.astudio")]):
        session = Session(folder)
        session.paint("#000001")
        session.end()
        for path in (folder, folder / "journal"):
            os.utime(path, (1000 + i, 1000 + i))
    assert [left.untitled for left in recovery.left()] == [False, True]
    monkeypatch.setattr("studio.core.project.recovery.KEPT_JOURNALS", 1)
    recovery.prune()
    assert [left.untitled for left in recovery.left()] == [False]
