"""Mirror landmarks, and the symmetric face behind one whose depth a tracker got wrong."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.heads.anatomy import LOWER_LID, MOUTH_CORNER_LEFT, MOUTH_CORNER_RIGHT, UPPER_LIP_INNER
from studio.core.heads.symmetry import mirrored_landmarks, symmetric_landmarks
from studio.core.heads.template import mean_landmarks


def lopsidedness(points: NDArray) -> float:
    """Return how much mirror landmarks ``[478,3]`` differ in their distances from those on the middle, m."""
    middle = points[[4, 10, 152, 168]]
    to_middle = np.linalg.norm(points[:, None] - middle, axis=-1)
    return float(np.abs(to_middle - to_middle[mirrored_landmarks()]).mean())


def test_mirrored_landmarks_come_in_pairs() -> None:
    other = mirrored_landmarks()
    np.testing.assert_array_equal(other[other], np.arange(478))
    assert other[MOUTH_CORNER_RIGHT] == MOUTH_CORNER_LEFT
    assert list(other[UPPER_LIP_INNER]) == UPPER_LIP_INNER[::-1]
    assert set(other[LOWER_LID["Right"]]) == set(LOWER_LID["Left"])


def test_a_symmetric_face_stays_as_it_is() -> None:
    mean = mean_landmarks()
    even = 0.5 * (mean + mean[mirrored_landmarks()] * [-1, 1, 1])
    found = symmetric_landmarks(even, np.ones(478), np.array([0.6, 0.1, 0.8]))
    np.testing.assert_allclose(found, even, atol=1e-6)


def test_depth_lost_in_a_turned_picture_comes_back() -> None:
    """Flattened along the view and turned a little: the picture stays the same, and tells what the depth was."""
    mean = mean_landmarks()
    even = 0.5 * (mean + mean[mirrored_landmarks()] * [-1, 1, 1])
    view = Rotation.from_euler("y", 40, degrees=True).apply([0, 0, 1.0])
    along = (even @ view)[:, None] * view
    flat = even - 0.25 * along
    trust = np.clip(0.5 + 8 * even[:, 0], 0, 1)
    found = symmetric_landmarks(flat, trust, view)
    assert lopsidedness(found) < 0.05 * lopsidedness(flat)
    across = found - flat - ((found - flat) @ view)[:, None] * view
    assert np.linalg.norm(across, axis=1).mean() < 0.001  # the picture is kept to a millimetre
