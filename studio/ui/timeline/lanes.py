"""What the lanes look like: blocks with what is in them, camera keys, markers."""

from collections.abc import Collection, Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio.core.project.edits import Item
from studio.core.project.timeline import Block, Lane, Timeline
from studio.core.project.traces import SIGNED
from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.curve_painter import paint_curve
from studio.ui.timeline.pictures import Pictures
from studio.ui.timeline.rows import Row, blocks_of
from studio.ui.timeline.tracks import paint_track

RADIUS = 4.0
MARK = 6.0  # px from the middle of a camera key to its corners
LEAST_NAME = 48  # px of a block that has room for its name
TRACE_COLORS = ("text", "dim", "faint")
"""Of a lane's lines, the most telling one first."""
OFF = 0.35  # opacity of what is muted


class LanePainter:
    """Paints the part of a timeline that an axis shows."""

    def __init__(self, axis: TimeAxis, pictures: Pictures) -> None:
        self._axis = axis
        self._pictures = pictures

    def paint(
        self,
        painter: QPainter,
        timeline: Timeline,
        rows: tuple[Row, ...],
        channels: Mapping[Lane, str],
        selected: Collection[Item],
    ) -> None:
        """Paint rows, their blocks, keys and opened channels, and which of them are selected."""
        axis = self._axis
        self._paint_ground(painter, timeline, rows)
        named: set[tuple[str, float]] = set()
        for row in rows:
            painter.setOpacity(1.0 if timeline.heard(row.lane) else OFF)
            for block in blocks_of(timeline, row.lane):
                if block.stop > axis.begin and block.start < axis.end:
                    # One name does for what lies in several lanes.
                    name = "" if (block.source, block.start) in named else block.name
                    named.add((block.source, block.start))
                    self._paint_block(painter, block, row, name, Item("block", block.id) in selected)
            if row.height > row.band:
                recorded = self._pictures.channels
                paint_curve(painter, axis, timeline, row, channels[row.lane], recorded, selected)
            middle = row.top + row.band / 2
            if row.lane == "camera":
                for key in timeline.camera:
                    _paint_diamond(painter, axis.x(key.time), middle, Item("camera", time=key.time) in selected)
            elif row.lane == "markers":
                for i, marker in enumerate(timeline.markers):
                    later = timeline.markers[i + 1].time if i + 1 < len(timeline.markers) else axis.end
                    room = axis.x(later) - axis.x(marker.time) - 2 * MARK
                    chosen = Item("marker", time=marker.time) in selected
                    _paint_marker(painter, axis.x(marker.time), row, marker.name, room, chosen)
        painter.setOpacity(1.0)

    def _paint_ground(self, painter: QPainter, timeline: Timeline, rows: tuple[Row, ...]) -> None:
        axis, colors = self._axis, theme.current()
        bottom = rows[-1].bottom
        painter.fillRect(QRectF(0, 0, axis.width, bottom), QColor(colors.panel))
        faint = QColor(colors.line)
        faint.setAlphaF(0.5)
        step = axis.tick(96)
        for time in np.arange(max(np.ceil(axis.begin / step), 0), axis.end / step) * step:
            painter.fillRect(QRectF(round(axis.x(time)), 0, 1, bottom), faint)
        if timeline.loop is not None:
            tint = QColor(colors.accent)
            tint.setAlphaF(0.1)
            left, right = (axis.x(time) for time in timeline.loop)
            painter.fillRect(QRectF(left, 0, right - left, bottom), tint)
        for row in rows:
            painter.fillRect(QRectF(0, row.bottom - 1, axis.width, 1), QColor(colors.line))
        for marker in timeline.markers:
            painter.fillRect(QRectF(round(axis.x(marker.time)), 0, 1, bottom), QColor(colors.faint))

    def _paint_block(self, painter: QPainter, block: Block, row: Row, name: str, selected: bool) -> None:
        axis, colors = self._axis, theme.current()
        top, height = row.span(block)
        # Rounded corners and outlines far outside the window cost time and are not seen.
        left, right = max(axis.x(block.start), -2 * RADIUS), min(axis.x(block.stop), axis.width + 2 * RADIUS)
        frame = QRectF(left + 0.5, top + 0.5, max(right - left - 1, 1), height - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colors.hover if selected else colors.control))
        painter.setPen(QPen(QColor(colors.accent), 2) if selected else QColor(colors.line))
        painter.drawRoundedRect(frame, RADIUS, RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        inner = frame.adjusted(1, 2, -1, -2)
        painter.save()
        painter.setClipRect(inner, Qt.ClipOperation.IntersectClip)
        if row.lane == "audio":
            self._paint_wave(painter, block, inner)
        else:
            self._paint_traces(painter, block, row.lane, inner)
        if name and frame.width() > LEAST_NAME:
            room = inner.adjusted(4, -1, -4, 0)
            room.setLeft(max(room.left(), 5))
            _paint_name(painter, name, room)
        painter.restore()

    def _paint_wave(self, painter: QPainter, block: Block, inner: QRectF) -> None:
        wave = self._pictures.waves.get(block.source)
        if wave is None:
            return
        loudest = max(float(np.abs(wave.levels[-1][1:]).max()) if wave.levels else 0.0, 0.05)
        paint_track(painter, self._axis, block, wave, inner, inner.center().y(), inner.height() / 2 / loudest, ("dim",))

    def _paint_traces(self, painter: QPainter, block: Block, lane: Lane, inner: QRectF) -> None:
        traces = self._pictures.traces.get((block.source, lane))
        if traces is None:
            return
        signed = lane in SIGNED
        base = inner.center().y() if signed else inner.bottom() - 1
        scale = (inner.height() - 1) / (2 if signed else 1)
        paint_track(painter, self._axis, block, traces, inner, base, scale, TRACE_COLORS)


def _paint_name(painter: QPainter, name: str, room: QRectF) -> None:
    """Write a name over whatever lies there, on a little of the block's own colour."""
    colors = theme.current()
    text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
    ground = QColor(colors.control)
    ground.setAlphaF(0.7)
    painter.fillRect(QRectF(room.left() - 3, room.top(), painter.fontMetrics().horizontalAdvance(text) + 6, 16), ground)
    painter.setPen(QColor(colors.text))
    painter.drawText(QRectF(room.left(), room.top(), room.width(), 16), Qt.AlignmentFlag.AlignVCenter, text)


def _paint_diamond(painter: QPainter, x: float, y: float, selected: bool) -> None:
    colors = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colors.text if selected else colors.panel), 1.5))
    painter.setBrush(QColor(colors.accent if selected else colors.text))
    painter.drawPolygon(
        QPolygonF([QPointF(x, y - MARK), QPointF(x + MARK, y), QPointF(x, y + MARK), QPointF(x - MARK, y)])
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_marker(painter: QPainter, x: float, row: Row, name: str, room: float, selected: bool) -> None:
    colors = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors.accent if selected else colors.dim))
    top = row.top + 5
    flag = [(0, 0), (MARK, 0), (2 * MARK - 2, MARK), (MARK, 2 * MARK), (0, 2 * MARK)]
    painter.drawPolygon(QPolygonF([QPointF(round(x) + dx, top + dy) for dx, dy in flag]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room - 8))
    if room > 24:
        painter.setPen(QColor(colors.text if selected else colors.dim))
        painter.drawText(QRectF(x + 2 * MARK + 2, row.top, room, row.band - 1), Qt.AlignmentFlag.AlignVCenter, text)
