"""`HandleCanvas`: a picture with handles to drag, and the face they make drawn over it as they move."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.core.errors import UserError
from studio.core.heads.anatomy import BROW, FACE_OVAL, IRIS, LIPS_OUTER, LOWER_LID, LOWER_LIP_INNER, SIDES, UPPER_LID
from studio.core.heads.anatomy import UPPER_LIP_INNER as UPPER_LIP
from studio.core.perception.handles import Handles, fit_landmarks, mesh_triangles
from studio.ui import theme
from studio.ui.viewport.picture import MAX_SIDE
from studio.ui.viewport.view import to_image

GRIP = 6.0  # px, radius of a handle
REACH = 16.0  # px within which a press takes hold of one
LOUPE = 64.0  # px, its radius
LOUPE_ZOOM = 3.0
MAX_ZOOM = 12.0
NOTCH = 120.0  # eighths of a degree in one wheel click
# The lips' handles lie on one spot where the mouth is closed, so their grips stand off it.
STAND_OFF = {"lip_upper": QPointF(0, -12), "lip_lower": QPointF(0, 12)}
_WORDS_ABOVE = ("lip_upper", "lid_upper", "nose")
_WORDS_BELOW = ("lip_lower", "lid_lower", "eye_inner", "chin")

_RINGS = [FACE_OVAL, LIPS_OUTER]
_LINES = [UPPER_LIP, LOWER_LIP_INNER] + [part[side] for part in (UPPER_LID, LOWER_LID, BROW) for side in SIDES]


class HandleCanvas(QWidget):
    """Drag a handle, or choose it with Page Up and Page Down and push it with the arrows; the wheel zooms."""

    changed = Signal(object)
    """The new `Handles`."""
    complained = Signal(str)
    """Why these handles are no face; "" when they are one."""
    finished = Signal(bool)
    """Enter (True) or Escape was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mirrored = False
        self.landmarks: NDArray[np.float32] | None = None
        """``[478,3]`` px of the picture, while the handles are a face."""
        self._image: QImage | None = None
        self._size = (1, 1)
        self._shrunk = 1
        self._handles: Handles | None = None
        self._past: list[Handles] = []
        self._current = ""
        self._grip: QPointF | None = None
        self._dragging = False
        self._zoom = 1.0
        self._middle = QPointF(0.5, 0.5)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Picture with handles"))
        self._words = {
            "eye_outer_right": self.tr("outer corner"),
            "eye_inner_right": self.tr("inner"),
            "eye_inner_left": self.tr("inner"),
            "eye_outer_left": self.tr("outer corner"),
            "nose_tip": self.tr("nose"),
            "mouth_right": self.tr("mouth"),
            "mouth_left": self.tr("mouth"),
            "lip_upper": self.tr("upper lip"),
            "lip_lower": self.tr("lower lip"),
            "chin": self.tr("chin"),
            "side_right": self.tr("side"),
            "side_left": self.tr("side"),
            **{name: self.tr("lid") for name in ("lid_upper_right", "lid_upper_left")},
            **{name: self.tr("lid") for name in ("lid_lower_right", "lid_lower_left")},
        }

    def show_picture(self, rgb: NDArray[np.float32], handles: Handles) -> None:
        """Show ``[H,W,3]`` 0..1 and start from these handles."""
        self._size = (rgb.shape[1], rgb.shape[0])
        self._shrunk = max(1, -(-max(rgb.shape[:2]) // MAX_SIDE))
        self._image = to_image((np.clip(rgb[:: self._shrunk, :: self._shrunk], 0, 1) * 255).astype(np.uint8))
        self._zoom, self._middle = 1.0, QPointF(0.5, 0.5)
        self._past, self._current, self._grip, self._dragging = [], "", None, False
        self._take(handles)

    @property
    def handles(self) -> Handles:
        """The handles as they lie now."""
        assert self._handles is not None, "show_picture comes first"
        return self._handles

    def change(self, handles: Handles) -> None:
        """Replace the handles; Ctrl+Z brings the old ones back."""
        self._remember()
        self._take(handles)

    def grip(self, name: str) -> QPointF:
        """Return where a handle can be taken hold of, in this widget's coordinates."""
        return self._to_widget(self.handles.places[name]) + STAND_OFF.get(name, QPointF())

    def _take(self, handles: Handles) -> None:
        self._handles = handles
        try:
            self.landmarks = fit_landmarks(handles, *self._size)
            sentence = ""
        except UserError as error:
            self.landmarks, sentence = None, str(error)
        self.changed.emit(handles)
        self.complained.emit(sentence)
        self.update()

    def _remember(self) -> None:
        self._past = [*self._past[-99:], self.handles]

    def _area(self) -> QRectF:
        """Return where the picture lies in this widget."""
        width, height = self._size
        scale = min(self.width() / width, self.height() / height) * self._zoom
        middle = QPointF(self._middle.x() * width * scale, self._middle.y() * height * scale)
        corner = QPointF(self.width() / 2, self.height() / 2) - middle
        return QRectF(corner.x(), corner.y(), width * scale, height * scale)

    def _to_widget(self, place: tuple[float, float]) -> QPointF:
        area = self._area()
        scale = area.width() / self._size[0]
        return QPointF(area.left() + place[0] * scale, area.top() + place[1] * scale)

    def _at(self, point: QPointF) -> str:
        distance = {name: QLineF(self.grip(name), point).length() for name in self.handles.places}
        nearest = min(distance, key=distance.__getitem__)
        return nearest if distance[nearest] <= REACH else ""

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, the face over it, the handles, and the loupe while one is dragged."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(theme.current().stage))
        if self._image is None or self._handles is None:
            return
        painter.drawImage(self._area(), self._image)
        self._paint_face(painter)
        for name in self._handles.places:
            self._paint_handle(painter, name)
        if self._dragging:
            self._paint_loupe(painter)

    def _paint_face(self, painter: QPainter) -> None:
        if self.landmarks is None:
            return
        points = [self._to_widget((float(x), float(y))) for x, y in self.landmarks[:, :2]]
        wire = QColor("#ffffff")
        wire.setAlpha(60)
        painter.setPen(QPen(wire, 0.75))
        painter.drawLines([QLineF(points[a], points[b]) for a, b in mesh_edges()])
        for color, width in (("#000000", 2.5), (theme.current().accent, 1.25)):
            painter.setPen(QPen(QColor(color), width))
            for ring in _RINGS:
                painter.drawPolygon(QPolygonF([points[i] for i in ring]))
            for line in _LINES:
                painter.drawPolyline(QPolygonF([points[i] for i in line]))
            for centre, rim, *_ in IRIS.values():
                radius = QLineF(points[centre], points[rim]).length()
                painter.drawEllipse(points[centre], radius, radius)

    def _paint_handle(self, painter: QPainter, name: str) -> None:
        colors, grip, current = theme.current(), self.grip(name), name == self._current
        if name in STAND_OFF:
            painter.setPen(QPen(QColor("#ffffff"), 1.5))
            painter.drawLine(QLineF(grip, self._to_widget(self.handles.places[name])))
        painter.setPen(QPen(QColor("#ffffff"), 3 if current else 1.5))
        painter.setBrush(QColor(colors.accent))
        painter.drawEllipse(grip, GRIP, GRIP)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._dragging and not current:
            return
        # Where the words hide neither the face nor each other; in white on a dark rim they read on any picture.
        words, metrics = self._words[name], painter.fontMetrics()
        width, height = metrics.horizontalAdvance(words), metrics.ascent()
        if name.startswith(_WORDS_ABOVE):
            offset = QPointF(-width / 2, -GRIP - 4)
        elif name.startswith(_WORDS_BELOW):
            offset = QPointF(-width / 2, GRIP + 4 + height - 2)
        else:
            offset = QPointF(-GRIP - 4 - width if name.endswith("right") else GRIP + 4, height / 2 - 2)
        path = QPainterPath()
        path.addText(grip + offset, painter.font(), words)
        painter.strokePath(path, QPen(QColor(0, 0, 0, 190), 3))
        painter.fillPath(path, QColor("#ffffff"))

    def _paint_loupe(self, painter: QPainter) -> None:
        assert self._image is not None
        grip, place = self.grip(self._current), self.handles.places[self._current]
        above = grip.y() - 2 * LOUPE - 3 * GRIP > 0
        centre = grip + QPointF(0, (LOUPE + 3 * GRIP) * (-1 if above else 1))
        centre.setX(min(max(centre.x(), LOUPE), self.width() - LOUPE))
        scale = max(self._area().width() / self._size[0] * LOUPE_ZOOM, LOUPE_ZOOM / 2)
        reach = LOUPE / scale / self._shrunk
        source = QRectF(place[0] / self._shrunk - reach, place[1] / self._shrunk - reach, 2 * reach, 2 * reach)
        frame = QRectF(centre.x() - LOUPE, centre.y() - LOUPE, 2 * LOUPE, 2 * LOUPE)
        painter.save()
        circle = QPainterPath()
        circle.addEllipse(frame)
        painter.setClipPath(circle)
        painter.fillRect(frame, QColor(theme.current().stage))
        painter.drawImage(frame, self._image, source)
        painter.setPen(QPen(QColor("#ffffff"), 1))
        for x, y in ((1, 0), (0, 1)):
            for far in (-1, 1):  # the middle stays free: there is what is aimed at
                arm = QPointF(x, y) * far
                painter.drawLine(QLineF(centre + arm * 6, centre + arm * 22))
        painter.restore()
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        painter.drawEllipse(frame)

    # Moving

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a handle, or of the picture."""
        self.setFocus()
        self._grip = event.position()
        if event.button() == Qt.MouseButton.LeftButton and (name := self._at(event.position())):
            self._current, self._dragging = name, True
            self._remember()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle or, with nothing in hand, the picture."""
        if self._grip is None:
            over = bool(self._at(event.position()))
            self.setCursor(Qt.CursorShape.OpenHandCursor if over else Qt.CursorShape.ArrowCursor)
            return
        step, self._grip = event.position() - self._grip, event.position()
        area = self._area()
        if self._dragging:
            scale = area.width() / self._size[0]
            self._drag((step.x() / scale, step.y() / scale))
        else:
            self._middle -= QPointF(step.x() / area.width(), step.y() / area.height())
            self._keep_in_view()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip, self._dragging = None, False
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        before = self._area()
        share = QPointF(
            (event.position().x() - before.left()) / before.width(),
            (event.position().y() - before.top()) / before.height(),
        )
        self._zoom = min(max(self._zoom * 1.2 ** (event.angleDelta().y() / NOTCH), 1.0), MAX_ZOOM)
        after = self._area()
        drift = QPointF(after.left() + share.x() * after.width(), after.top() + share.y() * after.height())
        drift -= event.position()
        self._middle += QPointF(drift.x() / after.width(), drift.y() / after.height())
        self._keep_in_view()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows push the chosen handle by a pixel of the picture, with Shift by ten."""
        step = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        pushes = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, -step),
            Qt.Key.Key_Down: (0.0, step),
        }
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Undo):
            if self._past:
                self._take(self._past.pop())
        elif key in pushes and self._current:
            self._remember()
            self._drag(pushes[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            names = list(self.handles.places)
            ahead = 1 if key == Qt.Key.Key_PageDown else -1
            start = names.index(self._current) if self._current else -max(ahead, 0)
            self._current = names[(start + ahead) % len(names)]
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.finished.emit(key != Qt.Key.Key_Escape)
        else:
            super().keyPressEvent(event)

    def _drag(self, by: tuple[float, float]) -> None:
        """Move the chosen handle, no further than the picture goes."""
        x, y = self.handles.places[self._current]
        width, height = self._size
        by = (min(max(x + by[0], 0), width) - x, min(max(y + by[1], 0), height) - y)
        self._take(self.handles.dragged(self._current, by, self.mirrored))

    def _keep_in_view(self) -> None:
        half = 0.5 / self._zoom
        x, y = (min(max(v, half), 1 - half) for v in (self._middle.x(), self._middle.y()))
        self._middle = QPointF(x, y)
        self.update()


@cache
def mesh_edges() -> NDArray[np.int32]:
    """Return every edge of the face mesh once, ``[E,2]``."""
    triangles = mesh_triangles()
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    return np.unique(edges, axis=0)
