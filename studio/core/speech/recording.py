"""Recordings as motion: the mouth of exactly each moment, with blinks, gaze and head, frame by frame."""

import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from studio.core.jobs import Job, Progress
from studio.core.media.audio import Recording, read_audio_blocks
from studio.core.motion.idle import IdleMotion
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion
from studio.core.speech.features import HOP, SAMPLE_RATE
from studio.core.speech.hidden import HIDDEN_RATE, HiddenStream
from studio.core.speech.settings import LOOK_AHEADS, SpeechSettings
from studio.core.speech.stream import SpeechDriver
from studio.core.speech.style import SpeakingStyle

_TELL_EVERY = 0.1  # s


def motion_frames(
    blocks: Iterable[NDArray[np.float32]],
    fps: float,
    settings: SpeechSettings | None = None,
    seed: int = 0,
    *,
    heard: bool = False,
    style: SpeakingStyle = SpeakingStyle(),
) -> Generator[Motion, None, None]:
    """Yield the motion of a recording while it is read; how it is cut into blocks changes nothing.

    Frame k lies at ``k / fps`` and shows the mouth of exactly that moment of sound: it is given out when the sound
    has gone on by what the network for recordings waits for, some 6 s. What was given out is forgotten, so hours
    need no more memory than seconds.

    Parameters
    ----------
    blocks
        ``[S]`` mono float32 at 16 kHz.
    fps
        Frames per second; of S samples in all there are ``ceil(S / 16000 * fps)`` frames, and at least one.
    settings
        As of `SpeechDriver`; the look-ahead is always the longest, for nobody waits for it.
    seed
        Of blinks, gaze and idle motion.
    heard
        Whether frames also carry `Motion.heard`, for avatars of the space "audio".
    style
        As of `SpeechDriver`.

    Raises
    ------
    ValueError
        As `SpeechDriver.push`.
    """
    settings = replace(settings or SpeechSettings(), look_ahead=LOOK_AHEADS[-1])
    driver = SpeechDriver(settings, seed=seed, recording=True, heard=heard, style=style)
    idle = IdleMotion(seed)

    def frame(k: int) -> Motion:
        driver.forget(k / fps)
        return mix(driver.read(k / fps), idle.at(k / fps, driver.speaking(k / fps)))

    ahead = ceil(driver.look_ahead * SAMPLE_RATE) + HOP
    given = taken = 0
    for block in blocks:
        for start in range(0, len(block), SAMPLE_RATE):
            second = block[start : start + SAMPLE_RATE]
            driver.push(second)
            taken += len(second)
            while given / fps * SAMPLE_RATE + ahead <= taken:
                yield frame(given)
                given += 1
    driver.push(np.zeros(ceil(settings.look_ahead * SAMPLE_RATE) + HOP, np.float32))
    driver.finish()
    for k in range(given, max(ceil(taken / SAMPLE_RATE * fps - 1e-6), 1)):
        yield frame(k)


def speech_motion(
    samples: NDArray[np.float32],
    fps: float,
    seed: int = 0,
    settings: SpeechSettings | None = None,
    *,
    heard: bool = False,
) -> Motion:
    """Return mouth, blinks, gaze and head motion of samples ``[S]`` as one track; see `motion_frames`."""
    return _track(list(motion_frames([samples], fps, settings, seed, heard=heard)))


def recorded_motion(
    recording: Recording,
    fps: float,
    settings: SpeechSettings | None = None,
    seed: int = 0,
    *,
    heard: bool = False,
    style: SpeakingStyle = SpeakingStyle(),
) -> Job[Motion]:
    """Return the same of a surveyed recording, as a job.

    Raises
    ------
    UserError
        If the file is no longer what was surveyed.
    """
    frames, told = [], time.monotonic()
    with closing(read_audio_blocks(recording, SAMPLE_RATE)) as blocks:
        for frame in motion_frames(blocks, fps, settings, seed, heard=heard, style=style):
            frames.append(frame)
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                share = min(float(frame.times[0]) / max(recording.seconds, 1e-9), 1.0)
                yield Progress(share, "listening")
    yield Progress(1.0, "listening")
    return _track(frames)


def heard_recording(recording: Recording) -> Job[NDArray[np.float32]]:
    """Return the hidden states ``[T,160]`` of a surveyed recording, see `studio.core.speech.hidden`, as a job.

    Raises
    ------
    UserError
        If the file is no longer what was surveyed.
    """
    stream, seconds = HiddenStream(), max(recording.seconds, 1e-9)
    rows = [stream.push(np.zeros(0, np.float32))]
    with closing(read_audio_blocks(recording, SAMPLE_RATE)) as blocks:
        for block in blocks:
            rows.append(stream.push(block))
            yield Progress(min(stream.count / HIDDEN_RATE / seconds, 1.0), "listening")
    return np.concatenate(rows)


def _track(frames: list[Motion]) -> Motion:
    heard = [frame.heard for frame in frames if frame.heard is not None]
    track = Motion.from_frames(
        "arkit",
        np.concatenate([frame.times for frame in frames]),
        np.concatenate([frame.code for frame in frames]),
        np.concatenate([frame.head_pose for frame in frames]),
    )
    return replace(track, heard=np.concatenate(heard)) if heard else track
