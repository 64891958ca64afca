"""espeak-ng as a tool: text -> sound with phoneme times, in any of its languages, with voices of our own.

The library is called in place; nothing of it is shipped. Initialise it once per process: a second
initialisation leaves it broken.
"""

import ctypes
import ctypes.util
import shutil
from pathlib import Path

import numpy as np

from studio.core.errors import UserError

from .articulation import phones_from_events
from .utterance import Utterance

_RETRIEVAL = 1
_PHONEME_EVENTS_IPA = 0x0001 | 0x0002
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_UTF8, _IPA = 1, 0x02


class _Identity(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def data_folder() -> Path:
    """Return espeak-ng's own data folder.

    Raises
    ------
    UserError
        If it is not installed.
    """
    for folder in [Path("/usr/share/espeak-ng-data"), *Path("/usr/lib").glob("*/espeak-ng-data")]:
        if folder.is_dir():
            return folder
    raise UserError("espeak-ng is missing; install it with: apt-get install espeak-ng")


def add_voices(folder: Path, count: int, rng: np.random.Generator) -> list[str]:
    """Make a data folder with `count` random variants of espeak-ng's voices, and return their names."""
    # Copied: espeak-ng does not look into linked folders.
    # Its own variants stay out, because it lists 350 voices at most.
    shutil.copytree(data_folder(), folder / "espeak-ng-data", ignore=shutil.ignore_patterns("!v"))
    variants = folder / "espeak-ng-data" / "voices" / "!v"
    variants.mkdir()
    names = [f"made{i:03d}" for i in range(count)]
    for name in names:
        (variants / name).write_text(_random_voice(name, rng))
    return names


def _random_voice(name: str, rng: np.random.Generator) -> str:
    """Return a voice file: another vocal tract (formants), larynx (pitch, roughness) and breath."""
    pitch, length = rng.uniform(75, 250), rng.uniform(0.86, 1.24)
    lines = [
        "language variant",
        f"name {name}",
        f"gender {'male' if pitch < 150 else 'female'}",
        f"pitch {pitch:.0f} {pitch * rng.uniform(1.1, 1.8):.0f}",
    ]
    if rng.random() < 0.2:
        lines.append(f"klatt {rng.integers(1, 5)}")
    for formant in range(9):
        frequency, height, width = 100 * length * rng.uniform(0.94, 1.06), rng.uniform(65, 140), rng.uniform(70, 200)
        lines.append(f"formant {formant} {frequency:.0f} {height:.0f} {width:.0f}")
    lines += [
        f"flutter {rng.integers(0, 14)}",
        f"roughness {rng.integers(0, 6)}",
        f"voicing {rng.integers(50, 135)}",
        f"consonants {rng.integers(50, 160)} {rng.integers(50, 160)}",
        f"tone 600 {rng.integers(110, 210)} 1200 {rng.integers(70, 170)} "
        f"2400 {rng.integers(30, 150)} 4000 {rng.integers(15, 130)}",
    ]
    if rng.random() < 0.45:
        lines.append("breath " + " ".join(str(rng.integers(0, 45)) for _ in range(8)))
        lines.append("breathw 150 150 200 200 400 400 400 400")
    return "\n".join(lines) + "\n"


class Espeak:
    """The library with the voices of one data folder."""

    def __init__(self, folder: Path | None = None) -> None:
        try:
            self._library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        except OSError as error:
            raise UserError("espeak-ng is missing; install it with: apt-get install espeak-ng") from error
        path = str(folder).encode() if folder else None
        self.rate: int = self._library.espeak_Initialize(_RETRIEVAL, 0, path, _PHONEME_EVENTS_IPA)
        if self.rate <= 0:
            raise UserError(f"espeak-ng cannot read its data; look at {folder or data_folder()}")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._callback = _Callback(self._receive)  # the library keeps only the pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._chunks: list[np.ndarray] = []
        self._events: list[tuple[float, str]] = []

    def _receive(self, samples, count: int, events) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type != _EVENT_END:
            if events[i].type == _EVENT_PHONEME:
                name = ctypes.string_at(ctypes.addressof(events[i].id), 8).split(b"\0")[0]
                self._events.append((events[i].sample / self.rate, name.decode("utf-8", "ignore")))
            i += 1
        return 0

    def _choose(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise UserError(f"espeak-ng knows no voice {voice}; list them with: espeak-ng --voices")

    def ipa(self, text: str, language: str) -> str:
        """Return the IPA of `text` with stress marks, words divided by spaces."""
        self._choose(language)
        pointer = ctypes.c_char_p(text.encode())
        clauses = []
        while pointer.value is not None:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA).decode("utf-8"))
        return " ".join(clauses)

    def say(self, text: str, voice: str, rng: np.random.Generator) -> Utterance | None:
        """Return `text` at a random rate and pitch; None where espeak-ng changed language in it."""
        self._choose(voice)
        self._chunks, self._events = [], []
        settings = {
            _RATE: int(rng.integers(120, 340) if rng.random() < 0.7 else rng.integers(80, 450)),
            _VOLUME: 100,
            _PITCH: int(rng.integers(10, 90)),
            _RANGE: int(rng.integers(5, 95)),
            _WORD_GAP: int(rng.integers(0, 5)) if rng.random() < 0.15 else 0,
        }
        for parameter, value in settings.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        # "(en)" marks a foreign word: its phones would be labelled by the wrong table.
        if len(self._events) < 4 or any(name.startswith("(") for _, name in self._events):
            return None
        samples = np.concatenate(self._chunks).astype(np.float32) / 32768
        phones = phones_from_events(self._events, len(samples) / self.rate)
        return Utterance(samples, self.rate, phones, f"espeak:{voice}")
