"""Who speaks in the training data: each source says sentences until a shard is full."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from studio.core.speech.features import HOP_SECONDS

from . import augment, festival, flite, shards
from .espeak import Espeak, add_voices
from .kokoro import Kokoro
from .texts import sentence
from .utterance import Utterance

# espeak-ng voice -> ISO 639-1 of its words. Polish and Turkish are left out: the network is tested on them.
LANGUAGES = {
    "en-us": "en", "en": "en", "en-gb-scotland": "en", "de": "de", "fr": "fr", "es": "es", "es-419": "es",
    "it": "it", "pt": "pt", "pt-br": "pt", "ru": "ru", "nl": "nl", "sv": "sv", "nb": "nb", "da": "da", "fi": "fi",
    "hu": "hu", "cs": "cs", "sk": "sk", "hr": "sh", "sl": "sl", "bg": "bg", "mk": "mk", "uk": "uk", "ro": "ro",
    "ca": "ca", "el": "el", "lt": "lt", "lv": "lv", "is": "is", "id": "id", "ms": "ms", "vi": "vi", "ko": "ko",
    "ja": "ja", "cmn-latn-pinyin": "zh", "hi": "hi", "bn": "bn", "ur": "ur", "fa": "fa", "ar": "ar",
}  # fmt: skip
_OFTEN = ("en-us", "en-us", "en", "en-gb-scotland", "de", "fr", "es", "it", "pt-br", "cmn-latn-pinyin", "ru")
_MADE_VOICES = 100  # per shard
_RENDERINGS = {"espeak": 1, "flite": 2, "festival": 2, "kokoro": 4}  # of one utterance: the slower, the more


def _pick_language(rng: np.random.Generator) -> str:
    return str(rng.choice(_OFTEN if rng.random() < 0.5 else list(LANGUAGES)))


def _espeak(rng: np.random.Generator) -> Iterator[Utterance | None]:
    with tempfile.TemporaryDirectory() as folder:
        names = add_voices(Path(folder), _MADE_VOICES, rng)
        library = Espeak(Path(folder))
        while True:
            language = _pick_language(rng)
            variant = f"+{rng.choice(names)}" if rng.random() < 0.9 else ""
            yield library.say(sentence(LANGUAGES[language], rng), language + variant, rng)


def _kokoro(rng: np.random.Generator) -> Iterator[Utterance | None]:
    library, network = Espeak(), Kokoro()
    while True:
        language = _pick_language(rng) if rng.random() < 0.5 else "en-us"
        yield network.say(library.ipa(sentence(LANGUAGES[language], rng), language) + ".", rng)


def _flite(rng: np.random.Generator) -> Iterator[Utterance | None]:
    while True:
        yield flite.say(sentence("en", rng), str(rng.choice(flite.VOICES)), rng)


def _festival(rng: np.random.Generator) -> Iterator[Utterance | None]:
    while True:
        voice = festival.VOICES[rng.integers(len(festival.VOICES))]
        yield from festival.say([sentence(voice.language, rng) for _ in range(12)], voice, rng)


SOURCES: dict[str, Callable[[np.random.Generator], Iterator[Utterance | None]]] = {
    "espeak": _espeak,
    "flite": _flite,
    "festival": _festival,
    "kokoro": _kokoro,
}


def make_shard(source: str, seed: int, minutes: float, folder: Path) -> Path:
    """Write ``folder/<source>-<seed>.npz`` with about `minutes` of speech and return its path."""
    path = folder / f"{source}-{seed:04d}.npz"
    rng = np.random.default_rng([list(SOURCES).index(source), seed])
    examples: list[shards.Example] = []
    seconds = 0.0
    for said in SOURCES[source](rng):
        if said is None or len(said.samples) < 0.5 * said.rate or len(said.phones) < 4:
            continue
        for _ in range(_RENDERINGS[source]):
            examples.append(shards.example(*augment.humanise(said, rng)))
            seconds += len(examples[-1].labels) * HOP_SECONDS
        if seconds > 60 * minutes:
            break
    shards.write(path, examples)
    return path
