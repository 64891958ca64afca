"""What speech costs: time of a 10 ms hop on the drive thread, share of a core, files against the clock."""

import time

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.features import HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.recording import speech_motion
from studio.core.speech.stream import SpeechDriver

FRAMES = 60
"""Hz at which the drive thread hears and reads."""

_WARM_UP = 1.0  # s
_RUNS = 5  # other programs only ever add to what is measured


def cost_of_a_hop(samples: NDArray[np.float32]) -> dict[str, float]:
    """Push a recording and read the mouth and the prosody `FRAMES` times a second, as the drive thread does.

    Returns
    -------
    ``median`` and ``p99`` s of a hop, and ``core``: processor time as a share of the sound's duration. Of `_RUNS` runs,
    the cheapest.
    """
    return min((_run(samples) for _ in range(_RUNS)), key=lambda cost: cost["core"])


def _run(samples: NDArray[np.float32]) -> dict[str, float]:
    driver = SpeechDriver()
    first = round(_WARM_UP * SAMPLE_RATE)
    driver.push(samples[:first])
    ends = (np.arange(_WARM_UP, len(samples) / SAMPLE_RATE, 1 / FRAMES) * SAMPLE_RATE).astype(int)[1:]
    took: list[float] = []
    used = time.thread_time()
    start = first
    for end in ends:
        begin = time.perf_counter()
        driver.push(samples[start:end])
        shown = end / SAMPLE_RATE - driver.look_ahead
        driver.read(shown)
        driver.speaking(shown)
        driver.forget(shown - 2.0)
        took.append((time.perf_counter() - begin) * FRAMES * HOP_SECONDS)
        start = end
    used = time.thread_time() - used
    return {
        "median": float(np.median(took)),
        "p99": float(np.percentile(took, 99)),
        "core": used / (len(took) / FRAMES),
    }


def file_speed(samples: NDArray[np.float32], fps: float = 25) -> float:
    """Return how many times faster than real time a recording becomes motion."""
    begin = time.perf_counter()
    speech_motion(samples, fps)
    return len(samples) / SAMPLE_RATE / (time.perf_counter() - begin)
