"""Festival as a tool: voices cut from human recordings in eight languages, with the times of their segments."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io.wavfile

from studio.core.errors import UserError

from .articulation import ARPABET, phones_from_events
from .utterance import Utterance

_PACKAGES = (
    "festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts festvox-italp16k festvox-itapc16k "
    "festival-czech festvox-czech-dita festvox-czech-krb festvox-czech-machac festvox-czech-ph festvox-ru "
    "festvox-suopuhe-lj festvox-suopuhe-mv festival-ca festvox-ca-ona-hts festival-hi festvox-hi-nsk "
    "festival-mr festvox-mr-nsk"
)

_ENGLISH = {name.lower(): ipa for name, ipa in ARPABET.items()}
# The letters of SAMPA that most of these voices share; a digit marks stress and is dropped.
_SAMPA = {
    "#": "", "_": "", "pau": "", "E": "ɛ", "O": "ɔ", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "J": "ɲ", "L": "ʎ", "@": "ə",
    "ax": "ə", "tS": "tʃ", "dZ": "dʒ", "ts": "ts", "dz": "dz", "rr": "r", "g": "ɡ", "D": "ð", "B": "β", "G": "ɣ",
    "T": "θ", "A": "ɑ", "uu": "u", "ii": "i", "aa": "a",
}  # fmt: skip
_CZECH = {
    "ch": "x", "c": "ts", "c~": "tʃ", "s~": "ʃ", "z~": "ʒ", "r~": "ʒ", "r~*": "ʃ", "n~": "ɲ", "t~": "c", "d~": "ɟ",
    "dz~": "dʒ", "dz": "dz", "n*": "ŋ", "h": "ɦ",
}  # fmt: skip
# Doubled consonants are soft, doubled vowels stressed.
_RUSSIAN = {
    "zh": "ʒ", "sh": "ʃ", "sch": "ɕ", "ch": "tʃ", "c": "ts", "h": "x", "hh": "x", "ae": "e", "ay": "ə", "ee": "e",
    "oo": "o", "aa": "a", "uu": "u", "ii": "i", "yy": "ɨ", "y": "ɨ", "ur": "ə", "j": "j",
} | {letter * 2: letter for letter in "pbmfvtdnslrkgz"}  # fmt: skip
_FINNISH = {"@": "æ", "7": "ø", "A": "ɑ", "a": "ɑ", "N": "ŋ", "D": "d", "v": "ʋ"}
_INDIAN = {
    "aa": "a", "a": "ə", "ay": "ɛ", "aw": "ɔ", "eh": "e", "ih": "ɪ", "iy": "i", "uh": "ʊ", "uw": "u",
    "ee": "i", "ii": "i", "uu": "u", "oo": "o", "ou": "o", "au": "ɔ",
    "ng": "ŋ", "nj": "ɲ", "ny": "ɲ", "nd": "ɳ", "th": "t", "dh": "d", "tt": "ʈ", "dd": "ɖ", "kh": "k", "gh": "ɡ",
    "ph": "p", "bh": "b", "ch": "tʃ", "jh": "dʒ", "j": "dʒ", "sh": "ʃ", "y": "j", "v": "ʋ",
}  # fmt: skip


@dataclass(frozen=True)
class Voice:
    """A Festival voice, what it can read and how its segments are called."""

    name: str
    language: str  # ISO 639-1
    encoding: str
    table: dict[str, str]


VOICES = (
    Voice("kal_diphone", "en", "ascii", _ENGLISH),
    Voice("ked_diphone", "en", "ascii", _ENGLISH),
    Voice("cmu_us_slt_arctic_hts", "en", "ascii", _ENGLISH),
    Voice("lp_diphone", "it", "latin-1", _SAMPA),
    Voice("pc_diphone", "it", "latin-1", _SAMPA),
    Voice("czech_dita", "cs", "iso8859-2", _CZECH),
    Voice("czech_krb", "cs", "iso8859-2", _CZECH),
    Voice("czech_machac", "cs", "iso8859-2", _CZECH),
    Voice("czech_ph", "cs", "iso8859-2", _CZECH),
    Voice("msu_ru_nsh_clunits", "ru", "utf-8", _RUSSIAN),
    Voice("suo_fi_lj_diphone", "fi", "latin-1", _FINNISH),
    Voice("hy_fi_mv_diphone", "fi", "latin-1", _FINNISH),
    Voice("upc_ca_ona_hts", "ca", "latin-1", _SAMPA),
    Voice("hindi_NSK_diphone", "hi", "utf-8", _INDIAN),
    Voice("marathi_NSK_diphone", "hi", "utf-8", _INDIAN),
)


def segment_ipa(name: str, table: dict[str, str]) -> str:
    """Return the IPA of a segment called `name`; the table's and SAMPA's names first, else the letter itself."""
    plain = name.rstrip("0123456789:") or name
    for candidate in (name, plain, plain.lower()):
        for known in (table, _SAMPA):
            if candidate in known:
                return known[candidate]
    return plain.lower()


def say(texts: Sequence[str], voice: Voice, rng: np.random.Generator) -> list[Utterance]:
    """Return `texts` said by `voice`, those left out that it cannot read.

    Raises
    ------
    UserError
        If Festival or the voice is not installed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stretch = rng.uniform(0.6, 1.25)
        lines = [f"(voice_{voice.name})", f"(Parameter.set 'Duration_Stretch {stretch:.2f})"]
        for i, text in enumerate(texts):
            readable = text.encode(voice.encoding, "ignore").decode(voice.encoding).replace('"', " ")
            if len(readable) < 0.8 * len(text):
                continue
            lines += [
                f'(set! said (Utterance Text "{readable}"))',
                # A word that its lexicon cannot read ends that sentence, not the run.
                "(unwind-protect (begin (utt.synth said)",
                f' (utt.save.wave said "{folder}/{i}.wav" \'riff)',
                f' (format t "\\nSEGMENTS {i}")',
                ' (mapcar (lambda (s) (format t " %s:%f" (item.name s) (item.feat s \'end)))',
                "  (utt.relation.items said 'Segment))",
                ' (format t "\\n")) nil)',
            ]
        script = folder / "say.scm"
        script.write_bytes("\n".join(lines).encode(voice.encoding))
        try:
            done = subprocess.run(["festival", "-b", str(script)], capture_output=True, timeout=300, check=False)
        except FileNotFoundError as error:
            raise UserError(f"Festival is missing; install it with: apt-get install {_PACKAGES}") from error
        if b"unbound variable: voice_" in done.stderr:
            raise UserError(f"Festival lacks {voice.name}; install its voices with: apt-get install {_PACKAGES}")
        said = []
        for line in done.stdout.decode("latin-1").splitlines():
            if not line.startswith("SEGMENTS "):
                continue
            _, index, *tokens = line.split()
            rate, samples = scipy.io.wavfile.read(folder / f"{index}.wav")
            events, start = [], 0.0
            for token in tokens:
                segment, end = token.rsplit(":", 1)
                events.append((start, segment_ipa(segment, voice.table)))
                start = float(end)
            samples = samples.astype(np.float32) / 32768
            phones = phones_from_events(events, len(samples) / rate)
            said.append(Utterance(samples, rate, phones, f"festival:{voice.name}"))
    return said
