"""Judges of a mouth when there is nothing to say, and of whether it moves with speech whose words nobody wrote down."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import scipy.ndimage
import scipy.signal
from numpy.typing import NDArray
from speech_recordings import Recording

from studio.core.evaluate.mouth import LIPS_MEET, Mouth, correlation, hop_at, lagged, offset, spans
from studio.core.evaluate.phones import Phone
from studio.core.speech.features import HOP, HOP_SECONDS, SAMPLE_RATE, WINDOW

_PAUSE = 0.4  # s of silence in which a mouth should close
_STAYS = 0.1  # s that it must stay closed to count
_AFTER = 1.0  # s of room put behind a recording
IN_TIME = 0.15
"""s after speech within which the mouth should be closed."""

_ABOVE_RUMBLE = scipy.signal.butter(2, 60, "highpass", fs=SAMPLE_RATE, output="sos")
_MOVING = 20.0  # mm/s of the lips' gap: a syllable opens and shuts them by several mm in a quarter second
_UNDER_SPEECH = 30.0  # dB below loud speech at which a recording pauses


def with_room_after(recording: Recording, seed: int = 0) -> Recording:
    """Let a recording go on for `_AFTER` s after its end, as loud as its own quietest moments."""
    samples = recording.samples
    level = np.sqrt(np.percentile(np.mean(np.square(windows(samples)), axis=1), 5))
    room = level * np.random.default_rng(seed).standard_normal(round(_AFTER * SAMPLE_RATE))
    return replace(recording, samples=np.concatenate([samples, room]).astype(np.float32))


def closing_times(mouth: Mouth, phones: list[Phone]) -> list[float]:
    """Return for each pause how many s after the end of speech the mouth is closed and stays so.

    A pause lasts `_PAUSE` s or ends the recording. Where the mouth does not close in it, it is infinity.
    """
    shut = mouth.gap < LIPS_MEET
    stays = round(_STAYS / HOP_SECONDS)
    end = len(shut) * HOP_SECONDS
    spoken = [phone for phone in phones if phone[2]]
    gaps = [*((a[1], b[0]) for a, b in pairwise(spoken)), (spoken[-1][1], end)]
    times = []
    for start, stop in gaps:
        if stop - start < _PAUSE:
            continue
        first = hop_at(start)
        pause = shut[first : hop_at(stop)]
        closed = [k for k in range(len(pause) - stays + 1) if pause[k : k + stays].all()]
        times.append(closed[0] * HOP_SECONDS if closed else np.inf)
    return times


def flutter(mouth: Mouth) -> dict[str, float]:
    """Return how the lips' gap moves over sound without a voice: ``std`` and ``max`` in mm, share of time open."""
    return {"std": float(mouth.gap.std()), "max": float(mouth.gap.max()), "open": float(np.mean(mouth.gap > LIPS_MEET))}


def speech_level(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the level of each hop ``[T]`` in dB, over 25 ms around it."""
    return 10 * np.log10(np.mean(np.square(windows(samples)), axis=1) + 1e-10)


def windows(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the 25 ms around each hop ``[T, WINDOW]``, without wind and rumble below 60 Hz."""
    heard = np.asarray(scipy.signal.sosfilt(_ABOVE_RUMBLE, samples))
    padded = np.pad(heard, (WINDOW // 2, WINDOW))
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(samples) // HOP]


def activity(mouth: Mouth, samples: NDArray[np.float32]) -> dict[str, float]:
    """Compare a mouth with the loudness of its sound, where no more is known.

    Returns
    -------
    ``r`` of the lips' gap with the smoothed level in dB, down to `_UNDER_SPEECH` below loud speech; ``offset`` s of its
    peak; ``moving``: share of the time with sound in which the gap changes faster than `_MOVING`; ``closed``: share of
    pauses (at least `_PAUSE` s, without their first and last `IN_TIME` s) in which the lips are shut, NaN without any.
    """
    level = speech_level(samples)
    loud = np.clip(level - (np.percentile(level, 90) - _UNDER_SPEECH), 0, None)
    pauses = [(start, end) for start, end in spans(loud == 0) if end - start >= _PAUSE]
    sounding, resting = np.ones(len(loud), bool), np.zeros(len(loud), bool)
    for start, end in pauses:
        sounding[hop_at(start) : hop_at(end)] = False
        resting[hop_at(start + IN_TIME) : hop_at(end - IN_TIME)] = True  # a mouth opens before it sounds
    lags = lagged(mouth.gap, scipy.ndimage.gaussian_filter1d(loud, 5))
    speed = scipy.ndimage.maximum_filter1d(np.abs(np.gradient(mouth.gap, HOP_SECONDS)), 15)
    return {
        "r": float(correlation(lags)[len(lags) // 2]),
        "offset": float(offset(lags)),
        "moving": float(np.mean(speed[sounding] > _MOVING)),
        "closed": float(np.mean(mouth.gap[resting] < LIPS_MEET)) if resting.any() else float("nan"),
    }
