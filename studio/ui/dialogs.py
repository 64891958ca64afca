"""`FileDialogs`: asks for the names of files, without stopping anything else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.ui.director import PICTURES, SOUNDS, Director
from studio.ui.dropping import VIDEOS
from studio.ui.library import SUFFIX
from studio.ui.panels.export import ExportPanel
from studio.ui.project import SUFFIX as PROJECT_SUFFIX
from studio.ui.viewport.stage import Stage

if TYPE_CHECKING:
    from studio.core.export_clip import ClipOptions

SHEET_SIDE = 320  # px of one view


class FileDialogs(QObject):
    """Each method opens a dialog and hands what was chosen to the `Director`."""

    def __init__(self, window: QWidget, director: Director, stage: Stage, panel: ExportPanel) -> None:
        super().__init__(window)
        self._window = window
        self._director = director
        self._stage = stage
        self._panel = panel

    def open(self) -> None:
        """Ask for anything that can be opened."""
        pattern = " ".join(f"*{suffix}" for suffix in (*PICTURES, *SOUNDS, SUFFIX, PROJECT_SUFFIX))
        self._ask_open(self.tr("Open"), self.tr("Portraits, sounds, avatars and projects ({0})").format(pattern))

    def open_project(self) -> None:
        """Ask for a project."""
        self._ask_open(self.tr("Open project"), self.tr("Projects ({0})").format(f"*{PROJECT_SUFFIX}"))

    def save_project(self, collect: bool | None = None) -> None:
        """Ask where to write the project; `collect` its sounds and pictures into it from then on."""
        desk = self._director.project
        self._ask_save(
            self.tr("Collect media") if collect else self.tr("Save project"),
            str(desk.path) if desk.path is not None else f"{desk.name}{PROJECT_SUFFIX}",
            self.tr("Projects (*.astudio)"),
            lambda out: desk.save_as(out, collect),
        )

    def open_for_handles(self) -> None:
        """Ask for a picture to place handles on."""
        pattern = " ".join(f"*{suffix}" for suffix in PICTURES)
        title = self.tr("Build with handles")
        dialog = QFileDialog(self._window, title, "", self.tr("Portraits ({0})").format(pattern))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._director.builds.place_handles(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def learn(self) -> None:
        """Ask for a clip, or several pictures, of the person on show."""
        pattern = " ".join(f"*{suffix}" for suffix in (*VIDEOS, *PICTURES))
        title = self.tr("Learn a clip, or several pictures, of this person")
        dialog = QFileDialog(self._window, title, "", self.tr("Clips and pictures ({0})").format(pattern))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self._director.personalize([Path(name) for name in names]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def add_head(self) -> None:
        """Ask for a head model: a FLAME file, or the mesh that stands for ICT-FaceKit's folder."""
        pattern = "*.pkl *.npz generic_neutral_mesh.obj generic_neutral_mesh.obj.gz"
        title = self.tr("Add a head: a FLAME file, or generic_neutral_mesh.obj of ICT-FaceKit")
        dialog = QFileDialog(self._window, title, "", self.tr("Heads ({0})").format(pattern))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._director.heads.add(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def choose_background(self) -> None:
        """Ask for a picture to put behind the head."""
        pattern = " ".join(f"*{suffix}" for suffix in PICTURES)
        dialog = QFileDialog(self._window, self.tr("Background"), "", self.tr("Pictures ({0})").format(pattern))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._director.camera_work.choose_picture(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def open_sound(self) -> None:
        """Ask for a sound."""
        pattern = " ".join(f"*{suffix}" for suffix in SOUNDS)
        self._ask_open(self.tr("Open sound"), self.tr("Sounds ({0})").format(pattern))

    def save(self, key: str) -> None:
        """Ask where to save an avatar of the list, "" for the one on show."""
        self._ask_save(
            self.tr("Save avatar"),
            f"{self._name(key)}{SUFFIX}",
            self.tr("Avatars (*.avatar)"),
            lambda out: self._director.save(out, key),
        )

    def export_clip(self) -> None:
        """Ask where to write the clip."""
        form, source = self._panel.form, self._panel.source
        options = self._options()
        kinds = {
            "mp4": self.tr("MP4 (*.mp4)"), "prores": self.tr("QuickTime (*.mov)"), "webm": self.tr("WebM (*.webm)"),
        }  # fmt: skip
        self._ask_save(
            self.tr("Export clip"),
            f"{self._name()}{form.suffix}" if form.suffix else self.tr("{name} frames").format(name=self._name()),
            kinds.get(form.name, self.tr("A new folder (*)")),
            lambda out: self._director.exports.clip(source, out, options),
        )

    def export_motion(self) -> None:
        """Ask where to write the motion of the clip."""
        source, options = self._panel.source, self._options()
        self._ask_save(
            self.tr("Export motion"),
            f"{self._name()}.csv",
            self.tr("ARKit motion (*.csv)"),
            lambda out: self._director.exports.motion(source, out, options),
        )

    def _options(self) -> "ClipOptions":
        session = self._director.session
        options = self._panel.options(session.background, session.orbit)
        if isinstance(options.background, np.ndarray):
            fitted = self._director.camera_work.background_at(options.width, options.height)
            options = replace(options, background=fitted)
        return options

    def export_still(self) -> None:
        """Ask where to write the picture on show at this moment."""
        if (pixels := self._stage.shown) is not None:
            still = np.array(pixels)
            self._ask_save(
                self.tr("Export still"),
                f"{self._name()}.png",
                self.tr("Pictures (*.png)"),
                lambda out: self._director.exports.still(out, still),
            )

    def export_sheet(self) -> None:
        """Ask where to write the sheet of views."""
        self._ask_save(
            self.tr("Export view sheet"),
            f"{self._name()} views.png",
            self.tr("Pictures (*.png)"),
            lambda out: self._director.exports.sheet(out, SHEET_SIDE),
        )

    def export_splats(self) -> None:
        """Ask where to write the splats; the suffix tells the format."""
        kinds = self.tr("3D Gaussian Splatting (*.ply);;Compressed splats (*.spz);;glTF splats (*.glb)")
        self._ask_save(self.tr("Export splats"), f"{self._name()}.ply", kinds, self._director.exports.splats)

    def export_mesh(self) -> None:
        """Ask where to write the mesh."""
        kinds = self.tr("glTF (*.glb)")
        self._ask_save(self.tr("Export mesh"), f"{self._name()} mesh.glb", kinds, self._director.exports.mesh)

    def _name(self, key: str = "") -> str:
        if key:
            return self._director.entries[key].name
        avatar = self._director.session.avatar
        return avatar.name if avatar is not None else "avatar"

    def _ask_open(self, title: str, pattern: str) -> None:
        dialog = QFileDialog(self._window, title, "", f"{pattern};;{self.tr('All files')} (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self._director.open_paths([Path(name) for name in names]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_save(self, title: str, name: str, kind: str, then: Callable[[Path], object]) -> None:
        place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(self._window, title, place, kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix[1:])
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")")))
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
