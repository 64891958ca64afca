"""The depth that trackers guess, put right: a nose stands out less, more so where the picture does not show it."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.heads.anatomy import CHEEK, CHIN, FOREHEAD, NOSE_WING, to_face
from studio.core.heads.depth import landmark_nearness
from studio.core.heads.template import mean_landmarks

_TIP, _NASION = 4, 168


def tracked(yaw: float = 0, pitch: float = 0, roll: float = 0, muzzle: float = 0) -> NDArray[np.float64]:
    """Return the mean face turned by degrees as a tracker gives it, 100 px between the eyes, the tip further out."""
    face = to_face(mean_landmarks())
    face[_TIP, 2] += muzzle
    turned = Rotation.from_euler("YXZ", [yaw, pitch, roll], degrees=True).apply(face)
    return turned * [100, 100, -100]


def shortened(points: NDArray) -> float:
    """Return how much nearer the tip would be if the nose were any other place of the face, interocular distances."""
    share = landmark_nearness(points)[CHIN] / -points[CHIN, 2]
    return float(-share * points[_TIP, 2] - landmark_nearness(points)[_TIP]) / 100


def test_everything_but_the_nose_keeps_its_proportions() -> None:
    points = tracked()
    share = landmark_nearness(points) / -points[:, 2]
    others = [FOREHEAD, CHIN, _NASION, *CHEEK.values(), 33, 263, 127, 356, 473]
    np.testing.assert_allclose(share[others], share[CHIN], rtol=1e-9)
    assert 0.9 < share[CHIN] <= 1


def test_both_wings_stay_alike() -> None:
    wings = landmark_nearness(tracked())[list(NOSE_WING.values())]
    np.testing.assert_allclose(wings[0], wings[1], rtol=0.05)


def test_a_turned_nose_is_believed() -> None:
    """How far it stands out shows in the picture; what remains to be guessed also counts less along the view."""
    front, turned = shortened(tracked()), shortened(tracked(yaw=45))
    assert 0.04 < front < 0.12
    assert 0 < turned < 0.5 * front


def test_a_head_that_leans_to_the_side_is_measured_alike() -> None:
    np.testing.assert_allclose(shortened(tracked(roll=40)), shortened(tracked()), rtol=1e-9)


def test_a_muzzle_is_not_shortened_as_a_nose() -> None:
    near, far = shortened(tracked(muzzle=0.6)), shortened(tracked(muzzle=1.2))
    np.testing.assert_allclose(near, far, rtol=1e-9)
    assert near < 0.12


def test_size_in_the_picture_does_not_matter() -> None:
    points = tracked(yaw=20, pitch=10)
    np.testing.assert_allclose(landmark_nearness(3 * points), 3 * landmark_nearness(points), rtol=1e-9)
