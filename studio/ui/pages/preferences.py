"""Preferences: each with the moment from which it counts."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from studio.ui import language, preferences, theme
from studio.ui.pages.page import Page
from studio.ui.panels.controls import ElidedLabel, dim, heading

if TYPE_CHECKING:
    from studio.ui.director import Director

WIDTH = 232  # px of a control


class PreferencesPage(Page):
    """Shows `Preferences` and keeps every change at once."""

    theme_wanted = Signal(str)

    def __init__(self, director: "Director") -> None:
        super().__init__(self.tr("Preferences"))
        self._director = director
        now, restart = self.tr("Counts at once."), self.tr("Counts from the next start.")
        self.combos: dict[str, QComboBox] = {}

        self._section(self.tr("Look"))
        themes = {
            "system": self.tr("As the system"),
            "dark": self.tr("Dark"),
            "light": self.tr("Light"),
            "contrast": self.tr("High contrast"),
        }
        self._choice("theme", self.tr("Theme"), themes.items(), now)
        scales = [(0, self.tr("As the system")), *((n, f"{n} %") for n in preferences.SCALES if n)]
        self._choice("scale", self.tr("Size of the window"), scales, restart)
        languages = [("system", self.tr("As the system")), *language.names().items()]
        self._choice("language", self.tr("Language"), languages, restart)

        self._section(self.tr("Drawing"))
        renderers = {
            "auto": self.tr("The fastest there is"),
            "numba": self.tr("Processor (numba)"),
            "gsplat": self.tr("NVIDIA card (gsplat)"),
        }
        unless = self.tr("Where the card cannot be used the processor draws, and Help says why.")
        self._choice("renderer", self.tr("Renderer"), renderers.items(), f"{restart} {unless}")
        views = {
            "auto": self.tr("What suits this display"),
            "texture": self.tr("OpenGL"),
            "painted": self.tr("Painted by the processor"),
        }
        self._choice("view", self.tr("Picture on screen"), views.items(), restart)
        threads = [(0, self.tr("As many as fit")), *((n, str(n)) for n in range(1, (os.cpu_count() or 1) + 1))]
        self._choice("threads", self.tr("Threads"), threads, restart)

        self._section(self.tr("Sound"))
        self.microphones = QComboBox()
        self.microphones.activated.connect(lambda _: director.live.choose(self.microphones.currentData()))
        director.live.microphones_found.connect(self._show_microphones)
        self._row(self.tr("Microphone"), self.microphones, self.tr("Counts at once, and at every start."))
        self.outputs = QComboBox()
        self.outputs.activated.connect(lambda _: director.live.choose_output(self.outputs.currentData()))
        director.live.outputs_found.connect(self._show_outputs)
        plays = self.tr("Counts when the timeline is played next, or the microphone is switched on.")
        self._row(self.tr("Sound output"), self.outputs, plays)

        self._section(self.tr("Files"))
        self.folder = ElidedLabel()
        self.folder.setMinimumWidth(120)
        choose = QPushButton(self.tr("Choose…"))
        choose.setToolTip(self.tr("Choose the folder new avatars are kept in"))
        choose.setAccessibleName(choose.toolTip())
        choose.clicked.connect(self._choose_folder)
        place = QWidget()
        line = QHBoxLayout(place)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.folder, 1)
        line.addWidget(choose)
        stays = self.tr("Avatars that were built before stay where they are.")
        self._row(self.tr("Library"), place, f"{restart} {stays}")
        self.body.addWidget(dim(self._of_projects()))

        self._section(self.tr("Consent"))
        self.body.addWidget(dim(self._of_consent()))

        self._section(self.tr("Start again"))
        reset = QPushButton(self.tr("Reset all preferences"))
        reset.setToolTip(self.tr("Set everything on this page as it was new; avatars and projects stay"))
        reset.clicked.connect(self._reset)
        line = QHBoxLayout()
        line.addWidget(reset)
        line.addStretch()
        self.body.addLayout(line)
        self.body.addStretch()

    def first(self) -> QWidget:
        """Begin with the theme."""
        return self.combos["theme"]

    def shown(self) -> None:
        """Show what is set."""
        self._director.live.find()
        self._director.live.find_outputs()
        self._show(preferences.read(self._director.settings))

    def _show(self, values: preferences.Preferences) -> None:
        for name, combo in self.combos.items():
            combo.setCurrentIndex(max(0, combo.findData(getattr(values, name))))
        self.folder.show_text(str(values.folder))

    def _show_microphones(self, names: list[str]) -> None:
        chosen = self._director.session.microphone
        self._show_devices(self.microphones, self.tr("System microphone"), names, chosen)

    def _show_outputs(self, names: list[str]) -> None:
        chosen = self._director.session.output
        self._show_devices(self.outputs, self.tr("System output"), names, chosen)

    def _show_devices(self, combo: QComboBox, usual: str, names: list[str], chosen: str | None) -> None:
        combo.clear()
        combo.addItem(usual, None)
        for name in names:
            combo.addItem(name, name)
        if chosen is not None and chosen not in names:
            combo.addItem(self.tr("{name} (not there)").format(name=chosen), chosen)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))

    def _keep(self, **changes: object) -> None:
        preferences.write(self._director.settings, **changes)

    def _chosen(self, name: str) -> None:
        value = self.combos[name].currentData()
        self._keep(**{name: value})
        if name == "theme":
            self.theme_wanted.emit(value)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Library"), self.folder.toolTip())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self._use_folder(Path(name)))
        dialog.open()

    def _use_folder(self, folder: Path) -> None:
        if not os.access(folder, os.W_OK):
            refused = self.tr("Nothing can be written to “{name}”; choose another folder.")
            self._director.say(refused.format(name=folder.name))
            return
        usual = folder == preferences.Preferences().folder
        self._keep(library="" if usual else str(folder))
        self.folder.show_text(str(folder))

    def _reset(self) -> None:
        self._show(preferences.reset(self._director.settings))
        self.theme_wanted.emit("system")
        self._director.live.choose(None)
        self._director.live.choose_output(None)
        self._director.live.find()
        self._director.live.find_outputs()
        self._director.say(self.tr("All preferences are as they were new; some count from the next start."))

    def _of_projects(self) -> str:
        from studio.core.project.journal import SYNC_AFTER
        from studio.core.project.project_file import BACKUPS

        told = self.tr(
            "Every edit of a project is kept as it is made, on the disk within {seconds:.1f} s, and can be undone, "
            "also after the project was opened again. {count} earlier versions of its file are kept."
        )
        return told.format(seconds=SYNC_AFTER, count=BACKUPS)

    def _of_consent(self) -> str:
        return self.tr(
            "Before the first head of a person is built, the window asks: “Do you have the consent of the person in "
            "the picture?” The answer, its time and the word “window” are kept with the avatar and, under the "
            "picture's checksum, in the library, so that it is asked once. Nothing leaves this computer."
        )

    # Rows

    def _section(self, title: str) -> None:
        if self.body.count():
            self.body.addSpacing(theme.GRID)
        self.body.addWidget(heading(title))

    def _choice(self, name: str, label: str, values: Iterable[tuple[object, str]], when: str) -> None:
        combo = self.combos[name] = QComboBox()
        for value, word in values:
            combo.addItem(word, value)
        combo.activated.connect(lambda _: self._chosen(name))
        self._row(label, combo, when)

    def _row(self, name: str, control: QWidget, when: str) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        label = QLabel(name)
        label.setBuddy(control)
        control.setFixedWidth(WIDTH)
        control.setAccessibleName(name)
        control.setToolTip(when)
        grid.addWidget(label, 0, 0)
        grid.addWidget(control, 0, 1)
        grid.addWidget(dim(when), 1, 0, 1, 2)
        self.body.addLayout(grid)
