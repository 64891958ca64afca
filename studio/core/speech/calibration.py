"""What ten seconds of a person's own speech tell about voice, microphone and room, kept per device."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_config_path

from studio.core.errors import UserError
from studio.core.logs import NAME
from studio.core.media.files import atomic_path, opened
from studio.core.speech.features import HOP_SECONDS, MelStream, log_mel
from studio.core.speech.level import GAIN_LIMITS_DB, TARGET_DB, InputLevel
from studio.core.speech.network import CHANNELS, DELAYS, NetworkStream
from studio.core.speech.pitch import PitchStream
from studio.core.speech.ranges import check_ranges
from studio.core.speech.voice import VoiceActivity

SECONDS = 10.0
"""s of speech to ask a person for."""

_LEAST_VOICE = 3.0  # s of voice, without which the figures are a guess
_VOICE = 0.5  # of the speech channel
_SENSITIVITY = 0.5
_JAW, _CLOSE, _SPEECH = (CHANNELS.index(name) for name in ("jaw", "close", "speech"))
# Of the voices that the network learnt from, as it hears them now (python -m tools.train_speech average SHARDS).
_AVERAGE_JAW, _AVERAGE_CLOSURE = (0.14, 0.58), 0.60
_CLOSURE = 0.15  # a peak of the close channel above this counts as an attempt at p, b or m
_LIMITS: dict[str, tuple[float, float]] = {
    "gain_db": GAIN_LIMITS_DB,
    "floor_db": (-100.0, 0.0),
    "jaw_low": (0.0, 1.0),
    "jaw_high": (0.0, 1.0),
    "closure_peak": (0.0, 1.0),
}


@dataclass(frozen=True)
class Calibration:
    """One person before one microphone in one room.

    Attributes
    ----------
    gain_db
        dB that bring this person's speech to the level the network expects.
    floor_db
        dBFS of the room when nobody speaks.
    jaw_low, jaw_high
        0..1: the jaw channel of this person's nearly closed and wide open speech.
    closure_peak
        0..1: how high the close channel rises on this person's p, b and m.
    """

    gain_db: float
    floor_db: float
    jaw_low: float
    jaw_high: float
    closure_peak: float

    def __post_init__(self) -> None:
        check_ranges(self, _LIMITS)
        if self.jaw_low >= self.jaw_high:
            raise ValueError(f"jaw_low {self.jaw_low} is not below jaw_high {self.jaw_high}")

    def applied(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return channels ``[8]`` (`network.CHANNELS`) of this person as an average speaker's would be."""
        channels = channels.copy()
        stretch = min(max((_AVERAGE_JAW[1] - _AVERAGE_JAW[0]) / (self.jaw_high - self.jaw_low), 0.7), 1.5)
        channels[_JAW] = min(max(_AVERAGE_JAW[0] + stretch * (float(channels[_JAW]) - self.jaw_low), 0.0), 1.0)
        channels[_CLOSE] = min(float(channels[_CLOSE]) * self.closeness, 1.0)
        return channels

    @property
    def closeness(self) -> float:
        """What brings the close channel of this person's p, b and m to an average speaker's."""
        return min(max(_AVERAGE_CLOSURE / self.closure_peak, 0.8), 1.6) if self.closure_peak > 0 else 1.0


def calibrate(samples: NDArray[np.float32]) -> Calibration:
    """Learn from about `SECONDS` of a person's speech, pauses included.

    Parameters
    ----------
    samples
        ``[S]`` mono float32 at 16 kHz, as `SpeechDriver.push` takes them, in one piece.

    Raises
    ------
    UserError
        If there is too little voice in it.
    """
    samples = np.asarray(samples, np.float32)
    level, activity, network = InputLevel(), VoiceActivity(), NetworkStream()
    power, pitch = MelStream().push(samples), PitchStream().push(samples)
    heads = np.zeros((len(power), len(CHANNELS)), np.float32)
    levels = np.zeros(len(power))
    voiced = np.zeros(len(power), bool)
    for i, hop in enumerate(power):
        level.push(hop, activity.voiced)
        voiced[i] = activity.push(float(pitch[i, 0]), float(pitch[i, 1]), level, _SENSITIVITY)
        levels[i] = level.above_speech_db + TARGET_DB - level.gain_db
        heads[i] = network.push(log_mel(hop[None] * np.float32(10 ** (level.gain_db / 10))))[0, -1]
    voiced &= heads[:, _SPEECH] > _VOICE
    if voiced.sum() * HOP_SECONDS < _LEAST_VOICE:
        raise UserError(
            f"Only {voiced.sum() * HOP_SECONDS:.0f} s of speech were heard; speak for {SECONDS:.0f} s at your usual "
            "loudness and check that this is the right microphone."
        )
    low, high, peak = mouth_range(heads, voiced)
    quiet = levels[: -DELAYS[-1]][~voiced[DELAYS[-1] :]]
    return Calibration(
        gain_db=level.gain_db,
        floor_db=float(np.clip(np.percentile(quiet if len(quiet) > 20 else levels, 10), -100, 0)),
        jaw_low=low,
        jaw_high=high,
        closure_peak=peak,
    )


def mouth_range(heads: NDArray[np.float32], voiced: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return `jaw_low`, `jaw_high` and `closure_peak` of channels ``[T,8]``, of which some are `voiced` ``[T]``."""
    jaw, close = heads[voiced, _JAW], heads[:, _CLOSE]
    low, high = (float(value) for value in np.percentile(jaw, (5, 95)))
    inner = close[1:-1]
    peaks = inner[(inner >= close[:-2]) & (inner > close[2:]) & (inner > _CLOSURE)]
    return low, max(high, low + 1e-3), float(np.percentile(peaks, 75)) if len(peaks) else _CLOSURE


def calibrations_path() -> Path:
    """Return the file in the user's configuration folder that keeps them all."""
    return user_config_path(NAME, appauthor=False) / "calibrations.json"


def load_calibration(device: str) -> Calibration | None:
    """Return what was learnt for the input device of that name; None where nothing was.

    Raises
    ------
    UserError
        If the file cannot be read or is damaged.
    """
    values = _read().get(device)
    return None if values is None else _calibration(values)


def save_calibration(device: str, calibration: Calibration) -> None:
    """Keep a calibration for the input device of that name, instead of an earlier one.

    A damaged file is replaced.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    try:
        known = _read()
    except UserError:
        known = {}
    known[device] = asdict(calibration)
    path = calibrations_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The folder '{path.parent}' cannot be made ({error.strerror}); check its permissions."
        ) from error
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")


def forget_calibration(device: str) -> None:
    """Drop what was learnt for a device.

    Raises
    ------
    UserError
        As `load_calibration` and `save_calibration`.
    """
    known = _read()
    if known.pop(device, None) is not None:
        with atomic_path(calibrations_path()) as temporary:
            temporary.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")


def _read() -> dict[str, Any]:
    path = calibrations_path()
    if not path.exists():
        return {}
    with opened(path) as file:
        text = file.read()
    try:
        values = json.loads(text)
    except ValueError as error:
        raise _damaged() from error
    if not isinstance(values, dict):
        raise _damaged()
    return values


def _calibration(values: Any) -> Calibration:
    try:
        numbers = {name: float(values[name]) for name in _LIMITS}
        if not all(math.isfinite(number) for number in numbers.values()):
            raise ValueError("not a number")
        return Calibration(**numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> UserError:
    return UserError(f"The file '{calibrations_path().name}' is damaged; calibrate the microphone again.")
