from dataclasses import replace

import numpy as np
import pytest

from studio.core.motion.motion import Motion
from studio.core.project.document import Document, ProjectState


def titled(document: Document, background: str) -> ProjectState:
    return replace(document.state, background=background)


def test_edits_are_undone_and_done_again() -> None:
    document = Document()
    for color in ("#000000", "#111111"):
        document.edit(f"Make it {color}", titled(document, color))
    assert document.undo_label == "Make it #111111"
    assert (document.undo(), document.undo(), document.undo()) == ("Make it #111111", "Make it #000000", "")
    assert document.state == ProjectState()
    assert (document.redo(), document.redo_label) == ("Make it #000000", "Make it #111111")
    assert document.state.background == "#000000"


def test_a_new_edit_forgets_what_was_undone() -> None:
    document = Document()
    document.edit("one", titled(document, "#000001"))
    document.undo()
    document.edit("two", titled(document, "#000002"))
    assert document.redo() == ""
    assert [step.label for step in document.steps] == ["two"]


def test_one_drag_is_one_step() -> None:
    document = Document()
    document.edit("before", titled(document, "#aaaaaa"))
    for i in range(5):
        document.edit("Drag", titled(document, f"#00000{i}"), merge="drag", at=i * 0.5)
    document.edit("Drag", titled(document, "#00000a"), merge="drag", at=9.0)
    assert [step.label for step in document.steps] == ["before", "Drag", "Drag"]
    document.undo()
    assert document.state.background == "#000004"
    document.undo()
    assert document.state.background == "#aaaaaa"


def test_a_drag_that_ends_where_it_began_is_no_step() -> None:
    document, dropped = Document(), []
    document.dropped.connect(lambda: dropped.append(document.state))
    document.edit("before", titled(document, "#aaaaaa"))
    for color in ("#000001", "#000002", "#aaaaaa"):
        document.edit("Drag", titled(document, color), merge="drag")
    assert [step.label for step in document.steps] == ["before"]
    assert document.redo_label == ""
    assert dropped == [document.state]
    document.edit("Drag", titled(document, "#000003"), merge="drag")  # it had not ended yet
    assert [step.label for step in document.steps] == ["before", "Drag"]
    document.undo()
    assert document.state.background == "#aaaaaa"


def test_an_equal_state_is_no_step() -> None:
    document = Document()
    document.edit("nothing", ProjectState())
    assert document.steps == ()


def test_listeners_hear_of_every_change() -> None:
    document, heard = Document(), []
    document.changed.connect(lambda new, old: heard.append((old.background, new.background)))
    document.edit("x", titled(document, "#000000"))
    document.undo()
    document.redo()
    assert heard == [("plate", "#000000"), ("#000000", "plate"), ("plate", "#000000")]


def test_stored_motions_are_kept_under_a_key() -> None:
    document = Document()
    motion = Motion.arkit(jawOpen=1)
    assert document.motions[document.store(motion)] is motion
    with pytest.raises(ValueError, match="arkit"):
        document.store(Motion.from_frames("audio", np.zeros(1), np.zeros((1, 1))))
