"""Is this a voice? What moves the mouth must be periodic, must last, and must glide as only voices do.

Hiss, breaths and keys are not periodic or do not last; fans, mains hum and most instruments hold their pitch to a
hundredth of a semitone, where a voice, sung ones included, never does. What is unvoiced counts as speech only next to
something voiced.
"""

import math
from collections import deque

from studio.core.speech.features import HOP_SECONDS
from studio.core.speech.level import InputLevel

_PERIODIC = 0.35  # periodicity that counts: hiss has it every other hop, but never keeps its pitch
# Sum of what exceeds that over a run of hops, at sensitivity 0 and 1: the clearer, the sooner it is a voice.
_EVIDENCE = (1.3, 0.3)
_CLEAR = 0.25  # the most that one hop adds
_RUN = 4  # hops that a period must last
_GLIDE_HOPS = 6
_STEP = 2.0  # semitones per hop: more is another sound, or an octave taken for another
_GLIDE = (0.1, 4.0)  # semitones within _GLIDE_HOPS
_FALL_DB = 8.0  # within a run: what falls faster is a knock that rings
_FORGET = 0.99  # per hop: what was steady and what glided is weighed over about a second
_VOICE_SHARE = 0.5  # of the periodic sound that must glide
# Noise makes the pitch of a hum tremble, but it stays: semitones of standard deviation over about half a second.
_STAYING, _STAYING_HOPS = 0.35, 25
# Unvoiced sounds and stops between two vowels; how long each voiced hop lets them follow, and all together.
_HOLD_STEP, _HOLD_HOPS = 60, 250
_DROP = 8  # hops of that which every hop of an instrument takes away
# A word may start unvoiced. It is as loud as the speaker's vowels, which breaths are not, and lasts, which keys do not.
_ROUGH_DB = -8.0  # relative to the speaker's level
_ROUGH_RUN = 5
_ROUGH_HOLD_HOPS = 15

# What sounds like a voice is weighed over a second: a hesitation or a creak sounds like none for a moment, and a
# melody like one. In silence that is forgotten, so that nobody's first word has to prove itself.
_WEIGHED = 1.0  # s
_FORGOTTEN = 2.0  # s
_ASSUMED = 0.6
_TRUSTED = (0.3, 0.5)  # from music to a voice


class VoiceTrust:
    """Weighs over time whether what sounds is a voice, or music that the network would sing along to."""

    def __init__(self) -> None:
        self._voice = _ASSUMED

    def push(self, voice: float, sounding: bool) -> float:
        """Take one hop and return 0..1: how far the mouth may follow.

        Parameters
        ----------
        voice
            0..1, as in `NetworkStream.voices`.
        sounding
            Whether there is something that speech, or music, could be heard in.
        """
        if sounding:
            self._voice += HOP_SECONDS / _WEIGHED * (voice - self._voice)
        else:
            self._voice += HOP_SECONDS / _FORGOTTEN * (_ASSUMED - self._voice)
        return ramp(self._voice, *_TRUSTED)


def ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high`, and a smooth step between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


class VoiceActivity:
    """Follows hop by hop whether somebody speaks, and never looks ahead.

    Attributes
    ----------
    voiced
        Whether the newest hop belongs to a voiced sound of a voice.
    semitones
        Its pitch above 1 Hz; of the newest voiced hop.
    """

    def __init__(self) -> None:
        self.voiced = False
        self.semitones = 0.0
        self._run = 0
        self._evidence = 0.0
        self._pitches: deque[float] = deque(maxlen=_GLIDE_HOPS)
        self._levels: deque[float] = deque(maxlen=_RUN + 1)
        self._gliding = self._steady = 0.0
        self._heard, self._mean, self._variance = 0, 0.0, 0.0  # of the pitch
        self._rough = self._hold = 0

    def push(self, hz: float, periodicity: float, level: InputLevel, sensitivity: float) -> bool:
        """Take one hop and return whether it lies in speech.

        Parameters
        ----------
        hz, periodicity
            A row of `PitchStream`.
        level
            Which has taken the same hop.
        sensitivity
            0..1, as in `SpeechSettings`.
        """
        needed = _EVIDENCE[0] + sensitivity * (_EVIDENCE[1] - _EVIDENCE[0])
        semitones = 12 * math.log2(hz) if hz > 0 else 0.0
        level_db = level.above_speech_db
        self._levels.append(level_db)
        lasting = level.presence > 0.5 and level_db > max(self._levels) - _FALL_DB
        periodic = lasting and periodicity > _PERIODIC
        if periodic and self._run and abs(semitones - self._pitches[-1]) < _STEP:
            self._run += 1
        else:
            self._run, self._evidence = int(periodic), 0.0
            self._pitches.clear()
        if periodic:
            self._pitches.append(semitones)
            self._evidence += min(periodicity - _PERIODIC, _CLEAR)
        self._gliding *= _FORGET
        self._steady *= _FORGET
        self.voiced = False
        if self._run >= _RUN and self._evidence >= needed:
            self.semitones = semitones
            glide = max(self._pitches) - min(self._pitches)
            if _GLIDE[0] < glide < _GLIDE[1]:
                self._gliding += 1
            else:
                self._steady += 1
            share = self._gliding / (self._gliding + self._steady)
            self.voiced = share > _VOICE_SHARE and not self._stays(semitones)
        rough = lasting and not periodic and level.known and level_db > _ROUGH_DB
        self._rough = self._rough + 1 if rough else 0

        if self.voiced:
            self._hold = min(self._hold + _HOLD_STEP, _HOLD_HOPS)
        elif self._run >= _RUN and self._evidence >= needed:
            self._hold = max(self._hold - _DROP, 0)
        elif self._rough >= _ROUGH_RUN:
            self._hold = max(self._hold, _ROUGH_HOLD_HOPS)
        else:
            self._hold = max(self._hold - 1, 0)
        return self._hold > 0

    def _stays(self, semitones: float) -> bool:
        self._heard += 1
        rate = 1 / min(self._heard, 2 * _STAYING_HOPS)
        off = semitones - self._mean
        self._mean += rate * off
        self._variance += rate * (off * off * (1 - rate) - self._variance)
        return self._heard > _STAYING_HOPS and self._variance < _STAYING**2
