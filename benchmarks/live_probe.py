"""What `live.py` plays and watches: frames on screen, gaps of the window, processor time of the threads."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.sample import sample_speech
from studio.core.speech.stream import SpeechDriver
from studio.ui.main_window import MainWindow
from studio.ui.session import RATE
from studio.ui.viewport.frame_loop import Frame
from studio.ui.viewport.gl_interop import on_host

if TYPE_CHECKING:
    from null_sink import NullSink

MOUTH = ((0.5, 0.95), (0.2, 0.8))  # rows and columns of the square, as fractions
CHANNELS = [index for name, index in ARKIT_INDEX.items() if name.startswith(("jaw", "mouth"))]
CLICK_SECONDS = 0.25
CLICK_FROM = 2.2  # s of the sample speech, in the middle of an open vowel
CLICK_AT = 0.85  # s into what `click` returns
QUIET = 0.15  # s for which the mouth must rest before a click
CHANGED = 6  # levels of 255 by which a pixel counts as changed
AUDIBLE = -40.0  # dBFS
MOVED = 0.01  # of a channel's 0..1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Shown:
    """A frame that reached the screen."""

    at: float
    """`time.monotonic` once the window was painted and handed to the display."""
    frame_ms: float
    """From the first step of posing it to `at`."""
    wish_ms: float
    """From the motion it shows to `at`."""
    render_ms: float
    mouth: NDArray[np.uint8]
    """The pixels about the mouth, of what the view was painting."""


@dataclass(frozen=True)
class Heard:
    """One step of the drive thread."""

    at: float
    level: float
    """dBFS of what was read last."""
    mouth: NDArray[np.float32]
    """Jaw and mouth channels published."""


class Probe(QObject):
    """Notes every painted frame, every published motion and every beat of the window's event loop."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.shown: list[Shown] = []
        self.heard: list[Heard] = []
        self.gaps: list[float] = []
        self._frame: Frame | None = None
        frames, self._drive = window.director.frames, window.director.drive
        self._take: Callable[[], Frame | None] = frames.take
        frames.take = self._taken
        self.speech_seconds = 0.0
        """Processor time spent so far on turning sound into a mouth."""
        for name in ("push", "read"):
            self._count(name)
        self._publish: Callable[..., None] = self._drive._publish
        self._drive._publish = self._published
        window.stage.view.widget.installEventFilter(self)
        self._beat, self._pulse = QElapsedTimer(), QTimer(self)
        self._pulse.setTimerType(Qt.TimerType.PreciseTimer)
        self._pulse.timeout.connect(self._count_beat)
        self._beat.start()
        self._pulse.start(5)

    def clear(self) -> None:
        """Forget what was seen so far."""
        self.shown, self.heard, self.gaps = [], [], []

    def _count_beat(self) -> None:
        self.gaps.append(self._beat.nsecsElapsed() / 1e6)
        self._beat.restart()

    def _count(self, name: str) -> None:
        work = getattr(SpeechDriver, name)

        def counted(*arguments: Any) -> Any:
            start = time.thread_time()
            result = work(*arguments)
            self.speech_seconds += time.thread_time() - start
            return result

        setattr(SpeechDriver, name, counted)

    def _taken(self) -> Frame | None:
        frame = self._take()
        self._frame = frame or self._frame
        return frame

    def _published(self, motion: Motion, *others: Any) -> None:
        self.heard.append(Heard(time.monotonic(), self._drive.level, motion.code[0, CHANNELS]))
        self._publish(motion, *others)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """See the view being painted; what comes after the event loop's turn has been handed to the display."""
        if event.type() == QEvent.Type.Paint and self._frame is not None:
            frame, self._frame = self._frame, None
            rows, columns = (slice(round(a * len(frame.rgba)), round(b * len(frame.rgba)), 2) for a, b in MOUTH)
            mouth = np.array(on_host(frame.rgba[rows, columns, :3]))
            QTimer.singleShot(0, lambda: self._painted(frame, mouth))
        return False

    def _painted(self, frame: Frame, mouth: NDArray[np.uint8]) -> None:
        now = time.monotonic()
        wish = 1000 * (now - frame.scene.stamp)
        self.shown.append(Shown(now, 1000 * (now - frame.begun), wish, frame.ms, mouth))


