"""What a state must be so that nothing trips over it, whoever wrote the file; what is not so is left out and said."""

import math
from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any, TypeVar

from studio.core.orbit import Orbit
from studio.core.project.document import ProjectState
from studio.core.project.timeline import CHANNELS, Block, CameraKey, Curve, Key, Marker, Timeline

LARGEST = 1e6
"""s, and whatever else a number of a project may be."""

T = TypeVar("T", Key, CameraKey, Marker)


def mended(state: ProjectState) -> tuple[ProjectState, list[str]]:
    """Return a state that can be used, and sentences about what had to be left out of it."""
    old = state.timeline
    timeline = Timeline(
        sounds=tuple(block for block in old.sounds if _is_block(block) and block.source in state.media),
        takes=tuple(block for block in old.takes if _is_block(block)),
        curves=_curves(old.curves),
        camera=_in_order(key for key in old.camera if _finite(key.time) and _is_view(key.view)),
        markers=tuple(sorted((mark for mark in old.markers if _finite(mark.time)), key=lambda mark: mark.time)),
        muted=old.muted,
        solo=old.solo,
        loop=old.loop if old.loop is None or (_finite(*old.loop) and old.loop[0] < old.loop[1]) else None,
    )
    remarks = [
        f"{count} {name} of the timeline made no sense and were left out."
        for name, count in (
            ("sounds", len(old.sounds) - len(timeline.sounds)),
            ("takes", len(old.takes) - len(timeline.takes)),
            ("curves", len(old.curves) - len(timeline.curves)),
            ("camera keys", len(old.camera) - len(timeline.camera)),
        )
        if count
    ]
    fresh = replace(
        state,
        timeline=timeline,
        shown=state.shown if state.shown in {ref.key for ref in state.avatars} else "",
        views=tuple(view for view in state.views if _is_view(view.view)),
        expression={name: value for name, value in state.expression.items() if name in CHANNELS and _finite(value)},
        gains={name: value for name, value in state.gains.items() if name in CHANNELS and _finite(value)},
    )
    return (state if fresh == state else fresh), remarks


def without_takes_of(state: ProjectState, motions: Set[str]) -> ProjectState:
    """Return a state without the takes of some motions."""
    kept = tuple(take for take in state.timeline.takes if take.source not in motions)
    if len(kept) == len(state.timeline.takes):
        return state
    return replace(state, timeline=replace(state.timeline, takes=kept))


def _curves(curves: Iterable[Curve]) -> tuple[Curve, ...]:
    """Return one curve per channel, of keys in order; the last one of a channel is the one that counts."""
    kept: dict[str, Curve] = {}
    for curve in curves:
        keys = _in_order(key for key in curve.keys if _finite(key.time, key.value, key.before, key.after))
        if curve.channel in CHANNELS and keys:
            kept[curve.channel] = curve if keys == curve.keys else replace(curve, keys=keys)
    return tuple(kept.values())


def _in_order(keys: Iterable[T]) -> tuple[T, ...]:
    """Return keys in order of time, one for each."""
    return tuple({key.time: key for key in sorted(keys, key=lambda key: key.time)}.values())


def _is_block(block: Block) -> bool:
    return _finite(block.start, block.begin, block.end, block.gain) and block.begin < block.end and bool(block.lanes)


def _is_view(view: Orbit) -> bool:
    return _finite(*vars(view).values()) and view.zoom > 0 and view.distance > 0


def _finite(*numbers: Any) -> bool:
    return all(math.isfinite(number) and abs(number) <= LARGEST for number in numbers)
