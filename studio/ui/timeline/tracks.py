"""Draws a track inside its block: as bands where it is dense, as lines where it is not."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from studio.core.project.pyramid import Pyramid
from studio.core.project.timeline import Block
from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.polyline import band_image, polygon


def paint_track(
    painter: QPainter,
    axis: TimeAxis,
    block: Block,
    track: Pyramid,
    room: QRectF,
    base: float,
    scale: float,
    roles: tuple[str, ...],
) -> None:
    """Paint what is seen of a block's track within `room`.

    Parameters
    ----------
    base, scale
        px of a value of 0, and px of a value of 1.
    roles
        Of the theme's colours, one per channel; the first lies above the others.
    """
    colors = tuple(getattr(theme.current(), role) for role in roles)
    shift = block.begin - block.start
    left, right = max(room.left(), 0.0), min(room.right(), float(axis.width))
    ratio = painter.device().devicePixelRatioF()
    first, last = int(left * ratio), int(np.ceil(right * ratio))
    if last <= first:
        return
    if track.is_dense(1 / axis.scale / ratio):
        edges = np.arange(first, last + 1) / ratio
        low, high = track.columns(axis.begin + edges / axis.scale + shift)
        top, height = np.floor(room.top()), int(np.ceil(room.height() * ratio))
        image = band_image(
            (base - high * scale - top) * ratio, (base - low * scale - top) * ratio, height, colors[: low.shape[1]]
        )
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(first / ratio, top), image)
        return
    times, samples = track.stretch(axis.time(left) + shift, axis.time(right) + shift)
    x = (times - shift - axis.begin) * axis.scale
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for i in reversed(range(samples.shape[1])):
        painter.setPen(QColor(colors[i]))
        painter.drawPolyline(polygon(x, base - samples[:, i] * scale))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
