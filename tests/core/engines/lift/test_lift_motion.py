"""A motion moves what it names and nothing else; seen in the avatar's own view."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.avatar import render_frame
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.heads.anatomy import BROW, CHIN, FACE_OVAL, IRIS, LIPS_OUTER, LOWER_LID, UPPER_LID
from studio.core.motion.motion import Motion
from studio.core.motion.poses import NECK_JOINT
from studio.core.perception.portrait import Portrait

few = settings(max_examples=12, deadline=None)
codes = arrays(np.float32, (1, 52), elements=st.floats(0, 1, width=32))
poses = arrays(np.float32, (1, 6), elements=st.floats(-0.5, 0.5, width=32))
# A pixel that changed by less than this (0..1) shows the same.
SAME = 0.03


@pytest.fixture(scope="module")
def rest(avatar: LiftAvatar) -> NDArray[np.float32]:
    return render_frame(avatar, Motion.neutral(), avatar.camera)


@pytest.fixture(scope="module")
def points(portrait: Portrait) -> NDArray[np.float32]:
    """Return the landmarks ``[478,2]`` px of the avatar's own view."""
    return portrait.landmarks[:, :2]


def shown(avatar: LiftAvatar, **channels: float) -> NDArray[np.float32]:
    return render_frame(avatar, Motion.arkit(0.0, None, **channels), avatar.camera)


def changed(frame: NDArray, rest: NDArray) -> tuple[NDArray, NDArray]:
    """Return the pixels (x, y) that differ."""
    y, x = np.nonzero(np.abs(frame - rest).max(-1) > SAME)
    assert len(x), "nothing changed"
    return x, y


@few
@given(codes, poses)
def test_every_code_and_pose_gives_finite_gaussians(small_avatar: LiftAvatar, code: NDArray, pose: NDArray) -> None:
    frame = Motion.from_frames("arkit", np.zeros(1), code, pose)
    gaussians = small_avatar.pose(frame, small_avatar.camera)
    gaussians.check_finite()
    assert len(gaussians) == len(small_avatar)
    np.testing.assert_allclose(np.linalg.norm(gaussians.quats, axis=1), 1, atol=1e-3)
    assert np.isfinite(render_frame(small_avatar, frame, small_avatar.camera.fitted(120))).all()


