"""Phones -> targets: what the mouth does for each sound of speech, blended over time.

The blend is the dominance model of Cohen and Massaro ("Modeling coarticulation in synthetic visual speech",
1993): every phone pulls each channel towards its own target, most strongly in its middle, and the channel is
the mean of the targets weighted by how strongly each pulls. A lip closure pulls so hard that its neighbours
cannot keep it from closing; a jaw gives way to all around it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from studio.core.speech.features import HOP_SECONDS
from studio.core.speech.network import CHANNELS

from .utterance import Phone

# Vowels: jaw opening, rounding, spreading.
VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (0.15, 0, 0.8), "ɪ": (0.25, 0, 0.55), "e": (0.35, 0, 0.55), "ɛ": (0.5, 0, 0.4), "æ": (0.75, 0, 0.45),
    "a": (0.85, 0, 0.2), "ɑ": (0.85, 0.05, 0), "ɒ": (0.75, 0.35, 0), "ɔ": (0.55, 0.55, 0), "o": (0.4, 0.75, 0),
    "ʊ": (0.3, 0.6, 0), "u": (0.2, 0.95, 0), "y": (0.15, 0.9, 0.1), "ʏ": (0.25, 0.75, 0.1), "ø": (0.35, 0.75, 0),
    "œ": (0.5, 0.6, 0), "ə": (0.45, 0.05, 0.1), "ɚ": (0.35, 0.25, 0.05), "ɜ": (0.4, 0.15, 0.05),
    "ɝ": (0.35, 0.3, 0.05), "ʌ": (0.55, 0, 0.1), "ɐ": (0.65, 0, 0.1), "ɯ": (0.2, 0.1, 0.3), "ɨ": (0.2, 0.05, 0.4),
    "ʉ": (0.2, 0.7, 0), "ɤ": (0.4, 0, 0.1), "ɵ": (0.35, 0.55, 0), "ɘ": (0.35, 0, 0.2), "ɞ": (0.5, 0.4, 0),
}  # fmt: skip

BILABIALS = frozenset("pbmɓʙ")
STOPS = frozenset("pbtdkɡgqcɟʔɓɗʈɖ")
# Consonants: channel -> (target, dominance); what is not named is pulled weakly to zero.
_CONSONANT_GROUPS: list[tuple[str, dict[str, tuple[float, float]]]] = [
    ("pbmɓʙ", {"jaw": (0.12, 1.2), "close": (1, 8)}),
    ("ɸβ", {"jaw": (0.12, 1), "close": (0.55, 4)}),
    ("fvɱ", {"jaw": (0.12, 1.3), "fv": (1, 8)}),
    ("ʋ", {"jaw": (0.12, 1.3), "fv": (0.6, 8)}),
    ("wʍɥ", {"jaw": (0.15, 1), "round": (0.95, 2.5)}),
    ("tdɗʈɖnɳ", {"jaw": (0.2, 0.7), "tongue": (0.85, 2)}),
    ("szʂʐ", {"jaw": (0.07, 1.8), "tongue": (0.6, 1.5), "teeth": (0.95, 3), "spread": (0.3, 0.6)}),
    ("ʃʒɕʑ", {"jaw": (0.1, 1.6), "round": (0.5, 1.2), "teeth": (0.9, 3), "tongue": (0.5, 1)}),
    ("θð", {"jaw": (0.2, 1), "tongue": (1, 4)}),
    ("lɫɭɬɮʎɺ", {"jaw": (0.3, 0.6), "tongue": (0.9, 2)}),
    ("ɹɻ", {"jaw": (0.25, 0.7), "round": (0.4, 0.9), "tongue": (0.3, 0.8)}),
    ("rɾɽ", {"jaw": (0.25, 0.6), "tongue": (0.75, 2)}),
    ("jʝ", {"jaw": (0.15, 0.8), "spread": (0.6, 1.2)}),
    ("ɲɟc", {"jaw": (0.2, 0.6), "tongue": (0.6, 1), "spread": (0.3, 0.6)}),
    ("çɧ", {"jaw": (0.18, 0.7), "spread": (0.45, 0.8)}),
    ("kɡgqŋɴxɣχʁʀħʕɠʟɰ", {"jaw": (0.28, 0.35)}),
    ("hɦʔ", {"jaw": (0.35, 0.15)}),
]  # fmt: skip
CONSONANTS = {letter: targets for letters, targets in _CONSONANT_GROUPS for letter in letters}
# Class 0 is silence: the order of the phone labels in the shards.
SYMBOLS = ("", *sorted(VOWELS), *sorted(CONSONANTS))

UNKNOWN = 255  # the label of a hop whose phone nobody knows
# By label: the jaw opening of vowels, NaN of all else.
OPENINGS = np.full(UNKNOWN + 1, np.nan, np.float32)
OPENINGS[: len(SYMBOLS)] = [VOWELS[symbol][0] if symbol in VOWELS else np.nan for symbol in SYMBOLS]

ARPABET = dict(
    AA="ɑ", AE="æ", AH="ʌ", AO="ɔ", AW="aʊ", AX="ə", AXR="ɚ", AY="aɪ", B="b", CH="tʃ", D="d", DH="ð", DX="ɾ",
    EH="ɛ", ER="ɚ", EY="eɪ", F="f", G="ɡ", HH="h", IH="ɪ", IX="ɨ", IY="i", JH="dʒ", K="k", L="l", M="m", N="n",
    NG="ŋ", OW="oʊ", OY="ɔɪ", P="p", R="ɹ", S="s", SH="ʃ", T="t", TH="θ", UH="ʊ", UW="u", V="v", W="w", Y="j",
    Z="z", ZH="ʒ", SIL="", PAU="",
)  # fmt: skip

_SPREAD_SECONDS = np.array([0.055, 0.024, 0.085, 0.06, 0.024, 0.04, 0.035, 0.03])
_REST_DOMINANCE = np.array([0.0, 1.0, 0.35, 0.35, 1.0, 0.6, 0.8, 1.0])  # towards zero, where a phone names none
_SILENCE_DOMINANCE = np.array([0.8, 1.0, 0.8, 0.8, 1.0, 0.8, 1.0, 1.0])
_NOWHERE = np.array([0.02, 0.05, 0.02, 0.02, 0.05, 0.02, 0.05, 1e-6])
# The blend alone lets short vowels open hardly more than their neighbours; mouths that are seen open further.
_OWN_OPENING = 0.4
_REACH = 0.45  # s beyond which a phone pulls at nothing


def letters(ipa: str) -> list[str]:
    """Return the one or two known letters of one phoneme: first and last of a diphthong or an affricate."""
    known = []
    for letter in unicodedata.normalize("NFC", ipa):
        base = unicodedata.normalize("NFD", letter)[0]
        known += [candidate for candidate in (letter, base) if candidate in VOWELS or candidate in CONSONANTS][:1]
    if len(known) > 2:
        known = [known[0], known[-1]]
    if not known and any(letter.isalpha() for letter in ipa):
        return ["ə"]  # a sound the table lacks: some neutral opening is nearer than silence
    return known


def phones_from_events(events: Sequence[tuple[float, str]], end: float) -> list[Phone]:
    """Return phones of ``(start, IPA)`` events; each lasts until the next, two-letter ones are divided."""
    phones = []
    starts = [start for start, _ in events]
    for (start, ipa), stop in zip(events, [*starts[1:], end], strict=True):
        if stop - start < 0.004:
            continue
        parts = letters(ipa)
        if len(parts) < 2:
            phones.append(Phone(start, stop, parts[0] if parts else ""))
            continue
        first_vowel, second_vowel = (part in VOWELS for part in parts)
        share = 0.45 if first_vowel and second_vowel else 0.7 if first_vowel else 0.5
        middle = start + share * (stop - start)
        phones += [Phone(start, middle, parts[0]), Phone(middle, stop, parts[1])]
    return phones


def _pull(symbol: str) -> tuple[NDArray, NDArray]:
    """Return target and dominance of one phone, ``[8]`` each."""
    target = np.zeros(len(CHANNELS))
    if symbol == "":
        target[0] = 0.03
        return target, _SILENCE_DOMINANCE
    dominance = _REST_DOMINANCE.copy()
    target[CHANNELS.index("speech")] = 1
    if symbol in VOWELS:
        target[[0, 2, 3]] = VOWELS[symbol]
        dominance[0] = 1.1
        dominance[2] = 1.5 if target[2] > 0.3 else 0.8
        dominance[3] = 1.2
    else:
        for channel, (value, strength) in CONSONANTS[symbol].items():
            target[CHANNELS.index(channel)] = value
            dominance[CHANNELS.index(channel)] = strength
    return target, dominance


def tracks(phones: Iterable[Phone], count: int) -> NDArray[np.float32]:
    """Return channel targets ``[count, 8]``; row i is the mouth at ``(i + 1) * HOP_SECONDS``, its hop's end."""
    times = (np.arange(count) + 1) * HOP_SECONDS
    total = np.zeros((count, len(CHANNELS)))
    weight = np.tile(_NOWHERE, (count, 1))
    after_silence = True
    for start, end, symbol in phones:
        if symbol in STOPS:
            if after_silence:
                start -= 0.04  # the closure itself is silent: it began before anything was heard
            if end - start > 0.05:
                end -= 0.3 * (end - start)  # burst and breath belong to the phone, the closure ended before
        after_silence = symbol == ""
        low = max(0, int((start - _REACH) / HOP_SECONDS) - 1)
        high = min(count, int((end + _REACH) / HOP_SECONDS))
        if high <= low:
            continue
        target, dominance = _pull(symbol)
        centre, half = (start + end) / 2, (end - start) / 2
        distance = np.maximum(0, np.abs(times[low:high] - centre) - 0.6 * half)[:, None]
        pull = dominance * np.exp(-((distance / _SPREAD_SECONDS) ** 1.3))
        total[low:high] += pull * target
        weight[low:high] += pull
    return (total / weight).astype(np.float32)


