"""`SpeechDriver`: sound in, ARKit mouth motion out, live and offline by the same code."""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.motion.idle import Prosody
from studio.core.motion.motion import Motion
from studio.core.speech.articulation import articulate
from studio.core.speech.calibration import Calibration
from studio.core.speech.features import HOP_SECONDS, MELS, SAMPLE_RATE, MelStream, log_mel
from studio.core.speech.hidden import HiddenMemory
from studio.core.speech.level import InputLevel
from studio.core.speech.network import CHANNELS, DELAYS, LONGEST_WAIT, NetworkStream, RecordingNetwork
from studio.core.speech.pitch import PitchStream
from studio.core.speech.prosody import ProsodyFollower
from studio.core.speech.settings import LOOK_AHEADS, SpeechSettings
from studio.core.speech.style import SpeakingStyle
from studio.core.speech.voice import VoiceActivity, VoiceTrust, ramp

_SPEECH = CHANNELS.index("speech")
_VOICED = (0.3, 0.6)  # the speech channel from "mouth at rest" to "mouth follows"
# How much more of it is asked for where the newest hop, which lies ahead, is no speech any more: by itself it takes
# 100 ms to fade, in which the lips would stay parted.
_ENDING = 0.4
# Removes offset, rumble and knocks on the table, which would pass for loud sound; speech starts at 60 Hz.
_HIGH_PASS = np.array(scipy.signal.butter(2, 50.0, "highpass", fs=SAMPLE_RATE))  # numerator, denominator
# Change of the voice gate per hop: it opens and shuts in 30 ms, ahead of the sound.
_GATE_OPENING, _GATE_SHUTTING = 0.34, -0.34
# The network hears so many hops at once, which costs less than one by one. Whether they are speech, from which the
# level is learnt, is heeded as many hops later, so that it does not matter how sound is cut into pushes.
_AT_ONCE = 4
# Half a second of silence settles the recurrent state, so that a stream starts with the mouth at rest.
_PRIMING_HOPS = 50
# How much wider a mouth opens 6 dB above the speaker's own level, and how soon.
_LOUDER, _LOUDER_DB = 0.25, 6.0
_LOUDER_RATE = HOP_SECONDS / 0.08
_SMOOTHING = 0.12  # s, twice, at full smoothing
# What the network for recordings does not answer for.
_KEPT = [CHANNELS.index(name) for name in ("jaw", "close", "speech")]
_QUICK = [CHANNELS.index(name) for name in ("close", "fv", "speech")]  # what smoothing would undo

_PROSODY = len(CHANNELS) + 1  # the first column of a row's prosody


class _Heard(NamedTuple):
    """What is known of a hop without the network."""

    gain_db: float
    above_speech_db: float
    presence: float
    active: bool
    voiced: bool
    semitones: float


