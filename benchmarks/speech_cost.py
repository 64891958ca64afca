"""What speech costs: time of a 10 ms hop on the drive thread, share of a core, files against the clock."""

import time

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.features import HOP, HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.recording import speech_motion
from studio.core.speech.stream import SpeechDriver

_WARM_UP = 100  # hops


def cost_of_a_hop(samples: NDArray[np.float32]) -> dict[str, float]:
    """Push and read a recording hop by hop, as the drive thread does.

    Returns
    -------
    ``median`` and ``p99`` s of a hop, and ``core``: processor time as a share of the sound's duration.
    """
    driver = SpeechDriver()
    took: list[float] = []
    used = 0.0
    for k, start in enumerate(range(0, len(samples) - HOP, HOP)):
        if k == _WARM_UP:
            used = time.thread_time()
        begin = time.perf_counter()
        driver.push(samples[start : start + HOP])
        driver.read(max(start / SAMPLE_RATE - driver.look_ahead, 0.0))
        took.append(time.perf_counter() - begin)
    used = time.thread_time() - used
    counted = took[_WARM_UP:]
    return {
        "median": float(np.median(counted)),
        "p99": float(np.percentile(counted, 99)),
        "core": used / (len(counted) * HOP_SECONDS),
    }


def file_speed(samples: NDArray[np.float32], fps: float = 25) -> float:
    """Return how many times faster than real time a recording becomes motion."""
    begin = time.perf_counter()
    speech_motion(samples, fps)
    return len(samples) / SAMPLE_RATE / (time.perf_counter() - begin)
