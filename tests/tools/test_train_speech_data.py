"""From phones to shards: what the trainer is given."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.core.speech.features import HOP_SECONDS, MELS
from studio.core.speech.network import CHANNELS
from tools.train_speech import augment, festival, kokoro, lips, music, shards
from tools.train_speech.articulation import (
    SYMBOLS,
    UNKNOWN,
    labels,
    letters,
    opened,
    phones_from_events,
    phones_from_labels,
    tracks,
)
from tools.train_speech.noises import noise_bank
from tools.train_speech.utterance import Phone, Utterance

JAW, CLOSE, SPEECH = (CHANNELS.index(name) for name in ("jaw", "close", "speech"))


def row(time: float) -> int:
    return round(time / HOP_SECONDS) - 1


def test_phonemes_become_the_letters_of_the_table() -> None:
    assert letters("tʃ") == ["t", "ʃ"]
    assert letters("aɪə") == ["a", "ə"]
    assert letters("ã") == ["a"]  # nasality moves no lips
    assert letters("") == []
    assert letters("ʘ") == ["ə"]  # unknown, but a sound


def test_a_diphthong_is_divided_and_silence_kept() -> None:
    phones = phones_from_events([(0.0, ""), (0.2, "aɪ"), (0.4, "b")], 0.5)
    assert [phone.symbol for phone in phones] == ["", "a", "ɪ", "b"]
    assert phones[1].end == pytest.approx(0.29)
    assert phones[-1].end == 0.5


def test_lips_close_for_a_bilabial_and_only_there() -> None:
    phones = [Phone(0.0, 0.3, ""), Phone(0.3, 0.5, "a"), Phone(0.5, 0.58, "b"), Phone(0.58, 0.8, "a")]
    found = tracks(phones, 100)
    assert found.shape == (100, len(CHANNELS))
    assert found[row(0.53), CLOSE] > 0.9
    assert found[row(0.4), CLOSE] < 0.1
    assert found[row(0.4), JAW] > 0.6 > 0.35 > found[row(0.53), JAW]
    assert found[row(0.15), SPEECH] < 0.1 < 0.9 < found[row(0.4), SPEECH]


def test_vowels_come_nearer_to_their_own_opening() -> None:
    phones = [Phone(0.0, 0.2, "t"), Phone(0.2, 0.26, "a"), Phone(0.26, 0.5, "t")]
    blend, classes = tracks(phones, 50), labels(phones, 50)
    found = opened(blend, classes)
    assert found[row(0.23), JAW] > blend[row(0.23), JAW] + 0.05
    np.testing.assert_array_equal(found[:15], blend[:15])
    np.testing.assert_array_equal(found[:, 1:], blend[:, 1:])


def test_silence_is_the_mouth_at_rest() -> None:
    assert tracks([Phone(0.0, 1.0, "")], 100).max() < 0.05


def test_labels_name_the_phone_of_each_hop() -> None:
    found = labels([Phone(0.0, 0.1, ""), Phone(0.1, 0.2, "m")], 30)
    assert SYMBOLS[found[5]] == ""
    assert SYMBOLS[found[15]] == "m"
    assert SYMBOLS[found[25]] == ""


def test_phones_are_read_back_from_their_labels() -> None:
    phones = [Phone(0.0, 0.1, ""), Phone(0.1, 0.2, "m"), Phone(0.2, 0.35, "ə")]
    classes = labels(phones, 40)
    found = phones_from_labels(classes)
    assert [phone.symbol for phone in found] == ["", "m", "ə", ""]
    np.testing.assert_array_equal(labels(found, 40), classes)
    classes[3:6] = UNKNOWN
    unknown = phones_from_labels(classes)[1]
    assert (unknown.start, unknown.end, unknown.symbol) == (pytest.approx(0.03), pytest.approx(0.06), "")


def said() -> Utterance:
    """Half a second of a loud vowel within silence, at 22.05 kHz."""
    rate = 22050
    samples = np.zeros(rate, np.float32)
    t = np.arange(rate // 2) / rate
    samples[rate // 4 : rate // 4 + rate // 2] = 0.3 * np.sign(np.sin(2 * np.pi * 150 * t))
    return Utterance(samples, rate, [Phone(0, 0.25, ""), Phone(0.25, 0.75, "a"), Phone(0.75, 1, "")], "test")


@pytest.mark.parametrize("seed", range(12))
def test_phones_stay_with_their_sound_however_it_is_changed(seed: int) -> None:
    samples, phones = augment.humanise(said(), np.random.default_rng(seed))
    vowel = next(phone for phone in phones if phone.symbol == "a")
    power = shards.example(samples, phones).log_power.astype(np.float32).max(axis=1)
    middle = power[row((vowel.start + vowel.end) / 2)]
    assert middle > power[: max(row(vowel.start) - 3, 1)].max() + 1
    assert middle > power[row(vowel.start) - 5] + 1
    assert power[row(vowel.start) + 5] > middle - 3


def test_the_same_seed_makes_the_same_sound() -> None:
    one, _ = augment.humanise(said(), np.random.default_rng(3))
    other, _ = augment.humanise(said(), np.random.default_rng(3))
    np.testing.assert_array_equal(one, other)


def test_a_shard_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = [shards.example(*augment.plain(said())) for _ in range(2)]
    shards.write(tmp_path / "flite-0000.npz", made)
    found = shards.read(tmp_path / "flite-0000.npz")
    assert len(found) == 2
    for one, other in zip(made, found, strict=True):
        np.testing.assert_array_equal(one.log_power, other.log_power)
        np.testing.assert_array_equal(one.channels, other.channels)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert not list(tmp_path.glob("*.part"))


def test_noises_are_equally_loud_and_differ_by_seed() -> None:
    bank, other = noise_bank(0, 4), noise_bank(1, 4)
    totals = np.array([noise.sum(axis=1).mean() for noise in bank])
    assert all(noise.shape == (400, MELS) and np.isfinite(noise).all() for noise in bank)
    assert totals.min() > 0
    assert not np.array_equal(bank[0], other[0])


def test_music_is_equally_loud_and_differs_by_seed() -> None:
    one, same, other = (music.piece(1.5, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert len(one) == len(other) == 24000
    assert np.sqrt(np.mean(np.square(one))) == pytest.approx(0.1, rel=1e-4)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


def test_segments_of_other_voices_become_ipa() -> None:
    voices = {voice.name: voice.table for voice in festival.VOICES}
    assert festival.segment_ipa("hh", voices["kal_diphone"]) == "h"
    assert festival.segment_ipa("E1", voices["lp_diphone"]) == "ɛ"
    assert festival.segment_ipa("p:", voices["suo_fi_lj_diphone"]) == "p"
    assert festival.segment_ipa("bb", voices["msu_ru_nsh_clunits"]) == "b"
    assert festival.segment_ipa("#", voices["czech_dita"]) == ""


def test_marks_of_stress_lend_their_time_to_the_vowel() -> None:
    known = ["b", "ˈ", "ɑ", "ː", " ", "m"]
    found = kokoro.events(known, np.array([0.1, 0.15, 0.2, 0.3, 0.35, 0.375, 0.45, 0.6]))
    assert found == [(0.0, ""), (0.1, "b"), (0.15, "ɑ"), (0.375, "m"), (0.45, "")]


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is installed only where speech is trained")
def test_espeak_says_where_its_phones_lie() -> None:
    from tools.train_speech.espeak import Espeak

    library = Espeak()
    spoken = library.say("Bob met my mother", "en-us", np.random.default_rng(0))
    assert spoken is not None
    assert len(spoken.samples) / spoken.rate == pytest.approx(spoken.phones[-1].end)
    assert {"b", "m"} <= {phone.symbol for phone in spoken.phones}
    assert "mˈʌðɚ" in library.ipa("mother", "en-us")


def test_lips_that_are_late_are_found_late_and_do_not_teach() -> None:
    rng = np.random.default_rng(0)
    jaw = np.convolve(rng.standard_normal(600), np.hanning(15), "same")
    together = lips.agreement(jaw, jaw)
    late = lips.agreement(np.roll(jaw, 20), jaw)
    strange = lips.agreement(np.convolve(rng.standard_normal(600), np.hanning(15), "same"), jaw)
    assert together.good
    assert late.offset == pytest.approx(0.2)
    assert not late.good
    assert not strange.good


def test_measured_lips_teach_jaw_and_closure_only() -> None:
    gap = np.tile([0.0, 0.0, 0.1, 0.2, 0.3], 20).astype(np.float32)
    answer = np.full((90, len(CHANNELS)), 0.6, np.float32)
    taught = lips.teach(np.ones((90, MELS), np.float32), answer, gap)
    assert len(taught.labels) == 90
    jaw, close = taught.channels[:, JAW], taught.channels[:, CLOSE]
    assert jaw[4] > jaw[3] > jaw[2] > jaw[0] == 0
    assert close[0] == 255
    assert close[4] == 0
    assert (taught.channels[:, SPEECH] == 153).all()
    np.testing.assert_array_equal(
        opened(taught.channels / np.float32(255), taught.labels)[:, JAW], jaw / np.float32(255)
    )
