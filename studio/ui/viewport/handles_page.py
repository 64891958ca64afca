"""`HandlesPage`: where the face finder finds nobody, the user says where the face is."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from studio.core.errors import UserError
from studio.core.perception.handles import MAX_MUZZLE, Handles, muzzle_of
from studio.ui import theme
from studio.ui.viewport.handle_canvas import HandleCanvas

_STEPS = 100  # of the muzzle's slider per interocular distance


class HandlesPage(QWidget):
    """The picture with its handles, and below it what may be said about the head."""

    answered = Signal(object)
    """The `Handles` to build with, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._start: Handles | None = None
        self.canvas = HandleCanvas()
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setMinimumHeight(2 * self.sentence.fontMetrics().lineSpacing())
        self.mirror = QCheckBox(self.tr("Mirror"))
        self.mirror.setToolTip(self.tr("Moving a handle moves its partner on the other side too"))
        self.mirror.toggled.connect(lambda on: setattr(self.canvas, "mirrored", on))
        self.lids = QCheckBox(self.tr("Round eyes"))
        self.lids.setToolTip(self.tr("Four more handles for the lids of eyes that are rounder than a person's"))
        self.lids.clicked.connect(lambda on: self.canvas.change(self.canvas.handles.with_lids(on)))
        self.muzzle = QSlider(Qt.Orientation.Horizontal)
        self.muzzle.setRange(0, round(MAX_MUZZLE * _STEPS))
        self.muzzle.setFixedWidth(7 * theme.GRID)
        self.muzzle.setToolTip(self.tr("How far nose and mouth stand out; guessed until you move it"))
        self.muzzle.setAccessibleName(self.tr("Muzzle"))
        self.muzzle.valueChanged.connect(self._set_muzzle)
        label = QLabel(self.tr("Muzzle"))
        label.setBuddy(self.muzzle)
        reset, cancel = QPushButton(self.tr("Reset")), QPushButton(self.tr("Cancel"))
        reset.setToolTip(self.tr("Put every handle back to where it started"))
        reset.clicked.connect(self._reset)
        cancel.clicked.connect(lambda: self.answered.emit(None))
        self.reset, self.cancel = reset, cancel
        self.build = QPushButton(self.tr("Build"))
        self.build.setProperty("role", "primary")
        self.build.setToolTip(self.tr("Build a head with the face where the handles are"))
        self.build.clicked.connect(lambda: self.answered.emit(self.canvas.handles))
        self.canvas.changed.connect(self._show)
        self.canvas.complained.connect(self._complain)
        self.canvas.finished.connect(lambda on: (self.build if on else self.cancel).click())

        bar = QHBoxLayout()
        bar.setSpacing(theme.GRID)
        for widget in (self.mirror, self.lids, label, self.muzzle):
            bar.addWidget(widget)
        bar.addStretch()
        for widget in (reset, cancel, self.build):
            bar.addWidget(widget)
        below = QVBoxLayout()
        below.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, 2 * theme.GRID)
        below.setSpacing(theme.GRID)
        below.addWidget(self.sentence)
        below.addLayout(bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(below)

    def start(self, rgb: NDArray[np.float32], handles: Handles) -> None:
        """Show a picture ``[H,W,3]`` 0..1 and the handles to begin with."""
        self._start = handles
        self.mirror.setChecked(False)
        self.canvas.show_picture(rgb, handles)
        self.canvas.setFocus()

    def _reset(self) -> None:
        assert self._start is not None, "start comes first"
        self.canvas.change(self._start)

    def _set_muzzle(self, value: int) -> None:
        self.canvas.change(self.canvas.handles.with_muzzle(value / _STEPS))

    def _show(self, handles: Handles) -> None:
        self.lids.setChecked(handles.lids)
        try:
            length = muzzle_of(handles)
        except UserError:
            return
        self.muzzle.blockSignals(True)
        self.muzzle.setValue(round(length * _STEPS))
        self.muzzle.blockSignals(False)

    def _complain(self, sentence: str) -> None:
        self.build.setEnabled(not sentence)
        theme.set_role(self.sentence, "bad" if sentence else "dim")
        self.sentence.setText(
            sentence
            or self.tr(
                "Drag the handles onto the face: eyes, nose, mouth, chin, and where the face ends on both sides. "
                "The wheel zooms."
            )
        )
