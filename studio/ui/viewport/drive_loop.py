"""The drive thread: sound in, the newest motion frame out; the audio clock is the master."""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.ui.session import RATE, Clip, DriveSettings
from studio.ui.viewport.clip_source import ClipSource, abandon

if TYPE_CHECKING:
    from studio.core.media.live_input import LiveInput
    from studio.core.speech.stream import SpeechDriver
    from studio.core.tracking.live_face import LiveFace, Sight

log = logging.getLogger(__name__)

LIVE_TICK = 1 / 60
REST_TICK = 1 / 24
BUSY_TICK = 1 / 6  # at rest while a job needs the processor
DEVICE_PATIENCE = 5.0  # s for a device to close
LONGEST_MONITOR_DELAY = 2.0  # s
KEPT = 2.0  # s of past motion that the driver keeps
BLINKS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]


class DriveLoop(QObject):
    """Mixes speech, idle life and the sliders, and publishes the newest frame.

    Public methods only leave a note for the drive thread; they never wait for a device.
    """

    said = Signal(str)
    """A sentence about the source: it was opened, it is gone, something is wrong with its sound."""
    stopped = Signal(str)
    """The source ended or was lost; a sentence, or "" when that was asked for."""
    failed = Signal(str)
    recorded = Signal(str, object)
    """What `record` asked for: the name of the microphone, and samples ``[S]``."""

    def __init__(self, publish: Callable[[Motion, float, float], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._publish = publish
        self._notes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._running = False
        self._thread: threading.Thread | None = None
        self._settings = DriveSettings()
        self._expression = Motion.neutral()
        self._source: LiveInput | ClipSource | None = None
        self._driver: SpeechDriver | None = None
        self._face: LiveFace | None = None
        self._begun = 0.0  # second of the stream at which the driver's time starts
        self._voice = ""  # the microphone whose calibration the driver uses
        self._record: list[NDArray[np.float32]] | None = None
        self._record_left = 0.0
        self._idle: Any = None
        self.busy = False
        """Set while a job needs the processor: the resting head moves at a lower rate."""
        self._asleep = True
        self.latency = math.nan
        """Set to the s measured from the microphone to the picture; the monitor plays as late as that."""
        self.level = -np.inf
        """dBFS of what was heard last."""
        self.newest = Motion.neutral()
        """What was published last."""

    def start(self) -> None:
        """Start the thread."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name="drive", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the source and end the thread."""
        self._running = False
        self._wake.set()
        if self._thread is not None:
            self._thread.join(DEVICE_PATIENCE)
            self._thread = None

    def configure(self, settings: DriveSettings, expression: Motion) -> None:
        """Use these settings and slider values from the next frame on."""

        def note() -> None:
            self._settings, self._expression = settings, expression
            driver = self._driver
            if driver is None:
                return
            if settings.speech.look_ahead == driver.look_ahead or isinstance(self._source, ClipSource):
                # A clip keeps the look-ahead it began with: it is known in advance.
                driver.adjust(replace(settings.speech, look_ahead=driver.look_ahead))
            else:
                self._renew_driver()

        self._leave(note)

    def listen(self, microphone: str | None) -> None:
        """Drive from a microphone; None takes the system's."""

        def note() -> None:
            from studio.core.media.live_input import LiveInput

            self._take(LiveInput(microphone, self._say))

        self._leave(note)

    def watch(self, camera: str | None, alone: bool) -> None:
        """Drive from the face before a camera, None for the first, besides the source there is or `alone`."""

        def note() -> None:
            from studio.core.tracking.live_face import LiveFace

            if alone:
                self._release()
            self._look_away()
            self._face = LiveFace(camera, self._say)

        self._leave(note)

    def look_away(self) -> None:
        """Let go of the camera alone."""

        def note() -> None:
            self._look_away()

        self._leave(note)

    def calibrate_face(self) -> None:
        """Take the face of the next second for its rest."""

        def note() -> None:
            if self._face is not None:
                self._face.calibrate()

        self._leave(note)

    def play(self, clip: Clip, at: float = 0.0) -> None:
        """Drive from a clip and let it be heard."""

        def note() -> None:
            self._look_away()
            source = ClipSource(clip, at, self._settings.speech.look_ahead)
            self._take(source)
            if source.silent_because:
                silent = self.tr("Playing {name} without sound. {reason}")
                self.said.emit(silent.format(name=clip.path.name, reason=source.silent_because))
            else:
                self.said.emit(self.tr("Playing {name}.").format(name=clip.path.name))

        self._leave(note)

    def rest(self) -> None:
        """Let go of the source."""
        self._leave(lambda: self._let_go(""))

    def record(self, seconds: float) -> None:
        """Keep so many s of what the microphone hears from now on, for `recorded`; 0 keeps nothing after all."""

        def note() -> None:
            self._record, self._record_left = ([], seconds) if seconds else (None, 0.0)

        self._leave(note)

    def recalibrate(self) -> None:
        """Use what is known of the person at the microphone now."""
        self._leave(lambda: setattr(self, "_voice", ""))

    @property
    def left_to_record(self) -> float:
        """Seconds that `record` still waits for; 0 when it does not."""
        return self._record_left

    @property
    def waiting(self) -> bool:
        """Whether the microphone or the camera is gone and waited for."""
        source, face = self._source, self._face
        deaf = source is not None and not isinstance(source, ClipSource) and source.state == "waiting"
        return deaf or (face is not None and face.waiting)

    @property
    def face(self) -> "LiveFace | None":
        """Of the camera that drives."""
        return self._face

    @property
    def microphone(self) -> str:
        """Name of the microphone being heard or waited for, "" for none."""
        source = self._source
        return "" if source is None or isinstance(source, ClipSource) else source.name

    @property
    def asleep(self) -> bool:
        """Set while nobody looks: the resting head does not move."""
        return self._asleep

    @asleep.setter
    def asleep(self, asleep: bool) -> None:
        woken, self._asleep = self._asleep and not asleep, asleep
        if woken:
            self._wake.set()

    @property
    def position(self) -> float | None:
        """Second of the clip being heard, or None when no clip plays."""
        source = self._source
        return source.position if isinstance(source, ClipSource) else None

    def _say(self, sentence: str) -> None:
        if self._running:  # the thread of a device that hangs may outlive this object
            self.said.emit(sentence)

    def _leave(self, note: Callable[[], None]) -> None:
        self._notes.put(note)
        self._wake.set()

    def _take(self, source: "LiveInput | ClipSource") -> None:
        before, self._source = self._source, source
        self._voice = ""
        self._renew_driver()
        if before is not None:
            before.stop()

    def _renew_driver(self) -> None:
        """Start the mouth anew: with another look-ahead, or for another person."""
        from studio.core.speech.calibration import load_calibration
        from studio.core.speech.stream import SpeechDriver

        calibration, source = None, self._source
        if self._voice:
            try:
                calibration = load_calibration(self._voice)
            except UserError as error:
                self.said.emit(str(error))
        self._driver = SpeechDriver(self._settings.speech, calibration)
        self._begun = 0.0 if source is None or isinstance(source, ClipSource) else source.known

    def _let_go(self, sentence: str) -> None:
        driven = self._release()
        if self._look_away() or driven:
            self.stopped.emit(sentence)

    def _release(self, close: Callable[[Callable[[], None]], object] = lambda stop: stop()) -> bool:
        """Let go of what is heard; return whether there was anything."""
        source, self._source, self._driver = self._source, None, None
        self._record, self._record_left = None, 0.0
        self.level = -np.inf
        if source is not None:
            close(source.stop)
        return source is not None

    def _look_away(self, close: Callable[[Callable[[], None]], object] = lambda stop: stop()) -> bool:
        """Let go of the camera; return whether there was one."""
        face, self._face = self._face, None
        if face is not None:
            close(face.stop)
        return face is not None

    def _give_up(self) -> None:
        """Let go of everything after an error, without waiting: a device may not close either."""
        driven = self._release(abandon)
        if self._look_away(abandon) or driven:
            self.stopped.emit("")

    def _run(self) -> None:
        while self._running:
            self._wake.clear()
            try:
                while not self._notes.empty():
                    self._notes.get()()
                self._advance(time.monotonic())
            except UserError as error:
                self._give_up()
                self.failed.emit(str(error))
            except Exception as error:
                log.exception("the head could not be driven")
                self._give_up()
                self.failed.emit(f"The head could not be driven ({error}); see Help > Log.")
            period = self._period()
            # On the clock's own grid: being woken late then costs no frame, and a missed one is not made up for.
            self._wake.wait(period and period - time.monotonic() % period)
        self._let_go("")

    def _period(self) -> float | None:
        """Return the seconds between two frames, None for no more frames."""
        if self._source is not None or self._face is not None:
            return LIVE_TICK
        if self._asleep or not self._settings.at_rest:
            return None
        return BUSY_TICK if self.busy else REST_TICK

    def _advance(self, now: float) -> None:
        from studio.core.motion.idle import SILENCE, IdleMotion
        from studio.core.motion.mixer import mix

        if self._idle is None:
            self._idle = IdleMotion(seed=0)
        layers, prosody, captured = [self._expression], SILENCE, math.nan
        source, settings = self._source, self._settings
        if source is not None and self._driver is not None:
            if not isinstance(source, ClipSource):
                self._attend(source)
            chunk = source.read()
            if isinstance(source, ClipSource):
                shown = source.time()
            else:
                self._keep(source, chunk)
                heard = source.position() - self._driver.look_ahead
                shown, captured = max(heard - self._begun, 0.0), source.captured_at(heard)
            if len(chunk):
                self.level = float(10 * np.log10(np.mean(np.square(chunk)) + 1e-12))
                self._driver.push(chunk)
            layers.append(self._driver.read(shown))
            prosody = self._driver.speaking(shown)
            self._driver.forget(shown - KEPT)
        sight, idle = self._seen(), self._alive(self._idle.at(now, prosody, settings.head))
        if sight is not None:
            from studio.core.tracking.puppetry import left_to_idle, mirrored, puppet

            face = puppet(sight.motion, settings.face, lips=source is None)
            layers.append(mirrored(face) if settings.mirror else face)
            idle = left_to_idle(idle, settings.face, sight.presence)
        if source is not None or sight is not None or settings.at_rest:
            layers.append(idle)
        self.newest = mix(*layers)
        self._publish(self.newest, captured, math.nan if sight is None else sight.taken)
        if isinstance(source, ClipSource) and source.ended:
            self._let_go(self.tr("The clip has ended."))
        elif isinstance(source, ClipSource) and source.lost:
            self._let_go(self.tr("The sound output stopped; check the system's sound settings and press Space."))

    def _seen(self) -> "Sight | None":
        """Return what the camera shows; None where there is none.

        Raises
        ------
        UserError
            If there will be no more pictures.
        """
        face = self._face
        if face is None:
            return None
        if face.failure:
            raise UserError(face.failure)
        return face.newest

    def _attend(self, live: "LiveInput") -> None:
        """See to what a microphone needs before it is read."""
        if live.state == "failed":
            raise UserError(live.failure)
        live.monitored = self._settings.monitor and math.isfinite(self.latency)
        if live.monitored:
            live.monitor_delay = min(max(self.latency + self._settings.monitor_shift, 0.0), LONGEST_MONITOR_DELAY)
        if live.state == "hearing" and live.name != self._voice:
            self._voice = live.name
            self._renew_driver()

    def _keep(self, live: "LiveInput", chunk: NDArray[np.float32]) -> None:
        """Record what `record` asked for."""
        if self._record is not None and live.state == "waiting":
            self._record, self._record_left = None, 0.0
            self.said.emit(self.tr("The calibration stopped, because the microphone is gone; repeat it then."))
        elif self._record is not None and live.state == "hearing":
            self._record.append(chunk)
            self._record_left -= len(chunk) / RATE
            if self._record_left <= 0:
                samples, self._record, self._record_left = np.concatenate(self._record), None, 0.0
                self.recorded.emit(live.name, samples)

    def _alive(self, idle: Motion) -> Motion:
        if self._settings.blink:
            return idle
        code = idle.code.copy()
        code[:, BLINKS] = 0
        return replace(idle, code=code)
