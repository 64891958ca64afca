"""Blinks, gaze and small head motion of a living head, as a pure function of time.

Nothing here has memory: any time may be asked for in any order and at any frame rate, and the same seed
always gives the same life. Figures: blinks of a person at rest come 15–20 a minute and close faster than
they open; between saccades the eyes stay on one point for 0.2 to a few seconds; while the head moves, the
eyes turn against it so that the gaze stays where it is.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion

_BLINK, _GAZE, _HEAD = range(3)  # independent streams of one seed

_BLINK_SLOT = 3.4  # s: one blink in each, 17.6 a minute with the doubles
_BLINK_SPREAD = 0.8  # part of a slot in which its blink may start; the rest keeps blinks apart
_DOUBLE_BLINK = 0.08  # probability
_DOUBLE_GAP = 0.28  # s
_CLOSING, _CLOSED, _OPENING = 0.07, 0.02, 0.11  # s

_GAZE_SLOT = 1.3  # s: mean time between saccades
_SACCADE = 0.045  # s
_GLANCE = 0.12  # probability of looking well away
_EYE_RANGE = np.radians(30)  # of eyeLook… = 1

# Sums of slow sines: amplitude (rad, m), and bands in Hz while listening and added while speaking.
_LISTENING_BAND = (0.06, 0.45)
_SPEAKING_BAND = (0.35, 1.3)
_SINES = 6
_LISTENING = np.array([0.010, 0.018, 0.008, 0.0012, 0.0010, 0.0015])  # pitch yaw roll x y z, standard dev.
_SPEAKING = np.array([0.016, 0.020, 0.012, 0.0012, 0.0012, 0.0015])
_LEAN = np.radians(1.5)  # forward on a fully emphatic voice
_NOD = np.radians(2.4)  # forward on a stressed syllable
_BREATH = 0.0007  # m, at a quarter of a hertz


class Prosody(NamedTuple):
    """How a voice goes at one moment, as far as head, brows and eyes follow it; all zero is silence.

    Every value must be smooth in time: the head follows it directly.

    Attributes
    ----------
    speaking
        0..1: how emphatically the voice speaks.
    nod, brow
        0..1: the beat of the newest stressed syllable in the head, and in the brows.
    blink
        0..1: how far the lids are down for a blink that the voice placed.
    wait
        0..1: how much the blinks of a resting head wait for the voice.
    look_left, look_down
        rad: where a turn of speech draws the gaze.
    """

    speaking: float = 0.0
    nod: float = 0.0
    brow: float = 0.0
    blink: float = 0.0
    wait: float = 0.0
    look_left: float = 0.0
    look_down: float = 0.0


SILENCE = Prosody()


class IdleMotion:
    """The life of a head that nobody steers.

    Parameters
    ----------
    seed
        Two heads with different seeds move independently.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = _rng(seed, _HEAD, 0)
        shape = (_SINES, 6)
        # Jittered steps across each band: no two sines beat at a period that the eye would notice.
        steps = (np.arange(_SINES)[:, None] + rng.uniform(0, 1, shape)) / _SINES
        self._listening_hz = _LISTENING_BAND[0] * (_LISTENING_BAND[1] / _LISTENING_BAND[0]) ** steps
        self._speaking_hz = _SPEAKING_BAND[0] * (_SPEAKING_BAND[1] / _SPEAKING_BAND[0]) ** steps
        self._phases = rng.uniform(0, 2 * np.pi, (3, *shape))

    def at(self, time: float, speaking: Prosody | float = SILENCE, amount: float = 1.0) -> Motion:
        """Return eyes, brows and head pose (T=1) at `time` s.

        Parameters
        ----------
        speaking
            How the voice goes, as `SpeechDriver.speaking` returns it; or only how emphatically, 0..1.
        amount
            Scales head and brows, not the eyes; 0 is a head that only blinks and looks.
        """
        prosody = speaking if isinstance(speaking, Prosody) else Prosody(speaking)
        pose = amount * self._head(time, prosody)
        code = np.zeros(len(ARKIT_NAMES), np.float32)
        blink = max((1 - prosody.wait) * self._blink(time), prosody.blink)
        for side in ("Left", "Right"):
            code[ARKIT_INDEX["eyeBlink" + side]] = blink

        yaw, pitch = self._gaze(time)
        # Gaze is held in space, so the eyes turn back by what the head has turned.
        _look(code, yaw + prosody.look_left - pose[1], pitch + prosody.look_down - pose[0])

        # A slow wave decides how much the brows join in: a face is not always equally lively.
        wave = np.sin(2 * np.pi * (0.11 * time) + self._phases[2, 0, 0])
        wave += np.sin(2 * np.pi * (0.27 * time) + self._phases[2, 1, 0])
        lively = 0.5 + 0.25 * float(wave)
        raised = amount * (prosody.speaking * max(0.0, lively - 0.5) + 1.6 * prosody.brow * lively)
        code[ARKIT_INDEX["browInnerUp"]] = min(0.30 * raised, 1.0)
        code[ARKIT_INDEX["browOuterUpLeft"]] = code[ARKIT_INDEX["browOuterUpRight"]] = min(0.20 * raised, 1.0)
        return Motion.from_frames("arkit", np.array([time]), code[None], pose[None])

    def _head(self, time: float, prosody: Prosody) -> NDArray[np.float64]:
        def noise(hz: NDArray, phases: NDArray) -> NDArray:
            return np.sin(2 * np.pi * hz * time + phases).sum(axis=0) / np.sqrt(_SINES / 2)

        pose = _LISTENING * noise(self._listening_hz, self._phases[0])
        pose += prosody.speaking * _SPEAKING * noise(self._speaking_hz, self._phases[1])
        pose[0] += prosody.speaking * _LEAN + prosody.nod * _NOD
        pose[4] += _BREATH * np.sin(2 * np.pi * 0.25 * time + self._phases[2, 2, 0])
        return pose

    def _blink(self, time: float) -> float:
        slot = int(np.floor(time / _BLINK_SLOT))
        return max(lid(time - start) for k in (slot - 1, slot) for start in _blink_starts(self.seed, k))

    def _gaze(self, time: float) -> tuple[float, float]:
        """Return yaw (to the head's left) and pitch (down), rad, of the line of sight in space."""
        slot = int(np.floor(time / _GAZE_SLOT))
        if time < _fixation(self.seed, slot)[0]:
            slot -= 1
        start, yaw, pitch = _fixation(self.seed, slot)
        _, yaw_before, pitch_before = _fixation(self.seed, slot - 1)
        w = _done(time - start, _SACCADE)
        return yaw_before + w * (yaw - yaw_before), pitch_before + w * (pitch - pitch_before)


