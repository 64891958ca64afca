from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.audio import load_audio
from studio.core.speech.calibration import (
    Calibration,
    calibrate,
    calibrations_path,
    forget_calibration,
    load_calibration,
    save_calibration,
)
from studio.core.speech.network import CHANNELS
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.stream import SpeechDriver

KNOWN = Calibration(gain_db=12.0, floor_db=-62.0, jaw_low=0.1, jaw_high=0.4, closure_peak=0.4)


def test_what_is_saved_is_loaded_for_its_device_only() -> None:
    assert load_calibration("USB microphone") is None
    save_calibration("USB microphone", KNOWN)
    save_calibration("Mikrofon (外付け)", Calibration(0.0, -50.0, 0.1, 0.5, 0.6))
    assert load_calibration("USB microphone") == KNOWN
    assert load_calibration("another") is None
    forget_calibration("USB microphone")
    assert load_calibration("USB microphone") is None
    assert load_calibration("Mikrofon (外付け)") is not None


@pytest.mark.parametrize("text", ["{", "[]", '{"mic": {"gain_db": 1}}', '{"mic": {"gain_db": NaN}}', '{"mic": 3}'])
def test_a_damaged_file_is_said_and_replaced(text: str) -> None:
    calibrations_path().parent.mkdir(parents=True, exist_ok=True)
    calibrations_path().write_text(text)
    with pytest.raises(UserError, match="calibrate the microphone again"):
        load_calibration("mic")
    save_calibration("mic", KNOWN)
    assert load_calibration("mic") == KNOWN


@pytest.mark.parametrize("decibel", [None, -30.0])
def test_silence_and_noise_teach_nothing(decibel: float | None) -> None:
    noise = np.random.default_rng(0).standard_normal(5 * 16000) * (0.0 if decibel is None else 10 ** (decibel / 20))
    with pytest.raises(UserError, match="speak for 10 s"):
        calibrate(noise.astype(np.float32))


def test_the_gain_follows_the_loudness_of_the_person(shared_data: Path) -> None:
    names = ("lang_german3", "lang_spanish1")
    speech = np.concatenate([load_audio(shared_data / f"speech_more/{name}.flac") for name in names])[: 10 * 16000]
    loud, quiet = (calibrate((speech * scale).astype(np.float32)) for scale in (0.5, 0.05))
    assert quiet.gain_db - loud.gain_db == pytest.approx(20, abs=3)
    assert loud.jaw_low < loud.jaw_high


def test_a_driver_hears_a_mumbler_as_it_hears_others() -> None:
    channels = np.zeros(len(CHANNELS), np.float32)
    channels[CHANNELS.index("jaw")], channels[CHANNELS.index("close")] = 0.4, 0.4
    applied = KNOWN.applied(channels)
    assert applied[CHANNELS.index("jaw")] > 0.44
    assert applied[CHANNELS.index("close")] > 0.5
    assert channels[CHANNELS.index("jaw")] == np.float32(0.4)
    driver = SpeechDriver(SpeechSettings(), KNOWN)
    driver.push(np.zeros(1600, np.float32))
    assert driver.read(0.05).code.max() == 0


@pytest.mark.parametrize("change", [{"gain": 2.1}, {"closure": -1}, {"smoothing": np.nan}, {"look_ahead": 0.03}])
def test_settings_out_of_range_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        SpeechSettings(**change)
