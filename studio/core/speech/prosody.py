"""How a head goes with its voice: beats on stressed syllables, blinks where phrases end, glances where turns begin.

People nod and raise their brows on pitch accents (Graf et al. 2002, Visual prosody), blink mostly at pauses (Nakano and
Kitazawa 2010, Exp. Brain Res. 205:577) and look away as they begin to speak (Kendon 1967, Acta Psychol. 26:22).
"""

import numpy as np

from studio.core.motion.idle import Prosody, lid
from studio.core.speech.features import HOP_SECONDS

# Loudness from −6 dB (no emphasis) to +8 dB around the speaker's own level.
_LOUD_DB = (-6.0, 8.0)
_SPEAKING = 0.2  # s: a head follows the voice with about this, twice
_FAST, _SLOW = 0.04, 0.35  # s: a stressed syllable is where the first mean rises above the second
_PITCH_MEAN = 1.5  # s of voice
_SEMITONES = 6.0  # above the speaker's mean that weigh as much as the whole range of loudness
_STRESS = 0.12  # of prominence, by which a syllable stands out
_BEAT_GAP = 0.38  # s: a head cannot nod on every syllable
_NOD, _BROW = (0.09, 0.07), (0.22, 0.11)  # s: how long a beat pushes, and how lazily it is followed, twice
_BROW_SHARE = 0.35  # of the beats

_PHRASE = 0.4  # s of voice that make a phrase
_PAUSE, _TURN = 0.12, 0.9  # s of silence that end a phrase, and a turn
_BLINK_AT_PAUSE = 0.65  # probability
_BLINK_GAP = (1.0, 2.8, 6.5)  # s: never sooner after another; and between these even where the voice does not pause
_BLINK_SECONDS = 0.25
_WAIT_RISE, _WAIT_FALL = 0.1, 0.7  # s: how soon the idle blinks stop when a voice begins, and go on after it
_SACCADE = 0.05  # s
_GLANCE_SECONDS = (0.5, 1.4)
_GLANCE = np.radians((7.0, 2.5))  # standard deviation, left and down
_GLANCE_LIMIT = np.radians(11.0)


