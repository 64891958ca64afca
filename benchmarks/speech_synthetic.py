"""Other languages, said by espeak-ng in voices that no training data has: phones with times at no alignment's mercy.

espeak-ng is called through the training tool, which leaves out Polish and Turkish and all of espeak-ng's own variants
of voices (``+f3``). The articulation is that of `studio.core.evaluate.phones`.
"""

import sys
from pathlib import Path

import numpy as np
import soxr
from speech_recordings import Recording

from studio.core.evaluate.phones import Phone
from studio.core.speech.features import SAMPLE_RATE

sys.path.append(str(Path(__file__).resolve().parents[1]))

from tools.train_speech.espeak import Espeak

VOICES = {"develop": ("tr", "de+f3"), "judge": ("pl", "fr+m4")}

# Everyday sentences of our own, rich in lips.
SENTENCES = {
    "tr": (
        "Merhaba, bugün pazara gidip biraz ekmek ve peynir almak istiyorum.",
        "Annem bana mavi bir araba ve küçük bir bebek getirdi.",
        "Bu kitabı bitirdim, şimdi başka bir roman okumaya başladım.",
        "Akşam yemeğinden sonra balkonda oturup müzik dinledik.",
    ),
    "de": (
        "Am Bahnhof warten immer viele Menschen auf den Abendzug.",
        "Meine Oma backt jeden Samstag Brot mit Mohn und Pflaumen.",
        "Bitte bringen Sie mir einen Becher Kaffee und etwas Milch.",
        "Wir haben im Park ein paar bunte Blumen gepflanzt.",
    ),
    "pl": (
        "Mama kupiła pomidory, paprykę i białe bułki na śniadanie.",
        "Proszę podać mi mapę, bo nie pamiętam tej drogi.",
        "Mój brat bardzo lubi zimę, ale ja wolę upalne lato.",
        "Po pracy pójdziemy do parku i będziemy karmić ptaki.",
    ),
    "fr": (
        "Maman a préparé une bonne soupe pour le repas de midi.",
        "Je voudrais un peu de beurre et beaucoup de pain blanc.",
        "Nous prenons le bateau pour aller voir la plage demain.",
        "Le petit garçon rêve de voyages en montgolfière bleue.",
    ),
}

_LETTERS = {
    "IY": "i", "IH": "ɪ", "E": "e", "EH": "ɛ", "AE": "æ", "A": "a", "AA": "ɑ", "AO": "ɔɒ", "O": "oɤ", "UH": "ʊ",
    "UW": "uʉ", "AX": "əɘ", "ER": "ɚɜɝ", "AH": "ʌɐ", "UE": "yʏ", "OE": "øœɵɞ", "UU": "ɯɨ", "P": "pɸ", "B": "bɓʙβ",
    "M": "m", "F": "f", "V": "vɱʋ", "W": "wɥʍ", "T": "tʈc", "D": "dɖɗɟ", "N": "nɲɳ", "S": "s", "Z": "z", "SH": "ʃɕʂɧ",
    "ZH": "ʒʑʐ", "TH": "θ", "DH": "ð", "L": "lɫɭɬɮʎɺ", "R": "ɹɻ", "DX": "rɾɽ", "Y": "jʝç", "HH": "hɦʔ", "K": "kqxχħ",
    "G": "ɡgɣʁʀʕɰɠʟ", "NG": "ŋɴ",
}  # fmt: skip
ARPABET = {letter: label for label, letters in _LETTERS.items() for letter in letters}


def synthesised(split: str, seed: int = 0) -> list[Recording]:
    """Say the split's sentences, each as one recording with its phones.

    Raises
    ------
    UserError
        If espeak-ng is not installed.
    """
    espeak = Espeak()
    rng = np.random.default_rng(seed)
    found = []
    for voice in VOICES[split]:
        for k, sentence in enumerate(SENTENCES[voice.partition("+")[0]]):
            said = espeak.say(sentence, voice, rng)
            if said is None:
                continue  # espeak-ng took a word for another language's
            phones: list[Phone] = [(p.start, p.end, ARPABET[p.symbol] if p.symbol else "") for p in said.phones]
            samples = np.asarray(soxr.resample(said.samples, said.rate, SAMPLE_RATE), np.float32)
            found.append(Recording(f"{voice} {k + 1}", "synthetic", samples, phones))
    return found
