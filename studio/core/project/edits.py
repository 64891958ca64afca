"""Edits of a timeline: each takes one and returns the next; nothing else is touched.

Times are s. Nothing ever begins before 0, a block is never shorter than `SHORTEST`, and no two keys of a kind lie at
one time: the one that was moved or pasted stays.
"""

import secrets
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from studio.core.project.curves import limits
from studio.core.project.timeline import Block, CameraKey, Curve, Key, Lane, Marker, Timeline

SHORTEST = 1 / 60
"""s of the shortest block."""
SAME = 1e-3
"""s within which two keys are at one time."""

Timed = TypeVar("Timed", CameraKey, Marker, Key)


@dataclass(frozen=True)
class Item:
    """What can be selected.

    Attributes
    ----------
    name
        Id of a block; channel of a curve's key.
    time
        s of a camera key, marker or curve's key.
    """

    kind: Literal["block", "camera", "marker", "key"]
    name: str = ""
    time: float = 0.0


Items = Collection[Item]


def new_id() -> str:
    """Return an id that no other block has."""
    return secrets.token_hex(6)


def items_of(timeline: Timeline) -> frozenset[Item]:
    """Return everything that can be selected."""
    items = {Item("block", block.id) for block in (*timeline.sounds, *timeline.takes)}
    items |= {Item("camera", time=key.time) for key in timeline.camera}
    items |= {Item("marker", time=marker.time) for marker in timeline.markers}
    items |= {Item("key", curve.channel, key.time) for curve in timeline.curves for key in curve.keys}
    return frozenset(items)


def present(timeline: Timeline, items: Items) -> frozenset[Item]:
    """Return those of the items that a timeline has."""
    ids = {block.id for block in (*timeline.sounds, *timeline.takes)}
    times = {("camera", ""): {key.time for key in timeline.camera}}
    times["marker", ""] = {marker.time for marker in timeline.markers}
    for name in {item.name for item in items if item.kind == "key"}:
        curve = timeline.curve(name)
        times["key", name] = {key.time for key in curve.keys} if curve else set()
    return frozenset(i for i in items if (i.name in ids if i.kind == "block" else i.time in times[i.kind, i.name]))


def span_of(timeline: Timeline, items: Items) -> tuple[float, float] | None:
    """Return from when to when the items last, or None for nothing."""
    blocks = _selected_blocks(timeline, items)
    times = [item.time for item in items if item.kind != "block"]
    times += [block.start for block in blocks] + [block.stop for block in blocks]
    return (min(times), max(times)) if times else None


def moved(timeline: Timeline, items: Items, by: float, rise: float = 0.0) -> tuple[Timeline, frozenset[Item]]:
    """Move items by so many s, none before 0; return the timeline, and the items where they are now.

    Parameters
    ----------
    rise
        Added to the values of curves' keys, as far as their channels go.
    """
    span = span_of(timeline, items)
    by = max(by, -span[0]) if span else 0.0

    def shifted(time: float) -> float:
        return max(time + by, 0.0)

    def move_keys(curve: Curve) -> tuple[Key, ...]:
        times = _times(items, "key", curve.channel)
        low, high = limits(curve)
        raised = tuple(
            replace(key, value=min(max(key.value + rise, low), high)) if rise and _near(key.time, times) else key
            for key in curve.keys
        )
        return _moved(raised, times, shifted)

    chosen = _ids(items)
    result = replace(
        _map_blocks(timeline, lambda b: replace(b, start=shifted(b.start)) if b.id in chosen else b),
        camera=_moved(timeline.camera, _times(items, "camera"), shifted),
        markers=_moved(timeline.markers, _times(items, "marker"), shifted),
        curves=_map_keys(timeline, move_keys),
    )
    return result, frozenset(i if i.kind == "block" else replace(i, time=shifted(i.time)) for i in items)


def trimmed(timeline: Timeline, name: str, edge: Literal["start", "stop"], time: float, length: float) -> Timeline:
    """Put one edge of a block at a second, as far as its source of `length` s reaches."""

    def trim(block: Block) -> Block:
        if block.id != name:
            return block
        if edge == "stop":
            end = block.begin + time - block.start
            return replace(block, end=min(max(end, block.begin + SHORTEST), max(length, block.end)))
        first = max(block.start - block.begin, 0.0)
        start = min(max(time, first), block.stop - SHORTEST)
        return replace(block, start=start, begin=max(block.begin + start - block.start, 0.0))

    return _map_blocks(timeline, trim)


