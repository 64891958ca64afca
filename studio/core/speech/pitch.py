"""Pitch of a stream, one figure per hop, by autocorrelation (Boersma 1993, Proc. IFA Amsterdam 17:97).

A window's autocorrelation, divided by that of the window function itself, peaks at the period of a voice; how high it
peaks says how periodic the sound is. Only what lies below 1 kHz is looked at: there a voice is most clearly periodic.
"""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.speech.features import HOP, SAMPLE_RATE

_STEP = 4  # samples of sound per sample looked at: 4 kHz
_RATE = SAMPLE_RATE // _STEP
# Low-pass against aliases, and a difference of samples at the lower rate: rumble and hum lie under the voice.
_TAPS = np.convolve(np.asarray(scipy.signal.firwin(32, 1000, fs=SAMPLE_RATE), float), [1, 0, 0, 0, -0.9])
_WINDOW = 160  # 40 ms: two periods of 60 Hz within the window's taper
_SHORTEST, _LONGEST = 8, 60  # 500 to 67 Hz
_PREFER_SHORT = 0.0015  # per sample of lag: two periods are as periodic as one

_HANN = np.hanning(_WINDOW)
_LAGS = np.zeros(_LONGEST + 1)  # behind a window, so that every lag is correlated and no more
_own = np.correlate(np.concatenate([_HANN, _LAGS]), _HANN, "valid")
_BY_OWN = _own[0] / _own
_PENALTY = _PREFER_SHORT * np.arange(_LONGEST + 2)
_LEAST = 1e-9  # energy of a window, about −100 dBFS, below which nothing is heard


class PitchStream:
    """Pitch of a stream: row i is of the 40 ms that end 1 ms before ``(i+1)*HOP``.

    The samples before the first are taken as zeros. How the stream is cut into pushes changes nothing.
    """

    def __init__(self) -> None:
        self._tail = np.zeros(len(_TAPS) - _STEP)
        self._slow = np.zeros(_WINDOW - HOP // _STEP)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Append samples ``[S]``; return ``[T,2]``: Hz (0 where nothing repeats) and periodicity 0..1 of each hop."""
        joined = np.concatenate([self._tail, samples.astype(np.float64)])
        count = (len(joined) - len(_TAPS) + _STEP) // HOP
        self._tail = joined[count * HOP :]
        if count <= 0:
            return np.zeros((0, 2))
        used = joined[: count * HOP + len(_TAPS) - _STEP]
        slow = np.concatenate([self._slow, np.convolve(used, _TAPS, "valid")[::_STEP]])
        step = HOP // _STEP
        self._slow = slow[count * step :]
        return np.array([_pitch(slow[i * step : i * step + _WINDOW]) for i in range(count)])


def _pitch(window: NDArray[np.float64]) -> tuple[float, float]:
    window = window * _HANN
    correlation = np.correlate(np.concatenate([window, _LAGS]), window, "valid")
    energy = float(correlation[0])
    if energy < _LEAST:
        return 0.0, 0.0
    periodic = correlation * _BY_OWN / energy
    # The flank of lag zero is no period: look behind the first dip.
    dip = int((periodic < 0.3).argmax())
    first = max(dip, _SHORTEST)
    if dip == 0 or first >= _LONGEST:
        return 0.0, 0.0
    best = first + int((periodic - _PENALTY)[first : _LONGEST + 1].argmax())
    a, b, c = (float(value) for value in periodic[best - 1 : best + 2])
    if b <= max(a, c, 0.0):
        return 0.0, 0.0
    # A parabola through the peak: steps of 0.25 ms would be up to two semitones.
    shift = 0.5 * (a - c) / (a - 2 * b + c)
    return _RATE / (best + shift), min(b - 0.25 * (a - c) * shift, 1.0)