def opened(channels: NDArray[np.float32], classes: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return targets ``[T, 8]`` whose jaw comes nearer to each vowel's own opening where `classes` ``[T]`` has one."""
    jaw = channels[:, 0]
    nearer = jaw + _OWN_OPENING * (OPENINGS[classes] - jaw)
    return np.concatenate([np.where(np.isfinite(nearer), nearer, jaw)[:, None], channels[:, 1:]], axis=1)


def phones_from_labels(classes: NDArray[np.integer]) -> list[Phone]:
    """Return the phones that `labels` made ``[T]`` of; what nobody knows is silence."""
    edges = [0, *(np.flatnonzero(np.diff(classes)) + 1), len(classes)]
    known = [*SYMBOLS, *[""] * (UNKNOWN + 1 - len(SYMBOLS))]
    return [Phone(a * HOP_SECONDS, b * HOP_SECONDS, known[classes[a]]) for a, b in pairwise(edges)]


def labels(phones: Iterable[Phone], count: int) -> NDArray[np.uint8]:
    """Return the phone class ``[count]`` (index into `SYMBOLS`) in the middle of every hop."""
    rows = np.zeros(count, np.uint8)
    for start, end, symbol in phones:
        low, high = (int(np.clip(round(t / HOP_SECONDS), 0, count)) for t in (start, end))
        rows[low:high] = SYMBOLS.index(symbol)
    return rows
