import numpy as np
import pytest

from studio.core.speech.features import FFT, HOP, MELS, SAMPLE_RATE, MelStream, log_mel, mel_filterbank


@pytest.mark.parametrize("seed", range(3))
def test_how_the_stream_is_cut_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1
    cuts = np.sort(rng.integers(0, len(samples), 40))
    stream = MelStream()
    pieces = np.concatenate([stream.push(piece) for piece in np.split(samples, cuts)])
    whole = MelStream().push(samples)
    assert whole.shape == (SAMPLE_RATE // HOP, MELS)
    np.testing.assert_allclose(pieces, whole, rtol=1e-4, atol=1e-6)


def test_a_hop_hears_nothing_of_what_follows() -> None:
    samples = np.zeros(20 * HOP, np.float32)
    samples[10 * HOP] = 1
    power = MelStream().push(samples).sum(axis=1)
    assert power[:10].max() == 0
    assert power[10:13].max() > 0
    assert power[13:].max() == 0


def test_a_tone_lights_the_filter_around_it() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    strongest = int(MelStream().push(tone)[50].argmax())
    response = mel_filterbank()[strongest]
    assert abs(int(response.argmax()) * SAMPLE_RATE / FFT - 1000) < 80


def test_silence_has_a_finite_logarithm() -> None:
    assert np.isfinite(log_mel(np.zeros((1, MELS), np.float32))).all()
