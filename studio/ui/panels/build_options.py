"""What the next build is made with: which engine, whose head, and how many Gaussians."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from studio.core.engines.base import QUALITIES, BuildOptions
from studio.core.engines.registry import ENGINES
from studio.core.heads.head import BUILT_IN
from studio.ui import theme

if TYPE_CHECKING:
    from studio.core.heads.library import HeadInfo


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("build_options", text)


def head_name(head: str) -> str:
    """Return what a head is called in the window."""
    return tr("Built-in") if head == BUILT_IN else head


def quality_name(quality: str) -> str:
    """Return what a quality is called in the window."""
    return {"standard": tr("Standard"), "high": tr("High")}.get(quality, quality)


def engine_name(engine: str) -> str:
    """Return what an engine is called in the window."""
    return {"lift": tr("Lift"), "splat-portrait": tr("Splat-Portrait")}.get(engine, engine)


def told(options: BuildOptions) -> str:
    """Return one line about what an avatar was built with."""
    line = tr("Head: {head} · Quality: {quality}")
    return line.format(head=head_name(options.head), quality=quality_name(options.quality).lower())


class BuildOptionsBox(QWidget):
    """Three choices; the last entry of the heads asks for one more."""

    wanted = Signal(object)
    """`BuildOptions` of the next build."""
    add_head_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._options = BuildOptions()
        self._heads: Sequence[HeadInfo] = ()
        self.engine, self.head, self.quality = QComboBox(), QComboBox(), QComboBox()
        self.engine.setAccessibleName(tr("Engine of the next build"))
        self.engine.setToolTip(
            tr(
                "Lift: turns, speaks and follows sliders and faces. Splat-Portrait: one trained network, "
                "follows sound and the pose of the head alone."
            )
        )
        for engine in ENGINES:
            self.engine.addItem(engine_name(engine), engine)
        self.head.setAccessibleName(tr("Head of the next build"))
        self.head.setToolTip(tr("Whose expressions the next avatar has: the built-in head's, or a head's that you add"))
        self.quality.setAccessibleName(tr("Quality of the next build"))
        self.quality.setToolTip(
            tr("Standard: up to 120,000 Gaussians. High: up to 250,000, slower to build and to draw.")
        )
        for quality in QUALITIES:
            self.quality.addItem(quality_name(quality), quality)
        for box in (self.engine, self.head, self.quality):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.activated.connect(self._chosen)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(2 * theme.GRID)
        form.setVerticalSpacing(theme.GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("Engine"), self.engine)
        form.addRow(tr("Head"), self.head)
        form.addRow(tr("Quality"), self.quality)
        self._fill()

    def show_options(self, options: BuildOptions) -> None:
        """Show what is chosen."""
        self._options = options
        self._fill()

    def show_heads(self, heads: "Sequence[HeadInfo]") -> None:
        """Offer these heads of the library."""
        self._heads = heads
        self._fill()

    def _fill(self) -> None:
        chosen = self._options.head
        self.head.clear()
        self.head.addItem(head_name(BUILT_IN), BUILT_IN)
        for info in self._heads:
            self.head.addItem(info.name, info.name)
            self.head.setItemData(self.head.count() - 1, info.licence, Qt.ItemDataRole.ToolTipRole)
        if self.head.findData(chosen) < 0:
            self.head.addItem(chosen, chosen)  # remembered, and not looked for yet
        self.head.insertSeparator(self.head.count())
        self.head.addItem(tr("Add a head…"), None)
        self.head.setCurrentIndex(self.head.findData(chosen))
        self.quality.setCurrentIndex(self.quality.findData(self._options.quality))
        self.engine.setCurrentIndex(self.engine.findData(self._options.engine))
        # Another engine has no head model to choose.
        self.head.setEnabled(self._options.engine == "lift")

    def _chosen(self) -> None:
        head = self.head.currentData()
        if head is None:
            self.show_options(self._options)
            self.add_head_wanted.emit()
        else:
            engine, quality = self.engine.currentData(), self.quality.currentData()
            head = head if engine == "lift" else BUILT_IN
            self.wanted.emit(replace(self._options, engine=engine, head=head, quality=quality))
