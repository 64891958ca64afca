import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project import edits
from studio.core.project.document import Document
from studio.core.project.edits import Item
from studio.core.project.timeline import MOTION_LANES, Block, CameraKey, Curve, Key, Marker, Timeline

seconds = st.floats(0, 20, allow_nan=False)
shifts = st.floats(-25, 25, allow_nan=False)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    def blocks(prefix: str, lanes: tuple) -> tuple[Block, ...]:
        spans = draw(st.lists(st.tuples(seconds, seconds, st.floats(0.1, 5)), max_size=4))
        return tuple(
            Block(f"{prefix}{i}", prefix, prefix, start, begin, begin + length, lanes)
            for i, (start, begin, length) in enumerate(spans)
        )

    def times() -> list[float]:
        return sorted(t / 10 for t in draw(st.sets(st.integers(0, 200), max_size=5)))

    curve = Curve("jawOpen", tuple(Key(t, 0.5) for t in times()))
    return Timeline(
        blocks("sound", ("audio",)),
        blocks("take", MOTION_LANES),
        (curve,) if curve.keys else (),
        tuple(CameraKey(t, Orbit()) for t in times()),
        tuple(Marker(t, "m") for t in times()),
        loop=draw(st.sampled_from([None, (1.0, 4.0)])),
    )


@st.composite
def chosen(draw: st.DrawFn) -> tuple[Timeline, frozenset[Item]]:
    timeline = draw(timelines())
    everything = sorted(edits.items_of(timeline), key=repr)
    return timeline, frozenset(item for item in everything if draw(st.booleans()))


def check(timeline: Timeline) -> None:
    """Nothing before 0, no block too short, no id twice, no two keys at one time."""
    blocks = (*timeline.sounds, *timeline.takes)
    assert len({block.id for block in blocks}) == len(blocks)
    for block in blocks:
        assert block.start >= 0
        assert block.begin >= 0
        assert block.end - block.begin >= edits.SHORTEST - 1e-9
    keyed = [timeline.camera, timeline.markers, *(curve.keys for curve in timeline.curves)]
    for keys in keyed:
        times = [key.time for key in keys]
        assert all(time >= 0 for time in times)
        assert all(b - a >= edits.SAME * 0.9 for a, b in itertools.pairwise(times))
    assert all(curve.keys for curve in timeline.curves)
    assert timeline.loop is None or timeline.loop[0] < timeline.loop[1]


@settings(max_examples=150, deadline=None)
@given(chosen(), shifts, seconds, st.sampled_from(["start", "stop"]))
def test_no_edit_breaks_a_timeline_and_every_edit_is_undone_exactly(
    some: tuple[Timeline, frozenset[Item]], by: float, at: float, edge
) -> None:
    timeline, items = some
    shifted, now = edits.moved(timeline, items, by)
    assert now <= edits.items_of(shifted)
    fragment = edits.copied(timeline, items)
    laid, new = edits.pasted(timeline, fragment, at)
    assert new <= edits.items_of(laid)
    results = [
        shifted,
        laid,
        edits.deleted(timeline, items),
        edits.ripple_deleted(timeline, items),
        edits.split(timeline, at, items)[0],
        edits.separated(timeline, items)[0],
        edits.looped(timeline, at, at + by),
        *(edits.trimmed(timeline, item.name, edge, at, 30.0) for item in items if item.kind == "block"),
    ]
    document = Document()
    document.edit("begin", replace(document.state, timeline=timeline))
    for result in results:
        check(result)
        before = document.state
        document.edit("edit", replace(before, timeline=result))
        if result != before.timeline:
            document.undo()
            assert document.state is before
            document.redo()


def test_a_selection_moves_as_a_whole_and_stops_at_zero() -> None:
    timeline = Timeline(sounds=(block("a", 1.0), block("b", 5.0)), markers=(Marker(2.0, "m"),))
    items = [Item("block", "a"), Item("marker", time=2.0)]
    result, now = edits.moved(timeline, items, -3.0)
    assert [sound.start for sound in result.sounds] == [0.0, 5.0]
    assert result.markers == (Marker(1.0, "m"),)
    assert now == {Item("block", "a"), Item("marker", time=1.0)}


