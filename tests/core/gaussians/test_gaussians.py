from dataclasses import replace

import numpy as np
import pytest

from studio.core.gaussians.gaussians import Gaussians

FIELDS = ("means", "quats", "scales", "opacities", "colors")


def some(count: int = 5, seed: int = 0, seen: bool = True) -> Gaussians:
    rng = np.random.default_rng(seed)
    means, quats, scales, opacities, colors = (
        rng.uniform(0, 1, (count, k)).astype(np.float32) for k in (3, 4, 3, 1, 3)
    )
    return Gaussians(means, quats, scales, opacities[:, 0], colors, rng.uniform(size=count) < 0.5 if seen else None)


@pytest.mark.parametrize("name", FIELDS)
def test_wrong_shapes_and_types_are_named(name: str) -> None:
    good = some()
    array = getattr(good, name)
    with pytest.raises(ValueError, match=rf"{name} is float64"):
        replace(good, **{name: array.astype(np.float64)})
    if name != "means":  # the means decide N
        with pytest.raises(ValueError, match=f"{name} has shape"):
            replace(good, **{name: array[:-1]})
    if name != "colors":  # C is free
        with pytest.raises(ValueError, match=f"{name} has shape"):
            replace(good, **{name: np.repeat(array[..., None], 2, axis=-1)})


def test_seen_must_be_as_long() -> None:
    with pytest.raises(ValueError, match="seen has shape"):
        replace(some(), seen=np.ones(4, bool))


def test_colours_may_be_features() -> None:
    wide = replace(some(), colors=np.zeros((5, 32), np.float32))
    wide.check_finite()
    assert wide[1:].colors.shape == (4, 32)


@pytest.mark.parametrize(
    "index", [slice(1, 4), slice(None, None, -2), np.array([3, 3, 0]), np.array([1, 0, 0, 1, 1], bool), slice(0, 0)]
)
def test_an_index_picks_from_every_array(index: slice | np.ndarray) -> None:
    whole = some()
    part = whole[index]
    assert len(part) == len(np.arange(5)[index])
    for name in (*FIELDS, "seen"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[index])
        assert getattr(part, name).flags.c_contiguous


def test_joining_undoes_splitting() -> None:
    whole = some(7)
    joined = Gaussians.concatenate([whole[:3], whole[3:3], whole[3:]])
    for name in (*FIELDS, "seen"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_seen_survives_only_where_every_part_has_it() -> None:
    assert Gaussians.concatenate([some(), some(seen=False)]).seen is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", FIELDS)
def test_what_is_not_finite_is_named(name: str, value: float) -> None:
    array = getattr(some(), name).copy()
    array.flat[-1] = value
    with pytest.raises(ValueError, match=f"{name} holds"):
        replace(some(), **{name: array}).check_finite()


def test_ranges_are_checked() -> None:
    good = some()
    good.check_finite()
    good[:0].check_finite()
    for value in (-0.01, 1.01):
        with pytest.raises(ValueError, match="opacities"):
            replace(good, opacities=np.full(5, value, np.float32)).check_finite()
    with pytest.raises(ValueError, match="scales"):
        replace(good, scales=-good.scales).check_finite()
