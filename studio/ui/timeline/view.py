"""`LanesView`: the lanes with the playhead over them."""

from collections.abc import Collection

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.project.document import Document
from studio.core.project.edits import Item
from studio.core.project.timeline import Lane
from studio.ui import theme
from studio.ui.timeline.axis import TimeAxis
from studio.ui.timeline.lanes import LanePainter, Pictures
from studio.ui.timeline.rows import lay_out

ZOOM_PER_NOTCH = 1.25
NOTCH = 120.0  # eighths of a degree in one wheel click
STEP = 64.0  # px that one wheel click scrolls
PLAYHEAD = 2  # px


class LanesView(QWidget):
    """Shows a document's timeline over an axis.

    All but the playhead is painted into a picture once, so that a moving playhead costs two thin strips of it.
    """

    def __init__(self, document: Document, axis: TimeAxis, pictures: Pictures) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Lanes"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._document = document
        self._axis = axis
        self._painter = LanePainter(axis, pictures)
        self._picture: QPixmap | None = None
        self.position = 0.0
        self.selected: Collection[Item] = frozenset()
        self.opened: frozenset[Lane] = frozenset()
        self.rows = lay_out(document.state.timeline)
        axis.changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        """As high as the lanes are."""
        return QSize(400, self.rows[-1].bottom)

    def show_document(self) -> None:
        """Lay out and paint what the document says now."""
        self.rows = lay_out(self._document.state.timeline, self.opened)
        self.setMinimumHeight(self.rows[-1].bottom)
        self.refresh()

    def refresh(self) -> None:
        """Paint everything anew."""
        self._picture = None
        self.update()

    def show_position(self, seconds: float) -> None:
        """Move the playhead."""
        self.update(self._strip())
        self.position = seconds
        self.update(self._strip())

    def _strip(self) -> QRect:
        return QRect(round(self._axis.x(self.position)) - PLAYHEAD, 0, 2 * PLAYHEAD + 1, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the axis."""
        super().resizeEvent(event)
        self._picture = None
        self._axis.resize(self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Put the picture and the playhead on screen."""
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            self._picture = QPixmap((self.size().toSizeF() * ratio).toSize())
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(QColor(theme.current().panel))
            with QPainter(self._picture) as painter:
                painter.setFont(self.font())
                self._painter.paint(painter, self._document.state.timeline, self.rows, self.selected)
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._picture)
        x = round(self._axis.x(self.position))
        painter.fillRect(QRectF(x - PLAYHEAD / 2, 0, PLAYHEAD, self.height()), QColor(theme.current().accent))
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll in time; zoom about the pointer with Ctrl."""
        turn = event.angleDelta() / NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._axis.zoom(ZOOM_PER_NOTCH ** turn.y(), event.position().x())
        else:
            notches = turn.x() or turn.y()
            self._axis.scroll(-notches * STEP)
        event.accept()
