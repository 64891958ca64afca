"""The drive thread: sound in, the newest motion frame out; the audio clock is the master."""

import logging
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

if TYPE_CHECKING:
    from studio.core.speech.stream import SpeechDriver

log = logging.getLogger(__name__)

LIVE_TICK = 1 / 60
REST_TICK = 1 / 24
BUSY_TICK = 1 / 6  # at rest while a job needs the processor
DEVICE_PATIENCE = 5.0  # s for a device to close
STALLED = 4.0  # s; a sound server that wakes up takes two
BLINKS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]


def abandon(stop: Callable[[], None]) -> None:
    """Close a lost device on a thread that nobody waits for: PortAudio may never return from it."""

    def close() -> None:
        try:
            stop()
        except Exception as error:  # it hangs in a device lost before; there is nothing left to do
            log.warning("a lost device could not be closed: %s", error)

    threading.Thread(target=close, name="lost device", daemon=True).start()


class MicrophoneSource:
    """Hears a microphone; what is seen lags by the driver's look-ahead."""

    def __init__(self, name: str | None, look_ahead: float) -> None:
        from studio.core.media.microphone import Microphone

        self._microphone = Microphone(name)
        self._microphone.start()
        self._heard = 0
        self._look_ahead = look_ahead

    @property
    def lost(self) -> bool:
        """True when the device went away."""
        return self._microphone.lost

    @property
    def name(self) -> str:
        """What the system calls the device."""
        return self._microphone.name

    def read(self) -> NDArray[np.float32]:
        """Return what arrived since the last call."""
        chunk = self._microphone.read()
        self._heard += len(chunk)
        return chunk

    def time(self) -> float:
        """Return the newest second that the driver can be sure of."""
        return max(0.0, self._heard / RATE - self._look_ahead)

    def stop(self) -> None:
        """Close the device."""
        if self.lost:
            abandon(self._microphone.stop)
        else:
            self._microphone.stop()


class ClipSource:
    """Plays a clip; it is known in advance, so the mouth is exactly in step with what is heard."""

    def __init__(self, clip: Clip, at: float, look_ahead: float) -> None:
        from studio.core.media.player import Player

        self._clip = clip
        self._ahead = look_ahead
        self._begin = self._read = round(at * RATE)
        self._player: Player | None = Player(clip.samples, RATE)
        self.silent_because = ""
        self._started = time.monotonic()
        self._moved = (at, self._started)
        try:
            self._player.start(at)
        except UserError as error:
            self._player = None
            self.silent_because = str(error)

    @property
    def position(self) -> float:
        """Second of the clip being heard."""
        if self._player is not None:
            return self._player.position
        here = self._begin / RATE + time.monotonic() - self._started
        return min(here, self._clip.seconds)

    @property
    def ended(self) -> bool:
        """True once the last sample was heard."""
        return self.position >= self._clip.seconds

    @property
    def lost(self) -> bool:
        """True when the sound output has not gone on for `STALLED` s."""
        return time.monotonic() - self._moved[1] > STALLED

    def read(self) -> NDArray[np.float32]:
        """Return what the driver needs to know for the present position."""
        if self.position > self._moved[0]:
            self._moved = (self.position, time.monotonic())
        end = max(self._read, round((self.position + self._ahead + 2 * LIVE_TICK) * RATE))
        known = self._clip.samples[self._read : end]
        # Silence after the end makes the last sound final.
        chunk = np.concatenate([known, np.zeros(end - self._read - len(known), np.float32)])
        self._read = end
        return chunk

    def time(self) -> float:
        """Return the position, on the driver's clock."""
        return self.position - self._begin / RATE

    def stop(self) -> None:
        """Fall silent."""
        if self._player is not None and self.lost:
            abandon(self._player.stop)
        elif self._player is not None:
            self._player.stop()


