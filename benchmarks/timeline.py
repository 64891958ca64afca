"""How fluid the timeline stays: ten minutes at 60 frames a second, several takes, many keys.

    python benchmarks/timeline.py [--minutes 10] [--takes 4] [--width 1200]

Shows a `TimelinePanel` (under a virtual display: ``xvfb-run -a python benchmarks/timeline.py``), and measures what one
step of each kind takes from the event to the finished picture, and the longest time for which the event loop stood
still while everything was done at once: playing, zooming, dragging.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core import jobs
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.curves import decimate
from studio.core.project.document import Document, Media
from studio.core.project.edits import Item
from studio.core.project.pyramid import build_pyramid
from studio.core.project.timeline import MOTION_LANES, Block, CameraKey, Curve, Marker, Timeline
from studio.ui import theme
from studio.ui.timeline.panel import TimelinePanel

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
RATE = 16000
ROUNDS = 60


def long_project(seconds: float, takes: int) -> tuple[Document, np.ndarray]:
    """Return a document of so many s, and its sound ``[S]``."""
    rng = np.random.default_rng(0)
    document = Document()
    times = np.arange(int(seconds * 60)) / 60
    blocks = []
    for i in range(takes):
        phases = rng.uniform(0, 6, 52)
        code = np.clip(np.sin(times[:, None] * rng.uniform(1, 9, 52) + phases), 0, 1)
        pose = 0.2 * np.sin(times[:, None] * rng.uniform(0.2, 2, 6))
        key = document.store(Motion.from_frames("arkit", times, code, pose))
        length = seconds / (1 + i)
        blocks.append(Block(f"take{i}", key, f"Take {i + 1}", i * 7.0, 0.0, length, MOTION_LANES))
    jaw = np.clip(0.5 + 0.4 * np.sin(times * 3), 0, 1)
    timeline = Timeline(
        sounds=(Block("sound", "media", "speech.wav", 0.0, 0.0, seconds, ("audio",)),),
        takes=tuple(blocks),
        curves=(Curve("jawOpen", jobs.run(decimate(times, jaw, 0.01)), "replace"),),
        camera=tuple(CameraKey(float(t), Orbit(yaw=float(t % 30))) for t in range(0, int(seconds), 5)),
        markers=tuple(Marker(float(t), f"Marker {t}") for t in range(0, int(seconds), 20)),
    )
    media = {"media": Media("/speech.wav", "speech.wav", seconds)}
    document.edit("begin", replace(document.state, timeline=timeline, media=media))
    samples = np.arange(int(seconds * RATE))
    sound = np.sin(samples / 7) * np.clip(np.sin(samples / RATE * 2), 0, 1)
    return document, sound.astype(np.float32)


class Bench:
    """Times steps up to the finished picture."""

    def __init__(self, app: QApplication, panel: TimelinePanel) -> None:
        self._app, self._panel = app, panel

    def step(self, name: str, act: Callable[[int], None]) -> None:
        """Print what a step takes: by the clock, and of the processor, which other programs disturb less."""
        taken, worked = [], []
        for i in range(ROUNDS):
            begun, busy = time.perf_counter(), time.thread_time()
            act(i)
            self._app.processEvents()
            taken.append((time.perf_counter() - begun) * 1e3)
            worked.append((time.thread_time() - busy) * 1e3)
        clock = f"median {np.median(taken):6.2f}  worst {max(taken):7.2f} ms"
        print(f"{name:30s} {clock}   processor median {np.median(worked):6.2f}  worst {max(worked):6.2f} ms")

    def drag(self, begin: QPointF, across: float) -> Callable[[int], None]:
        """Return a step that drags a bit further each time; the first presses."""
        lanes = self._panel.lanes

        def act(i: int) -> None:
            if i == 0:
                QTest.mousePress(lanes, LEFT, NONE, begin.toPoint())
            point = begin + QPointF(across * (i + 1), 0)
            glob = lanes.mapToGlobal(point)
            self._app.sendEvent(lanes, QMouseEvent(QEvent.Type.MouseMove, point, glob, LEFT, LEFT, NONE))
            if i == ROUNDS - 1:
                QTest.mouseRelease(lanes, LEFT, NONE, point.toPoint())

        return act


def longest_stall(app: QApplication, panel: TimelinePanel, seconds: float) -> float:
    """Play, zoom and scroll from timers for so long; return the longest s between two turns of the event loop."""
    turns: list[float] = []
    watch, play, zoom = QTimer(interval=0), QTimer(interval=16), QTimer(interval=33)
    watch.timeout.connect(lambda: turns.append(time.perf_counter()))
    play.timeout.connect(lambda: panel.show_position(panel.position + 1 / 60))
    zoom.timeout.connect(lambda: panel.axis.zoom(1.1 if len(turns) % 2 else 1 / 1.1, 300.0))
    panel.show_playing(True)
    for timer in (watch, play, zoom):
        timer.start()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
    for timer in (watch, play, zoom):
        timer.stop()
    panel.show_playing(False)
    return float(np.diff(turns).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--takes", type=int, default=4)
    parser.add_argument("--width", type=int, default=1200)
    args = parser.parse_args()
    app = QApplication([])
    theme.apply(app, "dark")
    document, sound = long_project(args.minutes * 60, args.takes)
    panel = TimelinePanel(document)
    panel.resize(args.width, 480)
    panel.show()
    begun = time.perf_counter()
    pyramid = jobs.run(build_pyramid(sound, RATE))
    print(f"mip levels of the sound: {(time.perf_counter() - begun) * 1e3:.0f} ms, in a job")
    panel.show_waveform("media", pyramid)
    panel.open_lane("mouth", True)
    app.processEvents()
    state = document.state.timeline
    frames, keys = len(document.motions[state.takes[0].source]), len(state.curves[0].keys)
    print(f"{args.takes} takes of up to {frames} frames, a curve of {keys} keys, {panel.lanes.width()} px wide")

    def undo_or_redo(i: int) -> None:
        document.redo() if i % 2 else document.undo()

    bench, axis, lanes = Bench(app, panel), panel.axis, panel.lanes
    bench.step("playhead", lambda i: panel.show_position(i / 10))
    bench.step("whole picture, all in sight", lambda i: lanes.refresh())
    bench.step("zoom", lambda i: axis.zoom(1.1, 300))
    bench.step("scroll, zoomed in", lambda i: axis.scroll(40))
    axis.fit()
    row = next(row for row in lanes.rows if row.lane == "mouth")
    take = document.state.timeline.takes[-1]
    top, height = row.span(take)
    bench.step("drag of a take, a step", bench.drag(QPointF(axis.x(take.start + 20), top + height / 2), 2.0))
    panel.editing.select_all()
    bench.step("drag of everything, a step", bench.drag(QPointF(axis.x(200), 20), 0.5))
    bench.step("undo and redo", undo_or_redo)
    panel.editing.select(frozenset({Item("block", "sound")}))
    bench.step("mute", lambda i: panel.editing.mute("mouth", i % 2 == 0))
    print(f"longest stall while playing and zooming: {longest_stall(app, panel, 5.0) * 1e3:.1f} ms")
    panel.close()


if __name__ == "__main__":
    main()
