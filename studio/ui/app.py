"""`main`: open the window."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from studio.core.project.recovery import Recovery
from studio.ui import language, preferences, theme
from studio.ui.director import Director
from studio.ui.library import Library
from studio.ui.main_window import MainWindow

SAFE = {"AVATAR_STUDIO_VIEW": "painted", "AVATAR_STUDIO_RENDERER": "numba"}
"""What safe mode puts in the environment: nothing that a graphics driver could bring down."""


def main(paths: Sequence[str] = (), sample: bool = False, safe: bool = False) -> int:
    """Open the window on some files, or on the sample; return the exit code when it is closed.

    Safe mode, which is asked for by `safe` or follows a crash, draws with the processor and leaves every device alone
    until it is asked for.

    ``AVATAR_STUDIO_TRACE_STARTUP=1`` prints how long after the start of the process it was shown,
    ``AVATAR_STUDIO_WATCHDOG=1`` logs what keeps the window from answering.
    """
    settings = QSettings(str(preferences.settings_file()), QSettings.Format.IniFormat)
    preferred = preferences.read(settings)
    crashed = Recovery().after_crash()
    if safe or crashed:
        os.environ.update(SAFE)
    preferred.prepare(os.environ)  # the scale counts when Qt starts, the rest when the renderer does
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("avatar-studio")
    app.setApplicationDisplayName("Avatar Studio")
    language.install(app, preferred.language)
    theme.apply(app, preferred.theme)
    window = MainWindow(Director(Library(preferred.folder), settings))
    geometry = settings.value("geometry")
    if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
        window.resize(1360, 860)
    window.show()
    app.styleHints().colorSchemeChanged.connect(
        lambda _: window.use_theme("system") if preferences.read(settings).theme == "system" else None
    )

    # Python runs these between two of the window's timer ticks; unfinished jobs then clean up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: QTimer.singleShot(0, window.close))

    def begin() -> None:
        if os.environ.get("AVATAR_STUDIO_TRACE_STARTUP") == "1":
            print(f"window shown after {seconds_since_start():.2f} s", flush=True)  # noqa: T201
        window.director.warm_up()
        window.director.start()
        if safe or crashed:
            window.say_safe(crashed)
        else:
            window.director.live.find()
            window.tour.begin_once()
        window.director.project.begin()
        if sample:
            window.director.open_sample()
        window.director.open_paths([Path(path) for path in paths])

    # The threads and their imports start when the window has been painted once.
    QTimer.singleShot(0, begin)
    dog = None
    if os.environ.get("AVATAR_STUDIO_WATCHDOG") == "1":
        from studio.ui.watchdog import Watchdog

        dog = Watchdog()
    code = app.exec()
    if dog is not None:
        dog.stop()
    if any(thread.name in ("drive", "microphone", "lost device") for thread in threading.enumerate()):
        # A dead sound server holds PortAudio; the interpreter would wait for it while it shuts down.
        logging.shutdown()
        os._exit(code)
    return code


def seconds_since_start() -> float:
    """Return the age of this process, s, imports and interpreter included."""
    if sys.platform == "linux":
        ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return uptime - ticks / os.sysconf("SC_CLK_TCK")
    return time.process_time()
