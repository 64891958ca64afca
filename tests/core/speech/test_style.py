"""A person's way of speaking, played by the mouth that sound moves."""

import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.media.audio import load_audio
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.stream import SpeechDriver
from studio.core.speech.style import SpeakingStyle


def test_a_style_scales_what_it_names_and_stays_within_bounds() -> None:
    code = np.full(len(ARKIT_NAMES), 0.5, np.float32)
    code[ARKIT_INDEX["mouthLowerDownLeft"]] = 0.9
    made = SpeakingStyle(opening=1.4, width=0.8).applied(code)
    assert made[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.7)
    assert made[ARKIT_INDEX["mouthClose"]] == pytest.approx(0.7)
    assert made[ARKIT_INDEX["mouthLowerDownLeft"]] == 1
    assert made[ARKIT_INDEX["mouthPucker"]] == pytest.approx(0.4)
    assert made[ARKIT_INDEX["eyeBlinkLeft"]] == 0.5
    np.testing.assert_array_equal(SpeakingStyle().applied(code), code)


def test_files_give_a_style_back_and_may_claim_nothing_out_of_range() -> None:
    style = SpeakingStyle(1.2, 0.9, 1.1, -0.02, 0.6)
    assert SpeakingStyle.from_meta({"speaking_style": style.told()}) == style
    assert SpeakingStyle.from_meta({}) == SpeakingStyle()
    with pytest.raises(ValueError, match="opening"):
        SpeakingStyle.from_meta({"speaking_style": style.told() | {"opening": 9.0}})
    with pytest.raises(KeyError):
        SpeakingStyle.from_meta({"speaking_style": {"opening": 1.0}})


def test_a_driver_speaks_in_a_style_live_and_from_recordings() -> None:
    sound = load_audio(sample_speech(), SAMPLE_RATE)[: 2 * SAMPLE_RATE]
    for recording, lag in ((False, 0.04), (True, 0.04), (True, -0.04)):
        plain = SpeechDriver(recording=recording)
        own = SpeechDriver(recording=recording, style=SpeakingStyle(opening=1.3, lag=lag))
        for driver in (plain, own):
            driver.push(sound)
            if recording:
                driver.finish()
        assert own.look_ahead - plain.look_ahead == pytest.approx(max(-lag, 0.0))
        jaw = ARKIT_INDEX["jawOpen"]
        times = np.arange(0.5, 1.6, 0.02)
        told = np.array([plain.read(time - lag).code[0, jaw] for time in times])
        made = np.array([own.read(time).code[0, jaw] for time in times])
        assert told.max() > 0.1
        np.testing.assert_allclose(made, np.minimum(1.3 * told, 1), atol=1e-5)
    early = SpeechDriver(style=SpeakingStyle(lag=-0.04))
    assert early.look_ahead == SpeechDriver().look_ahead  # live, nobody waits for it