@few
@given(codes)
def test_posing_leaves_no_trace(small_avatar: LiftAvatar, code: NDArray) -> None:
    before = small_avatar.pose(Motion.neutral(), small_avatar.camera)
    small_avatar.pose(Motion.from_frames("arkit", np.zeros(1), code), small_avatar.camera)
    after = small_avatar.pose(Motion.neutral(), small_avatar.camera)
    for name in ("means", "quats", "scales", "opacities", "colors"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_a_motion_of_another_space_is_refused(small_avatar: LiftAvatar) -> None:
    with pytest.raises(ValueError, match="follows 'arkit' motion, not 'audio'"):
        small_avatar.pose(Motion.from_frames("audio", np.zeros(1), np.zeros((1, 52))), small_avatar.camera)


def test_the_jaw_moves_the_lower_face_only(avatar: LiftAvatar, rest: NDArray, points: NDArray) -> None:
    frame = shown(avatar, jawOpen=0.8)
    x, y = changed(frame, rest)
    lower_lids = points[LOWER_LID["Left"] + LOWER_LID["Right"], 1].max()
    # Skin is drawn down as far up as the cheeks, but by less and less.
    assert np.percentile(y, 1) > lower_lids
    assert y.min() > points[UPPER_LID["Left"] + UPPER_LID["Right"], 1].min()
    face = points[FACE_OVAL]
    width = np.ptp(face[:, 0])
    assert x.min() > face[:, 0].min() - 0.25 * width
    assert x.max() < face[:, 0].max() + 0.25 * width
    assert y.max() > points[CHIN, 1]
    # Where her lower lip and chin were, the mouth now is darker than they.
    lip = points[17].astype(int)
    assert frame[lip[1], lip[0], :3].mean() < 0.7 * rest[lip[1], lip[0], :3].mean()


# What moves, and the least way of the skin there along x (to the head's left), y (up) and z (out), m.
WAYS = [
    ("jawOpen", CHIN, (None, -0.01, -0.01)),
    ("jawLeft", CHIN, (0.003, None, None)),
    ("jawForward", CHIN, (None, None, 0.003)),
    ("mouthRight", 0, (-0.005, None, None)),
    ("mouthSmileLeft", 291, (0.003, 0.003, None)),
    ("mouthPucker", 0, (None, None, 0.003)),
    ("browInnerUp", 285, (None, 0.004, None)),
    ("cheekPuff", 425, (0.003, None, 0.003)),
]


@pytest.mark.parametrize(("channel", "landmark", "least"), WAYS)
def test_the_skin_goes_the_way_of_the_template(
    avatar: LiftAvatar, channel: str, landmark: int, least: tuple[float | None, ...]
) -> None:
    still = avatar.pose(Motion.neutral(), avatar.camera).means
    moved = avatar.pose(Motion.arkit(0.0, None, **{channel: 1.0}), avatar.camera).means
    there = np.linalg.norm(still - avatar.rig.vertices[landmark], axis=1) < 0.005
    assert there.sum() >= 3
    way = np.median((moved - still)[there], axis=0)
    for along, want in zip(way, least, strict=True):
        if want is not None:
            assert along * np.sign(want) >= abs(want)


def test_a_tongue_and_darkness_are_in_the_mouth(avatar: LiftAvatar, points: NDArray) -> None:
    opened, tongue = shown(avatar, jawOpen=0.8), shown(avatar, jawOpen=0.8, tongueOut=1.0)
    x, y = points[14].astype(int)
    height = int(0.12 * np.ptp(points[:468, 1]))
    inside = np.s_[y : y + height, x - height // 2 : x + height // 2, :3]
    assert opened[inside].mean(-1).min() < 0.3
    licked = np.abs(tongue - opened)[inside].max(-1) > 0.1
    assert licked.mean() > 0.05
    red, green, _ = tongue[inside][licked].mean(0)
    assert red > green + 0.1


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_blink_draws_lids_over_one_eye(avatar: LiftAvatar, rest: NDArray, points: NDArray, side: str) -> None:
    frame = shown(avatar, **{f"eyeBlink{side}": 1.0})
    x, y = changed(frame, rest)
    ring = points[UPPER_LID[side] + LOWER_LID[side]]
    width = np.ptp(ring[:, 0])
    assert x.min() > ring[:, 0].min() - 0.5 * width
    assert x.max() < ring[:, 0].max() + 0.5 * width
    assert y.min() > points[BROW[side], 1].min() - 5
    assert y.max() < ring[:, 1].max() + 0.5 * width
    # Skin is where the iris was.
    column, row = points[IRIS[side][0]].astype(int)
    iris = np.s_[row - 2 : row + 3, column - 2 : column + 3, :3]
    cheek = points[{"Left": 280, "Right": 50}[side]].astype(int)
    skin = rest[cheek[1], cheek[0], :3]
    assert np.abs(frame[iris].mean((0, 1)) - skin).mean() < np.abs(rest[iris].mean((0, 1)) - skin).mean() / 2


def test_a_look_to_the_side_moves_the_iris(avatar: LiftAvatar, rest: NDArray, points: NDArray) -> None:
    frame = shown(avatar, eyeLookOutLeft=1, eyeLookInRight=1)
    x, y = changed(frame, rest)
    eyes = np.concatenate([points[UPPER_LID[s] + LOWER_LID[s]] for s in ("Left", "Right")])
    assert y.min() > eyes[:, 1].min() - 6
    assert y.max() < eyes[:, 1].max() + 6
    assert x.min() > eyes[:, 0].min() - 6
    assert x.max() < eyes[:, 0].max() + 6


@pytest.mark.parametrize(
    ("channel", "ring"),
    [("mouthSmileLeft", LIPS_OUTER), ("mouthPucker", LIPS_OUTER), ("browInnerUp", BROW["Left"]), ("cheekPuff", [425])],
)
def test_an_expression_shows_where_it_should(
    avatar: LiftAvatar, rest: NDArray, points: NDArray, channel: str, ring: list[int]
) -> None:
    x, y = changed(shown(avatar, **{channel: 1.0}), rest)
    centre = points[ring].mean(0)
    assert np.hypot(x - centre[0], y - centre[1]).min() < 0.15 * np.ptp(points[:468, 1])
    above_brows = points[FACE_OVAL, 1].min() - 0.35 * np.ptp(points[:468, 1])
    assert y.min() > above_brows


def test_the_head_turns_and_the_torso_stays(avatar: LiftAvatar, rest: NDArray, points: NDArray) -> None:
    frame = render_frame(avatar, Motion.arkit(head_pose=[0, 0.25, 0, 0, 0, 0]), avatar.camera)
    chin = int(points[CHIN, 1])
    assert np.abs(frame - rest)[:chin].mean() > 0.03
    assert np.array_equal(frame[-20:], rest[-20:])


def test_a_head_moved_is_the_head_moved(avatar: LiftAvatar) -> None:
    still = avatar.pose(Motion.neutral(), avatar.camera)
    up = avatar.pose(Motion.arkit(head_pose=[0, 0, 0, 0, 0.02, 0]), avatar.camera)
    way = up.means - still.means
    on_face = np.linalg.norm(still.means - avatar.rig.vertices[1], axis=1) < 0.02
    np.testing.assert_allclose(way[on_face], np.tile([0, 0.02, 0], (on_face.sum(), 1)), atol=1e-6)
    assert way[:, 1].min() == 0
    np.testing.assert_allclose(way[:, [0, 2]], 0, atol=1e-6)
    turned = avatar.pose(Motion.arkit(head_pose=[0, 0.3, 0, 0, 0, 0]), avatar.camera).means
    assert (turned - still.means)[on_face, 0].min() > 0.01  # a positive turn about the head's up: to its left
    turn = Rotation.from_rotvec([0, 0.3, 0])
    expected = turn.apply(still.means[on_face] - NECK_JOINT) + NECK_JOINT
    np.testing.assert_allclose(turned[on_face], expected, atol=1e-5)


def test_colours_are_what_is_seen(avatar: LiftAvatar, rest: NDArray) -> None:
    random = np.random.default_rng(0).uniform(0, 1, avatar.surfels.colors.shape).astype(np.float32)
    other = avatar.with_colors(random)
    assert np.abs(render_frame(other, Motion.neutral(), other.camera) - rest).mean() > 0.05
    np.testing.assert_array_equal(render_frame(avatar, Motion.neutral(), avatar.camera), rest)


def test_backgrounds(small_avatar: LiftAvatar) -> None:
    camera = small_avatar.camera
    green = (0.0, 1.0, 0.0)
    picture = np.random.default_rng(0).uniform(0, 1, (camera.height, camera.width, 3)).astype(np.float32)
    views = {
        name: render_frame(small_avatar, Motion.neutral(), camera, background)
        for name, background in {"plate": "plate", "none": "transparent", "green": green, "picture": picture}.items()
    }
    alpha = views["none"][..., 3:]
    person = views["none"][..., :3] * alpha
    np.testing.assert_allclose(views["green"][..., :3], person + (1 - alpha) * green, atol=1e-5)
    np.testing.assert_allclose(views["picture"][..., :3], person + (1 - alpha) * picture, atol=1e-5)
    plate = small_avatar.plate.astype(np.float32) / 255
    np.testing.assert_allclose(views["plate"][..., :3], person + (1 - alpha) * plate, atol=1e-4)
    assert all((views[name][..., 3] == 1).all() for name in ("plate", "green", "picture"))


def test_the_plate_pans_with_the_camera_and_stands_still_in_an_orbit(small_avatar: LiftAvatar) -> None:
    camera, rest = small_avatar.camera, Motion.neutral()
    straight = render_frame(small_avatar, rest, camera)
    panned = render_frame(small_avatar, rest, camera.panned(30, 0))
    np.testing.assert_allclose(panned[:, 30:60], straight[:, :30], atol=0.02)
    orbited = render_frame(small_avatar, rest, camera.orbited(small_avatar.pivot, 0.1, 0))
    np.testing.assert_allclose(orbited[:60, :60], straight[:60, :60], atol=0.02)
