"""The Avatars panel: every head of the library with its portrait."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from studio.ui.library import Entry
from studio.ui.panels.build_options import told
from studio.ui.viewport.view import thumbnail_image

SIDE = 44  # px of a thumbnail
KEY = Qt.ItemDataRole.UserRole


def rounded(entry: Entry, scale: float) -> QIcon:
    """Return an entry's portrait with round corners."""
    side = round(SIDE * scale)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = QPainterPath()
    shape.addRoundedRect(0, 0, side, side, 6 * scale, 6 * scale)
    painter.setClipPath(shape)
    painter.drawImage(0, 0, thumbnail_image(entry.thumbnail, side))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it
    return icon


class AvatarsPanel(QWidget):
    """The list; emits keys of entries."""

    chosen = Signal(str)
    save_wanted = Signal(str)
    remove_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setAccessibleName(self.tr("Avatars"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(KEY)))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.data(KEY)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)

    def add(self, entry: Entry) -> None:
        """Put an entry on top, or refresh it."""
        item = self._item(entry.key)
        if item is None:
            item = QListWidgetItem()
            item.setData(KEY, entry.key)
            self.list.insertItem(0, item)
        item.setText(entry.name)
        item.setToolTip(f"{entry.name}\n{told(entry.options)}")
        item.setIcon(rounded(entry, self.devicePixelRatioF()))

    def drop(self, key: str) -> None:
        """Take an entry off the list."""
        if (item := self._item(key)) is not None:
            self.list.takeItem(self.list.row(item))

    def mark(self, key: str) -> None:
        """Mark the avatar on show."""
        item = self._item(key)
        if item is None:
            self.list.clearSelection()
        else:
            self.list.setCurrentItem(item)

    def _item(self, key: str) -> QListWidgetItem | None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(KEY) == key:
                return item
        return None

    def _menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        if item is None:
            return
        key = item.data(KEY)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Show"), lambda: self.chosen.emit(key))
        menu.addAction(self.tr("Save as…"), lambda: self.save_wanted.emit(key))
        menu.addSeparator()
        menu.addAction(self.tr("Remove from the library"), lambda: self.remove_wanted.emit(key))
        menu.popup(self.list.viewport().mapToGlobal(point))
