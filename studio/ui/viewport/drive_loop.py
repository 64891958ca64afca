"""The drive thread: sound, a face or a timeline in, the newest motion frame out; the audio clock is the master."""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.speech.style import SpeakingStyle
from studio.ui.session import RATE, DriveSettings

if TYPE_CHECKING:
    from studio.core.media.live_input import LiveInput
    from studio.core.motion.layers import Layer
    from studio.core.motion.vmc import VmcDriver
    from studio.core.project.take_recorder import TakeRecorder
    from studio.core.speech.stream import SpeechDriver
    from studio.core.tracking.live_face import LiveFace, Sight
    from studio.ui.viewport.timeline_source import Score, TimelineSource

log = logging.getLogger(__name__)

LIVE_TICK = 1 / 60
REST_TICK = 1 / 24
BUSY_TICK = 1 / 6  # at rest while a job needs the processor
DEVICE_PATIENCE = 5.0  # s for a device to close
LONGEST_MONITOR_DELAY = 2.0  # s
KEPT = 2.0  # s of past motion that the driver keeps
BLINKS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]


def abandon(stop: Callable[[], None]) -> None:
    """Close a lost device on a thread that nobody waits for: PortAudio may never return from it."""

    def close() -> None:
        try:
            stop()
        except Exception as error:  # it hangs in a device lost before; there is nothing left to do
            log.warning("a lost device could not be closed: %s", error)

    threading.Thread(target=close, name="lost device", daemon=True).start()


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

    took = Signal(object)
    """A `RecordedTake`."""

    def __init__(
        self, publish: Callable[[Motion, float, float, Orbit | None], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._publish = publish
        self._notes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._running = False
        self._thread: threading.Thread | None = None
        self._settings = DriveSettings()
        self._expression = Motion.neutral()
        self._source: LiveInput | None = None
        self._timeline: TimelineSource | None = None
        """Where this drives, neither source nor face does."""
        self._off: frozenset[Layer] = frozenset()
        self._gains: NDArray[np.float32] | None = None
        self._take: TakeRecorder | None = None
        self._driver: SpeechDriver | None = None
        self._face: LiveFace | None = None
        self._vmc: VmcDriver | None = None
        self._begun = 0.0  # second of the stream at which the driver's time starts
        self._tells_heard = False
        self._style = SpeakingStyle()
        self._voice = ""  # the microphone whose calibration the driver uses
        self._record: list[NDArray[np.float32]] | None = None
        self._record_left = 0.0
        self._idle: Any = None
        self.busy = False
        """Set while a job needs the processor: the resting head moves at a lower rate."""
        self._asleep = True
        self.output: str | None = None
        """Name of what is heard on from the next start of a sound on; None is the system's."""
        self.latency = math.nan
        """Set to the s measured from the microphone to the picture; the monitor plays as late as that."""
        self.level = -np.inf
        """dBFS of what was heard last."""
        self.newest = Motion.neutral()
        """What was published last."""
        self.layers: dict[Layer, Motion] = {}
        """What it was made of."""

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
            if settings.speech.look_ahead == driver.look_ahead:
                driver.adjust(settings.speech)
            else:
                self._renew_driver()

        self._leave(note)

    def weigh(self, off: Collection["Layer"], gains: NDArray[np.float32] | None) -> None:
        """Leave out these layers and multiply channels by gains ``[52]``; see `blend`."""

        def note() -> None:
            self._off, self._gains = frozenset(off), gains

        self._leave(note)

    def hear_vmc(self, driver: "VmcDriver | None") -> None:
        """Let what this driver is told move the head, or nothing of the kind."""
        self._leave(lambda: setattr(self, "_vmc", driver))

    def listen(self, microphone: str | None) -> None:
        """Drive from a microphone; None takes the system's."""

        def note() -> None:
            from studio.core.media.live_input import LiveInput

            self._hear(LiveInput(microphone, self._say, self.output))

        self._leave(note)

    def tell_heard(self, heard: bool) -> None:
        """Say with every frame what was heard, for avatars of the space "audio"; a voice going on starts anew."""

        def note() -> None:
            if heard != self._tells_heard:
                self._tells_heard = heard
                if self._driver is not None:
                    self._renew_driver()

        self._leave(note)

    def tell_style(self, style: SpeakingStyle) -> None:
        """Speak as the person of the head does; a voice going on starts anew."""

        def note() -> None:
            if style != self._style:
                self._style = style
                if self._driver is not None:
                    self._renew_driver()

        self._leave(note)

    def watch(self, camera: str | None, alone: bool) -> None:
        """Drive from the face before a camera, None for the first, besides the source there is or `alone`."""

        def note() -> None:
            from studio.core.tracking.live_face import LiveFace

            if alone or self._timeline is not None:
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

    def point_at_face(self, place: tuple[float, float]) -> None:
        """Follow the face at a place of the camera's picture, parts of its width and height."""

        def note() -> None:
            if self._face is not None:
                self._face.point_at(place)

        self._leave(note)

    def play(self, score: "Score", at: float) -> None:
        """Drive from a timeline from a second on and let it be heard."""

        def note() -> None:
            if self._timeline is not None and self._timeline.plays:
                self._timeline.follow(score)
                self._timeline.seek(at)
                return
            timeline = self._stand_on(score, at, plays=True)
            if timeline.silent_because:
                silent = self.tr("Playing without sound, by the computer's clock. {reason}")
                self.said.emit(silent.format(reason=timeline.silent_because))

        self._leave(note)

    def seek(self, score: "Score", at: float) -> None:
        """Show a second of a timeline: play on from there, or stand there if nothing plays."""

        def note() -> None:
            if self._timeline is None:
                self._stand_on(score, at)
            else:
                self._timeline.follow(score)
                self._timeline.seek(at)

        self._leave(note)

    def pause(self) -> None:
        """Stand where the timeline plays."""

        def note() -> None:
            if self._timeline is not None and self._timeline.plays:
                self._stand_on(self._timeline.score, self._timeline.position)

        self._leave(note)

    def follow(self, score: "Score") -> None:
        """Go on with the timeline as it is after an edit."""
        self._leave(lambda: self._timeline.follow(score) if self._timeline is not None else None)

    def rest(self) -> None:
        """Let go of the source."""
        self._leave(lambda: self._let_go(""))

    def begin_take(self, folder: Path, start: float = 0.0) -> None:
        """Write what drives the head from now on, and its sound, into a folder, for a second of the timeline."""

        def note() -> None:
            from studio.core.project.take_recorder import RecordedTake, TakeRecorder

            self._finish_take()
            try:
                self._take = TakeRecorder(folder, RATE if self._source is not None else 0, start)
            except UserError as error:
                self.took.emit(RecordedTake(folder, 0, None, 0.0, str(error)))

        self._leave(note)

    def pause_take(self, paused: bool) -> None:
        """Leave out what comes from now on, or go on."""

        def note() -> None:
            if self._take is not None:
                self._take.paused = paused

        self._leave(note)

    def end_take(self) -> None:
        """Stop writing; `took` hands over what was written."""
        self._leave(self._finish_take)

    @property
    def taken(self) -> float | None:
        """Seconds of the take that is being written, None where none is."""
        take = self._take
        return None if take is None else take.seconds

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
        deaf = source is not None and source.state == "waiting"
        return deaf or (face is not None and face.waiting)

    @property
    def face(self) -> "LiveFace | None":
        """Of the camera that drives."""
        return self._face

    @property
    def microphone(self) -> str:
        """Name of the microphone being heard or waited for, "" for none."""
        source = self._source
        return "" if source is None else source.name

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
        """Second of the timeline being heard, or None when it does not play."""
        timeline = self._timeline
        return timeline.position if timeline is not None and timeline.plays else None

    def _say(self, sentence: str) -> None:
        if self._running:  # the thread of a device that hangs may outlive this object
            self.said.emit(sentence)

    def _leave(self, note: Callable[[], None]) -> None:
        self._notes.put(note)
        self._wake.set()

    def _hear(self, source: "LiveInput") -> None:
        self._release()
        self._source, self._voice = source, ""
        self._renew_driver()

    def _stand_on(self, score: "Score", at: float, plays: bool = False) -> "TimelineSource":
        from studio.ui.viewport.timeline_source import TimelineSource

        self._look_away()
        self._release()
        self._timeline = TimelineSource(score, at, plays, self.output)
        return self._timeline

    def _finish_take(self) -> None:
        take, self._take = self._take, None
        if take is not None:
            self.took.emit(take.finish())

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
        self._driver = SpeechDriver(self._settings.speech, calibration, heard=self._tells_heard, style=self._style)
        self._begun = 0.0 if source is None else source.known

    def _let_go(self, sentence: str) -> None:
        driven = self._release()
        if self._look_away() or driven:
            self.stopped.emit(sentence)

    def _release(self, close: Callable[[Callable[[], None]], object] = lambda stop: stop()) -> bool:
        """Let go of what is heard, live or on a timeline; return whether there was anything."""
        source, timeline = self._source, self._timeline
        self._finish_take()
        self._source = self._timeline = self._driver = None
        self._record, self._record_left = None, 0.0
        self.level = -np.inf
        if source is not None:
            close(source.stop)
        if timeline is not None:
            (abandon if timeline.lost else close)(timeline.stop)
        return source is not None or timeline is not None

    def _look_away(self, close: Callable[[Callable[[], None]], object] = lambda stop: stop()) -> bool:
        """Let go of the camera; return whether there was one."""
        face, self._face = self._face, None
        if face is not None:
            self._finish_take()
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
        plays = self._timeline is not None and self._timeline.plays
        live = (self._source, self._face, self._take, self._vmc)
        if plays or any(part is not None for part in live):
            return LIVE_TICK
        if self._timeline is not None or self._asleep or not self._settings.at_rest:
            return None
        return BUSY_TICK if self.busy else REST_TICK

    def _advance(self, now: float) -> None:
        from studio.core.motion.mixer import blend

        layers: dict[Layer, Motion] = {"user": self._expression}
        second, captured, filmed, view = now, math.nan, math.nan, None
        timeline = self._timeline
        if timeline is not None:
            timeline.advance()
            layers["timeline"], view = timeline.frame()
        else:
            second, captured, filmed = self._live(now, layers)
        self.newest, self.layers = blend(layers, self._off, self._gains), layers
        self._publish(self.newest, captured, filmed, view)
        self._write_take(second)
        if timeline is not None and timeline.ended:
            self._let_go(self.tr("The timeline has ended."))
        elif timeline is not None and timeline.lost:
            self._let_go(self.tr("The sound output stopped; check the system's sound settings and press Space."))

    def _live(self, now: float, layers: "dict[Layer, Motion]") -> tuple[float, float, float]:
        """Put in what moves the head live.

        Returns
        -------
        The second that the frame shows, of the clock by which takes are written: the microphone's where there is one;
        when its sound was at the microphone; and when its face was before the camera.
        """
        from studio.core.motion.idle import SILENCE, IdleMotion

        if self._idle is None:
            self._idle = IdleMotion(seed=0)
        second, prosody, captured = now, SILENCE, math.nan
        source, settings = self._source, self._settings
        if source is not None and self._driver is not None:
            self._attend(source)
            chunk = source.read()
            self._keep(source, chunk)
            second = source.position() - self._driver.look_ahead
            shown, captured = max(second - self._begun, 0.0), source.captured_at(second)
            if len(chunk):
                self.level = float(10 * np.log10(np.mean(np.square(chunk)) + 1e-12))
                self._driver.push(chunk)
            layers["speech"] = self._driver.read(shown)
            prosody = self._driver.speaking(shown)
            self._driver.forget(shown - KEPT)
        sight, idle = self._seen(), self._alive(self._idle.at(now, prosody, settings.head))
        if sight is not None:
            from studio.core.tracking.puppetry import left_to_idle, mirrored, puppet

            face = puppet(sight.motion, settings.face, lips=source is None)
            layers["webcam"] = mirrored(face) if settings.mirror else face
            idle = left_to_idle(idle, settings.face, sight.presence)
        if self._vmc is not None and self._vmc.heard:
            layers["webcam"] = self._vmc.read(now)  # another program's face; it blinks and looks by itself
        elif source is not None or sight is not None or settings.at_rest:
            layers["base"] = idle
        return second, captured, math.nan if sight is None else sight.taken

    def _write_take(self, second: float) -> None:
        take = self._take
        if take is not None:
            take.see(self.newest, second)
            if take.complaint:
                self._finish_take()

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
        """Keep what a take or `record` asked for."""
        if self._take is not None and (live.state == "hearing" or self._take.seconds):
            self._take.hear(chunk, live.known - len(chunk) / RATE)
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