def split(
    timeline: Timeline, time: float, items: Items = (), name: Callable[[], str] = new_id
) -> tuple[Timeline, frozenset[Item]]:
    """Cut blocks in two at a second: those among `items`, or all where none is; return also the later halves."""
    chosen = _ids(items)
    halves: set[Item] = set()

    def cut(block: Block) -> Iterable[Block]:
        inside = block.start + SHORTEST <= time <= block.stop - SHORTEST
        if not inside or (chosen and block.id not in chosen):
            return (block,)
        at = block.begin + time - block.start
        later = replace(block, id=name(), start=time, begin=at)
        halves.add(Item("block", later.id))
        return replace(block, end=at), later

    return _flat_map_blocks(timeline, cut), frozenset(halves)


def separated(timeline: Timeline, items: Items, name: Callable[[], str] = new_id) -> tuple[Timeline, frozenset[Item]]:
    """Make of each take one take per lane, so that each can be moved and cut alone."""
    chosen = _ids(items)
    parts: set[Item] = set()

    def separate(block: Block) -> Iterable[Block]:
        if block.id not in chosen:
            return (block,)
        takes = [replace(block, id=name() if i else block.id, lanes=(lane,)) for i, lane in enumerate(block.lanes)]
        parts.update(Item("block", take.id) for take in takes)
        return takes

    return _flat_map_blocks(timeline, separate), frozenset(parts)


def deleted(timeline: Timeline, items: Items) -> Timeline:
    """Take items away; what comes after them stays where it is."""
    chosen = _ids(items)
    return replace(
        _flat_map_blocks(timeline, lambda block: () if block.id in chosen else (block,)),
        camera=_without(timeline.camera, _times(items, "camera")),
        markers=_without(timeline.markers, _times(items, "marker")),
        curves=_map_keys(timeline, lambda curve: _without(curve.keys, _times(items, "key", curve.channel))),
    )


def ripple_deleted(timeline: Timeline, items: Items, name: Callable[[], str] = new_id) -> Timeline:
    """Take items away and, with the blocks among them, their time: on every lane later things come closer.

    Sound and motion stay together: whatever else lies in that time is cut out too.
    """
    blocks = _selected_blocks(timeline, items)
    result = deleted(timeline, items)
    for begin, end in reversed(_joined([(block.start, block.stop) for block in blocks])):
        result = _without_time(result, begin, end, name)
    return result


def copied(timeline: Timeline, items: Items) -> Timeline:
    """Return a timeline of the items alone, the first of them at 0; it is what `pasted` takes."""
    chosen = _ids(items)
    alone = Timeline(
        sounds=tuple(block for block in timeline.sounds if block.id in chosen),
        takes=tuple(block for block in timeline.takes if block.id in chosen),
        curves=_map_keys(timeline, lambda curve: _only(curve.keys, _times(items, "key", curve.channel))),
        camera=_only(timeline.camera, _times(items, "camera")),
        markers=_only(timeline.markers, _times(items, "marker")),
    )
    everything = items_of(alone)
    span = span_of(alone, everything)
    return moved(alone, everything, -span[0])[0] if span else alone


def pasted(
    timeline: Timeline, fragment: Timeline, at: float, name: Callable[[], str] = new_id
) -> tuple[Timeline, frozenset[Item]]:
    """Lay a copy of `copied` on a timeline, its first item at a second; return also the new items."""
    fragment, _ = moved(fragment, items_of(fragment), at)
    fragment = _map_blocks(fragment, lambda block: replace(block, id=name()))
    result = replace(
        timeline,
        sounds=(*timeline.sounds, *fragment.sounds),
        takes=(*timeline.takes, *fragment.takes),
        camera=_merged(timeline.camera, fragment.camera),
        markers=_merged(timeline.markers, fragment.markers),
    )
    for curve in fragment.curves:
        own = timeline.curve(curve.channel) or replace(curve, keys=())
        result = result.with_curve(replace(own, keys=_merged(own.keys, curve.keys)))
    return result, items_of(fragment)


def with_marker(timeline: Timeline, marker: Marker) -> Timeline:
    """Add a marker, or rename the one at its time."""
    return replace(timeline, markers=_merged(timeline.markers, (marker,)))


