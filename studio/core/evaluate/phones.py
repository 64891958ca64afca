"""What a mouth should do in a recording: its phones with their times, and the articulation they ask for.

Phones come from a TextGrid, or from PocketSphinx' forced alignment of a transcript. The table and the dominance model
here belong to the benchmarks alone: what trains the network has its own, so that no change there moves the judge.

Dominance after Cohen & Massaro, "Modeling coarticulation in synthetic visual speech" (1993): a channel is the mean of
all phones' targets, each weighted by how strongly and how near in time its phone asks for one.
"""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.speech.features import HOP_SECONDS, SAMPLE_RATE

Phone: TypeAlias = tuple[float, float, str]
"""From s, to s, ARPAbet without stress; "" for silence."""

TARGETS = ("jaw", "close", "round", "spread", "fv", "teeth")
"""The channels that have a reference, named as the network's (`network.CHANNELS`)."""

BILABIALS = ("P", "B", "M")
LABIODENTALS = ("F", "V")

# Jaw, round and spread of vowels, 0..1: openness and rounding as the IPA chart orders them.
VOWELS = {
    "AA": (0.85, 0.05, 0.0), "AE": (0.75, 0.0, 0.45), "AH": (0.55, 0.0, 0.1), "AO": (0.55, 0.55, 0.0),
    "AX": (0.35, 0.05, 0.1), "EH": (0.5, 0.0, 0.4), "ER": (0.35, 0.25, 0.05), "IH": (0.25, 0.0, 0.55),
    "IY": (0.15, 0.0, 0.8), "UH": (0.3, 0.6, 0.0), "UW": (0.2, 0.95, 0.0),
    "A": (0.85, 0.0, 0.2), "E": (0.35, 0.0, 0.55), "O": (0.4, 0.75, 0.0),  # as diphthongs begin
    "UE": (0.15, 0.9, 0.1), "OE": (0.4, 0.7, 0.0), "UU": (0.2, 0.08, 0.35),  # other languages': y, ø and œ, ɯ and ɨ
}  # fmt: skip
# Consonants: what each asks for, as (target, dominance); what it does not name it leaves to its neighbours.
_LINGUAL = {"jaw": (0.2, 0.7)}
_DENTAL = {"jaw": (0.2, 1.0)}
_VELAR = {"jaw": (0.28, 0.35)}
_BILABIAL = {"jaw": (0.12, 1.2), "close": (1.0, 8.0)}
_LABIODENTAL = {"jaw": (0.12, 1.3), "fv": (1.0, 8.0)}
_ALVEOLAR_HISS = {"jaw": (0.07, 1.8), "spread": (0.3, 0.6), "teeth": (0.95, 3.0)}
_ROUNDED_HISS = {"jaw": (0.1, 1.6), "round": (0.5, 1.2), "teeth": (0.9, 3.0)}
CONSONANTS: dict[str, dict[str, tuple[float, float]]] = {
    **dict.fromkeys(BILABIALS, _BILABIAL),
    **dict.fromkeys(LABIODENTALS, _LABIODENTAL),
    **dict.fromkeys(("T", "D", "N"), _LINGUAL),
    **dict.fromkeys(("K", "G", "NG"), _VELAR),
    **dict.fromkeys(("S", "Z"), _ALVEOLAR_HISS),
    **dict.fromkeys(("SH", "ZH"), _ROUNDED_HISS),
    **dict.fromkeys(("TH", "DH"), _DENTAL),
    "W": {"jaw": (0.15, 1.0), "round": (0.95, 2.5)},
    "L": {"jaw": (0.3, 0.6)},
    "R": {"jaw": (0.25, 0.7), "round": (0.4, 0.9)},
    "DX": {"jaw": (0.25, 0.6)},
    "Y": {"jaw": (0.15, 0.8), "spread": (0.6, 1.2)},
    "HH": {"jaw": (0.35, 0.15)},
}
# Phones that are two gestures, and the share of time the first one has.
_GLIDES = {"AW": ("A", "UH", 0.45), "AY": ("A", "IH", 0.45), "EY": ("E", "IH", 0.45), "OW": ("O", "UH", 0.45),
           "OY": ("AO", "IH", 0.45), "CH": ("T", "SH", 0.5), "JH": ("D", "ZH", 0.5)}  # fmt: skip
