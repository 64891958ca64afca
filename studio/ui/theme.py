"""Colours, icons and the style sheet; follows the system's light or dark."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
INK = "#e6e6e6"  # the stroke colour in the icon files, replaced by the theme's text colour
GRID = 8  # px


@dataclass(frozen=True)
class Theme:
    """Colours by role; every text role has at least 4.5:1 on `window`, `panel` and `control`."""

    window: str
    panel: str
    control: str
    hover: str
    line: str
    edge: str
    rim: str
    """Around controls, where their ground alone does not set them apart."""
    trough: str
    """Of sliders, bars and meters."""
    stage: str
    accent: str
    accentHover: str  # noqa: N815 - named as in the style sheet
    onAccent: str  # noqa: N815
    text: str
    dim: str
    faint: str
    bad: str


THEMES: dict[str, Theme] = {
    "dark": Theme(
        window="#1e1f22", panel="#26282c", control="#2f3237", hover="#3a3e45", line="#3a3e45", edge="#26282c",
        rim="transparent", trough="#2f3237", stage="#17181a", accent="#5aa9e6",
        accentHover="#74b8ec", onAccent="#10151a",
        text="#e6e6e6", dim="#9aa0a6", faint="#7b8087", bad="#f28b82",
    ),
    "light": Theme(
        window="#f1f2f4", panel="#fafbfc", control="#e6e8eb", hover="#d9dce0", line="#d0d3d8", edge="#fafbfc",
        rim="transparent", trough="#e6e8eb", stage="#dfe1e4", accent="#1a6fb0",
        accentHover="#155d95", onAccent="#ffffff",
        text="#1e1f22", dim="#54595f", faint="#7b8087", bad="#b3261e",
    ),
    "contrast": Theme(
        window="#000000", panel="#000000", control="#141414", hover="#333333", line="#ffffff", edge="#8a8a8a",
        rim="#8a8a8a", trough="#6e6e6e", stage="#000000", accent="#ffd54a",
        accentHover="#ffe28a", onAccent="#000000",
        text="#ffffff", dim="#e0e0e0", faint="#b0b0b0", bad="#ff9a8f",
    ),
}  # fmt: skip

_current = "dark"


def current() -> Theme:
    """Return the colours in use."""
    return THEMES[_current]


def system_theme() -> str:
    """Return "light" if the system says so, "dark" otherwise."""
    light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
    return "light" if light else "dark"


def apply(app: QApplication, name: str) -> None:
    """Dress the application; `name` is a key of `THEMES` or "system"."""
    global _current
    _current = system_theme() if name == "system" else name
    theme = current()
    icon.cache_clear()
    app.setStyle("Fusion")
    palette = QPalette(QColor(theme.window))
    for role, color in (
        (QPalette.ColorRole.Window, theme.window),
        (QPalette.ColorRole.Base, theme.panel),
        (QPalette.ColorRole.Text, theme.text),
        (QPalette.ColorRole.WindowText, theme.text),
        (QPalette.ColorRole.ButtonText, theme.text),
        (QPalette.ColorRole.PlaceholderText, theme.dim),
        (QPalette.ColorRole.Highlight, theme.accent),
        (QPalette.ColorRole.HighlightedText, theme.onAccent),
        (QPalette.ColorRole.Accent, theme.accent),
    ):
        palette.setColor(role, QColor(color))
    app.setPalette(palette)
    app.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """Return the style sheet with a theme's colours in place of its @names."""
    text = (RESOURCES / "style.qss").read_text(encoding="utf-8")
    # Longest names first: @accentHover must not become @accent + "Hover".
    for name, color in sorted(asdict(theme).items(), key=lambda item: -len(item[0])):
        text = text.replace(f"@{name}", color)
    # A style sheet cannot tint an image: two of them come in two tones.
    text = text.replace("@tone", "-on-light" if QColor(theme.window).lightness() > 128 else "")
    return text.replace("@icon", (RESOURCES / "icons").as_posix())


@cache
def icon(name: str, role: str = "text") -> QIcon:
    """Return an icon of `resources/icons` drawn in a theme colour, sharp at 100 % and 200 %."""
    theme = asdict(current())
    result = QIcon()
    source = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    for mode, color in (
        (QIcon.Mode.Normal, theme[role]),
        (QIcon.Mode.Disabled, theme["faint"]),
    ):
        renderer = QSvgRenderer(QByteArray(source.replace(INK, color).encode()))
        for side in (16, 24, 32, 48, 64):
            pixmap = QPixmap(QSize(side, side))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, side, side))
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget one of the style sheet's roles and let it repaint."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
