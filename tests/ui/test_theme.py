import pytest
from PySide6.QtGui import QColor

from studio.ui import theme


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    parsed = QColor(color)
    return 0.2126 * linear(parsed.redF()) + 0.7152 * linear(parsed.greenF()) + 0.0722 * linear(parsed.blueF())


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", theme.THEMES)
def test_text_can_be_read(name: str) -> None:
    colors = theme.THEMES[name]
    for ground in (colors.window, colors.panel, colors.control, colors.stage):
        for ink in (colors.text, colors.dim, colors.bad):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    assert contrast(colors.onAccent, colors.accent) >= 4.5
    assert contrast(colors.accent, colors.panel) >= 3


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_style_sheet_has_no_name_left(name: str) -> None:
    text = theme.style_sheet(theme.THEMES[name])
    assert "@" not in text


def test_every_icon_can_be_drawn(qapp: object) -> None:
    for path in (theme.RESOURCES / "icons").glob("*.svg"):
        image = theme.icon(path.stem).pixmap(32, 32).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)), path.stem