_PLOSIVES = ("P", "B", "T", "D", "K", "G")

_REACH = np.array([0.055, 0.024, 0.085, 0.06, 0.024, 0.035])  # s over which dominance falls to 1/e, by channel
_UNNAMED = np.array([0.0, 1.0, 0.35, 0.35, 1.0, 0.8])  # dominance of "not named: 0"
_AT_REST = np.array([0.8, 1.0, 0.8, 0.8, 1.0, 1.0])  # dominance of silence
_BACKGROUND = np.array([0.02, 0.05, 0.02, 0.02, 0.05, 0.05])  # of the mouth at rest, always
_SILENT_JAW = 0.03
_ROOM = 0.3  # s of faint noise put around a recording before it is aligned
_MISFIT = "The transcript does not fit the recording; check that it holds every word and no other."
_FAR = 0.45  # s beyond which a phone asks for nothing


def read_phones(path: Path) -> list[Phone]:
    """Read the phone tier of a short-form Praat TextGrid."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    start = lines.index('"phones"')
    count = int(lines[start + 3])
    phones = []
    for k in range(start + 4, start + 4 + 3 * count, 3):
        label = re.sub(r'[0-9"]', "", lines[k + 2]).upper()
        phones.append((float(lines[k]), float(lines[k + 1]), "" if label in ("SIL", "SP", "SPN") else label))
    return phones


def spoken_words(transcript: str) -> list[str]:
    """Return the words of a transcript in lower case, without its marks ``<s>``, ``[...]`` and ``(001)``."""
    return re.sub(r"<[^>]*>|\[[^\]]*\]|\([^)]*\)", " ", transcript.lower()).split()


def align_phones(samples: NDArray[np.float32], transcript: str, cache: Path) -> list[Phone]:
    """Align the phones of a transcript with English speech ``[S]`` at 16 kHz by PocketSphinx.

    What was aligned once is read from the file `cache`.

    Raises
    ------
    UserError
        If PocketSphinx is not installed, its dictionary lacks a word, or the words do not fit the sound.
    """
    if cache.exists():
        return [(start, end, label) for start, end, label in json.loads(cache.read_text(encoding="utf-8"))]
    phones = _forced_alignment(samples, spoken_words(transcript))
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(phones), encoding="utf-8")
    return phones


def _forced_alignment(samples: NDArray[np.float32], words: list[str]) -> list[Phone]:
    try:
        # An optional extra: where it is not installed no import of it can be checked.
        pocketsphinx: Any = import_module("pocketsphinx")
    except ImportError:
        raise UserError("Transcripts are aligned by PocketSphinx; run 'pip install pocketsphinx'.") from None
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    dictionary = model / "cmudict-en-us.dict"
    known = {line.split()[0] for line in dictionary.read_text(encoding="utf-8").splitlines()}
    if unknown := sorted(set(words) - known):
        raise UserError(
            f"PocketSphinx' dictionary lacks {', '.join(unknown)}; add how they are said or use a TextGrid."
        )
    # Recordings cut at the first and last word do not align without some room around them.
    room = 0.0005 * np.random.default_rng(0).standard_normal(round(_ROOM * SAMPLE_RATE))
    padded = np.concatenate([room, 0.9 * samples, room])
    sound = (np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes()
    # lm=None: otherwise the decoder loads a language model. Its best path may give phones too few frames to align.
    beams = dict.fromkeys(("beam", "wbeam", "pbeam"), 1e-200)
    decoder = pocketsphinx.Decoder(
        hmm=str(model / "en-us"), dict=str(dictionary), lm=None, bestpath=False, loglevel="FATAL", **beams
    )
    decoder.set_align_text(" ".join(words))
    try:
        for second_pass in (False, True):  # words first, then the phones within them
            if second_pass:
                decoder.set_alignment()
            decoder.start_utt()
            decoder.process_raw(sound, full_utt=True)
            decoder.end_utt()
    except RuntimeError:
        raise UserError(_MISFIT) from None
    found = [phone for word in decoder.get_alignment() for phone in word]
    phones = [(p.start * HOP_SECONDS, (p.start + p.duration) * HOP_SECONDS, arpabet(p.name)) for p in found]
    seconds = len(samples) / SAMPLE_RATE
    spoken = [(start - _ROOM, end - _ROOM, label) for start, end, label in phones if label]
    # Words that are not in the sound are found in the room around it.
    if spoken[0][1] <= 0 or spoken[-1][0] >= seconds:
        raise UserError(_MISFIT)
    return filled([(max(start, 0.0), min(end, seconds), label) for start, end, label in spoken], seconds)


def arpabet(label: str) -> str:
    """Return one of PocketSphinx' phones as `Phone` names it: silence and its noises (``+BREATH+``) are ""."""
    return "" if label == "SIL" or label.startswith(("+", "<")) else label


