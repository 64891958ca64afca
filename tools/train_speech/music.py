"""Music without a voice, made by rule: melodies, chords, basses and drums of many instruments.

The voice gate learns from it what no voice does; every call gives another piece.
"""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.speech.features import SAMPLE_RATE

Sound = NDArray[np.floating]

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9), tuple(range(12)))


def piece(seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return one piece ``[S]`` at 16 kHz, RMS 0.1: some of melody, chords, bass and drums, dry or in a room."""
    count = round(seconds * SAMPLE_RATE)
    beat = 60 / rng.uniform(60, 170)
    root, scale = rng.uniform(0, 12), np.array(_SCALES[rng.integers(len(_SCALES))])
    sound = np.zeros(count + SAMPLE_RATE)
    layers = rng.random(4) < (0.6, 0.6, 0.4, 0.4)
    if not layers[:2].any():
        layers[rng.integers(2)] = True
    if layers[0]:
        _melody(sound, beat, root, scale, rng)
    if layers[1]:
        _chords(sound, beat, root, scale, rng)
    if layers[2]:
        _bass(sound, beat, root, scale, rng)
    if layers[3]:
        _drums(sound, beat, rng)
    if rng.random() < 0.5:
        length = int(rng.uniform(0.3, 1.8) * SAMPLE_RATE)
        tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length) * rng.uniform(0.01, 0.06)
        tail[0] = 1
        sound = scipy.signal.fftconvolve(sound, tail)[: len(sound)]
    if rng.random() < 0.3:  # small loudspeakers across the room
        edges = [rng.uniform(100, 300), rng.uniform(3000, 7000)]
        band = scipy.signal.butter(2, edges, "bandpass", fs=SAMPLE_RATE, output="sos")
        sound = np.asarray(scipy.signal.sosfilt(band, sound))
    sound = sound[:count]
    return (sound * 0.1 / (np.sqrt(np.mean(sound**2)) + 1e-9)).astype(np.float32)


def _melody(sound: Sound, beat: float, root: float, scale: NDArray, rng: np.random.Generator) -> None:
    play, time, step = _Instrument(rng), 0.0, int(rng.integers(10, 20))
    values = rng.choice([0.25, 0.5, 0.5, 1, 1, 2], 4)
    rests, loud = rng.uniform(0, 0.25), rng.uniform(0.5, 1.5)
    while time * SAMPLE_RATE < len(sound):
        length = beat * rng.choice(values)
        if rng.random() > rests:
            _lay(sound, time, loud * play(_pitch(root, scale, step, 110), length * rng.uniform(0.6, 1.1), rng))
        time += length
        step = int(np.clip(step + rng.integers(-3, 4), 7, 24))


def _chords(sound: Sound, beat: float, root: float, scale: NDArray, rng: np.random.Generator) -> None:
    play, time = _Instrument(rng), 0.0
    rate, strum = rng.choice([0.25, 0.5, 1, 2, 4]), rng.choice([0, 0, 0.02, 0.25]) * beat
    step, loud = int(rng.integers(0, 7)), rng.uniform(0.3, 1)
    every, thirds = int(rng.choice([1, 2, 4])), rng.integers(2, 6)
    k = 0
    while time * SAMPLE_RATE < len(sound):
        if k % every == 0:
            step = int(rng.integers(0, 10))
        length = beat * rate * rng.uniform(0.7, 1.6)
        for voice in range(thirds):
            _lay(sound, time + voice * strum, loud * play(_pitch(root, scale, step + 2 * voice, 110), length, rng))
        time += beat * rate
        k += 1


def _bass(sound: Sound, beat: float, root: float, scale: NDArray, rng: np.random.Generator) -> None:
    play, time = _Instrument(rng), 0.0
    rate, loud = rng.choice([0.5, 1, 2]), rng.uniform(0.5, 1.5)
    while time * SAMPLE_RATE < len(sound):
        _lay(sound, time, loud * play(_pitch(root, scale, int(rng.integers(0, 7)), 41), beat * rate, rng))
        time += beat * rate


def _drums(sound: Sound, beat: float, rng: np.random.Generator) -> None:
    t = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * (rng.uniform(40, 70) * t + 3 * (1 - np.exp(-t * 30)))) * np.exp(-t * rng.uniform(8, 25))
    noise = rng.standard_normal(len(t))
    snare = (0.5 * noise + np.sin(2 * np.pi * rng.uniform(150, 250) * t)) * np.exp(-t * rng.uniform(12, 40))
    hat = np.diff(noise, prepend=0) * np.exp(-t * rng.uniform(30, 120))
    loud = rng.uniform(0.5, 3) * rng.uniform(0.3, 1, 3)
    pattern = rng.random((3, 8)) < np.array([[0.35], [0.25], [0.7]])
    for k in range(int(len(sound) / SAMPLE_RATE / beat * 2)):
        for drum, hits, level in zip((kick, snare, hat), pattern, loud, strict=True):
            if hits[k % 8]:
                _lay(sound, k * beat / 2, level * drum)


def _pitch(root: float, scale: NDArray, step: int, low: float) -> float:
    octave, degree = divmod(step, len(scale))
    return low * 2 ** ((root + scale[degree]) / 12 + octave)


def _lay(sound: Sound, time: float, note: Sound) -> None:
    start = int(time * SAMPLE_RATE)
    end = min(start + len(note), len(sound))
    if start < end:
        sound[start:end] += note[: end - start]


class _Instrument:
    """Additive harmonics with one random character: from plucked strings over organs to bowed ensembles."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.held = rng.random() < 0.5
        self.bright = rng.uniform(0.4, 2.2)
        self.harmonics = int(rng.integers(1, 16))
        self.odd = rng.random() < 0.2  # clarinets, square waves
        self.decay = 10 ** rng.uniform(-0.3, 1.1)  # 1/s
        self.damping = rng.uniform(0, 1.2)  # higher harmonics fade sooner
        self.attack = 10 ** rng.uniform(-2.7, -0.9)  # s
        self.vibrato = rng.uniform(0.05, 0.5) * (rng.random() < 0.4)  # semitones
        self.vibrato_hz = rng.uniform(4, 7)
        self.detuned = rng.uniform(0.02, 0.15) if rng.random() < 0.3 else 0.0  # semitones, a section or a chorus
        self.stretch = 10 ** rng.uniform(-5, -2.5) if rng.random() < 0.3 else 0.0  # inharmonicity of stiff strings
        self.breath = rng.uniform(0, 0.08) * (rng.random() < 0.4)
        self.index = rng.uniform(0.5, 5) if rng.random() < 0.2 else 0.0  # frequency modulation: bells, electric pianos
        self.ratio = float(rng.choice([1, 1, 2, 3, 1.41, 3.5]))
        self.glide = rng.uniform(0.02, 0.1) if rng.random() < 0.1 else 0.0  # s in which a note is reached
        # A wah or a resonance of the body: harmonics near it are louder.
        self.formant, self.width = rng.uniform(300, 3000), rng.uniform(100, 600)
        self.resonance = rng.uniform(1, 6) * (rng.random() < 0.4)

    def __call__(self, hertz: float, seconds: float, rng: np.random.Generator) -> Sound:
        """Return one note."""
        release = 0.05 if self.held else 0.6
        t = np.arange(int((seconds + release) * SAMPLE_RATE)) / SAMPLE_RATE
        semitones = self.vibrato * np.sin(2 * np.pi * self.vibrato_hz * t + rng.uniform(0, 6)) * np.minimum(t / 0.3, 1)
        if self.glide:
            semitones = semitones + rng.normal(0, 2) * np.exp(-t / self.glide)
        note = np.zeros(len(t))
        voices = (-self.detuned, 0, self.detuned) if self.detuned else (0,)
        for off in voices:
            phase = np.cumsum(hertz * 2 ** ((semitones + off) / 12)) / SAMPLE_RATE
            if self.index:
                fade = np.exp(-2 * t)
                note += np.sin(2 * np.pi * phase + self.index * fade * np.sin(2 * np.pi * self.ratio * phase))
                continue
            for k in range(1, self.harmonics + 1, 2 if self.odd else 1):
                stretched = k * np.sqrt(1 + self.stretch * k * k)
                if hertz * stretched > 7500:
                    break
                level = k**-self.bright
                level *= 1 + self.resonance * np.exp(-(((hertz * k - self.formant) / self.width) ** 2))
                partial = level * np.sin(2 * np.pi * stretched * phase + rng.uniform(0, 6))
                note += partial if self.held else partial * np.exp(-self.damping * self.decay * (k - 1) * 0.3 * t)
        if self.breath:
            note += self.breath * rng.standard_normal(len(t))
        envelope = np.minimum(t / self.attack, 1) * np.clip((seconds + release - t) / release, 0, 1)
        if not self.held:
            envelope *= np.exp(-self.decay * t)
        return note * envelope * rng.uniform(0.6, 1)
