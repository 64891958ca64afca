"""The recordings that judge the mouth, which of them may be looked at while developing, and noise to lay over them."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.evaluate.phones import Phone, align_phones, read_phones
from studio.core.media.audio import load_audio
from studio.core.speech.features import SAMPLE_RATE

Samples: TypeAlias = NDArray[np.float32]

# What a pattern finds is not found again by a later one. s04 and en_read_librivox_0870 are one recording.
ALIGNED = {
    "develop": {
        "read": ("speech_more/en_read_cards_*", "speech_more/en_read_short_*"),
        "spontaneous": ("speech_more/en_spontaneous_cold",),
    },
    "judge": {
        "read": ("speech/s04*", "speech_more/en_read_librivox_08[89]*", "speech_more/en_read_librivox_09*"),
        "spontaneous": ("speech/s01*", "speech_more/en_spontaneous_cold3"),
    },
}
"""Recordings with a reference: a TextGrid, or a transcript that is aligned."""

UNALIGNED = {"develop": ("speech/s03*", "speech_more/lang_*"), "judge": ("speech/s02*",)}
"""Recordings of which only the sound is known."""

CLIPS = {
    "develop": ("talk_man_news_20s_512", "talk_woman_garden_10s_512"),
    "judge": ("talk_man_office_60s_256", "talk_man_kitchen_20s_512"),
}
"""Clips of ``talking/`` whose lips are measured."""

# One voice in three rooms, and alone: what is left of a mixture without the voice is the room.
_VOICE_ALONE = "speech_more/noisy_narrative.flac"
_ROOMS = {
    "cafeteria": "speech/s05_en_noisy_cafeteria_6s.wav",
    "meeting": "speech_more/noisy_meeting_snr_0.flac",
    "office": "speech_more/noisy_office_snr_0.flac",
}


@dataclass(frozen=True, eq=False)
class Recording:
    """Speech ``[S]`` at 16 kHz, its phones where they are known (else empty), and how it is listed."""

    name: str
    group: str
    samples: Samples
    phones: list[Phone]


def recordings(data: Path, split: str, cache_folder: Path) -> tuple[list[Recording], dict[str, str]]:
    """Load the aligned recordings of a split; also say of each that was left out why."""
    found: list[Recording] = []
    left_out: dict[str, str] = {}
    for group, patterns in ALIGNED[split].items():
        for path in _sounds(data, patterns):
            samples = load_audio(path)
            grid, text = path.with_suffix(".TextGrid"), path.with_suffix(".txt")
            try:
                if grid.exists():
                    phones = read_phones(grid)
                else:
                    transcript = text.read_text(encoding="utf-8")
                    phones = align_phones(samples, transcript, cache_folder / f"{path.stem}.json")
            except UserError as error:
                left_out[path.stem] = str(error)
                continue
            found.append(Recording(path.stem, group, samples, phones))
    return found, left_out


def unaligned(data: Path, split: str) -> list[Recording]:
    """Load the recordings of which only the sound is known."""
    return [Recording(path.stem, "sound", load_audio(path), []) for path in _sounds(data, UNALIGNED[split])]


def _sounds(data: Path, patterns: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for pattern in patterns:
        paths = [*data.glob(f"{pattern}.wav"), *data.glob(f"{pattern}.flac")]
        found += [path for path in sorted(paths) if path not in found]
    return found


@cache
def room_noise(data: Path) -> dict[str, Samples]:
    """Return real noise without the voice, ``[S]`` each: a recording in a room minus the same voice alone.

    Raises
    ------
    UserError
        If the voice is not found in a mixture as loud as it is alone, or nothing is left without it.
    """
    voice = load_audio(data / _VOICE_ALONE)
    rooms = {}
    for name, file in _ROOMS.items():
        mixture = load_audio(data / file)[: len(voice)]
        gain = mixture @ voice / (voice @ voice)
        rest = mixture - gain * voice
        if not 0.9 < gain < 1.1 or np.std(rest) < 0.1 * np.std(mixture):
            raise UserError(f"'{file}' is not '{_VOICE_ALONE}' in noise; take the recordings as they were.")
        rooms[name] = rest.astype(np.float32)
    return rooms


def with_noise(recording: Recording, noise: Samples, snr_db: float, seed: int) -> Recording:
    """Lay noise under a recording, `snr_db` below its speech (pauses do not count), from a random place on."""
    samples = recording.samples
    spoken = np.zeros(len(samples), bool)
    for start, end, label in recording.phones:
        spoken[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] = label != ""
    level = np.sqrt(np.mean(np.square(samples[spoken])))
    start = np.random.default_rng(seed).integers(len(noise))
    bed = np.resize(np.roll(noise, -start), len(samples))
    bed = bed * (level / np.sqrt(np.mean(np.square(bed))) * 10 ** (-snr_db / 20))
    return replace(recording, samples=(samples + bed).astype(np.float32))


def in_rooms(found: list[Recording], data: Path, snr_db: float) -> list[Recording]:
    """Lay the rooms' noise under recordings in turn; the same file always gets the same noise."""
    rooms = list(room_noise(data).values())
    return [with_noise(one, rooms[k % len(rooms)], snr_db, seed=k) for k, one in enumerate(found)]


def voiceless(seconds: float, seed: int = 0) -> dict[str, Samples]:
    """Return what a microphone hears when nobody speaks, made by rule, at usual levels.

    ``room``: pink noise at −55 dBFS. ``fan``: noise below 500 Hz with a hum at 100 Hz, −40 dBFS, that starts after
    two seconds. ``keyboard``: six keys a second, 5 to 20 ms of decaying noise and a low thud each, peaks near −14 dBFS.
    ``music``: three-note chords of decaying harmonics, four a second, −26 dBFS.
    """
    rng = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    times = np.arange(count) / SAMPLE_RATE

    def at_level(track: NDArray, dbfs: float) -> NDArray:
        return track * (10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(track))))

    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    room = at_level(np.fft.irfft(spectrum, count), -55)

    low = scipy.signal.butter(2, 500, fs=SAMPLE_RATE, output="sos")
    fan = np.asarray(scipy.signal.sosfilt(low, rng.standard_normal(count))) + 0.3 * np.sin(2 * np.pi * 100 * times)
    fan = np.where(times > 2, at_level(fan, -40), 0)

    keyboard = np.zeros(count)
    for start in np.cumsum(rng.exponential(1 / 6, round(6 * seconds))):
        k, length = round(start * SAMPLE_RATE), SAMPLE_RATE // 8
        if k + length >= count:
            break
        t = np.arange(length) / SAMPLE_RATE
        click = rng.standard_normal(length) * np.exp(-t / rng.uniform(0.005, 0.02))
        thud = np.sin(2 * np.pi * rng.uniform(120, 250) * t) * np.exp(-t / 0.03)
        keyboard[k : k + length] += rng.uniform(0.03, 0.1) * (click + thud)

    music = np.zeros(count)
    for k in range(0, count - SAMPLE_RATE, SAMPLE_RATE // 4):
        t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
        root = 110 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11]) / 12)
        for ratio in (1, 1.26, 1.5):
            for harmonic in range(1, 9):
                wave = np.sin(2 * np.pi * root * ratio * harmonic * t + rng.uniform(0, 2 * np.pi))
                music[k : k + SAMPLE_RATE] += wave * np.exp(-3 * t) / harmonic
    quiet = room.astype(np.float64)
    made = {"room": room, "fan": fan + quiet, "keyboard": keyboard + quiet, "music": at_level(music, -26) + quiet}
    return {name: track.astype(np.float32) for name, track in made.items()}
