"""The Live out panel: the head as a camera, its motion by VMC, and the motion of others."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from studio.core.media import virtual_camera
from studio.ui import theme
from studio.ui.panels.controls import dim, heading


class LiveOutPanel(QWidget):
    """Says what is wanted, and shows what came of it."""

    camera_wanted = Signal(bool)
    send_wanted = Signal(bool, str, int)
    hear_wanted = Signal(bool, int, bool)

    def __init__(self) -> None:
        super().__init__()
        tr = self.tr
        self.camera = QCheckBox(tr("Show the head as a camera"))
        self.camera.setToolTip(tr("Meetings and recorders can then choose the head as their camera"))
        self.camera.clicked.connect(self.camera_wanted)
        reason = virtual_camera.missing()
        self._camera_said = dim(tr("Not available: {reason}.").format(reason=reason) if reason else "")
        self.send = QCheckBox(tr("Send VMC"))
        self.send.setToolTip(tr("The 52 blendshapes by their Perfect Sync names, and the head's turn"))
        self._host = QLineEdit("127.0.0.1")
        self._host.setAccessibleName(tr("Computer that listens for VMC"))
        self._port_out = self._port(39539, tr("Port that VMC is sent to"))
        self.send.clicked.connect(
            lambda on: self.send_wanted.emit(on, self._host.text().strip(), self._port_out.value())
        )
        self.hear = QCheckBox(tr("Listen for VMC"))
        self.hear.setToolTip(tr("A phone or another program moves the head"))
        self._port_in = self._port(39540, tr("Port on which VMC is heard"))
        self._network = QCheckBox(tr("From other computers and phones"))
        self._network.setToolTip(tr("Without it only programs on this computer are heard"))
        self.hear.clicked.connect(
            lambda on: self.hear_wanted.emit(on, self._port_in.value(), self._network.isChecked())
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(theme.GRID)
        layout.addWidget(heading(tr("Virtual camera")))
        layout.addWidget(self.camera)
        layout.addWidget(self._camera_said)
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(tr("Motion to other programs")))
        layout.addWidget(self.send)
        layout.addLayout(self._form((tr("To"), self._host), (tr("Port"), self._port_out)))
        layout.addSpacing(theme.GRID)
        layout.addWidget(heading(tr("Motion from other programs")))
        layout.addWidget(self.hear)
        layout.addWidget(self._network)
        layout.addLayout(self._form((tr("Port"), self._port_in)))
        layout.addStretch()

    def _port(self, value: int, name: str) -> QSpinBox:
        box = QSpinBox()
        box.lineEdit().setTextMargins(theme.GRID, 0, 0, 0)  # style sheets reach only around it
        box.setRange(1024, 65535)
        box.setValue(value)
        box.setAccessibleName(name)
        box.setToolTip(name)
        return box

    def _form(self, *rows: tuple[str, QWidget]) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.GRID)
        form.setVerticalSpacing(theme.GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, box in rows:
            form.addRow(label, box)
        return form

    def show_camera(self, shows: bool, sentence: str) -> None:
        """Show whether the camera shows the head, and why not."""
        self.camera.setChecked(shows)
        self._camera_said.setText(sentence)

    def show_sending(self, on: bool) -> None:
        """Show whether VMC is sent; where to cannot be changed meanwhile."""
        self.send.setChecked(on)
        self._host.setDisabled(on)
        self._port_out.setDisabled(on)

    def show_hearing(self, on: bool) -> None:
        """Show whether VMC is heard."""
        self.hear.setChecked(on)
        self._port_in.setDisabled(on)
        self._network.setDisabled(on)
