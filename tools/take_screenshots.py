"""Take pictures of the real window with something in it: every panel and page, in any theme and scale.

    xvfb-run -a -s "-screen 0 2800x1800x24" .venv/bin/python tools/take_screenshots.py OUT --avatar A.avatar \
        --sound SPEECH.flac --theme dark --scale 1

Nothing of the user's is read or written: settings, library and recovery lie in a folder of their own.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path


def main() -> int:
    """Read the options, prepare the place, and open the window."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--avatar", type=Path, help="an .avatar file; without one the sample is built")
    parser.add_argument("--sound", type=Path, help="a recording; without one the sample's speech")
    parser.add_argument("--theme", default="dark", choices=("dark", "light", "contrast"))
    parser.add_argument("--scale", default="1")
    parser.add_argument("--language", default="en")
    parser.add_argument("--size", default="1360x860", help="of the window, before scaling")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(Path(home, name))
        os.environ["QT_SCALE_FACTOR"] = options.scale
        return show(options)


def show(options: argparse.Namespace) -> int:
    """Open the window, do one step of `steps` whenever nothing is being worked on, and close it."""
    from PySide6.QtCore import QSettings, QTimer

    from studio.ui import app, preferences
    from studio.ui.main_window import MainWindow

    settings = QSettings(str(preferences.settings_file()), QSettings.Format.IniFormat)
    preferences.write(settings, theme=options.theme, language=options.language)
    settings.sync()

    class Window(MainWindow):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # pyright: ignore[reportArgumentType]
            steps, self.ready = scenes(self, options), lambda: True
            timer = QTimer(self)

            def advance() -> None:
                if self.director.jobs.idle and self.ready():
                    ready = next(steps, None)
                    if ready is None:
                        timer.stop()
                        self.close()
                    else:
                        self.ready = ready

            timer.timeout.connect(advance)
            timer.start(400)

    app.MainWindow = Window  # pyright: ignore[reportPrivateImportUsage]
    return app.main()


def scenes(window, options: argparse.Namespace) -> Iterator[Callable[[], bool]]:
    """Yield, after each thing done, what must hold before the next."""
    from studio.core.orbit import Orbit
    from studio.core.project.timeline import CameraKey, Curve, Key, Marker
    from studio.core.sample import sample_speech
    from studio.ui.pages.pages import PAGES

    director, document = window.director, window.director.document

    def take(name: str) -> None:
        window.grab().save(str(options.out / f"{name}.png"))
        print(options.out / f"{name}.png")

    window.resize(*map(int, options.size.split("x")))
    yield window.isVisible
    take("tour")
    window.tour.end()
    yield lambda: not window.tour.isVisible()
    take("empty")
    if options.avatar is None:
        director.open_sample()
    else:
        director.open_avatar(options.avatar)
    yield lambda: bool(director.session.selected) and window.stage.shown is not None
    director.open_paths([options.sound or sample_speech()])
    yield lambda: bool(document.state.timeline.takes)
    timeline = document.state.timeline
    keys = (Key(0.4, 0.0), Key(1.2, 0.8), Key(2.0, 0.1), Key(3.0, 0.0))
    timeline = timeline.with_curve(Curve("mouthSmileLeft", keys)).with_curve(Curve("mouthSmileRight", keys))
    for time, yaw in ((0.0, -15.0), (2.0, 25.0), (4.0, 0.0)):
        timeline = timeline.with_camera_key(CameraKey(time, Orbit(yaw=yaw)))
    timeline = replace(timeline, markers=(Marker(0.5, "hello"), Marker(2.5, "turn")), loop=(0.5, 3.0))
    document.edit("Arrange", replace(document.state, timeline=timeline))
    window.timeline.fold(False)
    window.timeline.seek(1.2)
    yield lambda: True
    yield lambda: True
    for i in range(window.tabs.count()):
        window.tabs.setCurrentIndex(i)
        yield lambda: True
        take(f"panel-{window.tabs.tabText(i).lower()}")
    for name in PAGES:
        window.pages.show(name)
        yield lambda: True
        take(f"page-{name}")
    window.pages.open.leave()
    window.finder.toggle()
    yield lambda: True
    take("palette")
    window.finder.toggle()
    yield lambda: True


if __name__ == "__main__":
    sys.exit(main())