def muted(timeline: Timeline, lane: Lane, on: bool) -> Timeline:
    """Let a lane do nothing, or something again."""
    return replace(timeline, muted=timeline.muted | {lane} if on else timeline.muted - {lane})


def soloed(timeline: Timeline, lane: Lane, on: bool) -> Timeline:
    """Let a lane do something while those that are not solo do nothing."""
    return replace(timeline, solo=timeline.solo | {lane} if on else timeline.solo - {lane})


def looped(timeline: Timeline, begin: float, end: float) -> Timeline:
    """Play a stretch again and again; the order of the two does not matter, too short a one is none."""
    first, last = sorted((max(begin, 0.0), max(end, 0.0)))
    return replace(timeline, loop=(first, last) if last - first >= SHORTEST else None)


def _ids(items: Items) -> set[str]:
    return {item.name for item in items if item.kind == "block"}


def _times(items: Items, kind: str, name: str = "") -> list[float]:
    return sorted(item.time for item in items if item.kind == kind and item.name == name)


def _selected_blocks(timeline: Timeline, items: Items) -> list[Block]:
    chosen = _ids(items)
    return [block for block in (*timeline.sounds, *timeline.takes) if block.id in chosen]


def _flat_map_blocks(timeline: Timeline, edit: Callable[[Block], Iterable[Block]]) -> Timeline:
    return replace(
        timeline,
        sounds=tuple(part for block in timeline.sounds for part in edit(block)),
        takes=tuple(part for block in timeline.takes for part in edit(block)),
    )


def _map_blocks(timeline: Timeline, edit: Callable[[Block], Block]) -> Timeline:
    return _flat_map_blocks(timeline, lambda block: (edit(block),))


def _map_keys(timeline: Timeline, edit: Callable[[Curve], tuple[Key, ...]]) -> tuple[Curve, ...]:
    curves = (replace(curve, keys=edit(curve)) for curve in timeline.curves)
    return tuple(curve for curve in curves if curve.keys)


def _near(time: float, times: list[float]) -> bool:
    i = bisect_left(times, time - SAME)
    return i < len(times) and times[i] < time + SAME


def _only(keys: tuple[Timed, ...], times: list[float]) -> tuple[Timed, ...]:
    return tuple(key for key in keys if _near(key.time, times))


def _without(keys: tuple[Timed, ...], times: list[float]) -> tuple[Timed, ...]:
    return tuple(key for key in keys if not _near(key.time, times))


def _merged(keys: tuple[Timed, ...], added: tuple[Timed, ...]) -> tuple[Timed, ...]:
    """Lay keys among others; where two are at one time, the added one stays."""
    kept = _without(keys, sorted(key.time for key in added))
    return tuple(sorted((*kept, *added), key=lambda key: key.time))


def _moved(keys: tuple[Timed, ...], times: list[float], shifted: Callable[[float], float]) -> tuple[Timed, ...]:
    moving = tuple(replace(key, time=shifted(key.time)) for key in _only(keys, times))
    return _merged(_without(keys, times), moving)


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the stretches that spans cover together, in order."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _without_time(timeline: Timeline, begin: float, end: float, name: Callable[[], str]) -> Timeline:
    """Cut a stretch out of all lanes."""

    def cut(block: Block) -> Iterable[Block]:
        before, after = begin - block.start, block.stop - end
        if before >= SHORTEST or block.stop <= begin:
            yield replace(block, end=min(block.end, block.begin + before))
        if after >= SHORTEST or block.start >= end:
            gone = max(end - block.start, 0.0)
            start = max(block.start, end) - (end - begin)
            rest = replace(block, start=start, begin=block.begin + gone)
            yield replace(rest, id=name()) if before >= SHORTEST else rest

    def come(time: float) -> float:
        return time if time <= begin else max(time - (end - begin), begin)

    def close(keys: tuple[Timed, ...]) -> tuple[Timed, ...]:
        before = tuple(key for key in keys if key.time < begin)
        later = tuple(replace(key, time=come(key.time)) for key in keys if key.time >= end)
        return _merged(before, later)

    result = replace(
        _flat_map_blocks(timeline, cut),
        camera=close(timeline.camera),
        markers=close(timeline.markers),
        curves=_map_keys(timeline, lambda curve: close(curve.keys)),
    )
    return looped(result, *map(come, timeline.loop)) if timeline.loop else result