class DriveLoop(QObject):
    """Mixes speech, idle life and the sliders, and publishes the newest frame.

    Public methods only leave a note for the drive thread; they never wait for a device.
    """

    started = Signal(str)
    """A source was opened; a sentence about it."""
    stopped = Signal(str)
    """The source ended or was lost; a sentence, or "" when that was asked for."""
    failed = Signal(str)

    def __init__(self, publish: Callable[[Motion], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._publish = publish
        self._notes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._running = False
        self._thread: threading.Thread | None = None
        self._settings = DriveSettings()
        self._expression = Motion.neutral()
        self._source: MicrophoneSource | ClipSource | None = None
        self._driver: SpeechDriver | None = None
        self._idle: Any = None
        self.busy = False
        """Set while a job needs the processor: the resting head moves at a lower rate."""
        self.asleep = True
        """Set while nobody looks: the resting head does not move."""
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

        self._leave(note)

    def listen(self, microphone: str | None) -> None:
        """Drive from a microphone; None takes the system's."""

        def note() -> None:
            source = MicrophoneSource(microphone, self._settings.look_ahead)
            self._take(source)
            self.started.emit(self.tr("Listening to {name}.").format(name=source.name))

        self._leave(note)

    def play(self, clip: Clip, at: float = 0.0) -> None:
        """Drive from a clip and let it be heard."""

        def note() -> None:
            source = ClipSource(clip, at, self._settings.look_ahead)
            self._take(source)
            if source.silent_because:
                silent = self.tr("Playing {name} without sound. {reason}")
                self.started.emit(silent.format(name=clip.path.name, reason=source.silent_because))
            else:
                self.started.emit(self.tr("Playing {name}.").format(name=clip.path.name))

        self._leave(note)

    def rest(self) -> None:
        """Let go of the source."""
        self._leave(lambda: self._let_go(""))

    @property
    def position(self) -> float | None:
        """Second of the clip being heard, or None when no clip plays."""
        source = self._source
        return source.position if isinstance(source, ClipSource) else None

    def _leave(self, note: Callable[[], None]) -> None:
        self._notes.put(note)
        self._wake.set()

    def _take(self, source: MicrophoneSource | ClipSource) -> None:
        from studio.core.speech.stream import SpeechDriver

        before, self._source = self._source, source
        self._driver = SpeechDriver(look_ahead=self._settings.look_ahead)
        if before is not None:
            before.stop()

    def _let_go(self, sentence: str) -> None:
        source, self._source, self._driver = self._source, None, None
        self.level = -np.inf
        if source is not None:
            source.stop()
            self.stopped.emit(sentence)

    def _give_up(self) -> None:
        """Let go of the source after an error, without waiting: its device may not close either."""
        source, self._source, self._driver = self._source, None, None
        self.level = -np.inf
        if source is not None:
            abandon(source.stop)
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
        if self._source is not None:
            return LIVE_TICK
        if self.asleep or not self._settings.at_rest:
            return None
        return BUSY_TICK if self.busy else REST_TICK

    def _advance(self, now: float) -> None:
        from studio.core.motion.idle import IdleMotion
        from studio.core.motion.mixer import mix

        if self._idle is None:
            self._idle = IdleMotion(seed=0)
        layers, speaking = [self._expression], 0.0
        source, settings = self._source, self._settings
        if source is not None and self._driver is not None:
            chunk = source.read()
            if len(chunk):
                self.level = float(10 * np.log10(np.mean(np.square(chunk)) + 1e-12))
                self._driver.push(chunk)
            heard = source.time()
            speech = self._driver.read(heard)
            speaking = self._driver.speaking(heard)
            layers.append(replace(speech, code=speech.code * np.float32(settings.speech)))
        if source is not None or settings.at_rest:
            layers.append(self._alive(self._idle.at(now, speaking=speaking)))
        self.newest = mix(*layers)
        self._publish(self.newest)
        if isinstance(source, MicrophoneSource) and source.lost:
            self._let_go(self.tr("The microphone was disconnected; plug it in and press Ctrl+M."))
        elif isinstance(source, ClipSource) and source.ended:
            self._let_go(self.tr("The clip has ended."))
        elif isinstance(source, ClipSource) and source.lost:
            self._let_go(self.tr("The sound output stopped; check the system's sound settings and press Space."))

    def _alive(self, idle: Motion) -> Motion:
        code = idle.code
        if not self._settings.blink:
            code = code.copy()
            code[:, BLINKS] = 0
        return replace(idle, code=code, head_pose=idle.head_pose * np.float32(self._settings.head))
