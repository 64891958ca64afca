"""A head's saved state is the head, and nothing damaged becomes one."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from studio.core.avatar import AvatarState, render_frame, style_of
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.correctives import Correctives
from studio.core.engines.lift.engine import LiftEngine
from studio.core.errors import UserError
from studio.core.motion.motion import Motion
from studio.core.speech.style import SpeakingStyle

FLOATS = (
    "means", "tangents", "thickness", "opacities", "colors", "binding_weights", "binding_gradients", "rig_vertices",
    "rig_deltas", "rig_jaw_weights", "rig_hinge", "world_to_camera", "K", "pivot", "head_box",
)  # fmt: skip
NAMES = (*FLOATS, "pixels", "cell", "seen", "binding_vertices", "follow", "revealed_by", "plate", "thumbnail")


def copied(state: AvatarState) -> AvatarState:
    """Return a state to spoil."""
    return AvatarState(state.engine, {k: v.copy() for k, v in state.arrays.items()}, json.loads(json.dumps(state.meta)))


def test_the_round_trip_is_exact(avatar: LiftAvatar) -> None:
    avatar = avatar.with_speaking_style(SpeakingStyle(opening=1.2, lag=0.03, agreement=0.6))
    state = copied(avatar.state())
    again = LiftEngine().load(state)
    for name, array in avatar.state().arrays.items():
        other = again.state().arrays[name]
        assert other.dtype == array.dtype
        np.testing.assert_array_equal(other, array, err_msg=name)
    assert again.state().meta == avatar.state().meta
    assert again.consent == avatar.consent
    assert style_of(again) == avatar.speaking_style
    frame = Motion.arkit(0, [0.1, 0.2, 0, 0, 0, 0], jawOpen=0.5, eyeBlinkLeft=1)
    camera = avatar.camera.fitted(400)
    np.testing.assert_array_equal(render_frame(again, frame, camera), render_frame(avatar, frame, camera))


def test_the_tables_name_every_array(small_avatar: LiftAvatar) -> None:
    assert set(small_avatar.state().arrays) == set(NAMES)


def refused(state: AvatarState) -> None:
    with pytest.raises(UserError, match="damaged; build it again from the portrait"):
        LiftAvatar.from_state(state)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_or_misshapen_array_is_refused(small_avatar: LiftAvatar, name: str) -> None:
    state = copied(small_avatar.state())
    array = state.arrays.pop(name)
    refused(state)
    for wrong in (array[..., None], array.astype(np.complex64), array[()].ravel()[0]):
        refused(replace(state, arrays=state.arrays | {name: np.asarray(wrong)}))
    if name != "thumbnail":
        refused(replace(state, arrays=state.arrays | {name: array[:-1]}))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", FLOATS)
def test_what_is_not_finite_is_refused(small_avatar: LiftAvatar, name: str, value: float) -> None:
    state = copied(small_avatar.state())
    state.arrays[name].flat[-1] = value
    refused(state)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("binding_vertices", 2**31 - 1),
        ("binding_vertices", -2),
        ("revealed_by", 52),
        ("revealed_by", -2),
        ("opacities", 1.01),
        ("opacities", -0.1),
        ("thickness", -1e-3),
        ("K", 0.0),
        ("head_box", 1e9),
    ],
)
def test_what_lies_out_of_range_is_refused(small_avatar: LiftAvatar, name: str, value: float) -> None:
    state = copied(small_avatar.state())
    state.arrays[name].flat[0] = value
    refused(state)


def test_the_first_files_counted_follow_in_64_levels(small_avatar: LiftAvatar) -> None:
    state = copied(small_avatar.state())
    del state.meta["follow_levels"]
    state.arrays["follow"][:] = np.round(state.arrays["follow"] * (64 / 255))
    follow = LiftAvatar.from_state(state).follow.astype(int)
    assert np.abs(follow - small_avatar.follow).max() <= 2
    state.arrays["follow"][0] = 65
    refused(state)


def test_a_binding_one_past_the_rig_is_refused(small_avatar: LiftAvatar) -> None:
    state = copied(small_avatar.state())
    state.arrays["binding_vertices"][5, 2] = len(state.arrays["rig_vertices"])
    refused(state)


@pytest.fixture
def learnt(small_avatar: LiftAvatar) -> LiftAvatar:
    """Return a head whose corrections an MLP mixes."""
    rng = np.random.default_rng(4)
    frames = [Motion.arkit(0, [0.1 * k, 0.05 * k * k, 0, 0, 0, 0], jawOpen=0.2 * k) for k in range(5)]
    plain = Correctives.over(frames, len(small_avatar))
    mixing = rng.normal(0, 0.5, plain.mixer.mixing.shape).astype(np.float32)
    table = rng.normal(0, 0.01, plain.table.shape).astype(np.float16).astype(np.float32)
    correctives = replace(plain, mixer=replace(plain.mixer, mixing=mixing), table=table)
    return small_avatar.with_learnt(correctives, small_avatar.plate, None)


ACTING = Motion.arkit(0, [0.2, 0.3, 0, 0, 0, 0], jawOpen=0.6)


def test_what_was_learnt_survives_the_round_trip(learnt: LiftAvatar) -> None:
    again = LiftAvatar.from_state(copied(learnt.state()))
    for name in ("means", "colors"):
        posed = (getattr(avatar.pose(ACTING, avatar.camera), name) for avatar in (again, learnt))
        np.testing.assert_array_equal(*posed)


def test_heads_whose_corrections_no_mlp_mixed_still_load(learnt: LiftAvatar) -> None:
    state = copied(learnt.state())
    count = len(state.arrays["corrective_basis"])
    for name in ("hidden", "mixing"):
        del state.arrays[f"corrective_{name}"]
    state.arrays["corrective_table"] = np.repeat(state.arrays["corrective_table"][:, :1], count, axis=1)
    old = LiftAvatar.from_state(state).correctives
    assert old is not None
    np.testing.assert_allclose(old.numbers(ACTING), old.inputs(ACTING), rtol=1e-6)
    again = LiftAvatar.from_state(copied(LiftAvatar.from_state(state).state())).correctives
    assert again is not None
    np.testing.assert_array_equal(again.numbers(ACTING), old.numbers(ACTING))


@pytest.mark.parametrize(
    ("name", "spoiled"),
    [
        ("mixing", lambda x: x[:, :-1]),
        ("mixing", lambda x: x[:-1]),
        ("mixing", lambda x: x * np.nan),
        ("mixing", lambda x: x * 1e6),
        ("hidden", lambda x: x[:-1]),
        ("hidden", lambda x: x * 1e6),
        ("hidden", lambda x: x.astype(np.float64)),
        ("least", lambda x: x + 100),
        ("most", lambda x: x - 100),
    ],
)
def test_a_damaged_mlp_is_refused(learnt: LiftAvatar, name: str, spoiled: Callable[[Any], Any]) -> None:
    state = copied(learnt.state())
    state.arrays[f"corrective_{name}"] = spoiled(state.arrays[f"corrective_{name}"])
    refused(state)
    del state.arrays[f"corrective_{name}"]
    refused(state)


def spoil(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda meta: meta.update({key: value})


@pytest.mark.parametrize(
    "spoiled",
    [
        spoil("shapes", []),
        spoil("follow_levels", 0),
        spoil("follow_levels", 1000),
        spoil("width", "wide"),
        spoil("width", -4),
        spoil("height", None),
        spoil("consent", None),
        spoil("consent", {}),
        spoil("notes", 3),
        spoil("speaking_style", {"opening": 1.0}),
        spoil("speaking_style", SpeakingStyle().told() | {"closure": 100.0}),
        lambda meta: meta.pop("name"),
        lambda meta: meta["shapes"].reverse(),
    ],
)
def test_odd_values_are_refused(small_avatar: LiftAvatar, spoiled: Callable[[dict[str, Any]], None]) -> None:
    state = copied(small_avatar.state())
    spoiled(state.meta)
    refused(state)


def test_nothing_at_all_is_refused() -> None:
    refused(AvatarState("lift"))
