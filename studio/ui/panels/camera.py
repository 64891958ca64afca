"""The Camera panel: where the viewer stands, in numbers, and what lies behind the head."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QButtonGroup,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.avatar import Background
from studio.core.orbit import MAX_PITCH, MAX_YAW, MAX_ZOOM, MIN_ZOOM, Orbit
from studio.ui import theme
from studio.ui.panels.controls import ValueSlider, dim, heading

RENDER_SIZES = (256, 384, 512, 768, 1024)


class CameraPanel(QWidget):
    """Shows an `Orbit`, the background and the render size; emits what the user wants."""

    orbit_wanted = Signal(object)
    background_wanted = Signal(object)
    size_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._orbit = Orbit()
        self._color = QColor("#203040")
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        self._yaw = self._add(grid, self.tr("Yaw"), -MAX_YAW, MAX_YAW, 0, "°", 1)
        self._pitch = self._add(grid, self.tr("Pitch"), -MAX_PITCH, MAX_PITCH, 0, "°", 1)
        self._zoom = self._add(grid, self.tr("Zoom"), MIN_ZOOM, MAX_ZOOM, 1, "×", 0.1)

        presets = QHBoxLayout()
        presets.setSpacing(theme.GRID)
        for label, key, yaw in (
            (self.tr("Front"), "1", 0.0),
            (self.tr("Left"), "2", 35.0),
            (self.tr("Right"), "3", -35.0),
        ):
            button = QPushButton(label)
            button.setToolTip(self.tr("Look from here ({key})").format(key=key))
            button.clicked.connect(lambda _, yaw=yaw: self.orbit_wanted.emit(self._orbit.turned_to(yaw, 0.0)))
            presets.addWidget(button)
        reset = QPushButton(self.tr("Reset"))
        reset.setToolTip(self.tr("Back to the portrait's own view (Home)"))
        reset.clicked.connect(lambda: self.orbit_wanted.emit(Orbit()))
        presets.addWidget(reset)

        self._kinds = QButtonGroup(self)
        kinds = QHBoxLayout()
        kinds.setSpacing(theme.GRID)
        for index, label in enumerate((self.tr("Plate"), self.tr("Transparent"), self.tr("Colour"))):
            button = QPushButton(label)
            button.setCheckable(True)
            self._kinds.addButton(button, index)
            kinds.addWidget(button)
        self._kinds.button(0).setChecked(True)
        self._kinds.button(0).setToolTip(self.tr("The portrait's own background"))
        self._kinds.idClicked.connect(self._background_clicked)

        self._size = QComboBox()
        self._size.setAccessibleName(self.tr("Render size"))
        self._size.setToolTip(self.tr("Pixels the head is rendered at; smaller is faster"))
        for size in RENDER_SIZES:
            self._size.addItem(self.tr("{size} × {size} px").format(size=size), size)
        self._size.setCurrentIndex(RENDER_SIZES.index(512))
        self._size.activated.connect(lambda _: self.size_wanted.emit(self._size.currentData()))

        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("View")))
        layout.addLayout(grid)
        layout.addLayout(presets)
        layout.addWidget(dim(self.tr("Drag to orbit, wheel to zoom, middle button to pan, double click to reset.")))
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Background")))
        layout.addLayout(kinds)
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Render size")))
        layout.addWidget(self._size)
        layout.addStretch()

    def show_orbit(self, orbit: Orbit) -> None:
        """Show a view."""
        self._orbit = orbit
        for (slider, box), value in zip(
            (self._yaw, self._pitch, self._zoom), (orbit.yaw, orbit.pitch, orbit.zoom), strict=True
        ):
            slider.show_value(value)
            blocked = box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(blocked)

    def show_background(self, background: Background) -> None:
        """Show which background is used."""
        kinds = {"plate": 0, "transparent": 1}
        self._kinds.button(kinds.get(background, 2) if isinstance(background, str) else 2).setChecked(True)

    def _add(
        self, grid: QGridLayout, name: str, low: float, high: float, rest: float, unit: str, step: float
    ) -> tuple[ValueSlider, QDoubleSpinBox]:
        row = grid.rowCount()
        slider = ValueSlider(low, high, rest, name)
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setSingleStep(step)
        box.setDecimals(1)
        box.setSuffix(f" {unit}" if unit != "°" else unit)
        box.setValue(rest)
        box.setFixedWidth(72)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.setAccessibleName(name)
        slider.moved.connect(box.setValue)
        box.valueChanged.connect(self._numbers_changed)
        label = QLabel(name)
        label.setBuddy(box)
        for column, widget in enumerate((label, slider, box)):
            grid.addWidget(widget, row, column)
        return slider, box

    def _numbers_changed(self) -> None:
        turned = self._orbit.turned_to(self._yaw[1].value(), self._pitch[1].value())
        self.orbit_wanted.emit(turned.zoomed_to(self._zoom[1].value()))

    def _background_clicked(self, kind: int) -> None:
        if kind < 2:
            self.background_wanted.emit("plate" if kind == 0 else "transparent")
            return
        dialog = QColorDialog(self._color, self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.currentColorChanged.connect(self._use_color)
        dialog.setModal(False)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()
        corner = self.window().mapToGlobal(self.window().rect().bottomRight())
        dialog.move(corner.x() - dialog.width() - 2 * theme.GRID, corner.y() - dialog.height() - 4 * theme.GRID)
        self._use_color(self._color)

    def _use_color(self, color: QColor) -> None:
        self._color = color
        self.background_wanted.emit((color.redF(), color.greenF(), color.blueF()))
