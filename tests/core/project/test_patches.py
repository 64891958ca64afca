import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_states import states

from studio.core.orbit import Orbit
from studio.core.project.document import ProjectState
from studio.core.project.patches import apply, diff, from_json, to_json
from studio.core.project.timeline import CameraKey, Curve, Key, Marker, Timeline


def through_json(value: object) -> object:
    return json.loads(json.dumps(value, allow_nan=False))


@settings(max_examples=50, deadline=None)
@given(before=states(), after=states())
def test_a_patch_makes_one_state_of_another(before: ProjectState, after: ProjectState) -> None:
    patch = through_json(diff(before, after))
    assert apply(before, patch) == after  # pyright: ignore[reportArgumentType]
    assert diff(after, after) == []


@settings(max_examples=30, deadline=None)
@given(state=states())
def test_a_state_survives_json(state: ProjectState) -> None:
    assert from_json(through_json(to_json(state))) == state


def test_a_patch_tells_only_what_changed() -> None:
    keys = tuple(Key(i / 10, 0.5) for i in range(2000))
    before = ProjectState(timeline=Timeline(curves=(Curve("jawOpen", keys), Curve("headYaw", keys))))
    moved = Curve("jawOpen", (*keys[:70], replace(keys[70], value=0.8), *keys[71:]))
    after = replace(before, timeline=replace(before.timeline, curves=(moved, before.timeline.curves[1])))
    assert diff(before, after) == [[["timeline", "curves", 0, "keys", 70, "value"], "set", 0.8]]
    fewer = Curve("jawOpen", keys[:70] + keys[75:])
    after = replace(before, timeline=replace(before.timeline, curves=(fewer, before.timeline.curves[1])))
    assert diff(before, after) == [[["timeline", "curves", 0, "keys"], "splice", 70, 5, []]]


def test_what_a_patch_does_not_touch_is_shared() -> None:
    before = ProjectState(timeline=Timeline(markers=(Marker(1.0, "a"),), camera=(CameraKey(0.0, Orbit()),)))
    after = apply(before, [[["timeline", "markers", 0, "name"], "set", "b"]])
    assert after.timeline.camera is before.timeline.camera


@pytest.mark.parametrize(
    "patch",
    [
        [["shown"]],
        ["shown"],
        [[["nothing"], "set", 1]],
        [[["shown"], "set", 5]],
        [[["shown", 0], "set", "x"]],
        [[["shown"], "drop"]],
        [[["gains", "jawOpen"], "set", "much"]],
        [[["gains", "jawOpen"], "drop", 1, 2, 3], [["gains", "a", "b"], "set", 1]],
        [[["timeline", "markers", 0], "set", {"time": 0, "name": ""}]],
        [[["timeline", "markers"], "splice", 1, 0, []]],
        [[["timeline", "markers"], "splice", 0, -1, []]],
        [[["timeline", "markers"], "splice", 0, 0, [{"time": 0}]]],
        [[["timeline", "__class__"], "set", 0]],
        [[["timeline", "muted"], "set", ["nose"]]],
    ],
)
def test_a_patch_that_does_not_fit_is_refused(patch: list) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own is one
        apply(ProjectState(), patch)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_patch_makes_a_state_or_is_refused(data: st.DataObject) -> None:
    names = st.sampled_from(["timeline", "markers", "curves", "keys", "time", "gains", "loop", "muted", "shown", "x"])
    path = st.lists(names | st.integers(-1, 3), max_size=4)
    json_value = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    )
    operation = st.tuples(path, st.sampled_from(["set", "drop", "splice", "?"]), json_value, json_value, json_value)
    patch = [
        list(operation[:count]) for operation, count in data.draw(st.lists(st.tuples(operation, st.integers(0, 5))))
    ]
    try:
        state = apply(data.draw(states()), patch)
    except ValueError:
        return
    assert from_json(to_json(state)) == state