def test_a_moved_key_takes_the_place_of_the_one_that_lies_there() -> None:
    timeline = Timeline(curves=(Curve("jawOpen", (Key(1, 0.1), Key(2, 0.2), Key(3, 0.3)), "replace"),))
    result, _ = edits.moved(timeline, [Item("key", "jawOpen", 1)], 1.0, rise=5.0)
    assert result.curves[0].keys == (Key(2, 1.0), Key(3, 0.3))


def test_a_trim_goes_no_further_than_the_source_and_never_past_the_other_edge() -> None:
    timeline = Timeline(sounds=(block("a", 5.0, 1.0, 3.0),))

    def trim(edge, time: float) -> tuple[float, float, float]:
        sound = edits.trimmed(timeline, "a", edge, time, 4.0).sounds[0]
        return sound.start, sound.begin, sound.end

    assert trim("start", 6.0) == (6.0, 2.0, 3.0)
    assert trim("start", 0.0) == (4.0, 0.0, 3.0)
    assert trim("stop", 6.5) == (5.0, 1.0, 2.5)
    assert trim("stop", 99.0) == (5.0, 1.0, 4.0)
    assert trim("stop", 0.0) == pytest.approx((5.0, 1.0, 1.0 + edits.SHORTEST))


def test_a_split_take_moves_the_head_as_before() -> None:
    times = np.array([0.0, 4.0])
    motion = Motion.from_frames("arkit", times, np.outer(times / 4, np.ones(52)))
    timeline = Timeline(takes=(block("a", 1.0, 0.5, 3.5, MOTION_LANES),))
    result, halves = edits.split(timeline, 2.2)
    assert [(take.start, take.stop) for take in result.takes] == [(1.0, 2.2), (2.2, 4.0)]
    assert halves == {Item("block", result.takes[1].id)}
    for time in (1.1, 2.19, 2.21, 3.9):
        after, before = (one.motion_at(time, {"a": motion}).code for one in (result, timeline))
        np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_ripple_delete_brings_everything_later_closer_and_keeps_it_together() -> None:
    timeline = Timeline(
        sounds=(block("a", 0.0, 0.0, 4.0), block("b", 4.0, 0.0, 2.0), block("c", 6.0, 0.0, 3.0)),
        takes=(block("t", 1.0, 0.0, 8.0, MOTION_LANES),),
        markers=(Marker(1.0, "x"), Marker(5.0, "gone"), Marker(7.0, "y")),
        loop=(3.0, 7.0),
    )
    result = edits.ripple_deleted(timeline, [Item("block", "b")])
    assert [(sound.id, sound.start) for sound in result.sounds] == [("a", 0.0), ("c", 4.0)]
    assert [(take.start, take.begin, take.end) for take in result.takes] == [(1.0, 0.0, 3.0), (4.0, 5.0, 8.0)]
    assert result.markers == (Marker(1.0, "x"), Marker(5.0, "y"))
    assert result.loop == (3.0, 5.0)


def test_a_separated_take_looks_the_same_and_its_lanes_move_alone() -> None:
    timeline = Timeline(takes=(block("t", 1.0, lanes=MOTION_LANES),))
    result, parts = edits.separated(timeline, [Item("block", "t")])
    assert [take.lanes for take in result.takes] == [(lane,) for lane in MOTION_LANES]
    assert len(parts) == 4


def test_what_is_pasted_is_a_copy_at_the_place_asked_for() -> None:
    timeline = Timeline(takes=(block("t", 3.0, lanes=MOTION_LANES),), camera=(CameraKey(4.0, Orbit(yaw=10)),))
    fragment = edits.copied(timeline, edits.items_of(timeline))
    result, items = edits.pasted(timeline, fragment, 10.0)
    assert [take.start for take in result.takes] == [3.0, 10.0]
    assert [key.time for key in result.camera] == [4.0, 11.0]
    assert edits.span_of(result, items) == (10.0, 12.0)


def block(name: str, start: float, begin: float = 0.0, end: float = 2.0, lanes: tuple = ("audio",)) -> Block:
    return Block(name, name, name, start, begin, end, lanes)
