"""`Editing`: what is selected, and the user's edits of it as steps of the document."""

import time
from dataclasses import replace
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.project import curves, edits
from studio.core.project.document import Document
from studio.core.project.edits import Item
from studio.core.project.snapping import FRAME, snapped, targets
from studio.core.project.timeline import Curve, Lane, Marker, Timeline

REACH = 8.0  # px over which things snap


class Editing(QObject):
    """Turns intent into edits; knows no widget."""

    selection_changed = Signal()
    _drags = count()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.selected: frozenset[Item] = frozenset()
        self.position = 0.0
        """Second of the playhead."""
        self.snapping = True
        self._clipboard: Timeline | None = None
        document.changed.connect(self._forget_what_is_gone)

    @property
    def timeline(self) -> Timeline:
        """What the document says now."""
        return self.document.state.timeline

    def apply(self, label: str, timeline: Timeline, drag: str = "") -> None:
        """Make it the document's; edits of one drag are one step, however long it takes."""
        self.document.edit(label, replace(self.document.state, timeline=timeline), merge=drag)

    def begin_drag(self) -> str:
        """Return a name for the edits of a drag."""
        return f"drag {next(self._drags)}"

    def select(self, items: frozenset[Item]) -> None:
        """Select these and nothing else."""
        if items != self.selected:
            self.selected = items
            self.selection_changed.emit()

    def rests(self, moving: frozenset[Item]) -> NDArray[np.float64]:
        """Return the seconds at which moving items may come to rest."""
        return targets(self.timeline, moving, [self.position])

    def snap(self, edges: NDArray[np.float64], by: float, rests: NDArray[np.float64], scale: float) -> float:
        """Return the shift of `edges` that comes to rest near `by` s at `scale` px per s."""
        return snapped(edges, by, rests, REACH / scale) if self.snapping else by

    # The selection

    def select_all(self) -> None:
        """Select everything."""
        self.select(edits.items_of(self.timeline))

    def cut(self) -> None:
        """Take the selection away and keep it for pasting."""
        self.copy()
        self._delete(self.tr("Cut"))

    def copy(self) -> None:
        """Keep the selection for pasting."""
        if self.selected:
            self._clipboard = edits.copied(self.timeline, self.selected)

    def paste(self) -> None:
        """Lay down at the playhead what was kept."""
        if self._clipboard is not None:
            self._paste(self.tr("Paste"), self._clipboard, self.position)

    def duplicate(self) -> None:
        """Lay a copy of the selection right after it."""
        span = edits.span_of(self.timeline, self.selected)
        if span is not None:
            after = max(span[1], span[0] + FRAME)
            self._paste(self.tr("Duplicate"), edits.copied(self.timeline, self.selected), after)

    def delete(self) -> None:
        """Take the selection away."""
        self._delete(self.tr("Delete"))

    def ripple_delete(self) -> None:
        """Take the selection and its time away."""
        if self.selected:
            self.apply(self.tr("Ripple delete"), edits.ripple_deleted(self.timeline, self.selected))

    def nudge(self, by: float, rise: float = 0.0) -> None:
        """Move the selection by so many s, and keys of curves up by so much."""
        result, items = edits.moved(self.timeline, self.selected, by, rise)
        self.document.edit(
            self.tr("Move"), replace(self.document.state, timeline=result), merge="nudge", at=time.monotonic()
        )
        self.select(items)

    def split(self) -> None:
        """Cut the selected blocks at the playhead, or all that lie there."""
        result, halves = edits.split(self.timeline, self.position, self.selected)
        self.apply(self.tr("Split"), result)
        if halves:
            self.select(halves)

    def trim(self, edge: Literal["start", "stop"]) -> None:
        """Let the selected blocks begin or end at the playhead."""
        result = self.timeline
        for item in self.selected:
            if item.kind == "block":
                result = edits.trimmed(result, item.name, edge, self.position, self.length(item.name))
        self.apply(self.tr("Trim"), result)

    def separate(self) -> None:
        """Make of each selected take one per lane."""
        result, parts = edits.separated(self.timeline, self.selected)
        self.apply(self.tr("Separate lanes"), result)
        if parts:
            self.select(parts)

    def length(self, name: str) -> float:
        """Return how many s the source of a block has."""
        block = next(block for block in (*self.timeline.sounds, *self.timeline.takes) if block.id == name)
        if block.source in self.document.motions:
            return float(self.document.motions[block.source].times[-1])
        media = self.document.state.media.get(block.source)
        return media.seconds if media is not None else block.end

    # Lanes, markers, loop

    def mute(self, lane: Lane, on: bool) -> None:
        """Let a lane do nothing, or something again."""
        label = self.tr("Mute") if on else self.tr("Unmute")
        self.apply(label, edits.muted(self.timeline, lane, on))

    def solo(self, lane: Lane, on: bool) -> None:
        """Let this lane do something and others nothing."""
        self.apply(self.tr("Solo"), edits.soloed(self.timeline, lane, on))

    def add_marker(self) -> None:
        """Put a marker at the playhead."""
        name = self.tr("Marker {number}").format(number=len(self.timeline.markers) + 1)
        self.apply(self.tr("Add marker"), edits.with_marker(self.timeline, Marker(self.position, name)))
        self.select(frozenset({Item("marker", time=self.position)}))

    def rename_marker(self, at: float, name: str) -> None:
        """Give a marker another name."""
        self.apply(self.tr("Rename marker"), edits.with_marker(self.timeline, Marker(at, name)))

    def loop(self, begin: float, end: float, drag: str = "") -> None:
        """Play a stretch again and again."""
        self.apply(self.tr("Loop"), edits.looped(self.timeline, begin, end), drag)

    def switch_loop(self, on: bool) -> None:
        """Loop the selection, or else everything; or stop looping."""
        if not on:
            self.apply(self.tr("Stop looping"), replace(self.timeline, loop=None))
            return
        span = edits.span_of(self.timeline, self.selected)
        if span is None or span[1] - span[0] < edits.SHORTEST:
            span = (0.0, self.timeline.duration)
        self.loop(*span)

    # Curves

    def put_curve(self, label: str, curve: Curve, drag: str = "") -> None:
        """Give a channel this curve."""
        self.apply(label, self.timeline.with_curve(curve), drag)

    def add_key(self, channel: str, at: float, value: float) -> None:
        """Put a key on a channel's curve, or begin one."""
        curve = curves.with_key(self.timeline.curve(channel) or Curve(channel, ()), at, value)
        self.put_curve(self.tr("Add key"), curve)
        self.select(frozenset({Item("key", channel, at)}))

    def set_tangents(self, tangent: curves.Tangent) -> None:
        """Give the selected keys a tangent."""
        result = self.timeline
        for item in self.selected:
            curve = result.curve(item.name) if item.kind == "key" else None
            if curve is not None:
                result = result.with_curve(curves.with_tangent(curve, item.time, tangent))
        self.apply(self.tr("Set tangents"), result)

    def set_mode(self, channel: str, mode: Literal["add", "replace"]) -> None:
        """Add a curve to the takes, or let it stand for them."""
        curve = self.timeline.curve(channel)
        if curve is not None:
            low, high = curves.limits(replace(curve, mode=mode))
            keys = tuple(replace(key, value=min(max(key.value, low), high)) for key in curve.keys)
            self.put_curve(self.tr("Change curve"), replace(curve, mode=mode, keys=keys))

    def _delete(self, label: str) -> None:
        if self.selected:
            self.apply(label, edits.deleted(self.timeline, self.selected))

    def _paste(self, label: str, fragment: Timeline, at: float) -> None:
        result, items = edits.pasted(self.timeline, fragment, at)
        self.apply(label, result)
        self.select(items)

    def _forget_what_is_gone(self) -> None:
        if self.selected:
            self.select(edits.present(self.timeline, self.selected))
