"""`Palette`: every action, avatar and preset of the window by a few letters, from the keyboard alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMenuBar,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme
from studio.ui.fuzzy import match

WIDTH = 560
ROWS = 9
ROW = 32  # px
CHOICE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Choice:
    """One line of the palette."""

    title: str
    where: str
    """What it belongs to: the path of its menu."""
    run: Callable[[], object]
    keys: str = ""
    enabled: bool = True


def menu_choices(bar: QMenuBar) -> Iterable[Choice]:
    """Return every action of every menu, the window's own and those that come and go."""
    for action in bar.actions():
        if isinstance(menu := action.menu(), QMenu):
            yield from _of_menu(menu, _clean(action.text()))


def _of_menu(menu: QMenu, path: str) -> Iterable[Choice]:
    for action in menu.actions():
        if isinstance(below := action.menu(), QMenu):
            yield from _of_menu(below, f"{path} › {_clean(action.text())}")
        elif not action.isSeparator() and action.isVisible():
            keys = action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)
            yield Choice(_clean(action.text()), path, _trigger(action), keys, action.isEnabled())


def _trigger(action: QAction) -> Callable[[], object]:
    return action.trigger


def _clean(text: str) -> str:
    return text.replace("&", "")


class Palette(QFrame):
    """A card over the window: type, choose with the arrows, Enter; Escape goes back."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("overlayCard")
        self.setAccessibleName(self.tr("Command palette"))
        self._window = window
        self._sources: list[Callable[[], Iterable[Choice]]] = []
        self._choices: list[Choice] = []
        self._before: QWidget | None = None
        self.query = QLineEdit()
        self.query.setPlaceholderText(self.tr("Type what you want to do, or the name of an avatar"))
        self.query.setAccessibleName(self.tr("What to look for"))
        self.query.textChanged.connect(self._find)
        self.query.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("What was found"))
        self.list.setItemDelegate(_Line(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take)
        self._nothing = QLabel(self.tr("Nothing is called that; try fewer letters."))
        self._nothing.setProperty("role", "dim")
        self._nothing.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self.query)
        layout.addWidget(self.list)
        layout.addWidget(self._nothing)
        self.hide()

    def offer(self, source: Callable[[], Iterable[Choice]]) -> None:
        """Ask this for choices whenever the palette opens."""
        self._sources.append(source)

    def toggle(self) -> None:
        """Open, or close."""
        if self.isVisible():
            self.leave()
            return
        self._choices = [choice for source in self._sources for choice in source()]
        self._before = QApplication.focusWidget()
        self.setFixedWidth(min(WIDTH, self._window.width() - 4 * theme.GRID))
        self.move((self._window.width() - self.width()) // 2, 6 * theme.GRID)
        self.query.clear()
        self._find("")
        self.show()
        self.raise_()
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close and give the keyboard back."""
        if self.isVisible():
            self.hide()
            if self._before is not None and self._before.isVisible():
                self._before.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._before = None

    @property
    def found(self) -> list[Choice]:
        """What is listed now, the best first."""
        return [self.list.item(row).data(CHOICE) for row in range(self.list.count())]

    def _find(self, query: str) -> None:
        ranked: list[tuple[float, Choice]] = []
        for choice in self._choices:
            of_title = match(query, choice.title)
            of_both = match(query, f"{choice.where} {choice.title} {choice.keys}")
            if of_title is not None or of_both is not None:
                ranked.append((2 * (of_title or 0.0) + (of_both or 0.0), choice))
        # `sorted` keeps the order of the menus among equals; what cannot be done now comes last.
        ranked.sort(key=lambda item: (not item[1].enabled, -item[0]))
        self.list.clear()
        for _, choice in ranked:
            item = QListWidgetItem()
            item.setData(CHOICE, choice)
            told = (choice.title, choice.where, choice.keys, "" if choice.enabled else self.tr("not available now"))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, told)))
            if not choice.enabled:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        if ranked and ranked[0][1].enabled:
            self.list.setCurrentRow(0)
        self.list.setVisible(bool(ranked))
        self._nothing.setVisible(not ranked)
        self.list.setFixedHeight(ROW * min(ROWS, len(ranked)) + 2)
        self.adjustSize()

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            choice: Choice = item.data(CHOICE)
            self.leave()
            choice.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while one types; whoever leaves the line leaves the palette."""
        if watched is self.query and event.type() == QEvent.Type.FocusOut:
            self.leave()
        elif watched is self.query and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
                self.list.event(event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.list.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)


class _Line(QStyledItemDelegate):
    """The title at the left, its menu after it, its keys at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)  # ground and mark, as the style sheet has them
        choice: Choice = index.data(CHOICE)
        colors = theme.current()
        rect: QRect = option.rect.adjusted(theme.GRID, 0, -theme.GRID, 0)  # pyright: ignore
        metrics = painter.fontMetrics()
        right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setPen(QColor(colors.dim))
        painter.drawText(rect, right | middle, choice.keys)
        rect.setRight(rect.right() - metrics.horizontalAdvance(choice.keys) - (2 * theme.GRID if choice.keys else 0))
        where = metrics.horizontalAdvance(choice.where)
        title = metrics.elidedText(choice.title, Qt.TextElideMode.ElideRight, rect.width() - where - 2 * theme.GRID)
        painter.setPen(QColor(colors.text if choice.enabled else colors.faint))
        painter.drawText(rect, left | middle, title)
        rect.setLeft(rect.left() + metrics.horizontalAdvance(title) + theme.GRID + theme.GRID // 2)
        painter.setPen(QColor(colors.dim if choice.enabled else colors.faint))
        painter.drawText(rect, left | middle, choice.where)
        painter.restore()
