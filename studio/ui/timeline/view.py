"""`LanesView`: the lanes with the playhead over them, and what the pointer does to them."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.project.edits import Item
from studio.core.project.timeline import CHANNELS, MOTION_LANES, Lane, lane_of
from studio.ui import theme
from studio.ui.timeline import hits
from studio.ui.timeline.axis import TimeAxis, timecode
from studio.ui.timeline.editing import Editing
from studio.ui.timeline.gestures import Gesture, MoveItems, SelectBox, TrimBlock, TurnHandle
from studio.ui.timeline.hits import Hit, Plot
from studio.ui.timeline.lanes import LanePainter
from studio.ui.timeline.pictures import Pictures
from studio.ui.timeline.rows import Row, lay_out

ZOOM_PER_NOTCH = 1.25
NOTCH = 120.0  # eighths of a degree in one wheel click
STEP = 64.0  # px that one wheel click scrolls
PLAYHEAD = 2  # px
CLICK = 4.0  # px that a click may wander
MORE = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class LanesView(QWidget):
    """Shows a document's timeline over an axis, and lets it be edited.

    All but the playhead is painted into a picture once, so that a moving playhead costs two thin strips of it.
    """

    sought = Signal(float)
    """s of a click where nothing lies."""
    rename_wanted = Signal(float)
    """s of a marker."""

    def __init__(self, editing: Editing, axis: TimeAxis, pictures: Pictures) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Lanes"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self._editing = editing
        self._axis = axis
        self._painter = LanePainter(axis, pictures)
        self._picture: QPixmap | None = None
        self._gesture: Gesture | None = None
        self._press: QPointF | None = None
        self._hit: Hit | None = None
        self._moved = False
        self.position = 0.0
        self.recording_from: float | None = None
        """Second since which a take is recorded."""
        self.opened: frozenset[Lane] = frozenset()
        self.channels: dict[Lane, str] = {
            lane: next(name for name in CHANNELS if lane_of(name) == lane) for lane in MOTION_LANES
        }
        self.channels |= {"mouth": "jawOpen", "expression": "browInnerUp"}
        """The channel that the opened curve of a lane shows."""
        self.rows = lay_out(editing.timeline)
        axis.changed.connect(self.refresh)
        editing.selection_changed.connect(self.refresh)
        pictures.changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        """As high as the lanes are."""
        return QSize(400, self.rows[-1].bottom)

    def show_document(self) -> None:
        """Lay out and paint what the document says now."""
        self.rows = lay_out(self._editing.timeline, self.opened)
        self.setMinimumHeight(self.rows[-1].bottom)
        self.refresh()

    def refresh(self) -> None:
        """Paint everything anew."""
        self._picture = None
        self.update()

    def show_position(self, seconds: float) -> None:
        """Move the playhead."""
        first = self._strip()
        self.position = seconds
        last = self._strip()
        for strip in (first, last) if self.recording_from is None else (first.united(last),):
            self.update(strip)

    def _strip(self) -> QRect:
        return QRect(round(self._axis.x(self.position)) - PLAYHEAD, 0, 2 * PLAYHEAD + 1, self.height())

    def row_at(self, y: float) -> Row | None:
        """Return the row at a px."""
        return next((row for row in self.rows if row.top <= y < row.bottom), None)

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the axis."""
        super().resizeEvent(event)
        self._picture = None
        self._axis.resize(self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Put the picture and what moves over it on screen."""
        if self._picture is None:
            self._picture = self._paint_picture()
        colors = theme.current()
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._picture)
        x = round(self._axis.x(self.position))
        if self.recording_from is not None:
            tint = QColor(colors.bad)
            tint.setAlphaF(0.3)
            begun, moving = self._axis.x(self.recording_from), [row for row in self.rows if row.lane in MOTION_LANES]
            painter.fillRect(QRectF(begun, moving[0].top, x - begun, moving[-1].bottom - moving[0].top), tint)
        painter.fillRect(QRectF(x - PLAYHEAD / 2, 0, PLAYHEAD, self.height()), QColor(colors.accent))
        if isinstance(self._gesture, SelectBox):
            tint = QColor(colors.accent)
            painter.setPen(tint)
            tint.setAlphaF(0.15)
            painter.setBrush(tint)
            painter.drawRect(self._gesture.area)
        if self.hasFocus():
            painter.setPen(QColor(colors.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_picture(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap((self.size().toSizeF() * ratio).toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(theme.current().panel))
        painter = QPainter(picture)
        painter.setFont(self.font())
        self._painter.paint(painter, self._editing.timeline, self.rows, self.channels, self._editing.selected)
        painter.end()
        return picture

    # The pointer

    def _find(self, point: QPointF) -> Hit | None:
        return hits.find(point, self._axis, self._editing.timeline, self.rows, self.channels, self._editing.selected)

    def _plot(self, point: QPointF) -> Plot | None:
        """Return the opened curve at a px."""
        row = self.row_at(point.y())
        if row is None or point.y() < row.top + row.band:
            return None
        return Plot.of(row, self.channels[row.lane], self._editing.timeline)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what is there, and be ready to drag it."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._press = event.position()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._press, self._moved = event.position(), False
        self._hit = self._find(self._press)
        selected = self._editing.selected
        if self._hit is not None and self._hit.item not in selected:
            item = frozenset({self._hit.item})
            self._editing.select(selected | item if event.modifiers() & MORE else item)
        elif self._hit is not None and event.modifiers() & MORE:
            self._editing.select(selected - {self._hit.item})
            self._hit = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show what a drag would do."""
        point = event.position()
        if self._press is None:
            self._show_cursor(self._find(point))
            return
        if event.buttons() & Qt.MouseButton.MiddleButton:
            self._axis.scroll(self._press.x() - point.x())
            self._press = point
            return
        if not self._moved and (point - self._press).manhattanLength() < CLICK:
            return
        if self._gesture is None:
            self._gesture = self._begin(event)
        self._moved = True
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._gesture.move(point, free)
        if isinstance(self._gesture, SelectBox):
            found = hits.inside(self._gesture.area, self._axis, self._editing.timeline, self.rows, self.channels)
            self._editing.select(self._gesture.before | found)
            self.update()

    def _begin(self, event: QMouseEvent) -> Gesture:
        editing, axis, hit = self._editing, self._axis, self._hit
        assert self._press is not None
        if hit is None:
            return SelectBox(editing, axis, self._press, bool(event.modifiers() & MORE))
        plot = self._plot(self._press)
        if hit.grip in ("start", "stop"):
            return TrimBlock(editing, axis, self._press, hit.item.name, hit.grip)
        if plot is not None and hit.grip in ("before", "after"):
            return TurnHandle(editing, axis, self._press, plot, hit.item.time, hit.grip)
        return MoveItems(editing, axis, self._press, plot)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Leave things where they are; a click where nothing lies goes there."""
        press, self._press = self._press, None
        self._gesture = None
        self.update()
        if event.button() == Qt.MouseButton.LeftButton and press is not None and not self._moved:
            if self._hit is None and not event.modifiers() & MORE:
                self._editing.select(frozenset())
                if self._plot(press) is None:
                    self.sought.emit(self._axis.time(press.x()))
            elif self._hit is not None and not event.modifiers() & MORE:
                self._editing.select(frozenset({self._hit.item}))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Put a key on an opened curve, rename a marker, go to a camera key."""
        hit, plot = self._find(event.position()), self._plot(event.position())
        if hit is None and plot is not None:
            at = self._axis.time(event.position().x())
            self._editing.add_key(plot.curve.channel, at, plot.value(event.position().y()))
        elif hit is not None and hit.item.kind == "marker":
            self.rename_wanted.emit(hit.item.time)
        elif hit is not None and hit.item.kind == "camera":
            self.sought.emit(hit.item.time)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what the menu, which the panel shows, is about."""
        hit = self._find(QPointF(event.pos()))
        if hit is not None and hit.item not in self._editing.selected:
            self._editing.select(frozenset({hit.item}))
        event.ignore()

    def _show_cursor(self, hit: Hit | None) -> None:
        self.setToolTip(self._describe(hit.item) if hit is not None else "")
        if hit is None:
            self.unsetCursor()
        elif hit.grip in ("start", "stop"):
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _describe(self, item: Item) -> str:
        timeline = self._editing.timeline
        for block in (*timeline.sounds, *timeline.takes):
            if item == Item("block", block.id):
                return f"{block.name}  {timecode(block.start)} – {timecode(block.stop)}"
        return timecode(item.time)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll in time; zoom about the pointer with Ctrl."""
        turn = event.angleDelta() / NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._axis.zoom(ZOOM_PER_NOTCH ** turn.y(), event.position().x())
        else:
            self._axis.scroll(-(turn.x() or turn.y()) * STEP)
        event.accept()

    def select_next(self, way: int) -> Item | None:
        """Select the next thing in time after what is selected, or before it; return it."""
        order = self._order()
        if not order:
            return None
        chosen = [i for i, (_, item) in enumerate(order) if item in self._editing.selected]
        if chosen:
            i = (chosen[-1] if way > 0 else chosen[0]) + way
        else:
            i = 0 if way > 0 else len(order) - 1
        item = order[min(max(i, 0), len(order) - 1)][1]
        self._editing.select(frozenset({item}))
        return item

    def _order(self) -> list[tuple[float, Item]]:
        timeline = self._editing.timeline
        order = [(block.start, Item("block", block.id)) for block in (*timeline.sounds, *timeline.takes)]
        order += [(key.time, Item("camera", time=key.time)) for key in timeline.camera]
        order += [(marker.time, Item("marker", time=marker.time)) for marker in timeline.markers]
        for lane in self.opened:
            curve = timeline.curve(self.channels[lane])
            order += [(key.time, Item("key", curve.channel, key.time)) for key in curve.keys] if curve else []
        return sorted(order, key=lambda entry: (entry[0], entry[1].kind, entry[1].name))
