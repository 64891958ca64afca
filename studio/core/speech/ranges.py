"""Values that a person or a file sets, and how far each may go."""

from collections.abc import Mapping


def check_ranges(values: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Compare attributes with the lowest and highest value of each.

    Raises
    ------
    ValueError
        If one is out of its range, or no number.
    """
    for name, (low, high) in ranges.items():
        value = getattr(values, name)
        if not low <= value <= high:  # also refuses NaN
            raise ValueError(f"{name} is {value}; use {low:g} to {high:g}")
