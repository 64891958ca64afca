"""The Export panel: a clip of the opened sound, a still, the sheet of views, or the head itself."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.project.document import Media
from studio.ui import theme
from studio.ui.panels.controls import dim, heading

SIZES = (256, 512, 768, 1024, 1536)
RATES = (24, 25, 30, 50, 60)


class ExportPanel(QWidget):
    """Holds size and frame rate; the window asks for the file."""

    clip_wanted = Signal()
    still_wanted = Signal()
    sheet_wanted = Signal()
    splats_wanted = Signal()
    mesh_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._size, self._rate = QComboBox(), QComboBox()
        for size in SIZES:
            self._size.addItem(self.tr("{size} × {size} px").format(size=size), size)
        for rate in RATES:
            self._rate.addItem(self.tr("{rate} frames/s").format(rate=rate), rate)
        self._size.setCurrentIndex(SIZES.index(512))
        self._rate.setCurrentIndex(RATES.index(25))
        self._size.setAccessibleName(self.tr("Clip size"))
        self._rate.setAccessibleName(self.tr("Clip frame rate"))
        self._rate.activated.connect(lambda _: self._estimate())
        self._note = dim("")
        self.clip = QPushButton(self.tr("Export clip…"))
        self.clip.setProperty("role", "primary")
        self.clip.setToolTip(self.tr("MP4, H.264 with AAC sound (Ctrl+E)"))
        self.clip.clicked.connect(self.clip_wanted)
        self.still = QPushButton(self.tr("Export still…"))
        self.still.setToolTip(self.tr("The picture on show as PNG (Ctrl+Shift+E)"))
        self.still.clicked.connect(self.still_wanted)
        self.sheet = QPushButton(self.tr("Export view sheet…"))
        self.sheet.setToolTip(self.tr("Seven views of four expressions as one PNG"))
        self.sheet.clicked.connect(self.sheet_wanted)
        self.splats = QPushButton(self.tr("Export splats…"))
        self.splats.setToolTip(self.tr("The head as the sliders pose it: PLY, SPZ or GLB, read back and drawn again"))
        self.splats.clicked.connect(self.splats_wanted)
        self.mesh = QPushButton(self.tr("Export mesh…"))
        self.mesh.setToolTip(self.tr("A bald head with painted hair and the 52 ARKit shapes, as GLB"))
        self.mesh.clicked.connect(self.mesh_wanted)

        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.GRID)
        form.setVerticalSpacing(theme.GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Size"), self._size)
        form.addRow(self.tr("Rate"), self._rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Clip")))
        layout.addLayout(form)
        layout.addWidget(self._note)
        layout.addWidget(self.clip)
        layout.addSpacing(2 * theme.GRID)
        layout.addWidget(heading(self.tr("Pictures")))
        layout.addWidget(self.still)
        layout.addWidget(self.sheet)
        layout.addSpacing(2 * theme.GRID)
        layout.addWidget(heading(self.tr("Head")))
        layout.addWidget(self.splats)
        layout.addWidget(self.mesh)
        layout.addSpacing(theme.GRID)
        layout.addWidget(dim(self.tr("Everything exported says in its file that it is synthetic.")))
        layout.addStretch()
        self._sound: Media | None = None
        self.show_state(False, None)

    @property
    def size(self) -> int:
        """Side of the clip, px."""
        return self._size.currentData()

    @property
    def rate(self) -> float:
        """Frames per second."""
        return float(self._rate.currentData())

    def show_state(self, head: bool, sound: Media | None) -> None:
        """Say what is missing, or what the clip will be."""
        self._sound = sound
        self.clip.setEnabled(head and sound is not None)
        self.still.setEnabled(head)
        for button in (self.sheet, self.splats, self.mesh):
            button.setEnabled(head)
        if sound is None:
            self._note.setText(self.tr("Open a sound file to speak (Ctrl+Shift+O)."))
        elif not head:
            self._note.setText(self.tr("Drop a portrait first."))
        else:
            self._estimate()

    def _estimate(self) -> None:
        if self._sound is not None and self.clip.isEnabled():
            frames = round(self._sound.seconds * self.rate)
            text = self.tr("{name}: {seconds:.1f} s, {frames} frames")
            name, seconds = self._sound.name, self._sound.seconds
            self._note.setText(text.format(name=name, seconds=seconds, frames=frames))