class ProsodyFollower:
    """Turns loudness and pitch into `Prosody` hop by hop, and never looks ahead.

    Parameters
    ----------
    seed
        Which beats raise the brows, which pauses have a blink, and where the eyes go.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 3])
        self._speaking = _Follower(_SPEAKING)
        self._nod, self._brow = _Follower(_NOD[1]), _Follower(_BROW[1])
        self._fast = self._slow = 0.0
        self._mean_pitch: float | None = None
        self._voiced = 0
        self._nodding = self._browing = 0.0  # s left of the push
        self._strength = 0.0
        self._since_beat = _BEAT_GAP
        self._above = False
        self._talk = 0.0  # s of voice in this phrase
        self._silence = _TURN  # s
        self._wait = 0.0
        self._since_blink = _BLINK_GAP[0]
        self._next_blink = self._rng.uniform(*_BLINK_GAP[1:])
        self._glancing = 0.0  # s left
        self._look = self._from = self._to = np.zeros(2)
        self._since_look = _SACCADE

    def push(self, voice: float, above_db: float, voiced: bool, semitones: float, emphasis: float) -> Prosody:
        """Take one hop.

        Parameters
        ----------
        voice
            0..1: how far the mouth follows.
        above_db
            dB above the speaker's own level.
        voiced, semitones
            As `VoiceActivity` has them.
        emphasis
            0..2, as in `SpeechSettings`.
        """
        loud = voice * min(max((above_db - _LOUD_DB[0]) / (_LOUD_DB[1] - _LOUD_DB[0]), 0.0), 1.0)
        speaking = self._speaking.push(loud * loud * (3 - 2 * loud))
        self._beat(loud, voiced, semitones)
        self._pause(voice)
        nod = self._nod.push(self._strength if self._nodding > 0 else 0.0)
        brow = self._brow.push(self._strength if self._browing > 0 else 0.0)
        left, down = self._gaze()
        return Prosody(
            min(emphasis * speaking, 1.0),
            min(emphasis * nod, 1.0),
            min(emphasis * brow, 1.0),
            lid(self._since_blink),
            self._wait,
            left,
            down,
        )

    def _beat(self, loud: float, voiced: bool, semitones: float) -> None:
        prominence = loud
        if voiced:
            self._voiced += 1
            if self._mean_pitch is None:
                self._mean_pitch = semitones
            self._mean_pitch += (semitones - self._mean_pitch) * max(1 / self._voiced, HOP_SECONDS / _PITCH_MEAN)
            prominence += min(max((semitones - self._mean_pitch) / _SEMITONES, 0.0), 1.0)
        self._fast += (prominence - self._fast) * HOP_SECONDS / _FAST
        self._slow += (prominence - self._slow) * HOP_SECONDS / _SLOW
        self._since_beat += HOP_SECONDS
        self._nodding -= HOP_SECONDS
        self._browing -= HOP_SECONDS
        excess = self._fast - self._slow
        above = excess > _STRESS
        if above and not self._above and self._since_beat >= _BEAT_GAP:
            self._since_beat = 0.0
            self._nodding = _NOD[0]
            # How strong is not known yet where a syllable begins; how much it stands out so soon is a good guess.
            self._strength = min(0.45 + 1.5 * (excess - _STRESS) + 0.5 * self._rng.uniform(), 1.0)
            if self._rng.uniform() < _BROW_SHARE:
                self._browing = _BROW[0]
        self._above = above

    def _pause(self, voice: float) -> None:
        talking = voice > 0.3
        ended = not talking and self._silence < _PAUSE <= self._silence + HOP_SECONDS and self._talk > _PHRASE
        began = talking and self._silence >= _TURN
        self._silence = 0.0 if talking else self._silence + HOP_SECONDS
        if talking:
            self._talk += HOP_SECONDS
            self._wait = min(self._wait + HOP_SECONDS / _WAIT_RISE, 1.0)
        elif self._silence > _PAUSE:
            self._wait = max(self._wait - HOP_SECONDS / _WAIT_FALL, 0.0)
        self._since_blink += HOP_SECONDS
        due = talking and self._since_blink > self._next_blink
        wanted = ended and self._since_blink > _BLINK_GAP[0] and self._rng.uniform() < _BLINK_AT_PAUSE
        if due or wanted:
            self._since_blink = 0.0
            self._next_blink = self._rng.uniform(*_BLINK_GAP[1:])
        if began:
            self._glancing = self._rng.uniform(*_GLANCE_SECONDS)
            self._turn_eyes(np.clip(self._rng.normal(0, _GLANCE), -_GLANCE_LIMIT, _GLANCE_LIMIT))
        if ended:
            self._talk = 0.0

    def _gaze(self) -> tuple[float, float]:
        if self._glancing > 0:
            self._glancing -= HOP_SECONDS
            if self._glancing <= 0:
                self._turn_eyes(np.zeros(2))
        if self._since_look < _SACCADE:
            self._since_look += HOP_SECONDS
            done = min(self._since_look / _SACCADE, 1.0)
            self._look = self._from + done * done * (3 - 2 * done) * (self._to - self._from)
        left, down = self._look.tolist()
        return left, down

    def _turn_eyes(self, target: np.ndarray) -> None:
        self._from, self._to, self._since_look = self._look, target, 0.0


class _Follower:
    """Two equal low-passes in a row: no jump, no kink."""

    def __init__(self, seconds: float) -> None:
        self._rate = HOP_SECONDS / seconds
        self._first = self._second = 0.0

    def push(self, value: float) -> float:
        self._first += self._rate * (value - self._first)
        self._second += self._rate * (self._first - self._second)
        return self._second
