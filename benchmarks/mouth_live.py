"""What the real window shows of a recording that is played into its microphone: for `mouth_sheet.py --live`."""

import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtWidgets import QApplication

from studio.core.avatar import Avatar
from studio.core.motion.motion import Motion
from studio.core.speech.settings import SpeechSettings
from studio.ui import theme
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow
from studio.ui.viewport.gl_interop import on_host

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from null_sink import null_sink

RATE = 16_000
_AFTER = 0.6  # s that are watched on after the recording


@dataclass(frozen=True)
class Seen:
    """A frame that was painted: the second of the microphone's sound that it shows, its motion and its pixels.

    `late` is by how many s it was painted after that sound was at the microphone.
    """

    second: float
    motion: Motion
    rgb: NDArray[np.uint8]
    late: float


class _Watcher(QObject):
    """Keeps what is painted, and what the microphone heard, on the clock of the sound."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.seen: list[Seen] = []
        self.sound: list[tuple[float, NDArray[np.float32]]] = []  # second of the end of each chunk
        self._clock = (0.0, 0.0)  # a second of the sound, and when it was at the microphone
        self._frame = None
        frames, drive = window.director.frames, window.director.drive
        self._take, self._keep = frames.take, drive._keep
        frames.take, drive._keep = self._taken, self._kept
        window.stage.view.widget.installEventFilter(self)

    def _kept(self, live, chunk: NDArray[np.float32]) -> None:
        self.sound.append((live.known, chunk))
        self._clock = (live.known, live.captured_at(live.known))
        self._keep(live, chunk)

    def _taken(self):
        frame = self._take()
        self._frame = frame or self._frame
        return frame

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Keep what the view is painting."""
        if event.type() == QEvent.Type.Paint and self._frame is not None:
            frame, self._frame = self._frame, None
            captured, (known, at) = frame.scene.captured, self._clock
            if np.isfinite(captured) and np.isfinite(at):
                rgb = np.array(on_host(frame.rgba[..., :3]))
                late = time.monotonic() - captured
                self.seen.append(Seen(known - (at - captured), frame.scene.motion, rgb, late))
        return False


def watch(
    avatar: Path, samples: NDArray[np.float32], settings: SpeechSettings
) -> tuple[Avatar, NDArray[np.float32], list[Seen]]:
    """Play samples ``[S]`` at 16 kHz into a virtual microphone; return the avatar, what was heard, what was seen.

    Both the sound ``[S']`` and the frames start when the recording begins to sound.

    Raises
    ------
    NoSoundServerError
        If there is no PulseAudio.
    """
    app = QApplication([])
    theme.apply(app, "dark")
    with tempfile.TemporaryDirectory() as folder, null_sink(Path(folder)) as sink:
        os.environ.update(sink.environment)
        stored = QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat)
        window = MainWindow(Director(Library(Path(folder)), stored))
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.show()
        director = window.director
        director.session.drive = replace(director.session.drive, speech=settings)
        watcher = _Watcher(window)
        director.start()

        def run(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                app.processEvents()
                time.sleep(0.001)

        director.open_avatar(avatar)
        while director.session.avatar is None:
            run(0.05)
        shown = director.session.avatar
        director.live.listen(True)
        while not watcher.seen:
            run(0.05)
        sound = Path(folder) / "speech.raw"
        sound.write_bytes(samples.tobytes())
        raw = ("--raw", "--format=float32le", f"--rate={RATE}", "--channels=1")
        player = sink.play(*raw, sound, program="pacat")
        while player.poll() is None:
            run(0.05)
        run(_AFTER)
        window.close()
    heard, begin = _joined(watcher.sound)
    first = begin + float(np.argmax(np.abs(heard) > 0.02 * np.abs(heard).max())) / RATE
    begun = first - float(np.argmax(np.abs(samples) > 0.02 * np.abs(samples).max())) / RATE
    kept = [replace(frame, second=frame.second - begun) for frame in watcher.seen if frame.second >= begun]
    return shown, heard[round((begun - begin) * RATE) :], kept


def _joined(chunks: list[tuple[float, NDArray[np.float32]]]) -> tuple[NDArray[np.float32], float]:
    """Return all that was heard, and the second at which it begins."""
    end, first = chunks[0]
    return np.concatenate([chunk for _, chunk in chunks]), end - len(first) / RATE
