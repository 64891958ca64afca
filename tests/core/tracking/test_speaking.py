"""How a person speaks, from sound and lips that belong together or do not."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import run
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.motion.track import Track
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.recording import speech_motion
from studio.core.speech.style import SpeakingStyle
from studio.core.tracking.face_model import canonical
from studio.core.tracking.speaking import learn_style

FPS = 25


@pytest.fixture(scope="module")
def sound() -> NDArray[np.float32]:
    return load_audio(sample_speech(), SAMPLE_RATE)[: 8 * SAMPLE_RATE]


@pytest.fixture(scope="module")
def spoken(sound: NDArray[np.float32]) -> Motion:
    return speech_motion(sound, FPS)


def track_of(motion: Motion) -> Track:
    count = len(motion)
    placement = np.tile([0.0, 0, 0, 0, 0, 0.9], (count, 1))
    sure = replace(motion, confidence=np.ones(count, np.float32))
    rest = canonical(mean_landmarks())
    return Track(sure, placement, np.zeros((count, 4)), rest, 1400.0, 640, 480, fps=Fraction(FPS))


def test_a_mouth_that_opens_further_and_later_is_learnt(sound: NDArray[np.float32], spoken: Motion) -> None:
    wide = np.stack([SpeakingStyle(opening=1.35).applied(code) for code in np.roll(spoken.code, 1, axis=0)])
    found = run(learn_style(sound, track_of(replace(spoken, code=wide))))
    assert 1.2 < found.opening <= 1.5
    assert found.lag == pytest.approx(1 / FPS, abs=0.021)
    assert found.agreement > 0.8
    plain = run(learn_style(sound, track_of(spoken)))
    assert plain.opening == pytest.approx(1, abs=0.1)
    assert plain.closure == pytest.approx(1, abs=0.15)
    assert plain.lag == pytest.approx(0, abs=0.021)


def test_lips_of_another_clip_or_moment_teach_nothing(sound: NDArray[np.float32], spoken: Motion) -> None:
    still = replace(spoken, code=np.zeros((len(spoken), len(ARKIT_NAMES)), np.float32))
    backwards = replace(spoken, code=np.ascontiguousarray(spoken.code[::-1]))
    late = replace(spoken, code=np.roll(spoken.code, 10, axis=0))
    for motion in (still, backwards, late):
        with pytest.raises(UserError, match="do not agree"):
            run(learn_style(sound, track_of(motion)))


def test_too_little_speech_is_told(sound: NDArray[np.float32], spoken: Motion) -> None:
    for short in (sound[: 2 * SAMPLE_RATE], np.zeros_like(sound)):
        with pytest.raises(UserError, match="was not learnt"):
            run(learn_style(short, track_of(spoken)))
