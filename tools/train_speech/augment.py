"""Make clean synthesised speech sound like people in rooms before microphones.

What changes the voice (another larynx, another tract, slurring, uneven tempo) and what the sound meets on its
way (a room, a telephone, an overdriven input). Noise, level and equalisation are added per batch (`mixing`).
"""

from fractions import Fraction

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.speech.features import SAMPLE_RATE

from .utterance import Phone, Utterance

_FRAME, _OVERLAP, _FFT = 400, 300, 512
_LEVEL = 0.1  # RMS of speech, the level that the driver's gain brings a voice to

Sound = NDArray[np.floating]


def humanise(said: Utterance, rng: np.random.Generator) -> tuple[NDArray[np.float32], list[Phone]]:
    """Return 16 kHz samples and phones of one random rendering of `said`, silence before and behind it."""
    samples, phones = _resize(said, rng)
    if rng.random() < 0.3:
        samples, phones = _uneven_tempo(samples, phones, rng)
    if rng.random() < 0.4:
        samples = _another_larynx(samples, rng)
    before, behind = int(rng.uniform(0.1, 0.6) * SAMPLE_RATE), int(rng.uniform(0.15, 0.4) * SAMPLE_RATE)
    samples = np.concatenate([np.zeros(before), samples, np.zeros(behind)])
    shift = before / SAMPLE_RATE
    phones = [Phone(start + shift, end + shift, symbol) for start, end, symbol in phones]
    if rng.random() < 0.45:
        samples = _room(samples, rng)
    if rng.random() < 0.08:
        samples = _telephone(samples, rng)
    samples *= _LEVEL / _speech_level(samples)
    if rng.random() < 0.1:
        samples = _overdriven(samples, rng)
    return samples.astype(np.float32), phones


def plain(said: Utterance) -> tuple[NDArray[np.float32], list[Phone]]:
    """Return 16 kHz samples of `said` as it is, at the common level: for tests of the network."""
    ratio = Fraction(SAMPLE_RATE, said.rate)
    samples = scipy.signal.resample_poly(said.samples, ratio.numerator, ratio.denominator)
    return (samples * _LEVEL / _speech_level(samples)).astype(np.float32), list(said.phones)


def _speech_level(samples: Sound) -> float:
    loud = samples[np.abs(samples) > 1e-3 * max(float(np.abs(samples).max()), 1e-6)]
    return float(np.sqrt(np.mean(np.square(loud)) + 1e-12)) if len(loud) else 1.0


def _resize(said: Utterance, rng: np.random.Generator) -> tuple[Sound, list[Phone]]:
    """Play faster or slower: size of the tract, pitch and tempo together."""
    factor = Fraction(int(rng.choice([82, 86, 90, 94, 97, 100, 100, 103, 107, 112, 118])), 100)
    ratio = Fraction(SAMPLE_RATE, said.rate) * factor
    samples = scipy.signal.resample_poly(said.samples, ratio.numerator, ratio.denominator)
    scale = float(factor)
    return samples, [Phone(start * scale, end * scale, symbol) for start, end, symbol in said.phones]


def _uneven_tempo(samples: Sound, phones: list[Phone], rng: np.random.Generator) -> tuple[Sound, list[Phone]]:
    """Hurry and dwell: the tempo wanders by a quarter, and pitch with it, as intonation does."""
    seconds = len(samples) / SAMPLE_RATE
    knots = max(3, int(seconds / 0.35))
    slowness = np.exp(rng.normal(0, 0.16, knots))
    source = np.linspace(0, seconds, knots)
    target = np.concatenate([[0], np.cumsum((slowness[1:] + slowness[:-1]) / 2 * np.diff(source))])
    moments = np.arange(int(target[-1] * SAMPLE_RATE)) / SAMPLE_RATE
    samples = np.interp(np.interp(moments, target, source) * SAMPLE_RATE, np.arange(len(samples)), samples)

    def moved(t: float) -> float:
        return float(np.interp(t, source, target))

    return samples, [Phone(moved(start), moved(end), symbol) for start, end, symbol in phones]


