import numpy as np
import pytest

from studio.core.speech.features import HOP, SAMPLE_RATE
from studio.core.speech.pitch import PitchStream


def tone(hz: float, seconds: float = 0.5) -> np.ndarray:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    harmonics = np.arange(1, 6)[:, None]
    return (0.1 * (np.sin(2 * np.pi * hz * harmonics * t) / harmonics).sum(0)).astype(np.float32)


@pytest.mark.parametrize("hz", [75.0, 117.0, 210.0, 390.0])
def test_a_tone_has_its_own_pitch(hz: float) -> None:
    rows = PitchStream().push(tone(hz))[6:]
    np.testing.assert_allclose(rows[:, 0], hz, rtol=0.005)
    assert rows[:, 1].min() > 0.95


def test_hiss_has_none_for_long() -> None:
    rows = PitchStream().push(np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32))
    assert np.median(rows[:, 1]) < 0.45
    assert not PitchStream().push(np.zeros(SAMPLE_RATE, np.float32)).any()


def test_cuts_change_nothing() -> None:
    sound = tone(140.0) + np.random.default_rng(1).standard_normal(len(tone(140.0))).astype(np.float32) * 0.01
    whole, stream = PitchStream().push(sound), PitchStream()
    parts = [stream.push(part) for part in np.array_split(sound, 37)]
    assert len(whole) == len(sound) // HOP
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
