"""A user's whole session through the real widgets, as a process that can be killed: `test_whole_story` runs it.

``python story.py begin FOLDER ENGINE`` drops a portrait, speaks, records, edits, undoes, saves, edits again, prints
what the project is, and waits to be killed. ``python story.py go_on FOLDER ENGINE`` recovers that, prints it, and
exports.
ENGINE is "tiny" or "lift".
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from fake_microphone import FakeMicrophone
from fakes import TinyBuilder
from PIL import Image
from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from studio.core.engines import registry
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import Job, Progress
from studio.core.media import live_input
from studio.core.project.edits import looped
from studio.core.project.patches import to_json
from studio.core.sample import sample_portrait, sample_speech
from studio.ui import building_tasks, theme
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow
from studio.ui.watchdog import Watchdog

PATIENCE = 240.0  # s, of a machine that does much else
JAW = ARKIT_INDEX["jawOpen"]


def live(milliseconds: int) -> None:
    """Let the window live for a while, as it does for its users; `QTest.qWait` would hold back all other threads."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(holds: Callable[[], object]) -> None:
    """Let the window live until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"line {sys._getframe(1).f_lineno} waited in vain; the window says: {SAID[-5:]}")
        live(10)


SAID: list[str] = []


def find_face(picture: object) -> Job[None]:
    yield Progress(0.5, "finding the face")


class Story:
    """A window on a folder, and what a user does with it."""

    def __init__(self, folder: Path, engine: str, stacks: TextIO | None = None) -> None:
        self.folder = folder
        self.application = QApplication([])
        theme.apply(self.application, "dark")
        live_input.Microphone = FakeMicrophone  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
        settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        library = Library(folder / "avatars")
        self.portrait = sample_portrait()
        if engine == "tiny":
            registry.ENGINES["tiny"] = "fakes:TinyEngine"
            self.portrait = folder / "somebody.png"
            Image.new("RGB", (90, 96), "#a08070").save(self.portrait)
            self.director = Director(library, settings, TinyBuilder(), find_face)
        else:
            self.director = Director(library, settings, building_tasks.core_builder)
        self.window = MainWindow(self.director)
        self.window.show()
        self.director.session.events.status.connect(SAID.append)
        if engine == "lift":
            self.director.warm_up()
        self.director.start()
        self.director.project.begin()
        self.watchdog = Watchdog(stacks=stacks)
        self.press = lambda name: self.window.actions_by_name[name].trigger()

    def build(self) -> None:
        """Make a head of the portrait, with consent."""
        self.drop(self.portrait)
        until(self.window.stage.consent.isVisible)
        self.click(self.window.stage.consent.yes)
        until(lambda: self.director.session.selected and self.window.stage.shown is not None)

    def record(self, seconds: float) -> None:
        """Let the microphone drive the head and record it."""
        director = self.director
        self.press("listen")
        until(lambda: director.drive.newest.code[0, JAW] > 0.05)
        self.press("record")
        until(lambda: (director.drive.taken or 0) > seconds)
        self.press("record")
        until(lambda: director.document.state.timeline.takes and not director.session.recording)
        self.press("listen")

    def open_sound(self) -> None:
        """Open a second sound beside what was recorded."""
        self.drop(sample_speech())
        until(lambda: len(self.director.document.state.timeline.sounds) == 2 and self.director.jobs.idle)

    def begin(self) -> None:
        """Everything up to a project that is saved and edited further."""
        window, director, document = self.window, self.director, self.director.document
        until(lambda: director.jobs.idle)
        self.build()
        self.record(1.5)
        self.open_sound()

        panel = window.timeline
        panel.fold(False)
        panel.open_lane("mouth", True)
        panel.show_channel("mouth", "jawOpen")
        panel.convert("mouth")
        until(lambda: document.state.timeline.curve("jawOpen") is not None)
        for time_, value in ((0.3, 0.5), (0.6, 0.1), (0.9, 0.4)):
            panel.editing.add_key("jawOpen", time_, value)
        for at, view in ((0.0, "left"), (1.5, "right")):
            panel.seek(at)
            until(lambda at=at: abs(director.playback.position - at) < 1e-6)
            self.press(view)
            self.click(window.camera.key)
        until(lambda: len(document.state.timeline.camera) == 2)
        self.press("marker")
        panel.editing.apply("Loop", looped(document.state.timeline, 0.25, 1.0))
        window.face.channel_wanted.emit(ARKIT_INDEX["browInnerUp"], 0.25)
        until(lambda: document.state.expression)

        states = [document.state]
        for _ in range(10):
            self.press("undo")
            states.append(document.state)
        assert len({id(state) for state in states}) == 11, document.steps
        for state in reversed(states[:-1]):
            self.press("redo")
            assert document.state == state

        director.project.save_as(self.folder / "story.astudio")
        until(lambda: not director.project.unsaved and director.jobs.idle)
        panel.editing.add_key("jawOpen", 1.2, 0.3)
        journal = director.project._journal
        assert journal is not None
        until(lambda: journal.flush())
        self.tell()
        while True:
            live(1000)

    def go_on(self) -> None:
        """Recover what was killed, undo into what it did, and export in every format."""
        window, director, document = self.window, self.director, self.director.document
        until(window.stage.recovery.isVisible)
        self.click(window.stage.recovery.yes)
        until(lambda: document.state.timeline.takes and director.session.avatar is not None and director.jobs.idle)
        self.tell()
        self.press("undo")
        assert len(document.steps) > 10
        self.press("redo")
        until(lambda: window.stage.shown is not None)

        exports, panel, out = director.exports, window.export, self.folder / "out"
        out.mkdir()
        window.tabs.setCurrentWidget(panel)
        panel._range.setCurrentIndex(1)  # the loop
        panel._size.setCurrentIndex(0)
        for row, name in enumerate(("clip.mp4", "clip.mov", "clip.webm", "frames", "deep frames")):
            panel._format.setCurrentIndex(row)
            options = panel.options("transparent" if row else "plate", director.session.orbit)
            exports.clip("timeline", out / name, options)
        exports.motion("timeline", out / "motion.csv", options)
        still = window.stage.shown
        assert still is not None
        exports.still(out / "still.png", still)
        exports.sheet(out / "sheet.png", 64)
        for suffix in (".ply", ".spz", ".glb"):
            exports.splats(out / f"splats{suffix}")
        if "lift" in sys.argv:
            exports.mesh(out / "mesh.glb")
        until(lambda: director.jobs.idle)
        self.tell()
        self.watchdog.stop()
        self.window.close()

    def drop(self, path: Path) -> None:
        """Let a file fall on the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        everywhere = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        self.window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, *everywhere))

    def click(self, widget: QWidget) -> None:
        """Click in the middle of a widget."""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(widget.width() // 2, widget.height() // 2))

    def tell(self) -> None:
        """Print what the project is, on one line, and elsewhere when the window stood still."""
        stalls = [stall.told() for stall in self.watchdog.stalls]
        print("stalls:", json.dumps(stalls), file=sys.stderr, flush=True)  # noqa: T201
        print(json.dumps(to_json(self.director.document.state), sort_keys=True), flush=True)  # noqa: T201


if __name__ == "__main__":
    story = Story(Path(sys.argv[2]), sys.argv[3])
    {"begin": story.begin, "go_on": story.go_on}[sys.argv[1]]()
    print("\n".join(SAID), file=sys.stderr)  # noqa: T201
