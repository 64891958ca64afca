"""The Export panel: clips in every format, pictures, the motion, or the head itself."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from studio.core.avatar import Background
from studio.core.media.clip_format import FORMATS, ClipFormat
from studio.core.orbit import Orbit
from studio.ui import theme
from studio.ui.export_tasks import SOURCES, Source
from studio.ui.panels.controls import dim, heading
from studio.ui.panels.jobs import time_left

if TYPE_CHECKING:
    from studio.core.export_clip import ClipOptions

SIZES = (
    (256, 256), (512, 512), (768, 768), (1024, 1024), (1536, 1536),
    (1280, 720), (1920, 1080), (720, 1280), (1080, 1920),
)  # fmt: skip
RATES = (24, 25, Fraction(30000, 1001), 30, 50, 60)
GREEN = (0.0, 177 / 255, 64 / 255)
"""Of a chroma key."""


class ExportPanel(QWidget):
    """Holds the options of clips; the window asks for the file."""

    clip_wanted = Signal()
    motion_wanted = Signal()
    still_wanted = Signal()
    sheet_wanted = Signal()
    splats_wanted = Signal()
    mesh_wanted = Signal()
    changed = Signal()
    """The options of a clip, while the panel is to be seen; an estimate of them is old."""

    ready = Signal(bool)
    """Whether what is chosen can be exported as a clip or as motion."""

    def __init__(self) -> None:
        super().__init__()
        tr = self.tr
        self._source = self._choice(
            tr("What a clip shows"), tr("What moves the head"),
            [(tr("The timeline"), "timeline"), (tr("A turn about the head"), "turntable")],
        )  # fmt: skip
        self._format = self._choice(
            tr("Clip format"), tr("H.264 plays everywhere; the others can be transparent"),
            [(tr("MP4 (H.264)"), "mp4"), (tr("MOV (ProRes 4444)"), "prores"), (tr("WebM (VP9)"), "webm"),
             (tr("PNG pictures"), "png"), (tr("PNG pictures, 16 bits"), "png16")],
        )  # fmt: skip
        self._size = self._choice(
            tr("Clip size"), tr("Width and height of the picture"), [(f"{w} × {h} px", (w, h)) for w, h in SIZES], 1
        )
        rates = [(tr("{rate} frames/s").format(rate=f"{float(rate):.5g}"), rate) for rate in RATES]
        self._rate = self._choice(tr("Clip frame rate"), tr("Pictures per second"), rates, 1)
        self._range = self._choice(
            tr("Clip range"), tr("Which part of it; the loop is set on the timeline"),
            [(tr("All of it"), False), (tr("The loop"), True)],
        )  # fmt: skip
        self._behind = self._choice(
            tr("Clip background"), tr("What lies behind the head"),
            [(tr("As on show"), "shown"), (tr("The portrait's own"), "plate"), (tr("Transparent"), "transparent"),
             (tr("Green"), GREEN), (tr("Black"), (0.0, 0.0, 0.0)), (tr("White"), (1.0, 1.0, 1.0))],
        )  # fmt: skip
        self._quality = self._choice(
            tr("Clip quality"), tr("Draft makes small files, high makes large ones"),
            [(tr("Draft"), "draft"), (tr("Standard"), "standard"), (tr("High"), "high")], 1,
        )  # fmt: skip
        self._label = QCheckBox(tr("Show the word “synthetic”"))
        self._label.setToolTip(tr("In the lower right corner; clips of the sample always show it"))
        self._label.toggled.connect(self._announce)
        self._note, self._estimate = dim(""), dim("")
        self._estimate.setAccessibleName(tr("Estimate"))

        self.clip = self._button(tr("Export clip…"), tr("Write it, read back and compared (Ctrl+E)"), self.clip_wanted)
        self.clip.setProperty("role", "primary")
        self.motion = self._button(
            tr("Export motion…"), tr("ARKit CSV, as Live Link Face writes it"), self.motion_wanted
        )
        self.still = self._button(
            tr("Export still…"), tr("The picture on show as PNG (Ctrl+Shift+E)"), self.still_wanted
        )
        self.sheet = self._button(
            tr("Export view sheet…"), tr("Seven views of four expressions as one PNG"), self.sheet_wanted
        )
        self.splats = self._button(
            tr("Export splats…"), tr("The head as the sliders pose it: PLY, SPZ or GLB, read back and drawn again"),
            self.splats_wanted,
        )  # fmt: skip
        self.mesh = self._button(
            tr("Export mesh…"), tr("A bald head with painted hair and the 52 ARKit shapes, as GLB"), self.mesh_wanted
        )
        self._loop: tuple[float, float] | None = None
        self._head, self._able = False, dict.fromkeys(SOURCES, False)
        self._lay_out()
        self.show_state(False, self._able, None)

    def _lay_out(self) -> None:
        tr = self.tr
        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.GRID)
        form.setVerticalSpacing(theme.GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, box in (
            (tr("Show"), self._source), (tr("Format"), self._format), (tr("Size"), self._size),
            (tr("Rate"), self._rate), (tr("Range"), self._range), (tr("Behind"), self._behind),
            (tr("Quality"), self._quality),
        ):  # fmt: skip
            form.addRow(label, box)
        inner = QWidget()
        inner.setObjectName("panel")
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(tr("Clip")))
        layout.addLayout(form)
        for widget in (self._label, self._note, self._estimate, self.clip, self.motion):
            layout.addWidget(widget)
        for title, buttons in ((tr("Pictures"), (self.still, self.sheet)), (tr("Head"), (self.splats, self.mesh))):
            layout.addSpacing(theme.GRID)
            layout.addWidget(heading(title))
            for button in buttons:
                layout.addWidget(button)
        layout.addSpacing(theme.GRID)
        layout.addWidget(
            dim(tr("Everything exported says in its file that it is synthetic; MP4, MOV and PNG stills are signed."))
        )
        layout.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(scroll.focusPolicy().NoFocus)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _choice(self, name: str, tip: str, items: list[tuple[str, Any]], first: int = 0) -> QComboBox:
        box = QComboBox()
        for text, value in items:
            box.addItem(text, value)
        box.setCurrentIndex(first)
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.activated.connect(lambda _: self._announce())
        return box

    def _button(self, text: str, tip: str, wanted: Any) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(wanted)
        return button

    @property
    def source(self) -> Source:
        """What a clip shows."""
        return self._source.currentData()

    @property
    def form(self) -> ClipFormat:
        """How a clip is written."""
        return FORMATS[self._format.currentData()]

    def options(self, shown: Background, view: Orbit) -> "ClipOptions":
        """Return the options of a clip, over the background and from the view on show."""
        from studio.core.export_clip import ClipOptions, is_transparent

        behind: Background = self._behind.currentData()
        behind = shown if isinstance(behind, str) and behind == "shown" else behind
        if is_transparent(behind) and not self.form.alpha:
            behind = "plate"  # said in the note
        begin, end = self._loop if self._range.currentData() and self._loop else (0.0, None)
        width, height = self._size.currentData()
        return ClipOptions(
            width, height, self._rate.currentData(), behind, self._quality.currentData(), begin, end, view,
            self._label.isChecked(), 16 if self.form.name == "png16" else 8,
        )  # fmt: skip

    def show_state(self, head: bool, able: dict[Source, bool], loop: tuple[float, float] | None) -> None:
        """Say what is missing, or what a clip can show; `loop` in s."""
        before = (self._head, self._able, self._loop)
        self._head, self._able, self._loop = head, dict(able), loop
        for button in (self.still, self.sheet, self.splats, self.mesh):
            button.setEnabled(head)
        if before != (self._head, self._able, self._loop):
            self._announce()
        else:
            self._tell()

    def show_estimate(self, found: Any) -> None:
        """Show an `Estimate`, a sentence, or that one is being made (None)."""
        if found is None:
            self._estimate.setText(self.tr("Estimating…") if self.clip.isEnabled() else "")
        elif isinstance(found, str):
            self._estimate.setText(found)
        else:
            size = found.bytes / 1e6
            text = self.tr("{seconds:.1f} s, {frames} frames; about {size} MB in {time}")
            shown = f"{size:.1f}" if size < 10 else f"{size:.0f}"
            self._estimate.setText(
                text.format(
                    seconds=found.duration, frames=found.frames, size=shown, time=time_left(max(1.0, found.seconds))
                )
            )

    def _announce(self, *_: object) -> None:
        self._tell()
        self._estimate.setText("")
        if self.clip.isEnabled() and self.isVisible():
            self.changed.emit()

    def _tell(self) -> None:
        able = self._head and self._able[self.source]
        self.clip.setEnabled(able)
        self.motion.setEnabled(able)
        self.ready.emit(able)
        self._range.setEnabled(self._loop is not None)
        if self._loop is None:
            self._range.setCurrentIndex(0)
        self._quality.setEnabled(self.form.graded)
        chosen = self._behind.currentData()
        if not self._head:
            note = self.tr("Drop a portrait first.")
        elif not able:
            note = self.tr("The timeline is empty: drop a sound (Ctrl+Shift+O) or record a take.")
        elif isinstance(chosen, str) and chosen == "transparent" and not self.form.alpha:
            note = self.tr("MP4 holds no transparency: the portrait's own background is used.")
        elif self.form.alpha and self.form.suffix == "":
            note = self.tr("A folder with one picture per frame, and the sound beside them.")
        else:
            note = ""
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for an estimate of what is chosen."""
        super().showEvent(event)
        self._announce()

    def hideEvent(self, event: QHideEvent) -> None:
        """Show no old estimate the next time."""
        super().hideEvent(event)
        self._estimate.setText("")
