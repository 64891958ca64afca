"""What falls on the window, or is pasted: files, pictures, and what is said of the rest."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.director import PICTURES, SOUNDS, VIDEOS
from studio.ui.library import SUFFIX

PROJECT = ".astudio"


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("dropping", text)


@dataclass(frozen=True, eq=False)
class Incoming:
    """What somebody dropped or pasted.

    Attributes
    ----------
    paths
        Files of this computer, each once.
    image
        A picture that is in no file of this computer; None where there is one, or none at all.
    refused
        Sentences about what cannot be opened.
    """

    paths: tuple[Path, ...] = ()
    image: QImage | None = None
    refused: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paths) or self.image is not None

    def told(self) -> str:
        """Return one line about what would be opened."""
        kinds = Counter(kind_of(path) for path in self.paths)
        kinds[tr("Portraits")] += self.image is not None
        return "  ·  ".join(f"{kind}: {count}" for kind, count in kinds.items() if count)


def kind_of(path: Path) -> str:
    """Return what a file is opened as, by its suffix."""
    suffix = path.suffix.lower()
    for suffixes, kind in (
        ((SUFFIX,), tr("Avatars")),
        ((PROJECT,), tr("Projects")),
        (VIDEOS, tr("Videos")),
        (SOUNDS, tr("Sounds")),
        (PICTURES, tr("Portraits")),
    ):
        if suffix in suffixes:
            return kind
    return tr("Not known")


def incoming(data: QMimeData) -> Incoming:
    """Sort what lies on the clipboard or under the pointer.

    A browser gives the address of a picture and the picture; a terminal the path of a file, as text.
    """
    urls = data.urls()
    if not urls and data.hasText():
        urls = [url for line in data.text().splitlines() if (url := _as_file(line.strip())) is not None]
    paths, refused = [], []
    for url in urls:
        path = Path(url.toLocalFile())
        if not url.isLocalFile():
            continue
        if path.is_dir():
            folder = tr("“{name}” is a folder; open it and drop the files that lie in it.")
            refused.append(folder.format(name=path.name))
        elif path not in paths:
            paths.append(path)
    if paths or refused:
        return Incoming(tuple(paths), None, tuple(refused))
    if data.hasImage():
        image = QImage(data.imageData())  # pyright: ignore[reportArgumentType, reportCallIssue]
        if not image.isNull():
            return Incoming(image=image)
    if urls:
        return Incoming(refused=(tr("That is on the web; save it on this computer and drop the file."),))
    return Incoming()


def _as_file(text: str) -> QUrl | None:
    """Return a line of text as the URL of a file, if it is one."""
    if text.startswith("file:"):
        return QUrl(text)
    return QUrl.fromLocalFile(text) if text.startswith(("/", "~/")) and Path(text).expanduser().is_file() else None


class DropHighlight(QFrame):
    """A frame over the window while something is dragged over it; it says what would be opened."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("dropHighlight")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        card = QFrame()
        card.setObjectName("overlayCard")
        self._title = QLabel(tr("Drop to open"))
        self._title.setProperty("role", "title")
        self._told = QLabel()
        self._told.setProperty("role", "dim")
        inner = QVBoxLayout(card)
        inner.setContentsMargins(24, 16, 24, 16)
        inner.setSpacing(theme.GRID // 2)
        for label in (self._title, self._told):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            inner.addWidget(label)
        layout = QVBoxLayout(self)
        layout.addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        self.hide()

    def invite(self, what: Incoming) -> None:
        """Show what would be opened."""
        self._title.setText(tr("Drop to open") if what else tr("This cannot be opened"))
        self._told.setText(what.told() or " ".join(what.refused))
        self.setGeometry(self.window().rect())
        self.show()
        self.raise_()
