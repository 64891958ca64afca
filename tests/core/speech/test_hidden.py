import numpy as np
import pytest

from studio.core.media.audio import load_audio
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import HiddenStream, hidden_states, hidden_window, silence


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return load_audio(sample_speech(), SAMPLE_RATE)[: 3 * SAMPLE_RATE]


def test_rows_come_at_25_hz_and_begin_in_silence(speech: np.ndarray) -> None:
    states = hidden_states(speech)
    assert states.shape == (len(speech) // 640 + 1, 160)
    assert states.dtype == np.float32
    assert np.array_equal(states[0], silence())


def test_how_the_sound_is_cut_changes_nothing(speech: np.ndarray) -> None:
    stream = HiddenStream()
    pieces = [stream.push(speech[i : i + 1111]) for i in range(0, len(speech), 1111)]
    np.testing.assert_allclose(np.concatenate(pieces), hidden_states(speech), atol=1e-4)


def test_speech_moves_the_rows_and_noise_leaves_them_at_silence(speech: np.ndarray) -> None:
    noise = (0.05 * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE)).astype(np.float32)
    assert np.abs(hidden_states(speech) - silence()).mean() > 0.05
    assert np.abs(hidden_states(noise)[25:] - silence()).mean() < 0.01


def test_speech_ten_decibels_quieter_says_nearly_the_same(speech: np.ndarray) -> None:
    loud, quiet = hidden_states(speech)[50:], hidden_states(0.3 * speech)[50:]
    assert np.corrcoef(loud.ravel(), quiet.ravel())[0, 1] > 0.9


def test_a_window_is_sixteen_steps_about_its_moment() -> None:
    rows = np.repeat(np.arange(40, dtype=np.float32)[:, None], 160, axis=1)
    assert hidden_window(rows, 20 / 25)[:, 0].tolist() == list(range(9, 25))
    assert hidden_window(rows, 20.5 / 25)[:, 0].tolist() == [k + 0.5 for k in range(9, 25)]
    assert hidden_window(rows[10:], 20 / 25, first=10)[0, 0] == 10
    assert hidden_window(rows, 39 / 25)[-1, 0] == 39
    np.testing.assert_array_equal(hidden_window(rows[:0], 0.0)[0], silence())


@pytest.mark.parametrize("bad", [np.zeros((10, 2), np.float32), np.array([0, np.inf], np.float32)])
def test_what_is_not_mono_sound_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite mono"):
        HiddenStream().push(bad)