def _another_larynx(samples: Sound, rng: np.random.Generator) -> Sound:
    """Keep the tract (cepstral envelope) and excite it anew, by noise or a jittering pulse train.

    Half of the time the envelope is smeared in time: lips and tongue that hurry and do not arrive.
    """
    count = len(samples)
    _, _, spectrum = scipy.signal.stft(samples, SAMPLE_RATE, nperseg=_FRAME, noverlap=_OVERLAP, nfft=_FFT)
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-5), axis=0)
    if rng.random() < 0.5:
        width = int(rng.integers(3, 11))  # steps of 6 ms
        kernel = np.hanning(width + 2)[1:-1]
        cepstrum = scipy.signal.convolve(cepstrum, (kernel / kernel.sum())[None], mode="same")
    cut = int(rng.integers(22, 40))
    cepstrum[cut:-cut] = 0
    envelope = np.exp(np.fft.rfft(cepstrum, axis=0).real)

    noise = rng.standard_normal(count)
    if rng.random() < 0.3:
        source = noise
    else:
        knots = count // 800 + 2
        pitch = rng.uniform(80, 280) * np.exp(0.18 * rng.standard_normal(knots))
        pitch = np.interp(np.arange(count), np.linspace(0, count, knots), pitch)
        jitter = rng.standard_normal(count // 100 + 2)
        pitch *= 1 + 0.01 * np.interp(np.arange(count), np.linspace(0, count, len(jitter)), jitter)
        pulses = np.diff(np.floor(np.cumsum(pitch / SAMPLE_RATE)), prepend=0) > 0
        source = pulses * np.sqrt(SAMPLE_RATE / pitch) + noise * rng.uniform(0.05, 0.5)
    _, _, excitation = scipy.signal.stft(source, SAMPLE_RATE, nperseg=_FRAME, noverlap=_OVERLAP, nfft=_FFT)
    frames = min(excitation.shape[1], envelope.shape[1])
    shaped = envelope[:, :frames] * excitation[:, :frames]
    _, voiced = scipy.signal.istft(shaped, SAMPLE_RATE, nperseg=_FRAME, noverlap=_OVERLAP, nfft=_FFT)
    voiced = np.pad(voiced[:count], (0, max(0, count - len(voiced))))
    return voiced * np.sqrt((np.mean(samples**2) + 1e-9) / (np.mean(voiced**2) + 1e-9))


def _room(samples: Sound, rng: np.random.Generator) -> Sound:
    """Add a few early reflections and an exponential tail that is darker than the sound itself."""
    length = int(rng.uniform(0.1, 0.8) * SAMPLE_RATE)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    pole = rng.uniform(0, 0.7)
    response = np.asarray(scipy.signal.lfilter([1 - pole], [1, -pole], tail)) * rng.uniform(0.02, 0.14)
    response[0] = 1
    for _ in range(rng.integers(0, 5)):
        response[rng.integers(16, min(length, 800))] += rng.uniform(-0.5, 0.5)
    return scipy.signal.fftconvolve(samples, response)[: len(samples)]


def _telephone(samples: Sound, rng: np.random.Generator) -> Sound:
    """300–3400 Hz at 8 kHz, 8 bits of mu-law."""
    edges = [rng.uniform(150, 350), rng.uniform(3000, 3800)]
    band = scipy.signal.butter(4, edges, "bandpass", fs=SAMPLE_RATE, output="sos")
    narrow = np.asarray(scipy.signal.sosfilt(band, samples))[::2]
    peak = float(np.abs(narrow).max()) + 1e-9
    companded = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
    companded = np.round(companded * 127) / 127
    narrow = np.sign(companded) * (256 ** np.abs(companded) - 1) / 255 * peak
    wide = scipy.signal.resample_poly(narrow, 2, 1)
    return np.pad(wide, (0, max(0, len(samples) - len(wide))))[: len(samples)]


def _overdriven(samples: Sound, rng: np.random.Generator) -> Sound:
    """Clip hard or soft, as an input turned up too far does."""
    gain = rng.uniform(2, 10)
    if rng.random() < 0.5:
        return np.tanh(samples * gain) / gain
    limit = rng.uniform(0.1, 0.4)
    return np.clip(samples, -limit, limit)
