"""`Guides`: thirds and safe areas drawn over the head; they are never in what is exported."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.ui.viewport.view import square_within

# Of the picture's side: what televisions and players surely show, SMPTE ST 2046-1.
ACTION_SAFE, TITLE_SAFE = 0.93, 0.90
INK, SHADE = QColor(255, 255, 255, 150), QColor(0, 0, 0, 110)


class Guides(QWidget):
    """Lies over the view and lets every gesture through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Grid and safe areas"))
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint every line twice, dark beside light, so that it is seen on anything."""
        left, top, side = square_within(self.width(), self.height())
        painter = QPainter(self)
        for shift, ink in ((1.0, SHADE), (0.0, INK)):
            painter.setPen(QPen(ink, 1))
            for third in (1 / 3, 2 / 3):
                x, y = left + third * side + shift, top + third * side + shift
                painter.drawLine(QPointF(x, top), QPointF(x, top + side))
                painter.drawLine(QPointF(left, y), QPointF(left + side, y))
            for share, style in ((ACTION_SAFE, Qt.PenStyle.SolidLine), (TITLE_SAFE, Qt.PenStyle.DashLine)):
                painter.setPen(QPen(ink, 1, style))
                edge = (1 - share) / 2 * side
                painter.drawRect(QRectF(left + edge + shift, top + edge + shift, share * side, share * side))
            painter.setPen(QPen(ink, 1))
            centre = QPointF(left + side / 2 + shift, top + side / 2 + shift)
            for arm in (QPointF(8, 0), QPointF(0, 8)):
                painter.drawLine(centre - arm, centre + arm)
