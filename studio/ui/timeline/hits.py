"""What of the timeline lies under the pointer."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from studio.core.project.curves import limits
from studio.core.project.edits import Item
from studio.core.project.timeline import Curve, Key, Lane, Timeline
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.rows import Row, blocks_of

EDGE = 6.0  # px within which a block is held by its edge
NEAR = 8.0  # px around a key
HANDLE = 40.0  # px from a key to the ends of its tangent
PAD = 12.0  # px above and below an opened curve


@dataclass(frozen=True)
class Hit:
    """An item, and by what it is held."""

    item: Item
    grip: Literal["body", "start", "stop", "before", "after"] = "body"


@dataclass(frozen=True)
class Plot:
    """An opened curve on the screen: maps values to px."""

    curve: Curve
    top: float
    height: float

    @staticmethod
    def of(row: Row, channel: str, timeline: Timeline) -> "Plot":
        """Return the plot of a row's channel, of an empty curve where it has none."""
        top, height = row.editor
        return Plot(timeline.curve(channel) or Curve(channel, ()), top + PAD, height - 2 * PAD)

    @property
    def scale(self) -> float:
        """Px of a value of 1."""
        low, high = limits(self.curve)
        return self.height / (high - low)

    def y(self, value: float) -> float:
        """Return the px of a value."""
        return self.top + (limits(self.curve)[1] - value) * self.scale

    def value(self, y: float) -> float:
        """Return the value of a px, within the limits."""
        low, high = limits(self.curve)
        return min(max(high - (y - self.top) / self.scale, low), high)

    def handle(self, axis: TimeAxis, key: Key, side: Literal["before", "after"]) -> QPointF:
        """Return the px of the end of a key's tangent."""
        way = -1.0 if side == "before" else 1.0
        slope = getattr(key, side) * self.scale / axis.scale
        along = way * HANDLE / math.hypot(1.0, slope)
        return QPointF(axis.x(key.time) + along, self.y(key.value) - slope * along)


def find(
    point: QPointF,
    axis: TimeAxis,
    timeline: Timeline,
    rows: tuple[Row, ...],
    channels: Mapping[Lane, str],
    selected: Collection[Item],
) -> Hit | None:
    """Return what lies under a px, the uppermost first."""
    row = next((row for row in rows if row.top <= point.y() < row.bottom), None)
    if row is None:
        return None
    if point.y() >= row.top + row.band:
        return _find_key(point, axis, Plot.of(row, channels[row.lane], timeline), selected)
    if row.lane in ("camera", "markers"):
        kind = "camera" if row.lane == "camera" else "marker"
        keys = timeline.camera if row.lane == "camera" else timeline.markers
        # A marker's flag flies to the right of its second.
        reach = (NEAR, NEAR) if kind == "camera" else (3.0, 2 * NEAR)
        for key in reversed(keys):
            if -reach[0] <= point.x() - axis.x(key.time) <= reach[1]:
                return Hit(Item(kind, time=key.time))
        return None
    for block in reversed(blocks_of(timeline, row.lane)):
        top, height = row.span(block)
        left, right = axis.x(block.start), axis.x(block.stop)
        if top <= point.y() < top + height and left - 2 <= point.x() <= right + 2:
            edge = min(EDGE, (right - left) / 4)
            if point.x() < left + edge:
                return Hit(Item("block", block.id), "start")
            return Hit(Item("block", block.id), "stop" if point.x() > right - edge else "body")
    return None


def _find_key(point: QPointF, axis: TimeAxis, plot: Plot, selected: Collection[Item]) -> Hit | None:
    seen = [key for key in plot.curve.keys if axis.x(key.time) > -HANDLE and axis.x(key.time) < axis.width + HANDLE]
    for key in seen:
        if _near(point, QPointF(axis.x(key.time), plot.y(key.value))):
            return Hit(Item("key", plot.curve.channel, key.time))
    for key in seen:
        item = Item("key", plot.curve.channel, key.time)
        if item not in selected:
            continue
        for side in ("before", "after"):
            if _near(point, plot.handle(axis, key, side)):
                return Hit(item, side)
    return None


def _near(a: QPointF, b: QPointF) -> bool:
    return math.hypot(a.x() - b.x(), a.y() - b.y()) <= NEAR


def inside(
    area: QRectF, axis: TimeAxis, timeline: Timeline, rows: tuple[Row, ...], channels: Mapping[Lane, str]
) -> frozenset[Item]:
    """Return what a rectangle of px touches."""
    items: set[Item] = set()
    begin, end = axis.time(area.left()), axis.time(area.right())
    for row in rows:
        if row.height > row.band:
            plot = Plot.of(row, channels[row.lane], timeline)
            for key in plot.curve.keys:
                if begin <= key.time <= end and area.top() <= plot.y(key.value) <= area.bottom():
                    items.add(Item("key", plot.curve.channel, key.time))
        if area.bottom() < row.top or area.top() > row.top + row.band:
            continue
        if row.lane == "camera":
            items |= {Item("camera", time=key.time) for key in timeline.camera if begin <= key.time <= end}
        elif row.lane == "markers":
            items |= {Item("marker", time=marker.time) for marker in timeline.markers if begin <= marker.time <= end}
        for block in blocks_of(timeline, row.lane):
            top, height = row.span(block)
            across = block.start <= end and block.stop >= begin
            if across and top <= area.bottom() and top + height >= area.top():
                items.add(Item("block", block.id))
    return frozenset(items)
