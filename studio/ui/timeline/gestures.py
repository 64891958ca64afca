"""What a drag over the lanes does, from the press to the release."""

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF

from studio.core.project import edits
from studio.core.project.curves import with_slope
from studio.core.project.edits import Item
from studio.core.project.snapping import edges_of
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.editing import Editing
from studio.ui.timeline.hits import Plot


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("gestures", text)


class Gesture(ABC):
    """A drag. Every move edits the timeline as it was at the press, so nothing adds up."""

    def __init__(self, editing: Editing, axis: TimeAxis, press: QPointF) -> None:
        self.editing = editing
        self.axis = axis
        self.press = press
        self.base = editing.timeline
        self.drag = editing.begin_drag()
        axis.hold()

    @abstractmethod
    def move(self, point: QPointF, free: bool) -> None:
        """Follow the pointer; `free` does not snap, and breaks tangents."""

    def seconds(self, point: QPointF) -> float:
        """Return how far the pointer has gone, s."""
        return (point.x() - self.press.x()) / self.axis.scale


class MoveItems(Gesture):
    """Moves the selection; keys of curves up and down as well."""

    def __init__(self, editing: Editing, axis: TimeAxis, press: QPointF, plot: Plot | None) -> None:
        super().__init__(editing, axis, press)
        self._items = editing.selected
        self._plot = plot
        self._edges, self._rests = edges_of(self.base, self._items), editing.rests(self._items)

    def move(self, point: QPointF, free: bool) -> None:
        """Move them by as much as the pointer has gone."""
        by = self.seconds(point)
        if not free:
            by = self.editing.snap(self._edges, by, self._rests, self.axis.scale)
        rise = (self.press.y() - point.y()) / self._plot.scale if self._plot else 0.0
        result, items = edits.moved(self.base, self._items, by, rise)
        self.editing.apply(tr("Move"), result, self.drag)
        self.editing.select(items)


class TrimBlock(Gesture):
    """Moves one edge of a block."""

    def __init__(
        self, editing: Editing, axis: TimeAxis, press: QPointF, name: str, edge: Literal["start", "stop"]
    ) -> None:
        super().__init__(editing, axis, press)
        self._name = name
        self._edge: Literal["start", "stop"] = edge
        block = next(block for block in (*self.base.sounds, *self.base.takes) if block.id == name)
        self._from = getattr(block, edge)
        self._length = editing.length(name)
        self._rests = editing.rests(frozenset({Item("block", name)}))

    def move(self, point: QPointF, free: bool) -> None:
        """Put the edge under the pointer."""
        by = self.seconds(point)
        if not free:
            by = self.editing.snap(np.array([self._from]), by, self._rests, self.axis.scale)
        result = edits.trimmed(self.base, self._name, self._edge, self._from + by, self._length)
        self.editing.apply(tr("Trim"), result, self.drag)


class TurnHandle(Gesture):
    """Turns the tangent of a key."""

    def __init__(
        self, editing: Editing, axis: TimeAxis, press: QPointF, plot: Plot, at: float, side: Literal["before", "after"]
    ) -> None:
        super().__init__(editing, axis, press)
        self._plot, self._at = plot, at
        self._side: Literal["before", "after"] = side
        self._key = min(plot.curve.keys, key=lambda key: abs(key.time - at))

    def move(self, point: QPointF, free: bool) -> None:
        """Point the handle at the pointer."""
        across = point.x() - self.axis.x(self._at)
        across = min(across, -1.0) if self._side == "before" else max(across, 1.0)
        up = self._plot.y(self._key.value) - point.y()
        slope = up / across * self.axis.scale / self._plot.scale
        curve = with_slope(self._plot.curve, self._at, self._side, slope, broken=free)
        self.editing.put_curve(tr("Turn tangent"), curve, self.drag)


class SelectBox(Gesture):
    """Draws a rectangle; the view selects what it touches."""

    def __init__(self, editing: Editing, axis: TimeAxis, press: QPointF, more: bool) -> None:
        super().__init__(editing, axis, press)
        self.area = QRectF()
        self.before = editing.selected if more else frozenset()

    def move(self, point: QPointF, free: bool) -> None:
        """Span the rectangle to the pointer."""
        self.area = QRectF(self.press, point).normalized()
