import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.perception.masks import convex, distance_inside, grown, polygon, resized, sampled, spread

few = settings(max_examples=25, deadline=None)
SQUARE = np.array([[5, 4], [15, 4], [15, 12], [5, 12]], float)


def test_a_polygon_covers_the_pixels_whose_centres_it_holds() -> None:
    mask = polygon((20, 30), SQUARE)
    rows, columns = np.nonzero(mask)
    assert mask.shape == (20, 30)
    # OpenCV also fills the pixels its outline touches.
    assert 4 <= rows.min() <= rows.max() <= 12
    assert 5 <= columns.min() <= columns.max() <= 15
    assert mask[4:12, 5:15].all()


@pytest.mark.parametrize("grow", [1, 3])
def test_growing_and_shrinking_surround_the_polygon(grow: int) -> None:
    plain, larger, smaller = (polygon((40, 40), SQUARE * 2, g) for g in (0, grow, -grow))
    assert (larger & plain).sum() == plain.sum() < larger.sum()
    assert (smaller & plain).sum() == smaller.sum() < plain.sum()
    assert not polygon((40, 40), SQUARE * 2, -20).any()


def test_a_polygon_beyond_the_border_is_cut() -> None:
    assert polygon((8, 8), SQUARE * 10 - 60).all()
    assert not polygon((8, 8), SQUARE + 100).any()


@few
@given(st.lists(st.tuples(st.floats(2, 28), st.floats(2, 18)), min_size=3, max_size=12))
def test_a_hull_holds_its_points(points: list[tuple[float, float]]) -> None:
    mask = convex((20, 30), np.array(points))
    x, y = np.array(points).astype(int).T
    assert grown(mask, 3)[y, x].all()
    column_runs = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(int), axis=1)
    assert ((column_runs == 1).sum(1) <= 1).all()  # no row has a gap


def test_growing_is_by_a_square_about_each_pixel() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert grown(mask, 3).sum() == 9
    assert grown(mask, 3)[3:6, 3:6].all()


def test_distance_counts_from_the_outside() -> None:
    mask = np.zeros((11, 21), bool)
    mask[2:9] = True
    np.testing.assert_allclose(distance_inside(mask)[:, 10], [0, 0, 1, 2, 3, 4, 3, 2, 1, 0, 0])


@few
@given(st.integers(0, 2**32 - 1))
def test_spreading_keeps_what_is_known_and_copies_the_nearest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (12, 15, 3)).astype(np.float32)
    inside = rng.uniform(size=(12, 15)) < 0.1
    inside[rng.integers(12), rng.integers(15)] = True
    filled, distance = spread(values, inside)
    np.testing.assert_array_equal(filled[inside], values[inside])
    assert not distance[inside].any()
    known = np.argwhere(inside)
    for row, column in np.argwhere(~inside):
        gaps = np.linalg.norm(known - [row, column], axis=1)
        source = known[(values[tuple(known.T)] == filled[row, column]).all(1)]
        assert len(source)
        # OpenCV's 5 x 5 distance is right to a few per cent.
        assert np.linalg.norm(source - [row, column], axis=1).min() <= 1.06 * gaps.min()
        assert distance[row, column] == pytest.approx(gaps.min(), rel=0.06)


def test_nothing_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread(np.zeros((3, 3)), np.zeros((3, 3), bool))


def test_shrinking_averages_and_growing_keeps_values() -> None:
    picture = np.random.default_rng(0).uniform(0, 1, (8, 12, 3)).astype(np.float32)
    half = resized(picture, 6, 4)
    np.testing.assert_allclose(half, picture.reshape(4, 2, 6, 2, 3).mean((1, 3)), atol=1e-6)
    assert resized(np.full((8, 12), 0.3, np.float32), 30, 20) == pytest.approx(np.full((20, 30), 0.3))


@few
@given(st.lists(st.tuples(st.floats(0.5, 11.5), st.floats(0.5, 7.5)), min_size=1, max_size=9))
def test_sampling_is_bilinear_between_pixel_centres(points: list[tuple[float, float]]) -> None:
    y, x = np.mgrid[:8, :12] + 0.5
    ramp = np.stack([x, y, x + y], -1).astype(np.float32)
    pixels = np.array(points)
    expected = np.column_stack([pixels, pixels.sum(1)])
    np.testing.assert_allclose(sampled(ramp, pixels), expected, atol=0.05)
    np.testing.assert_allclose(sampled(ramp[..., 0].copy(), pixels), expected[:, 0], atol=0.05)


def test_sampling_holds_the_border_and_takes_any_number_of_points() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(sampled(picture, np.array([[-9.0, 0.5], [3.5, 99], [99, -9]])), [0, 11, 3])
    assert sampled(picture, np.zeros((0, 2))).shape == (0,)
    many = np.tile([[1.5, 1.5]], (50_000, 1))
    np.testing.assert_array_equal(sampled(picture, many), np.full(50_000, 5))
