"""What an opened curve looks like: its channel as recorded, the curve, its keys and their handles."""

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.core.project.curves import limits, values
from studio.core.project.edits import Item
from studio.core.project.pyramid import Pyramid
from studio.core.project.timeline import Timeline
from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.hits import PAD, Plot
from studio.ui.timeline.polyline import band_image, polygon
from studio.ui.timeline.rows import Row, blocks_of
from studio.ui.timeline.tracks import paint_track

KEY = 3.5  # px from the middle of a key to its edge
HANDLES = 40  # keys whose handles are shown
CROWDED = 8  # px per key below which the curve is a band
GRIP = 3.0  # px of a handle's end


def paint_curve(
    painter: QPainter,
    axis: TimeAxis,
    timeline: Timeline,
    row: Row,
    channel: str,
    recorded: dict[tuple[str, str], Pyramid],
    selected: Collection[Item],
) -> None:
    """Paint the opened curve of a row; `recorded` are channels of motions by key and name."""
    colors = theme.current()
    plot = Plot.of(row, channel, timeline)
    painter.save()
    painter.setClipRect(QRectF(0, plot.top - PAD, axis.width, plot.height + 2 * PAD - 1))
    painter.fillRect(QRectF(0, plot.top - PAD, axis.width, plot.height + 2 * PAD - 1), QColor(colors.stage))
    low, high = limits(plot.curve)
    for value in sorted({low, 0.0, high}):
        painter.fillRect(QRectF(0, round(plot.y(value)), axis.width, 1), QColor(colors.line))
    painter.setPen(QColor(colors.dim))
    for value in (low, high):
        painter.drawText(QPointF(4, plot.y(value) + (12 if value == high else -3)), f"{value:g}")
    _paint_recorded(painter, axis, timeline, row, plot, recorded)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if plot.curve.keys:
        _paint_line(painter, axis, plot)
        _paint_keys(painter, axis, plot, selected)
    else:
        painter.setPen(QColor(colors.dim))
        hint = QCoreApplication.translate("curves", "Double click to put a key")
        painter.drawText(QRectF(0, plot.top, axis.width, plot.height), Qt.AlignmentFlag.AlignCenter, hint)
    painter.restore()


def _paint_line(painter: QPainter, axis: TimeAxis, plot: Plot) -> None:
    keys, color = plot.curve.keys, theme.current().accent
    seen = sum(axis.begin < key.time < axis.end for key in keys)
    if seen * CROWDED < axis.width:
        x = np.arange(0.0, axis.width + 1)
        y = plot.y(0) - values(keys, axis.begin + x / axis.scale) * plot.scale
        painter.setPen(QPen(QColor(color), 1.5))
        painter.drawPolyline(polygon(x, y))
        return
    # A line that goes up and down at every px takes Qt a tenth of a second.
    x = (np.arange(axis.width * 4) + 0.5) / 4
    y = PAD + (plot.y(0) - plot.top) - values(keys, axis.begin + x / axis.scale) * plot.scale
    columns = y.reshape(-1, 4)
    top, bottom = columns.min(axis=1, keepdims=True), columns.max(axis=1, keepdims=True)
    image = band_image(top, bottom, round(plot.height + 2 * PAD), (color,))
    painter.drawImage(QPointF(0, plot.top - PAD), image)


def _paint_recorded(
    painter: QPainter,
    axis: TimeAxis,
    timeline: Timeline,
    row: Row,
    plot: Plot,
    recorded: dict[tuple[str, str], Pyramid],
) -> None:
    for block in blocks_of(timeline, row.lane):
        track = recorded.get((block.source, plot.curve.channel))
        left, right = max(axis.x(block.start), 0.0), min(axis.x(block.stop), float(axis.width))
        if track is not None and right > left:
            room = QRectF(left, plot.top - PAD, right - left, plot.height + 2 * PAD)
            paint_track(painter, axis, block, track, room, plot.y(0), plot.scale, ("faint",))


def _paint_keys(painter: QPainter, axis: TimeAxis, plot: Plot, selected: Collection[Item]) -> None:
    colors = theme.current()
    keys = plot.curve.keys
    x = (np.array([key.time for key in keys]) - axis.begin) * axis.scale
    y = plot.y(0) - np.array([key.value for key in keys]) * plot.scale
    painter.setPen(QPen(QColor(colors.accent), 2 * KEY))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawPoints(polygon(x, y))
    chosen = [key for key in keys if Item("key", plot.curve.channel, key.time) in selected] if selected else []
    painter.setPen(QPen(QColor(colors.text), 2 * KEY))
    painter.drawPoints([QPointF(axis.x(key.time), plot.y(key.value)) for key in chosen])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for key in chosen[:HANDLES]:
        at = QPointF(axis.x(key.time), plot.y(key.value))
        for side in ("before", "after"):
            end = plot.handle(axis, key, side)
            painter.setPen(QColor(colors.text))
            painter.drawLine(at, end)
            painter.setBrush(QColor(colors.stage))
            painter.drawEllipse(end, GRIP, GRIP)
