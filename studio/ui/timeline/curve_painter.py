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
from studio.ui.timeline.polyline import polygon, zigzag
from studio.ui.timeline.rows import Row, blocks_of

KEY = 4.0  # px from the middle of a key to its edge
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
        x = np.arange(0.0, axis.width + 1)
        y = plot.y(0) - values(plot.curve.keys, axis.begin + x / axis.scale) * plot.scale
        painter.setPen(QPen(QColor(colors.accent), 1.5))
        painter.drawPolyline(polygon(x, y))
        _paint_keys(painter, axis, plot, selected)
    else:
        painter.setPen(QColor(colors.dim))
        hint = QCoreApplication.translate("curves", "Double click to put a key")
        painter.drawText(QRectF(0, plot.top, axis.width, plot.height), Qt.AlignmentFlag.AlignCenter, hint)
    painter.restore()


def _paint_recorded(
    painter: QPainter,
    axis: TimeAxis,
    timeline: Timeline,
    row: Row,
    plot: Plot,
    recorded: dict[tuple[str, str], Pyramid],
) -> None:
    painter.setPen(QColor(theme.current().faint))
    for block in blocks_of(timeline, row.lane):
        track = recorded.get((block.source, plot.curve.channel))
        begin, end = max(block.start, axis.begin), min(block.stop, axis.end)
        if track is None or end <= begin:
            continue
        shift = block.begin - block.start
        if track.is_dense(1 / axis.scale):
            edges = np.arange(np.floor(axis.x(begin)), np.floor(axis.x(end)) + 2)
            low, high = track.columns(axis.begin + edges / axis.scale + shift)
            y0, y1 = (plot.y(0) - side[:, 0] * plot.scale for side in (low, high))
            painter.drawPolyline(zigzag(edges[:-1], y0, y1))
        else:
            times, samples = track.stretch(begin + shift, end + shift)
            x = (times - shift - axis.begin) * axis.scale
            painter.drawPolyline(polygon(x, plot.y(0) - samples[:, 0] * plot.scale))


def _paint_keys(painter: QPainter, axis: TimeAxis, plot: Plot, selected: Collection[Item]) -> None:
    colors = theme.current()
    for key in plot.curve.keys:
        at = QPointF(axis.x(key.time), plot.y(key.value))
        if not -64 < at.x() < axis.width + 64:
            continue
        chosen = Item("key", plot.curve.channel, key.time) in selected
        if chosen:
            painter.setBrush(QColor(colors.text))
            for side in ("before", "after"):
                end = plot.handle(axis, key, side)
                painter.setPen(QColor(colors.dim))
                painter.drawLine(at, end)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(end, GRIP, GRIP)
        painter.setPen(QPen(QColor(colors.stage), 1))
        painter.setBrush(QColor(colors.text if chosen else colors.accent))
        painter.drawRoundedRect(QRectF(at.x() - KEY, at.y() - KEY, 2 * KEY, 2 * KEY), 2, 2)
