"""How a person speaks, from a clip: the mouth that its sound alone would move beside the one that was tracked.

Clips whose sound belongs to other lips are common, so sound and lips are laid over one another first: only a clear
best offset, near zero, lets a clip teach.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from studio.core.errors import UserError
from studio.core.heads.anatomy import (
    INTEROCULAR,
    LOWER_LIP_INNER,
    MOUTH_CORNER_LEFT,
    MOUTH_CORNER_RIGHT,
    UPPER_LIP_INNER,
)
from studio.core.jobs import Job, Stopwatch
from studio.core.motion.track import Track
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.network import CHANNELS
from studio.core.speech.stream import SpeechDriver
from studio.core.speech.style import RANGES, SpeakingStyle
from studio.core.tracking.face_model import FaceModel

_STEP = 0.02  # s
LONGEST = 120.0
"""s of a clip that are listened to."""

_LEAST = 3.0  # s of speech
_SPOKEN, _SEEN = 0.5, 0.5
_FURTHEST, _NEAR, _RIVAL = 0.6, 0.16, 0.24  # s: offsets tried, believed, and so far apart that they are rivals
# From the first correlation on sound and lips belong together, from the second on what they tell is taken whole.
_AGREE, _SURE, _CLEARER = 0.35, 0.7, 0.08
_DRIFT = 2.0  # s: slower changes are no speech
_WIDTH_AGREES = 0.3
_TOO_LITTLE = (
    "The clip lets the person be heard and seen to speak for {:.1f} s, so how they speak was not learnt; use a clip "
    f"with at least {_LEAST:g} s of speech."
)
_DOING = "comparing sound and lips"
_SHUT = 0.15  # of the way from the lips' narrowest to their widest


def learn_style(sound: NDArray[np.float32], track: Track) -> Job[SpeakingStyle]:
    """Find how the person of a clip speaks.

    Parameters
    ----------
    sound
        ``[S]`` at 16 kHz, the clip's own from its beginning.

    Raises
    ------
    UserError
        If the clip holds too little speech, or its sound and lips do not agree.
    """
    watch, motion = Stopwatch(), track.motion
    sound = sound[: int(min(float(motion.times[-1]), LONGEST) * SAMPLE_RATE)]
    times = np.arange(motion.times[0], len(sound) / SAMPLE_RATE, _STEP)
    model = FaceModel.of(track.rest)
    if len(times) * _STEP < _LEAST:
        raise UserError(_TOO_LITTLE.format(len(times) * _STEP))
    driver = SpeechDriver(recording=True)
    for start in range(0, len(sound), SAMPLE_RATE):
        yield watch.progress(0.8 * start / len(sound), _DOING)
        driver.push(sound[start : start + SAMPLE_RATE])
    driver.push(np.zeros(SAMPLE_RATE, np.float32))
    driver.finish()
    yield watch.progress(0.8, _DOING)
    heard = _lips(model, np.concatenate([driver.read(float(time)).code for time in times]))
    speech = np.array([driver.channels(float(time))[CHANNELS.index("speech")] for time in times])
    yield watch.progress(0.9, _DOING)
    frames = [motion.at(float(time)) for time in times]
    seen = _lips(model, np.concatenate([frame.code for frame in frames]))
    sure = np.array([frame.confidence[0] for frame in frames]) > _SEEN
    talking = (speech > _SPOKEN) & sure
    if talking.sum() * _STEP < _LEAST:
        raise UserError(_TOO_LITTLE.format(talking.sum() * _STEP))
    offset, agreement = _laid_over(heard[:, 0], seen[:, 0], talking)
    shifted = np.stack([np.interp(times + offset, times, column) for column in seen.T], axis=1)
    trust = float(np.clip((agreement - _AGREE) / (_SURE - _AGREE), 0, 1))

    def ratio(name: str, of: float, to: float) -> float:
        """Return how much larger the first is, believed as far as sound and lips agree."""
        return float(np.clip((max(of, 1e-6) / max(to, 1e-6)) ** trust, *RANGES[name]))

    wide = np.corrcoef(shifted[talking, 1], heard[talking, 1])[0, 1] > _WIDTH_AGREES
    return SpeakingStyle(
        opening=ratio("opening", _range(shifted[talking, 0]), _range(heard[talking, 0])),
        width=ratio("width", _range(shifted[talking, 1]), _range(heard[talking, 1])) if wide else 1.0,
        closure=ratio("closure", _shut(shifted[talking, 0]), _shut(heard[talking, 0])),
        lag=float(np.clip(trust * offset, *RANGES["lag"])),
        agreement=float(np.clip(agreement, *RANGES["agreement"])),
    )


def _lips(model: FaceModel, codes: NDArray) -> NDArray[np.float64]:
    """Return how far the lips are open and how wide the mouth is under codes ``[T,52]``: ``[T,2]``, interocular."""
    upper, lower = UPPER_LIP_INNER[3:8], LOWER_LIP_INNER[3:8]
    part = model.at(np.array([*upper, *lower, MOUTH_CORNER_RIGHT, MOUTH_CORNER_LEFT]))
    out = []
    for code in codes.astype(np.float64):
        points = part.points(code)
        gap = (points[: len(upper)] - points[len(upper) : -2])[:, 1].mean()
        out.append([gap, np.linalg.norm(points[-1] - points[-2])])
    return np.array(out) / INTEROCULAR


def _laid_over(heard: NDArray, seen: NDArray, talking: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the offset s by which the lips come after the sound, and their correlation there."""
    slow = round(_DRIFT / _STEP)
    a, b = (signal - uniform_filter1d(signal, slow) for signal in (heard, seen))
    shifts = np.arange(-round(_FURTHEST / _STEP), round(_FURTHEST / _STEP) + 1)
    found = np.zeros(len(shifts))
    for k, shift in enumerate(shifts):
        at = np.flatnonzero(talking)
        at = at[(at + shift >= 0) & (at + shift < len(b))]
        if len(at) * _STEP >= _LEAST / 2 and a[at].std() > 0 and b[at + shift].std() > 0:
            found[k] = np.corrcoef(a[at], b[at + shift])[0, 1]
    best = int(found.argmax())
    offset, agreement = float(shifts[best] * _STEP), float(found[best])
    rival = float(found[np.abs(shifts - shifts[best]) * _STEP > _RIVAL].max())
    if agreement < _AGREE or agreement - rival < _CLEARER or abs(offset) > _NEAR:
        raise UserError(
            f"The clip's sound and lips do not agree (at best {agreement:.2f} at {1e3 * offset:+.0f} ms), so how the "
            "person speaks was not learnt; use a clip whose sound was recorded with its picture."
        )
    return offset, agreement


def _range(values: NDArray) -> float:
    return float(np.subtract(*np.quantile(values, [0.9, 0.1])))


def _shut(gap: NDArray) -> float:
    """Return the share of the time in which the lips are all but shut."""
    low, high = np.quantile(gap, [0.02, 0.95])
    return float((gap < low + _SHUT * (high - low)).mean())
