"""The two halves of a face: which landmarks mirror each other, and the symmetric face behind a turned one."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, linear_sum_assignment
from scipy.spatial import KDTree

from studio.core.heads.anatomy import LOWER_LIP_INNER, UPPER_LIP_INNER
from studio.core.heads.template import mean_landmarks

_MIRROR = np.array([-1.0, 1.0, 1.0])
# How much a landmark counts that is not seen: trackers guess it from the faces that they know.
_LEAST_TRUST = 0.2
# How much a landmark's depth counts beside its place in the picture, which is measured and not guessed.
_DEPTH_TRUST = 0.2


@lru_cache(maxsize=1)
def mirrored_landmarks() -> NDArray[np.intp]:
    """Return for each landmark ``[478]`` the one on the other side; midline ones are their own."""
    points = mean_landmarks()
    # On closed lips the nearest landmark may be the other lip's.
    other = np.full(len(points), -1)
    for lip in (UPPER_LIP_INNER, LOWER_LIP_INNER):
        other[lip] = lip[::-1]
    rest = np.flatnonzero(other < 0)
    apart = np.linalg.norm(points[rest, None] - points[rest] * _MIRROR, axis=-1)
    other[rest] = rest[linear_sum_assignment(apart + apart.T)[1]]
    return other


def mirrored_indices(points: NDArray) -> NDArray[np.intp]:
    """Return for each of almost symmetric points ``[n,3]`` in head space the nearest to its mirror image ``[n]``."""
    return np.asarray(KDTree(points).query(points * _MIRROR)[1], np.intp)


def symmetric_landmarks(landmarks: NDArray, trust: NDArray, view: NDArray) -> NDArray[np.float64]:
    """Return the symmetric face ``[478,3]`` m in head space that looks most like landmarks.

    Its plane of symmetry is fitted with it, for a tracker guesses the depth of a turned face and with it the head's
    axes; the two halves in one picture tell better (Gordon, "Shape from symmetry", 1989).

    Parameters
    ----------
    trust
        ``[478]`` 0..1: how well each landmark is seen.
    view
        ``[3]``: the way from the head to the camera.
    """
    points = np.asarray(landmarks, np.float64)
    other = mirrored_landmarks()
    weight = np.maximum(trust, _LEAST_TRUST)
    view = np.asarray(view, np.float64) / np.linalg.norm(view)
    along = np.outer(view, view)
    metric = np.eye(3) - (1 - _DEPTH_TRUST**2) * along
    root = np.eye(3) - (1 - _DEPTH_TRUST) * along

    def face(plane: NDArray) -> NDArray[np.float64]:
        normal, offset = _plane(plane)
        turn = np.eye(3) - 2 * np.outer(normal, normal)
        mirrored = turn @ metric @ turn
        there = points[other] @ turn + 2 * offset * normal
        system = weight[:, None, None] * metric + weight[other, None, None] * mirrored
        wanted = weight[:, None] * (points @ metric) + weight[other, None] * (there @ mirrored)
        return np.linalg.solve(system, wanted[..., None])[..., 0]

    def missed(plane: NDArray) -> NDArray[np.float64]:
        return (np.sqrt(weight)[:, None] * ((face(plane) - points) @ root)).ravel()

    plane = least_squares(missed, np.zeros(3), x_scale=[0.01, 0.1, 0.1]).x
    return face(plane)


def _plane(parameters: NDArray) -> tuple[NDArray[np.float64], float]:
    """Return the normal and offset of the plane x = c + a y + b z."""
    c, a, b = parameters
    length = float(np.sqrt(1 + a * a + b * b))
    return np.array([1.0, -a, -b]) / length, c / length
