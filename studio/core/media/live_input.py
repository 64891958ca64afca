"""`LiveInput`: one unbroken stream of sound from a microphone that may be unplugged and come back."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media import pulse
from studio.core.media.audio_clock import Playhead
from studio.core.media.microphone import RATE, Microphone
from studio.core.media.monitor import Monitor, StaleListError
from studio.core.media.portaudio import PATIENCE, NoPortAudioError

log = logging.getLogger(__name__)

_LOOK_AT_DEVICE = 0.1  # s between two looks whether the microphone is lost
_LOOK_FOR_DEVICE = 1.0  # s between two looks whether it is back
_LOOK_FOR_OUTPUT = 2.0  # s
_LEAVING = 0.3  # s for which a sound server may still list a device that is gone
_BACKLOG = 0.5  # s; whoever is further behind leaves sound out: a picture that late helps nobody
_GAP = 0.25  # s without sound, after which silence stands in for it
_CLOSING = 0.5  # s that `stop` waits for the device

State = Literal["opening", "hearing", "waiting", "failed"]


class LiveInput:
    """Keeps a microphone open on a thread of its own, so that nobody else ever waits for a device.

    When the device goes, silence stands in for it until the same one is back; no other is ever taken in its place.

    Parameters
    ----------
    wanted
        As `input_devices` gives it. None is the system's default at the time it is first opened, and that one from
        then on.
    report
        Gets sentences about the device and its sound, on any thread.
    output
        Where it can be heard, as `output_devices` gives it. None is the system's at the time it is first opened, and
        that one from then on.

    Attributes
    ----------
    state
        "opening", "hearing", "waiting" for the device, or "failed" for good.
    name
        Of the microphone; known from the first "hearing" on where None was asked for.
    failure
        A sentence that says why it failed.
    monitored
        Whether the sound is played again; may be set at any time.
    monitor_delay
        By how many s it leaves after it reached the microphone; may be set at any time.
    """

    def __init__(self, wanted: str | None, report: Callable[[str], None], output: str | None = None) -> None:
        self.state: State = "opening"
        self.name = wanted or ""
        self.failure = ""
        self.monitored = False
        self.monitor_delay = 0.0
        self._output = output  # pinned by name like the microphone: speakers would howl
        self._output_due = 0.0
        self._report = report
        self._wanted = wanted
        self._microphone: Microphone | None = None
        self._reading: Microphone | None = None
        self._known = 0  # samples given out
        self._before = 0  # of them, those that are not from the present device since its start
        self._newest = time.monotonic()
        self._playhead = Playhead()
        self._over = False
        self._wake = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._keep, name="microphone", daemon=True)
        self._thread.start()

    # For one thread that reads

    def read(self) -> NDArray[np.float32]:
        """Return what came since the last read, mono ``[S]`` at 16 kHz; silence for what is missing."""
        now, microphone = time.monotonic(), self._microphone
        if microphone is not self._reading:
            self._reading, self._before = microphone, self._known
        chunk = np.zeros(0, np.float32)
        if microphone is not None:
            chunk = microphone.read()
            if (late := len(chunk) - round(_BACKLOG * RATE)) > 0:
                chunk = chunk[late:]
                self._before -= late
            for remark in microphone.remarks():
                self._report(remark)
        if len(chunk):
            self._newest = now
        elif now - self._newest > _GAP:
            chunk = np.zeros(round((now - self._newest) * RATE), np.float32)
            self._newest += len(chunk) / RATE
            self._before += len(chunk)
        self._known += len(chunk)
        return chunk

    @property
    def known(self) -> float:
        """Seconds given out so far."""
        return self._known / RATE

    def position(self) -> float:
        """Return the second of the stream that is surely known by now; it moves as evenly as the device's clock."""
        known, microphone = self.known, self._reading
        captured = known
        if microphone is not None and microphone.clock.running:
            captured = self._before / RATE + microphone.clock.sample_at(time.monotonic()) / microphone.rate
        return self._playhead.at(captured, known)

    def captured_at(self, position: float) -> float:
        """Return when a second of the stream was at the microphone, s of `time.monotonic`; NaN for stand-in silence."""
        microphone = self._reading
        sample = position * RATE - self._before
        if microphone is None or sample < 0:
            return math.nan
        return microphone.clock.time_of(sample / RATE * microphone.rate)

    # For any thread

    @property
    def level(self) -> float:
        """Loudness of what was read last, dBFS."""
        microphone = self._microphone
        return -math.inf if microphone is None else microphone.level

    @property
    def overflows(self) -> int:
        """How often the present device lost sound."""
        microphone = self._microphone
        return 0 if microphone is None else microphone.overflows

    def stop(self) -> None:
        """Let go of the device; a device that hangs is not waited for."""
        self._over = True
        self._wake.set()
        self._thread.join(_CLOSING)

    # The thread of the device

    def _keep(self) -> None:
        watch = pulse.Watch(self._wake.set)
        try:
            while not self._over:
                microphone = self._open()
                if microphone is not None:
                    self._stay(microphone)
                    self._microphone = None
                    self._close(microphone.stop)
                elif self.state != "failed":
                    self._rest(_LOOK_FOR_DEVICE)
        except Exception as error:
            log.exception("the microphone could not be kept")
            self.failure = f"The microphone stopped on a fault in the program ({error}); see Help > Log."
            self.state = "failed"
        finally:
            watch.stop()

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _open(self) -> Microphone | None:
        microphone = Microphone(self._wanted)
        try:
            microphone.start()
        except NoPortAudioError as error:
            self._over, self.failure, self.state = True, str(error), "failed"
            return None
        except UserError as error:
            if self.state != "waiting":
                self.state = "waiting"
                self._say(str(error))
            return None
        before = self.state
        self._wanted = self.name = microphone.name
        self.state, self._microphone = "hearing", microphone
        if before == "waiting":
            self._say(f"The microphone '{self.name}' is back.")
        elif before == "opening":
            self._say(f"Listening to {self.name}.")
        return microphone

    def _stay(self, microphone: Microphone) -> None:
        monitor, stale = Monitor(microphone, lambda: self.monitor_delay, self._output), False
        while not (self._over or microphone.lost or stale):
            if self._wake.wait(_LOOK_AT_DEVICE):
                self._wake.clear()
                if moved := microphone.follow():
                    self._wanted = self.name = microphone.name
                    self._say(moved)
                if moved := monitor.follow():
                    self._output = monitor.name
                    self._say(moved)
            stale = self._tend(monitor)
        self._close(monitor.stop)
        if microphone.lost and not self._over:
            self.state = "waiting"
            self._say(f"The microphone '{self.name}' is gone; waiting for it.")
            time.sleep(_LEAVING)

    def _tend(self, monitor: Monitor) -> bool:
        """Let the monitor be as it is wished for; return whether the microphone must be reopened for that."""
        if monitor.running and not self.monitored:
            self._close(monitor.stop)
            self._output = None
        elif monitor.lost:
            self._close(monitor.stop)
            self._output_due = time.monotonic() + _LEAVING
            self._say(f"The output '{monitor.name}' is gone; the monitor is silent until it is back.")
        elif self.monitored and not monitor.running and time.monotonic() >= self._output_due:
            try:
                monitor.start()
            except StaleListError:
                return True
            except UserError as error:
                if not self._output_due:
                    self._say(str(error))
                self._output_due = time.monotonic() + _LOOK_FOR_OUTPUT
            else:
                self._output, self._output_due = monitor.name, 0.0
                self._say(f"The monitor plays on {monitor.name}.")
        return False

    def _close(self, stop: Callable[[], None]) -> None:
        """Close a stream on a thread that is waited for only so long: PortAudio may never return from a lost one."""

        def close() -> None:
            try:
                stop()
            except UserError as error:  # it hangs in a device lost before; there is nothing left to do
                log.warning("a lost device could not be closed: %s", error)

        closing = threading.Thread(target=close, name="lost device", daemon=True)
        closing.start()
        closing.join(PATIENCE)

    def _say(self, sentence: str) -> None:
        if not self._over:
            self._report(sentence)
