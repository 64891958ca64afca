"""The live loop in the real window: frame times, frames per second, and whether the window ever stalls.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/live.py [A.avatar] [--seconds 10]

Measures, in fresh processes: time from process start to the shown window, and the loop while the head
speaks a clip (posing, speech network, rasteriser, texture upload all at work) at 512 × 512.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]


def startup() -> float:
    """Return seconds from process start to the shown window, the best of three fresh processes."""
    best = np.inf
    code = (
        "import sys; from PySide6.QtCore import QTimer; from studio.ui import app; "
        "from PySide6.QtWidgets import QApplication; a = QApplication([]); "
        "QTimer.singleShot(1500, a.closeAllWindows); sys.exit(app.main())"
    )
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"AVATAR_STUDIO_TRACE_STARTUP": "1", "XDG_DATA_HOME": home}
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=environment,
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=True,
            )
            best = min(best, float(done.stdout.split("after ")[1].split(" s")[0]))
    return best


def live(path: Path | None, seconds: float, sound: Path | None, portrait: Path | None) -> dict[str, float | str]:
    """Run the window on an avatar and return what was measured."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop, QSettings, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    from studio.core.avatar import Consent
    from studio.ui import theme
    from studio.ui.director import Director
    from studio.ui.library import Library
    from studio.ui.main_window import MainWindow
    from studio.ui.session import RATE, Clip

    theme.apply(app, "dark")
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat)
        window = MainWindow(Director(Library(Path(folder)), settings))
        window.resize(1360, 860)
        window.show()
        director = window.director
        took: list[float] = []
        shown: list[float] = []
        director.warm_up()
        director.start()

        def wait(until) -> None:
            while not until():
                app.processEvents()
                time.sleep(0.001)

        prepared: list[str] = []
        director.frames.prepared.connect(lambda name, _: prepared.append(name))
        beat, gaps = QElapsedTimer(), []
        pulse = QTimer()
        pulse.setTimerType(Qt.TimerType.PreciseTimer)
        pulse.timeout.connect(lambda: gaps.append(beat.nsecsElapsed() / 1e6) or beat.restart())
        beat.start()
        pulse.start(5)

        wait(lambda: bool(prepared) and director.jobs.idle)
        preparing = max(gaps)
        gaps.clear()
        if path is None:
            sys.path.insert(0, str(REPOSITORY / "tests"))
            from fakes import TinyAvatar

            director.session.avatar = TinyAvatar.make(60_000)
        else:
            director.open_avatar(path)

        extra: dict[str, float | str] = {}
        original = window._show_frame

        def count() -> None:
            original()
            shown.append(time.monotonic())

        director.frames.ready.disconnect(window._show_frame)
        director.frames.ready.connect(count)

        wait(lambda: director.session.avatar is not None and len(shown) > 3)
        opening = max(gaps)
        samples = speech(sound, seconds + 2)
        director.session.clip = Clip(Path("speech.wav"), samples[: round((seconds + 1) * RATE)])
        director.play(True)
        wait(lambda: director.drive.position is not None and director.drive.position > 0.5)
        gaps.clear()
        shown.clear()
        before = director.frames.pace()
        start = time.monotonic()
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        sample = QTimer()
        sample.timeout.connect(lambda: took.append(director.frames.pace().ms))
        sample.start(100)
        loop.exec()
        elapsed = time.monotonic() - start
        after = director.frames.pace()
        avatar = director.session.avatar
        assert avatar is not None
        from studio.core.motion.motion import Motion

        count_of = len(avatar.pose(Motion.neutral(), avatar.camera))
        spoken, between = list(gaps), np.diff(shown) * 1000
        frames_per_second = len(shown) / elapsed
        if portrait is not None:
            gaps.clear()
            director.play(False)
            began = time.monotonic()
            ended: list[str] = []
            ticket = director.builds.build(portrait, Consent())
            ticket.ended.connect(lambda: ended.append("build"))
            wait(lambda: bool(ended))
            extra["build_s"] = round(time.monotonic() - began, 1)
            extra["window_gap_p99_while_building_ms"] = round(float(np.percentile(gaps, 99)), 1)
            extra["window_gap_max_while_building_ms"] = round(float(max(gaps)), 1)
        window.close()
    return {
        "gaussians": count_of,
        "frames_per_second": round(frames_per_second, 1),
        "between_frames_p50_ms": round(float(np.percentile(between, 50)), 1),
        "between_frames_p99_ms": round(float(np.percentile(between, 99)), 1),
        "render_p50_ms": round(float(np.median(took)), 1),
        "superseded": after.superseded - before.superseded,
        "window_gap_p99_ms": round(float(np.percentile(spoken, 99)), 1),
        "window_gap_max_ms": round(float(max(spoken)), 1),
        "window_gap_max_while_opening_ms": round(float(opening), 1),
        "window_gap_max_while_preparing_ms": round(float(preparing), 1),
    } | extra


def speech(sound: Path | None, seconds: float) -> np.ndarray:
    """Return speech of at least `seconds`, the sample repeated if needed."""
    from studio.core.media.audio import load_audio
    from studio.core.sample import sample_speech

    samples = load_audio(sound or sample_speech(), 16000)
    return np.tile(samples, int(seconds * 16000 / len(samples)) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatar", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--sound", type=Path)
    parser.add_argument("--build", type=Path, help="also build this portrait and watch the window")
    options = parser.parse_args()
    measured: dict[str, float | str] = {"window_shown_s": startup()}
    measured |= live(options.avatar, options.seconds, options.sound, options.build)
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
