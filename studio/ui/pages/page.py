"""`Page`: what lies over the stage for a while instead of a dialog: a title, a body that scrolls, a way back."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.panels.controls import scrolled

WIDEST = 720  # px of a body; longer lines are hard to read


class Page(QFrame):
    """Covers a widget, which goes on living behind it; Escape goes back to where the keyboard was."""

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(title)
        self._before: QWidget | None = None
        name = QLabel(title)
        name.setProperty("role", "title")
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.setToolTip(self.tr("Close this page (Esc)"))
        self._close.setAccessibleName(self.tr("Close"))
        self._close.clicked.connect(self.leave)
        head, self.tools = QHBoxLayout(), QHBoxLayout()
        head.addWidget(name, 1)
        head.addWidget(self._close)
        self.tools.setSpacing(theme.GRID)
        self.tools.setAlignment(Qt.AlignmentFlag.AlignLeft)
        inner = QWidget()
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(0, 0, theme.GRID, 0)
        self.body.setSpacing(theme.GRID)
        inner.setMaximumWidth(WIDEST)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 16, 16, 16)
        whole.setSpacing(2 * theme.GRID)
        whole.addLayout(head)
        whole.addLayout(self.tools)
        whole.addWidget(scrolled(inner), 1)
        self.refresh()
        self.hide()

    def first(self) -> QWidget:
        """Return what the keyboard begins with."""
        return self._close

    def shown(self) -> None:
        """Fill in what may have changed since the page was last open."""

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._close.setIcon(theme.icon("close"))

    def cover(self, place: QWidget) -> None:
        """Lie over a widget, as large as that is."""
        if self.parent() is not place:
            self.setParent(place)
            place.installEventFilter(self)
        self._before = QApplication.focusWidget()
        self.setGeometry(place.rect())
        self.refresh()
        self.shown()
        self.show()
        self.raise_()
        self.first().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            if self._before is not None and self._before.isVisible():
                self._before.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._before = None
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as what is covered, and before it."""
        place = self.parentWidget()
        if place is not None and watched is place and event.type() == QEvent.Type.Resize:
            self.setGeometry(place.rect())
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
