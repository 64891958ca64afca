"""A turning head: the neck twists, shoulders follow a little, the chest stays; nothing tears and nothing is rubber."""

import numpy as np
import pytest
from lift_trials import from_side
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.neck import FOLLOW_LEVELS, NECK_JOINT, SHOULDERS
from studio.core.engines.lift.relief import solve_relief
from studio.core.engines.lift.torso import unseen_torso
from studio.core.heads.anatomy import CHIN, to_face
from studio.core.heads.full import FullHead
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import CLOTH
from studio.core.render.rasterize import rasterize

DEGREES = [(0, 25, 0), (0, -25, 0), (20, 0, 0), (-20, 0, 0), (0, 0, 15), (0, 0, -15)]


def turned(degrees: tuple[float, ...]) -> Motion:
    return Motion.arkit(0.0, [*np.radians(degrees), 0, 0, 0])


def labels(avatar: LiftAvatar, portrait: Portrait) -> NDArray[np.uint8]:
    """Return what each Gaussian that is seen shows ``[N]``; 0 for the others."""
    column, row = np.minimum(avatar.surfels.pixels.astype(int), np.array(portrait.alpha.shape)[::-1] - 1).T
    return np.where(avatar.surfels.seen & ~avatar.surfels.inside, portrait.regions[row, column], 0)


@pytest.mark.parametrize("degrees", DEGREES)
def test_the_head_turns_as_one_about_the_neck(avatar: LiftAvatar, degrees: tuple[float, ...]) -> None:
    rest = avatar.pose(Motion.neutral(), avatar.camera).means
    moved = avatar.pose(turned(degrees), avatar.camera).means
    head = to_face(rest)[:, 1] < 0.9
    rigid = Rotation.from_rotvec(np.radians(degrees)).apply(rest - NECK_JOINT) + NECK_JOINT
    off = np.linalg.norm(moved - rigid, axis=1)[head]
    assert np.percentile(off, 99) < 1e-5


def test_shoulders_follow_a_little_and_the_chest_does_not(avatar: LiftAvatar, portrait: Portrait) -> None:
    points = to_face(avatar.surfels.means)
    cloth = labels(avatar, portrait) == CLOTH
    shoulders = cloth & (points[:, 1] < 3.0) & (np.abs(points[:, 0]) > 2.2)
    assert shoulders.sum() > 100
    share = avatar.follow[shoulders] / FOLLOW_LEVELS
    assert 0.3 * SHOULDERS < np.median(share) < 1.5 * SHOULDERS
    assert not avatar.follow[cloth & (points[:, 1] > 4.6)].any()
    chin = to_face(avatar.rig.vertices[CHIN])
    assert (avatar.follow[np.linalg.norm(points - chin, axis=1) < 0.15] == FOLLOW_LEVELS).all()


def test_clothes_and_skin_do_not_stretch_like_rubber(avatar: LiftAvatar, portrait: Portrait) -> None:
    label = labels(avatar, portrait)
    mine = np.flatnonzero(label > 0)[::3]
    a, b = mine[KDTree(avatar.surfels.pixels[mine]).query_pairs(5, output_type="ndarray")].T
    rest = avatar.surfels.means
    lengths = np.linalg.norm(rest[a] - rest[b], axis=1)
    # Where the two are nearer than this the fit of their places is most of the way between them.
    apart = lengths > 3 * portrait.pose.px
    a, b, lengths = a[apart], b[apart], lengths[apart]
    stretch = np.ones(len(a))
    for degrees in DEGREES:
        moved = avatar.pose(turned(degrees), avatar.camera).means
        stretch = np.maximum(stretch, np.linalg.norm(moved[a] - moved[b], axis=1) / lengths)
    assert np.percentile(stretch[label[a] == CLOTH], 99.9) < 1.7
    assert np.percentile(stretch, 99.9) < 1.9


@pytest.mark.parametrize("degrees", DEGREES)
def test_neck_and_collar_stay_closed(avatar: LiftAvatar, degrees: tuple[float, ...]) -> None:
    camera = avatar.camera.fitted(500)
    alpha = rasterize(avatar.pose(turned(degrees), camera), camera).alpha[..., 0]
    # From the chin's level in the portrait down to its lower end, along the neck's middle.
    joint = camera.project((NECK_JOINT + [[0, 0, 0], [0, -0.1, 0]]).astype(np.float64))[:, :2]
    reach = 0.02 * camera.K[0, 0] / camera.project(NECK_JOINT[None])[0, 2]
    x, top, bottom = joint[0, 0], int(joint[0, 1]), min(int(joint[1, 1]), camera.height)
    assert alpha[top:bottom, int(x - reach) : int(x + reach)].min() > 0.98


@pytest.mark.parametrize("yaw", [-135, -90, 90, 135])
def test_the_back_joins_the_front_and_the_neck(avatar: LiftAvatar, yaw: float) -> None:
    camera = from_side(avatar, yaw, avatar.camera.fitted(400))
    alpha = rasterize(avatar.pose(Motion.neutral(), camera), camera).alpha[..., 0]
    inside = camera.project(NECK_JOINT + np.linspace([0, 0.02, 0], [0, -0.2, 0], 23))
    column, row = inside[inside[:, 1] < camera.height - 8, :2].astype(int).T
    assert len(row) > 10
    # From the very side the seam between neck and torso is one soft pixel.
    assert alpha[row, column].min() > 0.9
    assert np.median(alpha[row, column]) > 0.99


def test_a_head_without_a_torso_has_no_back(portrait: Portrait) -> None:
    end = int(portrait.landmarks[:468, 1].min() + 0.3 * portrait.face_height)
    whole = FullHead()
    relief = solve_relief(portrait, whole, portrait.regions)
    portrait.alpha[end:], kept = 0, portrait.alpha.copy()
    try:
        assert len(unseen_torso(portrait, relief, portrait.pose, whole)) == 0
    finally:
        portrait.alpha[:] = kept
