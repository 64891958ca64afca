"""The timeline in the real window: how far sound and picture are apart, how long a frame takes, and what stalls.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/playback.py [A.avatar] [--seconds 10]

In a private PulseAudio a null sink is the output, and what it plays is recorded. The timeline holds clicks half a
second apart and a take whose jaw opens with each of them. Both ends are timed by one clock: the click where the
recorder reads it, less the delay that the sound server states for a recording, and the frame as the drive publishes
it. Then the playhead is dragged about, 100 places a second, while a watchdog looks for stalls of the window.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from studio import __version__

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # fakes.py, null_sink.py

PERIOD, RATE = 0.5, 48_000


def evaluation_ms() -> float:
    """Return the median time of one frame of ten takes and twenty curves, ms."""
    import numpy as np
    from core.project.test_evaluation import crowded

    from studio.core.project.evaluation import Evaluation

    evaluation = Evaluation(*crowded())
    times = np.linspace(0, 6, 1000)
    took = []
    for at in times:
        begun = time.perf_counter()
        evaluation.motion_at(at)
        evaluation.view_at(at)
        took.append(time.perf_counter() - begun)
    return 1000 * float(np.median(took))


def clicks(folder: Path, seconds: float) -> tuple[Path, Any]:
    """Write a click every half second; return the file and a motion whose jaw jumps open with each of them."""
    import numpy as np

    from studio.core.heads.arkit import ARKIT_INDEX
    from studio.core.media.sound_recording import SoundRecording
    from studio.core.motion.motion import Motion

    sound = np.zeros(round(seconds * RATE), np.float32)
    times = np.arange(0, seconds, 0.002)
    code = np.zeros((len(times), 52), np.float32)
    for at in np.arange(PERIOD, seconds, PERIOD):
        first = round(at * RATE)
        sound[first : first + 480] = 0.8 * np.sin(np.arange(480) * 0.5)
        code[(times >= at) & (times < at + 0.2), ARKIT_INDEX["jawOpen"]] = 1
    recording = SoundRecording(folder / "clicks.wav", RATE)
    recording.write(sound)
    recording.close()
    return recording.path, Motion.from_frames("arkit", times, code)


class Ear(threading.Thread):
    """Notes when each click left the sink."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(daemon=True)
        command = ["parec", "--device=studio.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=1",
                   "--latency-msec=5"]  # fmt: skip
        self._recorder = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE)
        self.heard: list[float] = []

    def run(self) -> None:
        """Listen until the recorder ends."""
        import numpy as np

        assert self._recorder.stdout is not None
        quiet = 0
        while data := os.read(self._recorder.stdout.fileno(), 4096):
            now = time.monotonic()
            samples = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
            loud = np.flatnonzero(np.abs(samples) > 4000)
            if len(loud) and quiet > RATE * PERIOD / 2:
                self.heard.append(now - (len(samples) - loud[0]) / RATE)
            quiet = quiet + len(samples) if not len(loud) else len(samples) - loud[-1]

    def stop(self) -> None:
        """End it."""
        self._recorder.terminate()
        self._recorder.wait()


def measure(options: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    import numpy as np
    from fakes import TinyAvatar
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from studio.core.heads.arkit import ARKIT_INDEX
    from studio.ui import theme
    from studio.ui.director import Director
    from studio.ui.library import Library
    from studio.ui.main_window import MainWindow
    from studio.ui.watchdog import Watchdog

    app = QApplication([])
    theme.apply(app, "dark")

    def wait(until: Any) -> None:
        while not until():
            app.processEvents()
            time.sleep(0.001)

    def run(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat)
        window = MainWindow(Director(Library(Path(folder) / "avatars"), settings))
        window.resize(1360, 860)
        window.show()
        director, session = window.director, window.director.session
        prepared: list[str] = []
        director.frames.prepared.connect(lambda name, _: prepared.append(name))
        director.start()
        wait(lambda: bool(prepared))
        if options.avatar is None:
            session.avatar = TinyAvatar.make(20_000)
        else:
            director.open_avatar(options.avatar)
        wait(lambda: session.avatar is not None and window.stage.shown is not None)
        path, motion = clicks(Path(folder), options.seconds)
        director.playback.add_motion("Clicks", motion, path, 0.0)
        (block,) = director.document.state.timeline.sounds
        wait(lambda: director.playback.sound(block.source) is not None and director.jobs.idle)
        shown: list[tuple[float, float]] = []
        publish, jaw = director.drive._publish, ARKIT_INDEX["jawOpen"]

        def spy(frame: Any, *rest: Any) -> None:
            shown.append((time.monotonic(), float(frame.code[0, jaw])))
            publish(frame, *rest)

        director.drive._publish = spy
        ear = Ear(environment)
        ear.start()
        run(0.5)
        dog = Watchdog()
        begun = time.monotonic()
        director.playback.play(True, 0.0)
        wait(lambda: not session.playing)
        found["played_s"] = round(time.monotonic() - begun, 2)
        found["frames_per_s"] = round(len(shown) / found["played_s"], 1)
        found["stalls_playing_ms"] = [[round(1000 * s.seconds), round(1000 * s.busy)] for s in dog.stalls]
        ear.stop()
        opened = [b[0] for a, b in pairwise(shown) if a[1] < 0.5 <= b[1]]
        late = []
        for at in ear.heard:
            nearest = min(opened, key=lambda t, at=at: abs(t - at), default=np.nan)
            late.append(1000 * (nearest - at))
        found["clicks"] = [len(ear.heard), len(opened)]
        if late:
            found["picture_after_sound_ms"] = {
                "median": round(float(np.median(late)), 1),
                "p5": round(float(np.percentile(late, 5)), 1),
                "p95": round(float(np.percentile(late, 95)), 1),
            }
        dog.stalls = []
        shown.clear()
        begun = time.monotonic()
        timer = QTimer(interval=10)
        timer.timeout.connect(lambda: director.playback.seek(4.0 + 3.9 * float(np.sin(5 * time.monotonic()))))
        timer.start()
        run(5.0)
        timer.stop()
        found["scrub_frames_per_s"] = round(len(shown) / (time.monotonic() - begun), 1)
        found["scrub_drawn_per_s"] = round(director.frames.pace().fps, 1)
        found["stalls_scrubbing_ms"] = [[round(1000 * s.seconds), round(1000 * s.busy)] for s in dog.stalls]
        found["where"] = sorted({s.where[-400:] for s in dog.stalls if s.busy > 0.05})
        dog.stop()
        window.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatar", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    from null_sink import null_sink

    measured: dict[str, Any] = {"studio": __version__, "evaluation_ms": round(evaluation_ms(), 3)}
    with tempfile.TemporaryDirectory() as folder, null_sink(Path(folder)) as sink:
        os.environ.update(sink.environment)
        measured |= measure(options, sink.environment)
    measured["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
