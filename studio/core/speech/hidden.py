"""What the speech network heard, before it says what the mouth does: the features that other networks learn from.

A row is the state of the second GRU, at 25 rows a second. Where there is no voice it is the state of silence, so that
music and noise move no mouth that is driven by it.
"""

from functools import cache

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.speech.features import HOP, MELS, SAMPLE_RATE, MelStream, log_mel
from studio.core.speech.level import InputLevel
from studio.core.speech.network import CHANNELS, Listener, speech_weights
from studio.core.speech.pitch import PitchStream
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.voice import VoiceActivity

HIDDEN_RATE = 25.0  # rows per second
HIDDEN_SIZE = 160
WINDOW_STEPS = 16
WINDOW_AHEAD = 4
"""Of a window's 16 steps, how many lie behind its moment: 160 ms, which is the look-ahead of whoever reads it."""

_HOPS_PER_ROW = round(SAMPLE_RATE / HIDDEN_RATE) // HOP
_SPEECH = CHANNELS.index("speech")
_HIGH_PASS = np.array(scipy.signal.butter(2, 50.0, "highpass", fs=SAMPLE_RATE))  # as the speech driver's
_PRIMING_HOPS = 50  # half a second of silence settles the state
_KEPT = 250  # rows that are forgotten at once
_GATE = 0.2  # change of the voice gate per hop, as of the speech driver


@cache
def silence() -> NDArray[np.float32]:
    """Return the row ``[160]`` of a long silence."""
    row = Listener(speech_weights()).push(log_mel(np.zeros((4 * _PRIMING_HOPS, MELS), np.float32)))[-1]
    row.setflags(write=False)
    return row


class HiddenStream:
    """Sound in, rows out; how the sound is cut into pushes changes nothing.

    Attributes
    ----------
    count
        Rows given so far. Row k holds what was heard up to ``k / 25`` s, so the first one is silence.
    """

    def __init__(self, sensitivity: float | None = None) -> None:
        self._sensitivity = SpeechSettings().sensitivity if sensitivity is None else sensitivity
        self._high_pass = np.zeros(2)
        self._mels, self._pitch = MelStream(), PitchStream()
        self._level, self._activity = InputLevel(), VoiceActivity()
        weights = speech_weights()
        self._listener = Listener(weights)
        self._speech_weight = weights["head.weight"][_SPEECH]
        self._speech_bias = float(weights["head.bias"][_SPEECH])
        self._listener.push(log_mel(np.zeros((_PRIMING_HOPS, MELS), np.float32)))
        self._speech = 0.0
        self._gate = 0.0
        self._hops = self.count = 0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Append mono samples ``[S]`` -1..1 at 16 kHz; return the rows ``[T,160]`` that they completed.

        Raises
        ------
        ValueError
            If the samples are not one-dimensional or hold NaN or infinity.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise ValueError(f"expected finite mono samples [S], got shape {samples.shape}")
        rows = [silence()] if self.count == 0 else []
        if len(samples):
            filtered, self._high_pass = scipy.signal.lfilter(_HIGH_PASS[0], _HIGH_PASS[1], samples, zi=self._high_pass)
            samples = filtered.astype(np.float32)
            for power, (hz, periodicity) in zip(self._mels.push(samples), self._pitch.push(samples), strict=True):
                heard = self._hear(power, float(hz), float(periodicity))
                self._hops += 1
                if self._hops % _HOPS_PER_ROW == 0:
                    rows.append(heard)
        self.count += len(rows)
        return np.array(rows, np.float32).reshape(-1, HIDDEN_SIZE)

    def _hear(self, power: NDArray[np.float32], hz: float, periodicity: float) -> NDArray[np.float32]:
        level = self._level
        level.push(power, self._activity.voiced and self._speech > 0.5)
        voice = self._activity.push(hz, periodicity, level, self._sensitivity)
        state = self._listener.push(log_mel(power[None] * np.float32(10 ** (level.gain_db / 10))))[0]
        self._speech = 1 / (1 + float(np.exp(-(state @ self._speech_weight + self._speech_bias))))
        self._gate += min(max(voice * level.presence - self._gate, -_GATE), _GATE)
        return silence() + np.float32(self._gate) * (state - silence())


class HiddenMemory:
    """The newest rows of a stream, for windows about any moment that is not forgotten."""

    def __init__(self) -> None:
        self._stream = HiddenStream()
        self._rows = self._stream.push(np.zeros(0, np.float32))
        self._first = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Append samples; see `HiddenStream.push`."""
        rows = self._stream.push(samples)
        if len(rows):
            self._rows = np.concatenate([self._rows, rows])

    def window(self, time: float) -> NDArray[np.float32]:
        """Return the window ``[16,160]`` about `time` s; see `hidden_window`."""
        return hidden_window(self._rows, time, self._first)

    def forget(self, before: float) -> None:
        """Release what no window about a moment from `before` s on needs."""
        oldest = int(before * HIDDEN_RATE) - WINDOW_STEPS
        if oldest - self._first > _KEPT:
            self._rows, self._first = self._rows[oldest - self._first :], oldest


def hidden_states(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows ``[T,160]`` at 25 Hz of a whole recording ``[S]`` at 16 kHz.

    Row k is of the moment ``k / 25`` s; with S samples there are ``S // 640 + 1`` of them.

    Raises
    ------
    ValueError
        As `HiddenStream.push`.
    """
    return HiddenStream().push(samples)


def hidden_window(states: NDArray[np.float32], time: float, first: int = 0) -> NDArray[np.float32]:
    """Return the 16 steps ``[16,160]`` about a moment: 11 before it, its own, 4 behind it.

    Parameters
    ----------
    states
        ``[T,160]`` rows; outside them the nearest one is held, as live drive must. No rows are silence.
    time
        s. Between two rows the rows of the window are mixed, so that motion glides at any frame rate.
    first
        Number of the first of `states`.
    """
    known = states if len(states) else silence()[None]
    return rows_at(known, window_times(time) - first / HIDDEN_RATE)


def window_times(time: float) -> NDArray[np.float64]:
    """Return the moments ``[16]`` s of the steps of a window."""
    return time + np.arange(WINDOW_AHEAD + 1 - WINDOW_STEPS, WINDOW_AHEAD + 1) / HIDDEN_RATE


def rows_at(states: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return rows ``[N,160]`` of moments ``[N]`` s: mixed of the two next to each, the first or last one outside."""
    moments = np.clip(times * HIDDEN_RATE, 0, len(states) - 1)
    low = np.floor(moments).astype(np.intp)
    share = (moments - low).astype(np.float32)[:, None]
    return (1 - share) * states[low] + share * states[np.minimum(low + 1, len(states) - 1)]
