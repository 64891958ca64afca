"""What is wrong with the sound of a microphone, in sentences, and which of its channels to hear."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

WINDOW = 0.5  # s over which sound is judged

_FULL_SCALE = 0.99
_CLIPPED = 2e-3  # of a window's samples at full scale: more than the peaks of loud speech reach
_CLIPPED_WINDOWS = 2  # of the last 10; one knock on the desk is no bad level
_OFFSET = 0.02  # of full scale; sound cards have less than a tenth of that
_OFFSET_WINDOWS = 6
_DEAD_DB = 40.0  # by which one channel of two lies below the other
_ALIVE_DB = 20.0  # within which it is alive again
_HEARD_DB = -55.0  # dBFS: sound by which channels can be compared and bandwidth be judged
_NOTHING_DB = -80.0  # dBFS: below what any working microphone hears in a quiet room
_NOTHING_SECONDS = 10.0
_NARROW_DB = -50.0  # energy above 4.6 kHz relative to the rest, which speech exceeds on every s, t and f
_NARROW_WINDOWS = (10, 12)  # so many of so many: a click of the line is not wide
_HIGH, _LOW = (4600.0, 7000.0), (200.0, 3800.0)  # Hz; a sound server's resampler leaks to 4.4 kHz
_AGAIN_SECONDS = 30.0  # after which a fault that lasts or returns is named again

_SENTENCES = {
    "overflow": "The computer was too busy, and sound of {name} was lost; close programs that need the processor.",
    "clipping": "The sound of {name} is clipped; turn its level down in the system's sound settings, or move away "
    "from it.",
    "offset": "The sound of {name} has a constant (DC) offset, which is removed here; a cable or sound card may be "
    "faulty: try another port.",
    "nothing": "Nothing is heard from {name}; switch it on, or turn its level up in the system's sound settings.",
    "right": "The right channel of {name} is dead, so the left one is heard alone; check the cable.",
    "left": "The left channel of {name} is dead, so the right one is heard alone; check the cable.",
    "narrow": "{name} sounds like a telephone (8 kHz), so s and f are hard to tell; choose the headset's better "
    "profile in the system's settings, or another microphone.",
}


class InputHealth:
    """Watches the blocks of one device and mixes them down to the channels that are alive.

    Parameters
    ----------
    name
        What the sentences call the device.
    rate
        Hz.
    channels
        1 or 2.
    """

    def __init__(self, name: str, rate: int, channels: int) -> None:
        self._name, self._rate = name, rate
        self.weights = np.full(channels, 1 / channels, np.float32)
        """``[C]``: the share of each channel in what is heard; 0 for one that is dead."""
        self._pending: list[NDArray[np.float32]] = []
        self._count = 0
        self._window = round(WINDOW * rate)
        self._taper = np.hanning(self._window).astype(np.float32)
        frequency = np.fft.rfftfreq(self._window, 1 / rate)
        self._high, self._low = ((frequency > low) & (frequency < high) for low, high in (_HIGH, _LOW))
        self._clock = 0.0
        self._clipped: deque[bool] = deque(maxlen=10)
        self._offset = 0
        self._narrow: deque[bool] = deque(maxlen=_NARROW_WINDOWS[1])
        self._nothing = 0.0
        self._overflows = 0
        self._told: dict[str, float] = {}

    def mix(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a block ``[S,C]`` as mono ``[S]``, without dead channels."""
        return block @ self.weights

    def push(self, block: NDArray[np.float32], overflows: int = 0) -> list[str]:
        """Look at a block ``[S,C]`` and return what there is to say now, mostly nothing.

        Parameters
        ----------
        block
            As the device delivers it, −1..1.
        overflows
            How often sound was lost so far.
        """
        found = []
        if overflows > self._overflows:
            found += self._tell("overflow")
        self._overflows = overflows
        self._pending.append(block)
        self._count += len(block)
        if self._count >= self._window:
            sound = np.concatenate(self._pending)
            whole = self._count // self._window * self._window
            self._pending = [sound[whole:]]
            self._count -= whole
            for window in sound[:whole].reshape(-1, self._window, sound.shape[1]):
                self._clock += WINDOW
                found += self._judge(window)
        return found

    def _judge(self, window: NDArray[np.float32]) -> list[str]:
        offset = window.mean(axis=0)
        levels = 10 * np.log10(np.square(window - offset).mean(axis=0) + 1e-12)
        mono = self.mix(window)
        loudest = float(levels.max())
        found = self._clips(window) + self._leans(offset) + self._is_silent(loudest)
        if loudest > _HEARD_DB:
            if len(self.weights) == 2:
                found += self._compare(levels)
            found += self._is_narrow(mono)
        return found

    def _clips(self, window: NDArray[np.float32]) -> list[str]:
        self._clipped.append(bool((np.abs(window) >= _FULL_SCALE).mean(axis=0).max() > _CLIPPED))
        if sum(self._clipped) < _CLIPPED_WINDOWS or not self._clipped[-1]:
            return []
        return self._tell("clipping")

    def _leans(self, offset: NDArray[np.float32]) -> list[str]:
        # A clipped voice has one of its own: its peaks are higher on one side.
        leans = np.abs(offset).max() > _OFFSET and not any(self._clipped)
        self._offset = self._offset + 1 if leans else 0
        if self._offset < _OFFSET_WINDOWS:
            return []
        return self._tell("offset")

    def _is_silent(self, loudest: float) -> list[str]:
        before, self._nothing = self._nothing, self._nothing + WINDOW if loudest < _NOTHING_DB else 0.0
        if self._nothing >= _NOTHING_SECONDS:
            return self._tell("nothing")
        if before >= _NOTHING_SECONDS and not self._nothing:
            self._told.pop("nothing", None)
            return [f"Sound is heard from {self._name} again."]
        return []

    def _compare(self, levels: NDArray[np.float32]) -> list[str]:
        left, right = (float(level) for level in levels)
        both = bool(self.weights.all())
        if both and abs(left - right) > _DEAD_DB:
            self.weights = np.array([1, 0] if left > right else [0, 1], np.float32)
            return self._tell("right" if left > right else "left")
        if not both and abs(left - right) < _ALIVE_DB:
            self.weights = np.full(2, 0.5, np.float32)
        return []

    def _is_narrow(self, mono: NDArray[np.float32]) -> list[str]:
        if self._rate < 2 * _HIGH[1]:
            high, low = 0.0, 1.0
        else:
            power = np.square(np.abs(np.fft.rfft(mono * self._taper)))
            high, low = float(power[self._high].sum()), float(power[self._low].sum())
        if low <= 0:
            return []
        self._narrow.append(high < low * 10 ** (_NARROW_DB / 10))
        if sum(self._narrow) < _NARROW_WINDOWS[0]:
            return []
        return self._tell("narrow")

    def _tell(self, what: str) -> list[str]:
        if self._clock - self._told.get(what, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return []
        self._told[what] = self._clock
        return [_SENTENCES[what].format(name=self._name)]