def _rng(seed: int, stream: int, slot: int) -> np.random.Generator:
    # Seeds must not be negative; slots before time zero are.
    return np.random.default_rng([seed, stream, slot + 2**31])


@lru_cache(maxsize=64)
def _blink_starts(seed: int, slot: int) -> tuple[float, ...]:
    rng = _rng(seed, _BLINK, slot)
    start = (slot + _BLINK_SPREAD * rng.uniform()) * _BLINK_SLOT
    return (start, start + _DOUBLE_GAP) if rng.uniform() < _DOUBLE_BLINK else (start,)


@lru_cache(maxsize=64)
def _fixation(seed: int, slot: int) -> tuple[float, float, float]:
    """Return when the eyes leave for the fixation of a slot, s, and its yaw and pitch, rad."""
    rng = _rng(seed, _GAZE, slot)
    start = (slot + 0.8 * rng.uniform()) * _GAZE_SLOT
    spread = np.radians(6.0 if rng.uniform() < _GLANCE else 1.3)
    yaw, pitch = rng.normal(0, [spread, 0.6 * spread])
    return start, float(yaw), float(pitch)


def lid(since: float) -> float:
    """Return how far the lid is down, 0..1, `since` s after a blink began; 0 before and long after."""
    if since < _CLOSING:
        return _done(since, _CLOSING)
    return 1 - _done(since - _CLOSING - _CLOSED, _OPENING)


def _done(since: float, duration: float) -> float:
    """Return how much of a movement that starts and ends gently is done, 0..1."""
    t = min(max(since / duration, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _look(code: NDArray[np.float32], yaw: float, pitch: float) -> None:
    """Turn both eyes together: to the head's left is out for the left eye and in for the right."""
    left, down = float(yaw / _EYE_RANGE), float(pitch / _EYE_RANGE)
    for name, value in _directions(left, down):
        code[ARKIT_INDEX[name]] = value


def _directions(left: float, down: float) -> Iterator[tuple[str, float]]:
    yield "eyeLookOutLeft", min(max(left, 0.0), 1.0)
    yield "eyeLookInRight", min(max(left, 0.0), 1.0)
    yield "eyeLookInLeft", min(max(-left, 0.0), 1.0)
    yield "eyeLookOutRight", min(max(-left, 0.0), 1.0)
    for side in ("Left", "Right"):
        yield "eyeLookDown" + side, min(max(down, 0.0), 1.0)
        yield "eyeLookUp" + side, min(max(-down, 0.0), 1.0)
