"""What the voices say: sentences where there are free ones, elsewhere words drawn by how common they are."""

import functools
import re
from pathlib import Path

import numpy as np

from studio.core.errors import UserError

_WORDNET = Path("/usr/share/wordnet")
_HESITATIONS = ["um", "uh", "hmm", "like", "you know", "I mean", "well", "so", "and uh", "but um", "kind of", "maybe"]
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?", re.UNICODE)
_LABIALS = ["p", "b", "m", "p", "b", "m", "f", "v", "w"]
_OTHERS = ["t", "d", "n", "s", "l", "r", "k", "g", "sh", "ch", "j", "h", "st", "sp", "br", "pl", "tr", ""]


@functools.cache
def _english_sentences() -> list[str]:
    """Return the examples and glosses of WordNet: short, natural, of every subject."""
    if not _WORDNET.is_dir():
        raise UserError("WordNet's texts are missing; install them with: apt-get install wordnet-base")
    found = []
    for part in ("noun", "verb", "adj", "adv"):
        for line in (_WORDNET / f"data.{part}").read_text("utf-8").splitlines():
            for piece in re.split(r'[;"]', line.partition(" | ")[2]):
                words = _LETTERS.findall(piece)
                if 4 <= len(words) <= 14:
                    found.append(" ".join(words))
    return found


@functools.cache
def _words(language: str) -> list[str]:
    """Return words of `language` (ISO 639-1), the most common first."""
    import wordfreq  # pyright: ignore[reportMissingImports]

    words = wordfreq.top_n_list(language, 20000)
    if language == "ja":
        return [word for word in words if _KANA.fullmatch(word)]
    if language == "zh":
        return [word for word in words if re.fullmatch(r"[一-鿿]+", word)]
    return [word for word in words if _LETTERS.fullmatch(word)]


def _common_words(language: str, rng: np.random.Generator) -> str:
    words = _words(language)
    ranks = np.exp(rng.uniform(0, np.log(len(words)), rng.integers(4, 12))).astype(int) - 1
    chosen = [words[rank] for rank in ranks]
    if language == "zh":
        from pypinyin import Style, lazy_pinyin  # pyright: ignore[reportMissingImports]

        return " ".join(" ".join(lazy_pinyin(w, Style.TONE3, neutral_tone_with_five=True)) for w in chosen)
    return " ".join(chosen)


def _hesitant(text: str, rng: np.random.Generator) -> str:
    """Return `text` as it is said while thinking: fillers, repeats and broken-off beginnings."""
    said = []
    for word in text.split():
        chance = rng.random()
        if chance < 0.12:
            said.append(f"{rng.choice(_HESITATIONS)}{rng.choice(['', ',', ',', '...'])}")
        elif chance < 0.18:
            said.append(word)
        said.append(word)
    return " ".join(said)


def _invented(rng: np.random.Generator) -> str:
    """Return words of no language with many lip sounds, so that none is learnt from its usual neighbours."""

    def syllable() -> str:
        onset = rng.choice(_LABIALS if rng.random() < 0.5 else _OTHERS)
        return f"{onset}{rng.choice(list('aeiou'))}{rng.choice(['', '', '', 'n', 'm', 's', 'l', 'p', 'b', 't'])}"

    return " ".join("".join(syllable() for _ in range(rng.integers(1, 4))) for _ in range(rng.integers(4, 10)))


def sentence(language: str, rng: np.random.Generator) -> str:
    """Return something to say in `language` (ISO 639-1)."""
    if language != "en":
        plain = language in {"es", "fi", "id", "de", "it", "cs"} and rng.random() < 0.25
        return _invented(rng) if plain else _common_words(language, rng)
    chance = rng.random()
    if chance < 0.1:
        return _invented(rng)
    if chance < 0.35:
        text = _common_words("en", rng)
    else:
        sentences = _english_sentences()
        text = sentences[rng.integers(len(sentences))]
    return _hesitant(text, rng) if rng.random() < 0.35 else text
