"""The live loop in the real window: frame times, lost frames, and sound-to-picture latency by loopback.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/live.py [A.avatar] [--seconds 60] [--clicks 40]
        [--look-ahead 0.05 0.08] [--monitor]

In a private PulseAudio a null sink's monitor is the microphone. First speech is played into it for `--seconds`
while the head says it, everything at work: microphone, speech network, posing, rasteriser, window. A frame is
counted when the window has been painted and handed to the display. Then come clicks: loud bursts of a vowel
(an "a" of the sample speech, 0.25 s), each timed from the moment the sound server plays it, were it without delay, to
the moment a frame with another pixel about the mouth was shown; the sound server's own delay, the microphone's, and the
look-ahead of the speech driver are all within. A first vowel 0.85 s before each lets the driver know that somebody
speaks, for which it takes its time after a silence. The idle motion of the head is off for that, so that nothing but
sound can move the mouth. Without PulseAudio the same speech is played on the timeline and there is no latency.
The window's own figure of the same latency, measured on its frames, stands beside it as `window_says_ms`. With
`--monitor` the delayed monitor plays into a second null sink, and what is recorded there is compared with the pixels.
With `--watch` another program looks at the screen meanwhile, for torn frames; it takes some of the processor.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before numpy, as in the program: it keeps OpenBLAS's threads from spinning.
from studio import __version__

if TYPE_CHECKING:
    from null_sink import NullSink

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))  # fakes.py, null_sink.py


def startup() -> float:
    """Return seconds from process start to the shown window, the best of three fresh processes."""
    best = float("inf")
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


def live(options: argparse.Namespace, sink: "NullSink | None") -> dict[str, Any]:
    """Run the window on an avatar and return what was measured."""
    from live_probe import Probe
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from studio.core.motion.motion import Motion
    from studio.ui import theme
    from studio.ui.director import Director
    from studio.ui.library import Library
    from studio.ui.main_window import MainWindow
    from studio.ui.viewport.frame_loop import MAX_FPS

    app = QApplication([])
    theme.apply(app, "dark")
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat)
        window = MainWindow(Director(Library(Path(folder)), settings))
        window.resize(1360, 860)
        window.show()
        director, session = window.director, window.director.session
        probe = Probe(window)
        director.warm_up()
        prepared: list[str] = []
        director.frames.prepared.connect(lambda name, _: prepared.append(name))
        director.start()

        def wait(until) -> None:
            while not until():
                app.processEvents()
                time.sleep(0.001)

        def run(seconds: float) -> None:
            loop = QEventLoop()
            QTimer.singleShot(round(seconds * 1000), loop.quit)
            loop.exec()

        wait(lambda: bool(prepared) and director.jobs.idle)
        found: dict[str, Any] = {"window_gap_max_while_preparing_ms": round(max(probe.gaps), 1)}
        probe.clear()
        if options.avatar is None:
            from fakes import TinyAvatar

            session.avatar = TinyAvatar.make(60_000)
        else:
            director.open_avatar(options.avatar)
        wait(lambda: session.avatar is not None and len(probe.shown) > 3)
        found["window_gap_max_while_opening_ms"] = round(max(probe.gaps), 1)
        assert session.avatar is not None
        found["gaussians"] = len(session.avatar.pose(Motion.neutral(), session.avatar.camera))
        found["view"] = window.stage.why_painted or "texture"
        look_ahead(session, options.look_ahead[0])

        with speaking(director, sink, options):
            wait(lambda: any(step.mouth.max() > 0.05 for step in probe.heard[-9:]))
            with watched(window) if options.watch else nullcontext({}) as seen:
                found |= speech_phase(director, probe, run, options.seconds, MAX_FPS)
            found |= seen
            if options.screenshot:
                window.screen().grabWindow(0).save(str(options.screenshot))
        if sink is not None and options.clicks:
            session.drive = replace(session.drive, head=0.0, blink=False)
            for seconds in options.look_ahead:
                look_ahead(session, seconds)
                clicks = click_phase(window, probe, sink, run, options)
                found[f"at_{1000 * seconds:.0f}_ms"] = clicks | {"load": round(os.getloadavg()[0], 1)}
        if options.build is not None:
            found |= build_phase(director, probe, wait, options.build)
        window.close()
    return found


def look_ahead(session, seconds: float) -> None:
    """Let the mouth wait so long."""
    session.drive = replace(session.drive, speech=replace(session.drive.speech, look_ahead=seconds))


def speech_phase(director, probe, run, seconds: float, rate: float) -> dict[str, Any]:
    """Watch the speaking head."""
    from live_probe import pace, percentile, thread_seconds

    run(1.0)
    probe.clear()
    before, used, start = director.frames.pace(), thread_seconds(), time.monotonic()
    spoken = probe.speech_seconds
    run(seconds)
    after, elapsed = director.frames.pace(), time.monotonic() - start
    busy = {name: spent - used[name] for name, spent in thread_seconds().items()}
    gaps = list(probe.gaps)
    speech = (probe.speech_seconds - spoken) / elapsed
    return pace(probe.shown, rate) | {
        "motions_per_second": round(len(probe.heard) / elapsed, 1),
        "motions_superseded": after.superseded - before.superseded,
        "frames_dropped": after.untaken - before.untaken,
        "window_gap_p99_ms": percentile(gaps, 99),
        "window_gap_max_ms": round(max(gaps), 1),
        "microphone_overflows": getattr(director.drive._source, "overflows", "no microphone"),
        "cores_used_by_speech": round(speech, 4),
        "cores_used": {name: round(spent / elapsed, 2) for name, spent in busy.items()},
    }


def click_phase(window, probe, sink: "NullSink", run, options: argparse.Namespace) -> dict[str, Any]:
    """Play clicks at odd moments and look when the mouth changes on screen, and when the monitor sounds."""
    from live_probe import CLICK_AT, CLICK_SECONDS, Ears, click, latencies, percentile

    player = sink.play(*PACAT, program="pacat", stdin=subprocess.PIPE)
    assert player.stdin is not None
    samples = click().tobytes()
    chance = random.Random(0)
    session = window.director.session
    session.drive = replace(session.drive, monitor=options.monitor)
    run(6.0)  # the window measures, and the monitor settles
    probe.clear()
    played, said = [], []
    with Ears(sink) if options.monitor else nullcontext() as ears:
        run(1.0)
        for _ in range(options.clicks):
            played.append(time.monotonic() + CLICK_AT)
            player.stdin.write(samples)
            player.stdin.flush()
            run(CLICK_AT + CLICK_SECONDS + 1.2 + chance.uniform(0, 0.1))
            said.append(1000 * window.director.drive.latency)
    player.stdin.close()
    player.wait()
    session.drive = replace(session.drive, monitor=False)
    found = latencies(played, probe.shown, probe.heard, ears.onsets() if ears else [])
    return found | {"window_says_ms": percentile(said, 50)}


@contextmanager
def watched(window) -> Iterator[dict[str, Any]]:
    """Stamp numbers on the frames and let another program read them off the screen; filled in at the end."""
    from live_stamps import Stamped
    from PySide6.QtCore import QPointF

    from studio.ui.viewport.view import square_within

    window.director.session.avatar = Stamped(window.director.session.avatar)
    view, seen = window.stage.view.widget, {}
    left, top, side = square_within(view.width(), view.height())
    corner = view.mapToGlobal(QPointF(int(left), int(top))).toPoint()
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "live_stamps.py")]
    place = [str(value) for value in (corner.x(), corner.y(), int(side))]
    with subprocess.Popen([*command, *place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        yield seen
        seen |= json.loads(watcher.communicate()[0])


def build_phase(director, probe, wait, portrait: Path) -> dict[str, Any]:
    """Build a portrait and watch the window meanwhile."""
    from live_probe import percentile

    from studio.core.avatar import Consent

    probe.clear()
    began = time.monotonic()
    ended: list[str] = []
    director.builds.build(portrait, Consent()).ended.connect(lambda: ended.append("build"))
    wait(lambda: bool(ended))
    return {
        "build_s": round(time.monotonic() - began, 1),
        "window_gap_p99_while_building_ms": percentile(probe.gaps, 99),
        "window_gap_max_while_building_ms": round(max(probe.gaps), 1),
    }


PACAT = ("--raw", "--format=float32le", "--rate=16000", "--channels=1")


@contextmanager
def speaking(director, sink: "NullSink | None", options: argparse.Namespace) -> Iterator[None]:
    """Let the head hear speech through the microphone, or play it as a clip where there is no sound server."""
    from live_probe import speech

    samples = speech(options.sound, options.seconds + 10)
    if sink is None:
        from PySide6.QtWidgets import QApplication

        from studio.core.media.sound_recording import SoundRecording

        with tempfile.TemporaryDirectory() as folder:
            recording = SoundRecording(Path(folder) / "speech.wav", 16000)
            recording.write(samples)
            recording.close()
            director.open_paths([recording.path])
            while not director.document.state.timeline.takes:
                QApplication.processEvents()
            director.playback.play(True)
            yield
            director.playback.play(False)
        return
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        file.write(samples.tobytes())
        file.flush()
        director.live.listen(True)
        player = sink.play(*PACAT, file.name, program="pacat")
        try:
            yield
        finally:
            player.terminate()
            player.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatar", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--look-ahead", type=float, nargs="+", default=[0.05, 0.08], choices=(0.02, 0.05, 0.08))
    parser.add_argument("--monitor", action="store_true", help="also compare the delayed monitor with the picture")
    parser.add_argument("--sound", type=Path, help="what to say instead of the sample")
    parser.add_argument("--build", type=Path, help="also build this portrait and watch the window")
    parser.add_argument("--screenshot", type=Path, help="picture of the speaking window to write")
    parser.add_argument("--watch", action="store_true", help="look for torn frames from another program")
    parser.add_argument("--no-startup", action="store_true", help="do not time the start of the window")
    options = parser.parse_args()
    from null_sink import NoSoundServerError, null_sink

    measured: dict[str, Any] = {"studio": __version__}
    if not options.no_startup:
        measured["window_shown_s"] = startup()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = None
        try:
            sink = stack.enter_context(null_sink(folder))
            os.environ.update(sink.environment)
            sink.control("load-module", "module-null-sink", "sink_name=ears", "rate=48000")
            sink.control("set-default-sink", "ears")  # where the monitor plays; the microphone must not hear it
            measured["microphone"] = "PulseAudio null sink"
        except NoSoundServerError as error:
            measured["microphone"] = f"none, so a timeline was played and no latency measured: {error}"
        measured |= live(options, sink)
    measured["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
