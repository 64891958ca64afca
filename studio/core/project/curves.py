"""The mathematics of curves: values of many times, tangents, keys, and curves that stand for what was recorded."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.jobs import Job, Progress
from studio.core.project.timeline import HEAD_AXES, Curve, Key

Tangent = Literal["smooth", "linear", "flat"]
TOLERANCE = 0.02
"""Of a blendshape 0..1, or rad: how far a curve may stray from the take it stands for."""


def limits(curve: Curve) -> tuple[float, float]:
    """Return the least and the most value of its keys: a blendshape's 0..1, what can be added to it, or rad."""
    return (0.0, 1.0) if curve.mode == "replace" and curve.channel not in HEAD_AXES else (-1.0, 1.0)


def values(keys: tuple[Key, ...], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values ``[T]`` of at least one key at times ``[T]`` s, as `Curve.at` does one by one."""
    at, value, before, after = (np.array([getattr(key, name) for key in keys]) for name in _FIELDS)
    if len(keys) == 1:
        return np.full(len(times), value[0])
    i = np.clip(np.searchsorted(at, times, side="right") - 1, 0, len(keys) - 2)
    span: NDArray[np.float64] = at[i + 1] - at[i]
    u = np.clip((times - at[i]) / span, 0.0, 1.0)
    return _hermite(u, value[i], value[i + 1], span * after[i], span * before[i + 1])


def with_key(curve: Curve, time: float, value: float) -> Curve:
    """Add a key, or move the one at its time to another value; its tangent is smooth."""
    kept = tuple(key for key in curve.keys if abs(key.time - time) > 1e-3)
    low, high = limits(curve)
    keys = tuple(sorted((*kept, Key(time, min(max(value, low), high))), key=lambda key: key.time))
    return with_tangent(replace(curve, keys=keys), time, "smooth")


def with_tangent(curve: Curve, time: float, tangent: Tangent) -> Curve:
    """Give the key at a second a tangent.

    "smooth" is the slope from the key before to the key after, "linear" points at both (a corner), "flat" is level.
    A key at either end has only one neighbour.
    """
    i = _index(curve, time)
    key = curve.keys[i]
    neighbours = curve.keys[max(i - 1, 0)], curve.keys[min(i + 1, len(curve.keys) - 1)]
    if tangent == "flat":
        before = after = 0.0
    elif tangent == "linear":
        before, after = _slope(neighbours[0], key), _slope(key, neighbours[1])
    else:
        before = after = _slope(*neighbours)
    return _with(curve, i, replace(key, before=before, after=after))


def with_slope(curve: Curve, time: float, side: Literal["before", "after"], slope: float, broken: bool) -> Curve:
    """Turn a handle of the key at a second; the other one turns along unless the tangent is broken.

    A tangent whose two slopes differ is broken already.
    """
    i = _index(curve, time)
    key = curve.keys[i]
    if broken or abs(key.before - key.after) > 1e-9:
        return _with(curve, i, replace(key, **{side: slope}))
    return _with(curve, i, replace(key, before=slope, after=slope))


def decimate(
    times: NDArray[np.float64], track: NDArray[np.floating], tolerance: float = TOLERANCE
) -> Job[tuple[Key, ...]]:
    """Return few keys whose curve is nowhere more than `tolerance` from a track ``[T]`` at its `times` ``[T]`` s.

    Each segment reaches as far as one cubic can: its ends are samples, its slopes are fitted by least squares
    (Schneider, "An algorithm for automatically fitting digitized curves", Graphics Gems 1990), its length is found by
    doubling and halving. Where one slope does for both sides of a key, the key is smooth.

    Raises
    ------
    ValueError
        If there is no sample.
    """
    if not len(times):
        raise ValueError("a curve needs at least one sample")
    track = np.asarray(track, np.float64)
    ends, slopes = [0], []
    while ends[-1] < len(times) - 1:
        if len(ends) % 50 == 1:
            yield Progress(ends[-1] / len(times), "finding the keys")
        stop, slope = _longest(times, track, ends[-1], tolerance)
        ends.append(stop)
        slopes.append(slope)
    before = np.array([slopes[0][0] if slopes else 0.0, *(slope[1] for slope in slopes)])
    after = np.array([*(slope[0] for slope in slopes), slopes[-1][1] if slopes else 0.0])
    _smooth(times, track, ends, before, after, tolerance)
    rows = zip(times[ends], track[ends], before, after, strict=True)
    return tuple(Key(*map(float, row)) for row in rows)


_FIELDS = ("time", "value", "before", "after")


def _hermite(u: NDArray, a: Any, b: Any, leave: Any, arrive: Any) -> NDArray[np.float64]:
    """Cubic Hermite from `a` to `b`; the slopes are per segment."""
    return (
        (1 + 2 * u) * (1 - u) ** 2 * a + u * (1 - u) ** 2 * leave + u * u * (3 - 2 * u) * b + u * u * (u - 1) * arrive
    )


def _index(curve: Curve, time: float) -> int:
    return min(range(len(curve.keys)), key=lambda i: abs(curve.keys[i].time - time))


def _with(curve: Curve, i: int, key: Key) -> Curve:
    return replace(curve, keys=(*curve.keys[:i], key, *curve.keys[i + 1 :]))


def _slope(a: Key, b: Key) -> float:
    return (b.value - a.value) / (b.time - a.time) if b.time > a.time else 0.0


def _longest(
    times: NDArray[np.float64], track: NDArray[np.float64], start: int, tolerance: float
) -> tuple[int, tuple[float, float]]:
    """Return the last sample that one cubic from `start` reaches within the tolerance, and its slopes."""
    last = len(times) - 1
    reach, step = start + 1, 1
    best = _fit(times, track, start, reach)[0]
    while step and reach < last:
        stop = min(reach + step, last)
        slopes, error = _fit(times, track, start, stop)
        if error <= tolerance:
            reach, best = stop, slopes
            step *= 2
        else:
            last, step = stop - 1, min(step, stop - 1 - reach) // 2 or int(reach < stop - 1)
    return reach, best


def _fit(
    times: NDArray[np.float64], track: NDArray[np.float64], start: int, stop: int
) -> tuple[tuple[float, float], float]:
    """Fit the two slopes of a cubic between two samples; return them and the largest error."""
    span = times[stop] - times[start]
    a, b = track[start], track[stop]
    if stop == start + 1:
        return ((b - a) / span, (b - a) / span), 0.0
    u = (times[start + 1 : stop] - times[start]) / span
    wanted = track[start + 1 : stop] - _hermite(u, a, b, 0.0, 0.0)
    p, q = u * (1 - u) ** 2, u * u * (u - 1)
    pp, qq, pq = p @ p, q @ q, p @ q
    det = pp * qq - pq * pq
    if det > 1e-12 * pp * qq:
        pw, qw = p @ wanted, q @ wanted
        leave, arrive = (qq * pw - pq * qw) / det, (pp * qw - pq * pw) / det
    else:  # a single sample between: both slopes do the same there
        leave = p @ wanted / (pp + qq)
        arrive = q @ wanted / (pp + qq)
    error = float(np.abs(wanted - p * leave - q * arrive).max())
    return (leave / span, arrive / span), error


def _smooth(
    times: NDArray[np.float64],
    track: NDArray[np.float64],
    ends: list[int],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    tolerance: float,
) -> None:
    """Give keys one slope on both sides where the segments beside them allow it."""

    def strays(i: int) -> bool:
        start, stop = ends[i], ends[i + 1]
        span = times[stop] - times[start]
        u = (times[start : stop + 1] - times[start]) / span
        found = _hermite(u, track[start], track[stop], span * after[i], span * before[i + 1])
        return bool(np.abs(found - track[start : stop + 1]).max() > tolerance)

    for i in range(1, len(ends) - 1):
        kept = before[i], after[i]
        before[i] = after[i] = (before[i] + after[i]) / 2
        if strays(i - 1) or strays(i):
            before[i], after[i] = kept