class SpeechDriver:
    """Mouth motion of a head that says what it hears.

    Parameters
    ----------
    settings
        What the person adjusted; `adjust` changes it while sound runs.
    calibration
        What is known about the person and the microphone before the first sound.
    seed
        Of what is not in the sound: which accents raise the brows, where the eyes go.
    look_ahead
        Short for ``SpeechSettings(look_ahead=...)``.
    recording
        Whether the sound is known to its end: the network for recordings then answers in the live one's place, much
        later (see `look_ahead`) and more often right. Call `finish` behind the end.
    heard
        Whether frames also carry `Motion.heard`, for avatars of the space "audio".
    style
        How the person speaks whose head this moves. A mouth ahead of its sound is only had of recordings.

    Attributes
    ----------
    look_ahead
        s of sound behind a moment after which `read` is final for it.
    """

    source = "speech"
    space = "arkit"

    def __init__(
        self,
        settings: SpeechSettings | None = None,
        calibration: Calibration | None = None,
        seed: int = 0,
        *,
        look_ahead: float | None = None,
        recording: bool = False,
        heard: bool = False,
        style: SpeakingStyle = SpeakingStyle(),
    ) -> None:
        settings = settings or SpeechSettings()
        if look_ahead is not None:
            settings = replace(settings, look_ahead=look_ahead)
        self.settings = settings
        self._style = style
        self._lag = style.lag if recording else max(style.lag, 0.0)
        self.look_ahead = settings.look_ahead + (LONGEST_WAIT + max(-self._lag, 0.0) if recording else 0.0)
        self._recording = recording
        self._hears = heard
        self._calibration = calibration
        self._seed = seed
        self._head = LOOK_AHEADS.index(settings.look_ahead)
        self.reset()

    def adjust(self, settings: SpeechSettings) -> None:
        """Use other settings from the next hop on.

        Raises
        ------
        ValueError
            If the look-ahead differs: what was read would change its time.
        """
        now = self.settings.look_ahead
        if settings.look_ahead != now:
            raise ValueError(f"the look-ahead of a running stream stays {now} s; make a new driver")
        self.settings = settings

    def reset(self) -> None:
        """Forget everything pushed and start again at time zero."""
        self._high_pass = np.zeros(2)
        self._mels = MelStream()
        self._pitch = PitchStream()
        self._activity = VoiceActivity()
        self._trust = VoiceTrust()
        self._network = NetworkStream()
        known = self._calibration
        self._level = InputLevel() if known is None else InputLevel(known.gain_db, known.floor_db)
        silence = log_mel(np.zeros((_PRIMING_HOPS, MELS), np.float32))
        self._spoken = deque(self._network.push(silence)[-_AT_ONCE:, 0, _SPEECH].tolist(), maxlen=_AT_ONCE)
        self._voice = 0.0
        self._louder = 0.0
        self._smooth = np.zeros((2, len(CHANNELS)), np.float32)
        self._prosody = ProsodyFollower(self._seed)
        # One row per hop: the gated channels, what loudness adds to the gain, and the prosody. Row i describes time
        # (i + 1 − delay) hops.
        self._rows = np.zeros((1024, _PROSODY + len(Prosody._fields)), np.float32)
        self._count = 0  # rows so far
        self._forgotten = 0  # of those, how many are no longer kept
        self._hidden = HiddenMemory() if self._hears else None
        self._hearing_on = RecordingNetwork() if self._recording else None
        self._answered = -_PRIMING_HOPS  # hop for which that answers next
        self._answer_late([silence])

    def push(self, chunk: NDArray[np.float32]) -> None:
        """Append mono samples ``[S]`` −1..1 at 16 kHz; any length, empty included.

        Raises
        ------
        ValueError
            If the chunk is not one-dimensional or holds NaN or infinity.
        """
        chunk = np.asarray(chunk, np.float32)
        if chunk.ndim != 1 or not np.isfinite(chunk).all():
            raise ValueError(f"expected finite mono samples [S], got shape {chunk.shape}")
        if len(chunk) == 0:
            return
        if self._hidden is not None:
            self._hidden.push(chunk)
        chunk, self._high_pass = scipy.signal.lfilter(_HIGH_PASS[0], _HIGH_PASS[1], chunk, zi=self._high_pass)
        chunk = chunk.astype(np.float32)
        powers, pitches = self._mels.push(chunk), self._pitch.push(chunk).tolist()
        starts = range(0, len(powers), _AT_ONCE)
        self._answer_late([self._hear(powers[k : k + _AT_ONCE], pitches[k : k + _AT_ONCE]) for k in starts])

    def finish(self) -> None:
        """Let the network for recordings answer for what is left; nothing may be pushed any more."""
        if self._hearing_on is not None:
            self._replace(self._hearing_on.finish())

    def _answer_late(self, log_mels: list[NDArray[np.float32]]) -> None:
        if self._hearing_on is not None and log_mels:
            self._replace(self._hearing_on.push(np.concatenate(log_mels)))

    def _replace(self, answers: NDArray[np.float32]) -> None:
        """Put the channels ``[T,8]`` of the next T hops, told without delay, where the live network's stand.

        Not those of `close` and of the jaw: of closures it finds fewer, and its jaw has no hidden layer
        (benchmarks/speech_sync.py).
        """
        for answer in answers:
            i = self._answered + DELAYS[self._head] - self._forgotten
            self._answered += 1
            if 0 <= i < self._count - self._forgotten:
                row = self._rows[i]
                channels = self._personal(answer) * row[_SPEECH]
                channels[_KEPT] = row[_KEPT]
                row[: len(CHANNELS)] = self._smoothed(channels)

    def _personal(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        return channels if self._calibration is None else self._calibration.applied(channels)

    def _hear(self, powers: NDArray[np.float32], pitches: list[list[float]]) -> NDArray[np.float32]:
        """Write the rows of at most `_AT_ONCE` hops; return what the network heard of them, ``[T,MELS]``."""
        spoken = list(self._spoken)[: len(powers)]
        hops = [self._listen(*hop) for hop in zip(powers, pitches, spoken, strict=True)]
        gains = np.array([10 ** (hop.gain_db / 10) for hop in hops], np.float32)
        log_mels = log_mel(powers * gains[:, None])
        heads = self._network.push(log_mels)
        for hop, answers, voice in zip(hops, heads, self._network.voices.tolist(), strict=True):
            self._write(hop, answers, voice)
        return log_mels

    def _listen(self, power: NDArray[np.float32], pitch: list[float], spoken: float) -> _Heard:
        level, activity = self._level, self._activity
        level.push(power, activity.voiced and spoken > 0.5)
        active = activity.push(pitch[0], pitch[1], level, self.settings.sensitivity)
        return _Heard(level.gain_db, level.above_speech_db, level.presence, active, activity.voiced, activity.semitones)

    def _write(self, hop: _Heard, heads: NDArray[np.float32], voice: float) -> None:
        """Write the row of a hop, of which the network says ``[3,8]`` `heads` and how surely it is a voice."""
        newest = float(heads[0, _SPEECH])
        self._spoken.append(newest)
        channels = self._personal(heads[self._head])
        trust = self._trust.push(voice, hop.presence > 0.5 and newest > 0.5)
        ending = _ENDING * (1 - newest)
        speech = ramp(float(channels[_SPEECH]), _VOICED[0] + ending, _VOICED[1] + ending)
        heard = hop.active * trust * hop.presence * speech
        self._voice += min(max(heard - self._voice, _GATE_SHUTTING), _GATE_OPENING)
        louder = min(max(hop.above_speech_db / _LOUDER_DB, -1.0), 1.0)
        self._louder += _LOUDER_RATE * (_LOUDER * self._voice * louder - self._louder)
        emphasis = self.settings.emphasis
        prosody = self._prosody.push(self._voice, hop.above_speech_db, hop.voiced, hop.semitones, emphasis)

        if self._count - self._forgotten == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        row = self._rows[self._count - self._forgotten]
        gated = channels * np.float32(self._voice)
        row[: len(CHANNELS)] = gated if self._recording else self._smoothed(gated)
        row[_SPEECH] = self._voice
        row[len(CHANNELS)] = emphasis * self._louder
        row[_PROSODY:] = prosody
        self._count += 1

    def _smoothed(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.settings.smoothing:
            self._smooth[:] = channels
            return channels
        rate = np.float32(HOP_SECONDS / (HOP_SECONDS + self.settings.smoothing * _SMOOTHING))
        first, second = self._smooth
        first += rate * (channels - first)
        second += rate * (first - second)
        smooth = second.copy()
        smooth[_QUICK] = channels[_QUICK]
        return smooth

    def _row(self, time: float) -> NDArray[np.float32]:
        if self._count == 0:
            return self._rows[0]
        position = time / HOP_SECONDS - 1 + DELAYS[self._head]
        position = min(max(position, self._forgotten), self._count - 1.0) - self._forgotten
        i = int(position)
        w = np.float32(position - i)
        return (1 - w) * self._rows[i] + w * self._rows[min(i + 1, self._count - 1 - self._forgotten)]

    def forget(self, before: float) -> None:
        """Release what lies before a time, s, so that an endless stream needs no more memory.

        A later `read` of what was released gives the oldest frame kept.
        """
        before -= max(self._lag, 0.0)
        newest = self._count - 1
        oldest = min(int(before / HOP_SECONDS - 1 + DELAYS[self._head]), newest)
        # Moving rows is worth it only when there is more room than what has to be moved.
        if 2 * (oldest - self._forgotten) > len(self._rows):
            kept = self._rows[oldest - self._forgotten : self._count - self._forgotten].copy()
            self._rows[: len(kept)] = kept
            self._forgotten = oldest
        if self._hidden is not None:
            self._hidden.forget(before)

    def channels(self, time: float) -> NDArray[np.float32]:
        """Return the eight articulatory channels (`network.CHANNELS`) at `time` s, 0..1."""
        return self._row(time)[: len(CHANNELS)]

    def speaking(self, time: float) -> Prosody:
        """Return how the voice goes at `time` s: for `IdleMotion.at`."""
        return Prosody(*self._row(time)[_PROSODY:].tolist())

    def read(self, time: float) -> Motion:
        """Return the mouth (T=1, head pose at rest) at `time` s of sound.

        Final once the stream has passed ``time + look_ahead``; past that, the newest frame is held.
        """
        row, settings, style = self._row(time - self._lag), self.settings, self._style
        gain = settings.gain * float(1 + row[len(CHANNELS)])
        code = style.applied(articulate(row[: len(CHANNELS)], gain, settings.closure * style.closure))
        frame = Motion.from_frames("arkit", np.array([time]), code[None])
        return frame if self._hidden is None else replace(frame, heard=self._hidden.window(time)[None])
