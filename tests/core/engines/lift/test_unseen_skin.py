"""Skin beside and under the face: out of sight in the portrait, there when the head turns, moving with the jaw."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.engines.lift.posing import surfel_axes
from studio.core.engines.lift.relief import Relief, lifted_landmarks, solve_relief
from studio.core.engines.lift.rig import FlatPart
from studio.core.engines.lift.unseen_skin import completed_landmarks, unseen_skin
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import to_face, to_head
from studio.core.heads.full import FullHead
from studio.core.heads.shapes import FaceShapes
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import BACKGROUND, FACE, HAIR, SKIN
from studio.core.render.rasterize import rasterize


@pytest.fixture(scope="module")
def whole(small_portrait: Portrait) -> FullHead:
    """Return the sample's whole head."""
    return FullHead(completed_landmarks(lifted_landmarks(small_portrait), small_portrait.pose))


@pytest.fixture(scope="module")
def relief(small_portrait: Portrait, whole: FullHead) -> Relief:
    """Return the sample's depth."""
    return solve_relief(small_portrait, whole, small_portrait.regions)


def skin_of(portrait: Portrait, relief: Relief, whole: FullHead, regions: NDArray[np.uint8]) -> FlatPart:
    """Return the unseen skin under other regions."""
    shapes = FaceShapes(to_face(portrait.pose.landmarks))
    return unseen_skin(portrait, portrait.pose, relief, whole, regions, shapes)


@pytest.fixture(scope="module")
def skin(small_portrait: Portrait, relief: Relief, whole: FullHead) -> FlatPart:
    """Return the sample's unseen skin, all of the head taken for bare."""
    bare = np.where(small_portrait.regions == HAIR, SKIN, small_portrait.regions)
    return skin_of(small_portrait, relief, whole, bare)


def alpha(part: FlatPart, camera: Camera) -> NDArray[np.float32]:
    """Return what the part alone covers ``[H,W]``."""
    surfels = part.surfels()
    quats, scales = surfel_axes(surfels.tangents, surfels.thickness)
    return rasterize(Gaussians(surfels.means, quats, scales, surfels.opacities, surfels.colors), camera).alpha[..., 0]


def test_nothing_of_it_comes_before_the_portrait(small_portrait: Portrait, relief: Relief, skin: FlatPart) -> None:
    pose = small_portrait.pose
    projected = pose.camera.project(to_head(skin.points))
    before = (pose.distance - projected[:, 2]) / pose.px - relief.at(projected[:, :2])
    assert before.max() * pose.px < -0.001
    outside = small_portrait.alpha < 0.05
    assert alpha(skin, pose.camera)[outside].mean() < 0.002


def test_a_turned_head_shows_it(small_portrait: Portrait, skin: FlatPart) -> None:
    camera = small_portrait.pose.camera
    side = camera.orbited(np.array([0, 0, 0.03]), np.radians(60), 0)
    assert (alpha(skin, side) > 0.9).sum() > 0.5 * (small_portrait.regions == FACE).sum()
    assert not skin.surfels().seen.any()
    assert 500 < len(skin.points) < 12_000


def test_its_colours_are_those_of_the_face(small_portrait: Portrait, skin: FlatPart) -> None:
    face = np.median(small_portrait.rgb[small_portrait.regions == FACE], 0)
    typical = np.median(skin.color, 0)
    np.testing.assert_allclose(typical / typical.sum(), face / face.sum(), atol=0.03)
    assert 0.5 < typical.sum() / face.sum() < 1.2


def test_hair_before_the_ears_colours_them(small_portrait: Portrait, relief: Relief, whole: FullHead) -> None:
    skin, hair = np.array([[0.8, 0.6, 0.5], [0.1, 0.2, 0.4]], np.float32)
    label = small_portrait.regions
    tone = np.where((label == FACE)[..., None], skin, hair).astype(np.float32)
    portrait = replace(small_portrait, foreground=tone)
    person = (label != FACE) & (label != BACKGROUND)
    bald, hairy = (
        skin_of(portrait, relief, whole, np.where(person, cover, label).astype(np.uint8)) for cover in (SKIN, HAIR)
    )

    def beside(part: FlatPart) -> NDArray[np.float64]:
        """Return the colours of what stands off the head."""
        return part.color[np.abs(part.points[:, 0]) > 1.2]

    # A gap there would show the background, and bare skin between strands would shine through.
    assert len(beside(hairy)) > 200
    np.testing.assert_allclose(np.median(beside(hairy), 0), 0.7 * hair, atol=0.02)
    np.testing.assert_allclose(np.median(hairy.color, 0), skin, atol=0.05)
    assert len(beside(bald)) > 200


def test_the_neck_ends_inside_the_torso(skin: FlatPart, whole: FullHead) -> None:
    """Its foot is narrower than the template's neck, so that no hem stands out."""
    neck = to_face(whole.neutral[whole.of("skin")])

    def depth(points: NDArray, level: float) -> float:
        ring = np.abs(points[:, 1] - level) < 0.1
        return float(points[ring, 2].min())

    points = np.asarray(skin.points)
    assert depth(points, 1.2) < depth(neck, 1.2) + 0.2
    assert depth(points, 1.95) > depth(neck, 1.95) + 0.2


def test_the_jaw_takes_its_underside_along(skin: FlatPart) -> None:
    jaw = np.broadcast_to(skin.jaw, len(skin.points))
    x, y, z = skin.points.T
    chin = (np.abs(x) < 0.3) & (y > 1.5) & (y < 1.8) & (z > -0.4)
    nape = z < -1.8
    assert chin.any()
    assert jaw[chin].mean() > 0.5
    assert not jaw[nape].any()