def filled(phones: list[Phone], seconds: float) -> list[Phone]:
    """Return phones with silence put where nothing lies from 0 to `seconds`."""
    whole: list[Phone] = []
    now = 0.0
    for start, end, label in [*phones, (seconds, seconds, "")]:
        if start > now + 1e-6:
            whole.append((now, start, ""))
        if end > start:
            whole.append((start, end, label))
        now = max(now, end)
    return whole


def bilabials(phones: list[Phone]) -> list[tuple[float, float]]:
    """Return the spans of p, b, m in s, neighbours merged."""
    spans: list[tuple[float, float]] = []
    for start, end, label in phones:
        if label not in BILABIALS:
            continue
        if spans and start - spans[-1][1] < 0.01:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def gestures(phones: list[Phone]) -> list[Phone]:
    """Split diphthongs and affricates into the two gestures they are."""
    parts: list[Phone] = []
    for start, end, label in phones:
        if label in _GLIDES:
            first, second, share = _GLIDES[label]
            middle = start + share * (end - start)
            parts += [(start, middle, first), (middle, end, second)]
        else:
            parts.append((start, end, label))
    return parts


def target_tracks(phones: list[Phone], hops: int) -> NDArray[np.float32]:
    """Return `TARGETS` ``[hops,6]`` 0..1 at the times ``k * HOP_SECONDS``."""
    times = np.arange(hops) * HOP_SECONDS
    weighted, total = np.zeros((hops, len(TARGETS))), np.tile(_BACKGROUND, (hops, 1))
    after_silence = True
    for start, end, label in gestures(phones):
        target, dominance = _asked(label)
        silent = label == ""
        if label in _PLOSIVES:
            # Lips and tongue shut before the sound of a first plosive, and let go before its burst has faded.
            start -= 0.04 if after_silence else 0.0
            end -= 0.3 * (end - start) if end - start > 0.05 else 0.0
        after_silence = silent
        near = slice(*np.searchsorted(times, [start - _FAR, end + _FAR]))
        distance = np.maximum(np.abs(times[near] - (start + end) / 2) - 0.3 * (end - start), 0)[:, None]
        weight = dominance * np.exp(-((distance / _REACH) ** 1.3))
        weighted[near] += weight * target
        total[near] += weight
    return (weighted / total).astype(np.float32)


def _asked(label: str) -> tuple[NDArray, NDArray]:
    """Return target and dominance ``[6]`` of one gesture."""
    target = np.zeros(len(TARGETS))
    if label == "":
        target[0] = _SILENT_JAW
        return target, _AT_REST
    dominance = _UNNAMED.copy()
    if label in VOWELS:
        jaw, rounded, spread = VOWELS[label]
        target[[0, 2, 3]] = jaw, rounded, spread
        dominance[[0, 2, 3]] = 0.5 if label == "AX" else 1.1, 1.5 if rounded > 0.3 else 0.8, 1.2
    elif label in CONSONANTS:
        for name, (value, strength) in CONSONANTS[label].items():
            target[TARGETS.index(name)], dominance[TARGETS.index(name)] = value, strength
    else:
        raise UserError(f"'{label}' is no ARPAbet phone; check the alignment.")
    return target, dominance
