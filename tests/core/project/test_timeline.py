import json
from dataclasses import replace

import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.document import ProjectState
from studio.core.project.patches import from_json, to_json
from studio.core.project.timeline import Block, CameraKey, Curve, Key, Marker, Timeline, lane_of

JAW, BLINK, LOOK = (ARKIT_INDEX[name] for name in ("jawOpen", "eyeBlinkLeft", "eyeLookInLeft"))
ALL = ("mouth", "expression", "gaze", "head")


def motion(value: float, yaw: float = 0.0) -> Motion:
    """Two seconds in which every channel goes from 0 to `value`."""
    code = np.outer([0, value], np.ones(len(ARKIT_NAMES)))
    return Motion.from_frames("arkit", np.array([0.0, 2.0]), code, np.array([[0] * 6, [0, yaw, 0, 0, 0, 0]]))


def take(source: str, start: float = 0.0, begin: float = 0.0, end: float = 2.0, lanes: tuple = ALL) -> Block:
    return Block(source, source, source, start, begin, end, lanes)


def test_a_take_lies_where_it_was_put_and_is_trimmed() -> None:
    timeline = Timeline(takes=(take("a", start=10, begin=0.5, end=1.5),))
    motions = {"a": motion(1.0, yaw=0.4)}
    at = timeline.motion_at(10.5, motions)
    assert at.code[0, JAW] == pytest.approx(0.5)
    assert at.head_pose[0, 1] == pytest.approx(0.2)
    assert not timeline.motion_at(11.0, motions).code.any()
    assert timeline.duration == 11.0


def test_a_later_take_is_seen_only_in_its_own_lanes() -> None:
    timeline = Timeline(takes=(take("a"), take("b", lanes=("mouth",))))
    at = timeline.motion_at(1.0, {"a": motion(1.0), "b": motion(0.2)})
    assert at.code[0, JAW] == pytest.approx(0.1)
    assert at.code[0, BLINK] == pytest.approx(0.5)


def test_muted_lanes_rest_and_solo_silences_the_others() -> None:
    timeline = Timeline(takes=(take("a"),))
    motions = {"a": motion(1.0)}
    muted = replace(timeline, muted=frozenset({"mouth"})).motion_at(1.0, motions)
    assert (muted.code[0, JAW], muted.code[0, BLINK]) == (0, 0.5)
    solo = replace(timeline, solo=frozenset({"gaze"})).motion_at(1.0, motions)
    assert (solo.code[0, JAW], solo.code[0, LOOK]) == (0, 0.5)


def test_curves_pass_through_their_keys_with_their_slopes() -> None:
    curve = Curve("jawOpen", (Key(1, 0.2, 0, 0.5), Key(3, 0.8, -0.3, 0)))
    assert [curve.at(t) for t in (0, 1, 3, 9)] == [0.2, 0.2, 0.8, 0.8]
    assert (curve.at(1 + 1e-6) - 0.2) / 1e-6 == pytest.approx(0.5, abs=1e-3)
    assert (0.8 - curve.at(3 - 1e-6)) / 1e-6 == pytest.approx(-0.3, abs=1e-3)


def test_a_curve_is_added_or_stands_for_the_take_where_it_has_keys() -> None:
    keys = (Key(0.5, 0.1), Key(1.5, 0.1))
    base, motions = Timeline(takes=(take("a"),)), {"a": motion(1.0, yaw=0.4)}
    added = base.with_curve(Curve("jawOpen", keys))
    assert added.motion_at(1.0, motions).code[0, JAW] == pytest.approx(0.6)
    replaced = base.with_curve(Curve("jawOpen", keys, "replace")).with_curve(Curve("headYaw", keys, "replace"))
    assert replaced.motion_at(1.0, motions).code[0, JAW] == pytest.approx(0.1)
    assert replaced.motion_at(1.0, motions).head_pose[0, 1] == pytest.approx(0.1)
    assert replaced.motion_at(0.2, motions).code[0, JAW] == pytest.approx(0.1)
    assert replaced.motion_at(0.2, motions).head_pose[0, 1] == pytest.approx(0.04)
    assert replaced.with_curve(Curve("jawOpen", ())).curve("jawOpen") is None


def test_the_camera_is_at_its_keys_and_never_beyond_them() -> None:
    timeline = Timeline()
    assert timeline.view_at(0) is None
    for time, yaw in ((2.0, 30.0), (0.0, -10.0), (3.0, 30.0)):
        timeline = timeline.with_camera_key(CameraKey(time, Orbit(yaw=yaw)))
    assert [key.time for key in timeline.camera] == [0, 2, 3]
    yaws = [view.yaw for t in np.linspace(-1, 4, 101) if (view := timeline.view_at(t)) is not None]
    assert (yaws[0], max(yaws), yaws[-1]) == (-10, 30, 30)
    assert np.all(np.diff(yaws) >= -1e-9)


def test_every_channel_has_a_lane() -> None:
    assert {lane_of(name) for name in ARKIT_NAMES} == {"mouth", "expression", "gaze"}
    assert [lane_of(name) for name in ("mouthSmileLeft", "browInnerUp", "eyeLookUpLeft", "headYaw")] == [
        "mouth", "expression", "gaze", "head",
    ]  # fmt: skip


def test_a_project_is_json_and_back() -> None:
    timeline = Timeline(
        takes=(take("a"),), curves=(Curve("jawOpen", (Key(0, 1),)),), camera=(CameraKey(1, Orbit(5)),),
        markers=(Marker(2, "here"),), muted=frozenset({"head"}), loop=(0, 1),
    )  # fmt: skip
    state = ProjectState(timeline=timeline, expression={"jawOpen": 0.5})
    assert from_json(json.loads(json.dumps(to_json(state)))) == state
