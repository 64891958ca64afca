"""A whole recording as motion: the mouth of exactly each moment, with blinks, gaze and head."""

import math

import numpy as np
from numpy.typing import NDArray

from studio.core.motion.idle import IdleMotion
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion
from studio.core.speech.features import HOP, SAMPLE_RATE
from studio.core.speech.stream import SpeechDriver


def speech_motion(samples: NDArray[np.float32], fps: float, seed: int = 0) -> Motion:
    """Return mouth, blinks, gaze and head motion of a whole recording.

    Frame k lies at ``k / fps`` and shows the mouth of exactly that moment of sound: the network's delay is
    subtracted by reading after everything, and some silence behind it, was pushed.

    Parameters
    ----------
    samples
        ``[S]`` mono float32 at 16 kHz.
    fps
        Frames per second; the track has ``ceil(S / 16000 * fps)`` frames.
    seed
        Of the idle motion.
    """
    driver = SpeechDriver()
    driver.push(samples)
    driver.push(np.zeros(math.ceil(driver.look_ahead * SAMPLE_RATE) + HOP, np.float32))
    idle = IdleMotion(seed)
    count = max(math.ceil(len(samples) / SAMPLE_RATE * fps - 1e-6), 1)
    times = np.arange(count) / fps
    frames = [mix(driver.read(t), idle.at(t, driver.speaking(t))) for t in times]
    return Motion.from_frames(
        "arkit",
        times,
        np.concatenate([frame.code for frame in frames]),
        np.concatenate([frame.head_pose for frame in frames]),
    )
