"""The Camera panel: where the viewer stands, in numbers, the camera's keys, and what lies behind the head."""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.avatar import Background
from studio.core.orbit import MAX_DISTANCE, MAX_PITCH, MAX_ROLL, MAX_YAW, MAX_ZOOM, MIN_DISTANCE, MIN_ZOOM, Orbit
from studio.core.project.document import SavedView
from studio.ui import theme
from studio.ui.panels.controls import ValueSlider, dim, heading, scrolled

RENDER_SIZES = (256, 384, 512, 768, 1024)
ANGLES = (5.0, 90.0)  # degrees of the field of view
TURN_SECONDS = 8.0


class CameraPanel(QWidget):
    """Shows an `Orbit`, the saved cameras, the background and the render size; emits what the user wants."""

    orbit_wanted = Signal(object)
    field_of_view_wanted = Signal(float)
    """Degrees; the head keeps its size."""
    view_save_wanted = Signal(str)
    view_drop_wanted = Signal(str)
    key_wanted = Signal()
    key_drop_wanted = Signal()
    turn_wanted = Signal(float, bool)
    """Seconds of a turn, and whether it goes all the way round."""
    background_wanted = Signal(object)
    picture_wanted = Signal()
    size_wanted = Signal(int)
    guides_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._orbit = Orbit()
        self._color = QColor("#203040")
        self._views: dict[str, Orbit] = {}
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("View")))
        layout.addLayout(self._numbers())
        layout.addLayout(self._presets())
        layout.addWidget(dim(self.tr("Drag to orbit, wheel to zoom, middle button to pan, double click to reset.")))
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Saved cameras")))
        layout.addLayout(self._saved())
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Camera keys")))
        layout.addLayout(self._keys())
        layout.addLayout(self._turntable())
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Background")))
        layout.addLayout(self._backgrounds())
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(self.tr("Picture")))
        self._size = QComboBox()
        self._size.setAccessibleName(self.tr("Render size"))
        self._size.setToolTip(self.tr("Pixels the head is rendered at; smaller is faster"))
        for size in RENDER_SIZES:
            self._size.addItem(self.tr("{size} × {size} px").format(size=size), size)
        self._size.setCurrentIndex(RENDER_SIZES.index(512))
        self._size.activated.connect(lambda _: self.size_wanted.emit(self._size.currentData()))
        layout.addWidget(self._size)
        self.guides = QCheckBox(self.tr("Grid and safe areas"))
        self.guides.setToolTip(self.tr("Thirds, centre, and what every screen surely shows; not exported (G)"))
        self.guides.clicked.connect(self.guides_wanted)
        layout.addWidget(self.guides)
        layout.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(body))
        self.show_views(())
        self.show_field_of_view(math.nan)
        self.refresh()

    def _numbers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        self._yaw = self._add(grid, self.tr("Yaw"), -MAX_YAW, MAX_YAW, 0, "°", 1)
        self._pitch = self._add(grid, self.tr("Pitch"), -MAX_PITCH, MAX_PITCH, 0, "°", 1)
        self._roll = self._add(grid, self.tr("Roll"), -MAX_ROLL, MAX_ROLL, 0, "°", 1)
        self._zoom = self._add(grid, self.tr("Zoom"), MIN_ZOOM, MAX_ZOOM, 1, "×", 0.1)
        tip = self.tr("How far the camera stands, as a multiple of the portrait's; it changes the perspective")
        self._distance = self._add(grid, self.tr("Distance"), MIN_DISTANCE, MAX_DISTANCE, 1, "×", 0.1, tip)
        tip = self.tr("Wide or narrow: the camera moves along, so that the head keeps its size")
        self._angle = self._add(grid, self.tr("Angle"), *ANGLES, ANGLES[0], "°", 1, tip)
        for slider, box in (self._yaw, self._pitch, self._roll, self._zoom, self._distance):
            slider.moved.connect(box.setValue)
            box.valueChanged.connect(self._numbers_changed)
        slider, box = self._angle
        slider.moved.connect(box.setValue)
        box.valueChanged.connect(self.field_of_view_wanted)
        return grid

    def _presets(self) -> QHBoxLayout:
        row = _row()
        for label, key, yaw in (
            (self.tr("Front"), "1", 0.0),
            (self.tr("Left"), "2", 35.0),
            (self.tr("Right"), "3", -35.0),
        ):
            button = QPushButton(label)
            button.setToolTip(self.tr("Look from here ({key})").format(key=key))
            button.clicked.connect(lambda _, yaw=yaw: self.orbit_wanted.emit(self._orbit.turned_to(yaw, 0.0)))
            row.addWidget(button)
        reset = QPushButton(self.tr("Reset"))
        reset.setToolTip(self.tr("Back to the portrait's own view (Home)"))
        reset.clicked.connect(lambda: self.orbit_wanted.emit(Orbit()))
        row.addWidget(reset)
        return row

    def _saved(self) -> QHBoxLayout:
        self.views = QComboBox()
        self.views.setEditable(True)
        self.views.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.views.setAccessibleName(self.tr("Saved cameras"))
        self.views.setToolTip(self.tr("Choose a camera, or type a name and save the present view under it"))
        edit = self.views.lineEdit()
        assert edit is not None
        edit.setPlaceholderText(self.tr("Name of a camera"))
        self.views.activated.connect(lambda _: self._go_to(self.views.currentText()))
        self.save = QPushButton(self.tr("Save"))
        self.save.setToolTip(self.tr("Keep the present view in the project under this name"))
        self.save.clicked.connect(lambda: self.view_save_wanted.emit(self.views.currentText()))
        self._drop = QToolButton()
        self._drop.setToolTip(self.tr("Delete this saved camera"))
        self._drop.setAccessibleName(self._drop.toolTip())
        self._drop.clicked.connect(lambda: self.view_drop_wanted.emit(self.views.currentText()))
        row = _row()
        row.addWidget(self.views, 1)
        row.addWidget(self.save)
        row.addWidget(self._drop)
        return row

    def _keys(self) -> QHBoxLayout:
        row = _row()
        self.key = QPushButton(self.tr("Add key"))
        self.key.setToolTip(self.tr("The camera stands like this when the playhead is here; it moves between keys"))
        self.key.clicked.connect(self.key_wanted)
        self.drop_key = QPushButton(self.tr("Delete key"))
        self.drop_key.setToolTip(self.tr("Drop the camera key under the playhead, or the one before it"))
        self.drop_key.clicked.connect(self.key_drop_wanted)
        row.addWidget(self.key)
        row.addWidget(self.drop_key)
        return row

    def _turntable(self) -> QHBoxLayout:
        row = _row()
        self.turn = QPushButton(self.tr("Turntable"))
        self.turn.setToolTip(self.tr("Keys for one turn round the head, from the playhead on"))
        self._seconds = QDoubleSpinBox()
        self._seconds.setRange(0.5, 120)
        self._seconds.setDecimals(1)
        self._seconds.setValue(TURN_SECONDS)
        self._seconds.setSuffix(" s")
        self._seconds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._seconds.setAccessibleName(self.tr("Seconds of a turn"))
        self._whole = QCheckBox(self.tr("All round"))
        self._whole.setToolTip(
            self.tr("Also behind the head, which no portrait shows; otherwise only as far as it can be believed")
        )
        self.turn.clicked.connect(lambda: self.turn_wanted.emit(self._seconds.value(), self._whole.isChecked()))
        for widget in (self.turn, self._seconds, self._whole):
            row.addWidget(widget)
        return row

    def _backgrounds(self) -> QGridLayout:
        self._kinds = QButtonGroup(self)
        kinds = QGridLayout()
        kinds.setSpacing(theme.GRID)
        names = self.tr("Plate"), self.tr("Transparent"), self.tr("Colour"), self.tr("Picture…")
        tips = (
            self.tr("The portrait's own background"),
            self.tr("Nothing: a checkerboard stands for it"),
            self.tr("One colour"),
            self.tr("A picture file, cut to the square"),
        )
        for index, (name, tip) in enumerate(zip(names, tips, strict=True)):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setToolTip(tip)
            self._kinds.addButton(button, index)
            kinds.addWidget(button, index // 2, index % 2)
        self._kinds.button(0).setChecked(True)
        self._kinds.idClicked.connect(self._background_clicked)
        self._background = 0
        return kinds

    def refresh(self) -> None:
        """Redraw icons in the theme's colours."""
        self._drop.setIcon(theme.icon("close"))

    def show_orbit(self, orbit: Orbit) -> None:
        """Show a view."""
        self._orbit = orbit
        for (slider, box), value in (
            (self._yaw, orbit.yaw),
            (self._pitch, orbit.pitch),
            (self._roll, orbit.roll),
            (self._zoom, orbit.zoom),
            (self._distance, orbit.distance),
        ):
            _show(slider, box, value)

    def show_field_of_view(self, degrees: float) -> None:
        """Show the angle of the picture; NaN where there is no head."""
        for widget in self._angle:
            widget.setEnabled(math.isfinite(degrees))
        if math.isfinite(degrees):
            _show(*self._angle, degrees)

    def show_views(self, views: Sequence[SavedView]) -> None:
        """List the saved cameras."""
        typed = self.views.currentText()
        self._views = {saved.name: saved.view for saved in views}
        self.views.clear()
        self.views.addItems(list(self._views))
        self.views.setCurrentIndex(-1)
        self.views.setEditText(typed if typed in self._views else "")
        self._drop.setEnabled(bool(views))

    def show_background(self, background: Background) -> None:
        """Show which background is used."""
        kinds = {"plate": 0, "transparent": 1}
        self._background = 3 if isinstance(background, np.ndarray) else 2
        if isinstance(background, str):
            self._background = kinds.get(background, 2)
        self._kinds.button(self._background).setChecked(True)

    def _add(
        self, grid: QGridLayout, name: str, low: float, high: float, rest: float, unit: str, step: float, tip: str = ""
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
        label = QLabel(name)
        label.setBuddy(box)
        for column, widget in enumerate((label, slider, box)):
            widget.setToolTip(tip)
            grid.addWidget(widget, row, column)
        return slider, box

    def _numbers_changed(self) -> None:
        # Only what was touched: the others are shown rounded.
        view = self._orbit
        if (yaw := self._yaw[1].value()) != round(view.yaw, 1):
            view = view.turned_to(yaw, view.pitch)
        if (pitch := self._pitch[1].value()) != round(view.pitch, 1):
            view = view.turned_to(view.yaw, pitch)
        if (roll := self._roll[1].value()) != round(view.roll, 1):
            view = view.rolled_to(roll)
        if (zoom := self._zoom[1].value()) != round(view.zoom, 1):
            view = view.zoomed_to(zoom)
        if (distance := self._distance[1].value()) != round(view.distance, 1):
            view = view.dollied_to(distance)
        self.orbit_wanted.emit(view)

    def _go_to(self, name: str) -> None:
        if name in self._views:
            self.orbit_wanted.emit(self._views[name])

    def _background_clicked(self, kind: int) -> None:
        if kind < 2:
            self.background_wanted.emit("plate" if kind == 0 else "transparent")
            return
        if kind == 3:
            self._kinds.button(self._background).setChecked(True)  # until there is one
            self.picture_wanted.emit()
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


def _row() -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.GRID)
    return row


def _show(slider: ValueSlider, box: QDoubleSpinBox, value: float) -> None:
    slider.show_value(value)
    blocked = box.blockSignals(True)
    box.setValue(value)
    box.blockSignals(blocked)