class Ears:
    """Records what the monitor plays, and when it came."""

    def __init__(self, sink: "NullSink") -> None:
        command = ["parec", "--device=ears.monitor", "--raw", "--format=float32le", "--rate=16000", "--channels=1"]
        environment = os.environ | sink.environment
        self._recorder = subprocess.Popen(
            [*command, "--latency-msec=5"], stdout=subprocess.PIPE, env=environment, bufsize=0
        )
        self._came: list[tuple[float, float]] = []

    def __enter__(self) -> "Ears":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.terminate()
        self._recorder.wait()

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        while chunk := self._recorder.stdout.read(4 * 16):  # 1 ms
            samples = np.frombuffer(chunk[: len(chunk) // 4 * 4], np.float32)
            self._came.append((time.monotonic(), float(np.abs(samples).max(initial=0))))

    def onsets(self) -> list[float]:
        """Return when sound began after silence, s of `time.monotonic`."""
        loud = [at for at, peak in self._came if peak > 0.05]
        return [at for at, before in zip(loud, [-1.0, *loud], strict=False) if at - before > QUIET]


def percentile(values: Any, which: int) -> float:
    """Return a percentile, rounded for printing."""
    return round(float(np.percentile(values, which)), 1)


def pace(shown: list[Shown], rate: float) -> dict[str, float]:
    """Summarise the frames shown at a wished rate, per second."""
    at = np.array([frame.at for frame in shown])
    between = np.diff(at) * 1000

    slots = np.maximum(np.rint(between * rate / 1000), 1)
    return {
        "frames_per_second": round((len(at) - 1) / float(at[-1] - at[0]), 1),
        "frames_shown": len(at),
        "frames_repeated": int((slots - 1).sum()),
        "frame_p50_ms": percentile([frame.frame_ms for frame in shown], 50),
        "frame_p99_ms": percentile([frame.frame_ms for frame in shown], 99),
        "motion_to_screen_p50_ms": percentile([frame.wish_ms for frame in shown], 50),
        "motion_to_screen_p99_ms": percentile([frame.wish_ms for frame in shown], 99),
        "render_p50_ms": percentile([frame.render_ms for frame in shown], 50),
        "render_p99_ms": percentile([frame.render_ms for frame in shown], 99),
        "between_frames_p50_ms": percentile(between, 50),
        "between_frames_p99_ms": percentile(between, 99),
        "between_frames_max_ms": round(float(between.max()), 1),
    }


def latencies(played: list[float], shown: list[Shown], heard: list[Heard], monitor: list[float]) -> dict[str, Any]:
    """Find for every click, handed to the sound server at `played`, the first frame whose mouth changed.

    Clicks before which the mouth was not at rest are left out, and counted. `monitor` holds when it began to sound.
    """
    to_heard, to_moved, to_pixel, behind, missed, restless = [], [], [], [], 0, 0
    for click in played:
        before = [frame for frame in shown if click - QUIET <= frame.at < click]
        after = [frame for frame in shown if click <= frame.at < click + 1.0]
        if not before or any(changed(frame.mouth, before[-1].mouth) for frame in before):
            restless += 1
            continue
        pixel = next((frame.at for frame in after if changed(frame.mouth, before[-1].mouth)), None)
        steps = [step for step in heard if click <= step.at < click + 1.0]
        rest = [step.mouth for step in heard if click - QUIET <= step.at < click]
        if pixel is None or not rest:
            missed += 1
            continue
        to_pixel.append(pixel - click)
        behind += [at - pixel for at in monitor if click <= at < click + 1.0][:1]
        to_heard += [step.at - click for step in steps if step.level > AUDIBLE][:1]
        to_moved += [step.at - click for step in steps if np.abs(step.mouth - rest[-1]).max() > MOVED][:1]
    found: dict[str, Any] = {"clicks": len(played), "clicks_unseen": missed, "clicks_left_out": restless}
    for name, seconds in (("heard", to_heard), ("mouth_moves", to_moved), ("pixel_changes", to_pixel)):
        if seconds:
            for which in (50, 99):
                found[f"click_to_{name}_p{which}_ms"] = percentile(1000 * np.array(seconds), which)
    if behind:
        found["monitor_behind_pixel_p50_ms"] = percentile(1000 * np.array(behind), 50)
        found["monitor_behind_pixel_p10_p90_ms"] = [percentile(1000 * np.array(behind), which) for which in (10, 90)]
    return found


def changed(mouth: NDArray[np.uint8], before: NDArray[np.uint8]) -> bool:
    """Tell whether any pixel about the mouth differs by more than the noise of rounding."""
    return bool((np.abs(mouth.astype(np.int16) - before) >= CHANGED).any())


def thread_seconds() -> dict[str, float]:
    """Return the processor time used so far by the window's threads and by all others together."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    used = {"MainThread": 0.0, "render": 0.0, "drive": 0.0, "others": 0.0}
    for task in Path("/proc/self/task").iterdir():
        try:
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        name = names.get(int(task.name), "others")
        used[name if name in used else "others"] += (int(fields[11]) + int(fields[12])) / TICKS
    return used


def click() -> NDArray[np.float32]:
    """Return a short vowel, a pause of `CLICK_AT` − its length, and a vowel that begins at once: the click.

    The first tells the driver that somebody speaks: after a silence it waits to be sure of a voice. The vowel is cut
    out of the sample speech, for what hums on one vowel, made by rule, is no voice to the driver.
    """
    begin = round(CLICK_FROM * RATE)
    voice = load_audio(sample_speech(), RATE)[begin : begin + round(CLICK_SECONDS * RATE)]
    voice = (0.6 * voice / np.abs(voice).max()).astype(np.float32)
    return np.concatenate([voice, np.zeros(round(CLICK_AT * RATE) - len(voice), np.float32), voice])


def speech(sound: Path | None, seconds: float) -> NDArray[np.float32]:
    """Return speech of so many seconds, a file's or the sample's, repeated if needed."""
    samples = load_audio(sound or sample_speech(), RATE)
    return np.resize(samples, round(seconds * RATE))
