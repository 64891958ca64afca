"""Eight numbers at once must be what one number at a time is."""

from collections.abc import Callable

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.render import numba_lanes as nl

AT = np.uint64(8)


def through(function: Callable, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply a function of lanes to eight numbers."""

    @numba.njit
    def kernel(values, out):
        nl.store(out, AT, function(nl.load(values, AT)))

    out = np.zeros(16, np.float32)
    kernel(np.concatenate([np.zeros(8), numbers]).astype(np.float32), out)
    assert not out[:8].any()
    return out[8:]


@pytest.mark.parametrize("low", np.linspace(-86, 86, 23))
def test_exp(low: float) -> None:
    x = np.linspace(low, low + 1, 8, dtype=np.float32)
    np.testing.assert_allclose(through(nl.exp_of, x), np.exp(x.astype(np.float64)), rtol=4e-7)


@pytest.mark.parametrize("exponent", range(-20, 20, 3))
def test_log(exponent: int) -> None:
    x = (np.linspace(1, 2, 8) * 2.0**exponent).astype(np.float32)
    exact = np.log(x.astype(np.float64))
    np.testing.assert_allclose(through(nl.log_of, x), exact, rtol=4e-7, atol=2e-7)


def test_floor_and_root() -> None:
    x = np.array([0, 0.25, 1.5, 2.99, 4, 5.5, 9, 100], np.float32)
    np.testing.assert_array_equal(through(nl.floor, x), np.floor(x))
    np.testing.assert_allclose(through(nl.root, x), np.sqrt(x), rtol=1e-6)


@pytest.mark.parametrize("count", [3, 4])
def test_columns_are_read_from_rows(count: int) -> None:
    load_columns = {3: nl.load_columns_3, 4: nl.load_columns_4}[count]

    @numba.njit
    def kernel(rows, out):
        columns = load_columns(rows, np.uint64(2))
        for k in range(count):
            nl.store(out, np.uint64(8 * k), columns[k])

    rows = np.arange(2 + 8 * count, dtype=np.float32)
    out = np.zeros(8 * count, np.float32)
    # A tuple of lanes is homogeneous, so that it may be indexed by a number only known at run time.
    kernel(rows, out)
    np.testing.assert_array_equal(out.reshape(count, 8), rows[2:].reshape(8, count).T)


def test_columns_are_written_as_rows() -> None:
    @numba.njit
    def kernel(out, rows):
        x = nl.iota()
        ten = nl.splat(np.float32(10))
        nl.store_columns_3(out, np.uint64(1), (x, x + ten, x * ten))
        y = x + ten
        nl.store_rows(rows, np.uint64(0), (x, y, x, x, x, x, x, x, x, x, x, x, x, x, y, x * ten))

    out, rows = np.zeros(25, np.float32), np.zeros(128, np.float32)
    kernel(out, rows)
    x = np.arange(8)
    np.testing.assert_array_equal(out[1:].reshape(8, 3), np.column_stack([x, x + 10, 10 * x]))
    expected = np.repeat(x[:, None], 16, axis=1)
    expected[:, 1] = expected[:, 14] = x + 10
    expected[:, 15] = 10 * x
    np.testing.assert_array_equal(rows.reshape(8, 16), expected)


def test_choice_and_sum() -> None:
    @numba.njit
    def kernel(values, out):
        x = nl.load(values, np.uint64(0))
        limit = nl.splat(np.float32(3))
        nl.store(out, np.uint64(0), nl.select_less(x, limit, limit, x))
        nl.store(out, np.uint64(8), nl.greater(x, limit))
        nl.store(out, np.uint64(16), nl.lesser(x, limit))
        out[24] = nl.total(x)

    x = np.array([0, 1, 2, 3, 4, 5, 6, np.nan], np.float32)
    out = np.zeros(25, np.float32)
    kernel(x, out)
    np.testing.assert_array_equal(out[:8], [3, 3, 3, 3, 4, 5, 6, np.nan])
    np.testing.assert_array_equal(out[8:16], [3, 3, 3, 3, 4, 5, 6, 3])
    np.testing.assert_array_equal(out[16:24], [0, 1, 2, 3, 3, 3, 3, 3])
    assert np.isnan(out[24])
    kernel(np.nan_to_num(x, nan=7.0), out)
    assert out[24] == 28
