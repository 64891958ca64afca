"""The judges of the bench must themselves be right."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.evaluate.baselines import carried, warped
from studio.core.evaluate.geometry import geometry_figures
from studio.core.evaluate.lip_sync import closures
from studio.core.evaluate.views import seen_as
from studio.core.gaussians.camera import Camera
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import run


def test_a_head_rebuilt_where_it_was_is_seen_by_the_true_cameras() -> None:
    source = Camera.frontal(256, 640.0, 1.0)
    target = source.orbited(np.array([0.02, 0, 0.03]), 0.5, 0.1)
    same = seen_as(source, source, target)
    np.testing.assert_allclose(same.world_to_camera, target.world_to_camera, atol=1e-12)
    # A head twice as large and as far looks the same; so it must from the side.
    far = Camera.frontal(256, 640.0, 2.0)
    points = np.random.default_rng(0).normal(0, 0.05, (20, 3))
    seen = seen_as(far, source, target).project(2 * points)[:, :2]
    np.testing.assert_allclose(seen, target.project(points)[:, :2], atol=1e-9)


@pytest.fixture
def talking() -> np.ndarray:
    """Return a face's inner landmarks ``[T,P,3]`` m whose lips and brows move."""
    from studio.core.evaluate.geometry import _INSIDE, _LIPS, _UPPER

    rest = mean_landmarks()[_INSIDE]
    points = np.repeat(rest[None], 8, 0)
    points[:, _LIPS, 1] -= 0.004 * np.sin(np.arange(8))[:, None] ** 2
    points[:, _UPPER, 1] += 0.002 * np.sin(np.arange(8))[:, None] ** 2
    return points


def test_geometry_knows_no_place_turn_or_size_of_a_head(talking: np.ndarray) -> None:
    turns = Rotation.from_rotvec(np.linspace(0, 0.4, 8)[:, None] * [0, 1, 0.2]).as_matrix()
    elsewhere = 1.3 * np.einsum("tij,tpj->tpi", turns, talking) + [0.1, 0.2, 2]
    figures = geometry_figures(elsewhere, talking)
    assert figures["lost"] == 0
    for name in ("shape", "lve", "mve", "fdd"):
        assert figures[name] == pytest.approx(0, abs=1e-6)


def test_geometry_measures_a_face_that_stands_still_in_mm(talking: np.ndarray) -> None:
    still = np.repeat(talking[:1], 8, 0)
    still[3] = np.nan
    figures = geometry_figures(still, talking)
    moved = 4 * np.sin(np.array([0, 1, 2, 4, 5, 6, 7])) ** 2
    assert figures["lve"] == pytest.approx(moved.mean())
    assert figures["fdd"] == pytest.approx((moved / 2).std())
    assert figures["lost"] == 1
    still[0] = np.nan
    with pytest.raises(UserError, match="no face"):
        geometry_figures(still, talking)


def test_the_warp_takes_landmarks_where_they_are_asked_and_holds_what_is_unknown() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 255, (64, 64, 3), np.uint8)
    source = np.column_stack([rng.uniform(16, 48, (478, 2)), np.zeros(478)])
    made = run(warped(first, source, np.stack([source, source + [4, 0, 0], np.full((478, 3), np.nan)])))
    assert abs(made[0, 20:44, 20:44].astype(int) - first[20:44, 20:44]).max() <= 1
    assert abs(made[1, 28:36, 30:38].astype(int) - first[28:36, 26:34]).mean() < 12
    np.testing.assert_array_equal(made[2], made[1])


def test_a_portrait_moves_as_another_face_does_in_its_own_size() -> None:
    driving = np.random.default_rng(0).normal(0, 10, (3, 478, 2))
    moved = carried(2 * driving[0] + [5, 5], driving)
    np.testing.assert_allclose(moved, 2 * driving + [5, 5])


def test_closures_are_found_at_the_frame_rate_of_pictures() -> None:
    phones = [(0.0, 0.4, ""), (0.4, 0.6, "AA"), (0.6, 0.72, "P"), (0.72, 1.2, "AA"), (1.2, 1.6, "")]
    gap = np.full(40, 8.0)
    assert closures(gap, 25.0, phones, 2.0) == 0
    gap[15:18] = 0.5
    assert closures(gap, 25.0, phones, 2.0) == 1
    assert np.isnan(closures(gap, 25.0, phones[:2], 2.0))
