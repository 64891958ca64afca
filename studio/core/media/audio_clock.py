"""The clock of everything live: where in its sound a device is at a moment of wall time, and the reverse.

A sound card counts samples with a quartz of its own, some 100 ppm beside the computer's: seconds in a day. What
follows the sound therefore counts samples; wall time only tells how far the card is between two of its blocks.
"""

import math

_BANDWIDTH = 0.1  # Hz: block times jitter by milliseconds, quartzes change over minutes
_FIRST_BANDWIDTH = 2.0  # Hz
_OUTLIER = 0.05  # s; PulseAudio's latency now and then is half a second off for one block
_JUMP_AFTER = 0.5  # s of outliers, after which they are true: the device stood still or lost sound
_PERIOD_LIMIT = 0.005  # of the nominal sample period

_LAG_SECONDS = 2.0  # s over which the lag of what is known behind what is captured is averaged
_LAG_JUMP = 0.1  # s


class AudioClock:
    """Maps samples of one device to `time.monotonic`, by a second-order delay-locked loop.

    F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005. One thread calls `update`; any thread
    may ask.

    Parameters
    ----------
    rate
        Samples per second by the device's own account.
    """

    def __init__(self, rate: float) -> None:
        self._nominal = 1 / rate
        # A sample, when it was captured, and the seconds between two: replaced whole, so that readers need no lock.
        self._state: tuple[float, float, float] | None = None
        self._elapsed = 0.0
        self._outliers = 0.0

    @property
    def running(self) -> bool:
        """Whether anything was captured yet."""
        return self._state is not None

    def update(self, sample: int, wall: float) -> None:
        """Note that `sample` was captured (or played) at `wall`; call it once per block, in order."""
        if self._state is None:
            self._state = (sample, wall, self._nominal)
            return
        known, at, period = self._state
        count = sample - known
        if count <= 0:
            return
        seconds = count * self._nominal
        predicted = at + count * period
        error = wall - predicted
        self._elapsed += seconds
        if abs(error) > _OUTLIER:
            self._outliers += seconds
            if self._outliers < _JUMP_AFTER:
                self._state = (sample, predicted, period)
                return
            predicted, error = wall, 0.0
        self._outliers = 0.0
        bandwidth = max(_BANDWIDTH, _FIRST_BANDWIDTH / (1 + self._elapsed))
        omega = min(2 * math.pi * bandwidth * seconds, 0.5)
        period += omega * omega * error / count
        drift = min(max(period / self._nominal - 1, -_PERIOD_LIMIT), _PERIOD_LIMIT)
        self._state = (sample, predicted + math.sqrt(2) * omega * error, self._nominal * (1 + drift))

    def sample_at(self, wall: float) -> float:
        """Return the sample being captured at a wall time; 0 before the first block."""
        if self._state is None:
            return 0.0
        sample, at, period = self._state
        return sample + (wall - at) / period

    def time_of(self, sample: float) -> float:
        """Return when a sample was captured, s of `time.monotonic`; NaN before the first block."""
        if self._state is None:
            return math.nan
        known, at, period = self._state
        return at + (sample - known) * period


class Playhead:
    """Second of the stream that the picture shows: moves evenly although sound comes in blocks.

    It keeps the mean distance of what is known behind what is captured, and never passes what is known.
    """

    def __init__(self) -> None:
        self._lag = math.nan
        self._asked = 0.0
        self._here = 0.0

    def at(self, captured: float, known: float) -> float:
        """Return the second to show; never less than before.

        Parameters
        ----------
        captured
            Second of the stream at the microphone now, by its `AudioClock`.
        known
            Second up to which the stream was read.
        """
        lag = captured - known
        if not abs(lag - self._lag) < _LAG_JUMP:  # also the first time
            self._lag = lag
        share = min(max(captured - self._asked, 0.0) / _LAG_SECONDS, 1.0)
        self._asked = captured
        self._lag += share * (lag - self._lag)
        self._here = max(self._here, min(captured - self._lag, known))
        return self._here
