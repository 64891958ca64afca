"""The judges of `benchmarks/speech_sync.py` must themselves be right."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from studio.core.errors import UserError
from studio.core.evaluate import mouth as mouth_measures
from studio.core.evaluate import phones as phone_tables
from studio.core.heads.arkit import ARKIT_INDEX

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
RATE, HOP = 16000, 0.01

# "a map of a bee": two pauses, three bilabials, one labiodental.
PHONES = [
    (0.0, 0.5, ""), (0.5, 0.6, "AH"), (0.6, 0.7, "M"), (0.7, 0.9, "AE"), (0.9, 1.0, "P"), (1.0, 1.1, "AH"),
    (1.1, 1.2, "V"), (1.2, 1.3, "AH"), (1.3, 1.4, "B"), (1.4, 1.6, "IY"), (1.6, 2.2, ""),
]  # fmt: skip


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that imports a module of benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module


def open_mouth(hops: int, jaw: float = 0.5) -> np.ndarray:
    code = np.zeros((hops, 52), np.float32)
    code[:, ARKIT_INDEX["jawOpen"]] = jaw
    return code


def mouth_with_closures(bench: Any, spans: list[tuple[float, float]], hops: int = 220) -> Any:
    """Return a mouth that is open but for the spans, s, in which it is shut."""
    code = open_mouth(hops)
    channels = np.zeros((hops, len(phone_tables.TARGETS)), np.float32)
    for start, end in spans:
        rows = slice(round(start / HOP), round(end / HOP))
        code[rows, ARKIT_INDEX["jawOpen"]] = code[rows, ARKIT_INDEX["mouthClose"]] = 0.1
        channels[rows, 1] = 1
    return mouth_measures.Mouth(channels, code)


def judged(bench: Any, mouth: Any, phones: list = PHONES) -> dict[str, float]:
    found = mouth_measures.figures(mouth_measures.tally(mouth, phones))
    return {name: float(value[0]) for name, value in found.items()}


def test_textgrid_phones_lose_stress_and_noise(bench, tmp_path):
    lines = ['File type = "ooTextFile"', '"phones"', "0", "1", "3", "0", "0.4", '"sil"', "0.4", "0.7", '"AE1"']
    grid = tmp_path / "a.TextGrid"
    grid.write_text("\n".join([*lines, "0.7", "1", '"spn"']), encoding="utf-8")
    assert phone_tables.read_phones(grid) == [(0.0, 0.4, ""), (0.4, 0.7, "AE"), (0.7, 1.0, "")]


def test_transcripts_lose_their_marks(bench):
    assert phone_tables.spoken_words("<s> Ten of [breath] clubs  </s> (001)") == ["ten", "of", "clubs"]


def test_silence_is_put_where_nothing_lies(bench):
    filled = phone_tables.filled([(0.2, 0.4, "AH"), (0.6, 0.7, "M")], 1.0)
    assert [label for *_, label in filled] == ["", "AH", "", "M", ""]
    assert filled[0][0] == 0.0
    assert filled[-1][1] == 1.0


def test_targets_close_on_bilabials_and_open_on_vowels(bench):
    tracks = dict(zip(phone_tables.TARGETS, phone_tables.target_tracks(PHONES, 220).T, strict=True))
    assert [tracks["close"][round(t / HOP)] > 0.9 for t in (0.65, 0.94, 1.35)] == [True] * 3
    assert max(tracks["close"][round(t / HOP)] for t in (0.2, 0.8, 1.15, 1.5, 2.0)) < 0.1
    assert tracks["fv"][115] > 0.9
    assert tracks["jaw"][80] > 2 * tracks["jaw"][150] > 4 * tracks["jaw"][210]
    assert tracks["spread"][150] > 0.5


def test_unknown_phone_is_named(bench):
    with pytest.raises(UserError, match="'QQ'"):
        phone_tables.target_tracks([(0.0, 0.5, "QQ")], 50)


def test_lips_of_the_template_meet_where_arkit_says(bench):
    code = np.concatenate([open_mouth(1), open_mouth(1, 0.1), open_mouth(2, 0.0)])
    code[1, ARKIT_INDEX["mouthClose"]] = 0.1
    code[3, ARKIT_INDEX["mouthUpperUpLeft"]] = code[3, ARKIT_INDEX["mouthUpperUpRight"]] = 1
    gap = mouth_measures.lip_gap(code)
    assert gap[0] > 10
    assert np.abs(gap[1:3]).max() < mouth_measures.LIPS_MEET < gap[3]


def test_right_closures_score_one(bench):
    found = judged(bench, mouth_with_closures(bench, [(0.6, 0.7), (0.9, 1.0), (1.3, 1.4)]))
    assert (found["F1"], found["F1 onset"], found["F1 channel"]) == (1, 1, 1)
    assert found["onset"] == pytest.approx(0)
    assert found["n"] == 3


@pytest.mark.parametrize(("late", "hits", "prompt"), [(0.05, 1, True), (0.12, 1, False), (0.18, 0, False)])
def test_a_closure_may_be_late_by_the_slack(bench, late, hits, prompt):
    # Alone in its surroundings: a late closure must not meet the next bilabial.
    phones = [(0.0, 0.5, ""), (0.5, 0.9, "AE"), (0.9, 1.0, "P"), (1.0, 1.6, "AE"), (1.6, 2.2, "")]
    found = judged(bench, mouth_with_closures(bench, [(0.9 + late, 1.0 + late)]), phones)
    assert found["R"] == hits
    assert found["F1 onset"] == prompt


def test_what_no_phone_asked_for_costs_precision(bench):
    found = judged(bench, mouth_with_closures(bench, [(0.6, 0.7), (0.78, 0.84), (0.9, 1.0), (1.3, 1.4), (1.5, 1.55)]))
    assert (found["P"], found["R"]) == (0.6, 1)


def test_one_closure_is_one_hit(bench):
    phones = [(0.0, 0.5, "AE"), (0.5, 0.6, "P"), (0.6, 0.65, "AH"), (0.65, 0.75, "B"), (0.75, 2.2, "AE")]
    found = judged(bench, mouth_with_closures(bench, [(0.5, 0.75)]), phones)
    assert (found["P"], found["R"]) == (1, 0.5)


def test_rest_f_and_flicker_are_no_closures(bench):
    resting = [(0.0, 0.5), (1.1, 1.2), (1.6, 2.2), (0.8, 0.81)]
    found = judged(bench, mouth_with_closures(bench, [(0.6, 0.7), (0.9, 1.0), (1.3, 1.4), *resting]))
    assert (found["P"], found["R"]) == (1, 1)


def test_rest_that_lasts_through_a_bilabial_shows_it(bench):
    phones = [(0.0, 0.5, ""), (0.5, 0.6, "M"), (0.6, 2.0, "AE"), (2.0, 2.2, "")]
    assert judged(bench, mouth_with_closures(bench, [(0.0, 0.6)]), phones)["F1"] == 1


def test_a_shut_mouth_closes_nothing(bench):
    assert judged(bench, mouth_with_closures(bench, [(0.0, 2.2)]))["R"] == 0


def test_what_the_phones_ask_for_is_the_ceiling(bench):
    systems, recordings = bench("speech_systems"), bench("speech_recordings")
    recording = recordings.Recording("made", "read", np.zeros(35200, np.float32), PHONES)
    found = judged(bench, systems.as_asked(recording))
    assert found["F1"] == 1
    assert found["jaw r"] == pytest.approx(1)
    assert found["offset"] == 0


def test_offset_is_how_late_the_jaw_moves(bench):
    late = np.roll(phone_tables.target_tracks(PHONES, 220), 5, axis=0)
    assert judged(bench, mouth_measures.Mouth(late, open_mouth(220)))["offset"] == pytest.approx(0.05)


def test_vowels_are_judged_by_their_openness(bench):
    labels = ["IY", "AE", "UW", "AA", "EH"] * 4
    phones = [(0.2 * k, 0.2 * (k + 1), label) for k, label in enumerate(labels)]
    openness = np.repeat([phone_tables.VOWELS[label][0] for label in labels], 20)
    channels = np.zeros((400, 6), np.float32)
    for sign in (1, -1):
        channels[:, 0] = 0.5 + sign * openness / 2
        found = judged(bench, mouth_measures.Mouth(channels, open_mouth(400)), phones)
        assert found["vowel r"] == pytest.approx(sign, abs=0.01)


def test_intervals_hold_the_estimate_and_are_repeatable(bench):
    phones = [(a + 2.2 * k, b + 2.2 * k, label) for k in range(8) for a, b, label in PHONES]
    spans = [(start + 2.2 * k, start + 0.1 + 2.2 * k) for k in range(5) for start in (0.6, 0.9, 1.3)]
    tallies = mouth_measures.tally(mouth_with_closures(bench, spans, 1780), phones)
    assert len(tallies) == 8
    value, low, high = mouth_measures.figures(tallies)["R"]
    assert value == pytest.approx(5 / 8)
    assert low < value < high
    np.testing.assert_array_equal(mouth_measures.figures(tallies)["R"], [value, low, high])


def test_noise_lies_as_far_below_speech_as_asked(bench):
    recordings = bench("speech_recordings")
    rng = np.random.default_rng(0)
    speech = np.zeros(35200, np.float32)
    speech[8000:25600] = 0.2 * rng.standard_normal(17600)  # where PHONES speak
    noise = rng.standard_normal(50000).astype(np.float32)
    recording = recordings.Recording("made", "read", speech, PHONES)
    noisy = recordings.with_noise(recording, noise, 10, seed=3)
    bed = noisy.samples - speech
    assert 20 * np.log10(0.2 / bed.std()) == pytest.approx(10, abs=0.2)
    np.testing.assert_array_equal(noisy.samples, recordings.with_noise(recording, noise, 10, seed=3).samples)
    assert not np.array_equal(noisy.samples, recordings.with_noise(recording, noise, 10, seed=4).samples)


def test_the_room_is_what_is_left_of_the_mixture(bench, tmp_path, monkeypatch):
    recordings = bench("speech_recordings")
    rng = np.random.default_rng(1)
    voice, room = (rng.standard_normal(16000).astype(np.float32) for _ in range(2))
    sounds = {"voice": voice, "room": voice + room, "same": voice.copy(), "other": room + np.roll(voice, 900)}
    monkeypatch.setattr(recordings, "load_audio", lambda path: sounds[path.name])
    monkeypatch.setattr(recordings, "_VOICE_ALONE", "voice")
    monkeypatch.setattr(recordings, "_ROOMS", {"one": "room"})
    recordings.room_noise.cache_clear()
    left = recordings.room_noise(tmp_path)["one"]
    assert np.corrcoef(left, room)[0, 1] > 0.99
    for wrong in ("same", "other"):
        monkeypatch.setattr(recordings, "_ROOMS", {"one": wrong})
        recordings.room_noise.cache_clear()
        with pytest.raises(UserError, match=wrong):
            recordings.room_noise(tmp_path)
    recordings.room_noise.cache_clear()


def test_closing_times_start_where_speech_ends(bench):
    times = bench("speech_quiet").closing_times(mouth_with_closures(bench, [(1.7, 2.2)]), PHONES)
    assert times == pytest.approx([0.1])
    assert bench("speech_quiet").closing_times(mouth_with_closures(bench, []), PHONES) == [np.inf]
    # A short meeting of the lips on the way is not the rest.
    blinking = mouth_with_closures(bench, [(1.62, 1.66), (1.8, 2.2)])
    assert bench("speech_quiet").closing_times(blinking, PHONES) == pytest.approx([0.2])


def test_flutter_is_nothing_where_nothing_moves(bench):
    quiet = bench("speech_quiet")
    still = quiet.flutter(mouth_measures.Mouth(np.zeros((100, 6), np.float32), np.zeros((100, 52), np.float32)))
    assert still["std"] == pytest.approx(0, abs=1e-6)
    assert still["open"] == 0
    assert quiet.flutter(mouth_with_closures(bench, [(0, 1)], 200))["open"] == 0.5


def test_activity_tells_a_following_mouth_from_a_late_one(bench):
    quiet = bench("speech_quiet")
    rng = np.random.default_rng(0)
    loud = np.clip(np.sin(2 * np.pi * 3 * np.arange(400) * HOP), 0, 1) * (np.arange(400) % 200 < 130)
    samples = (np.repeat(loud, 160) * 0.2 * rng.standard_normal(64000)).astype(np.float32)
    code = open_mouth(400)
    code[:, ARKIT_INDEX["jawOpen"]] = 0.6 * loud
    channels = np.zeros((400, 6), np.float32)
    on_time = quiet.activity(mouth_measures.Mouth(channels, code), samples)
    late = quiet.activity(mouth_measures.Mouth(channels, np.roll(code, 10, axis=0)), samples)
    assert on_time["r"] > 0.8 > late["r"] + 0.3
    assert abs(on_time["offset"]) < 0.015
    assert late["offset"] == pytest.approx(0.1, abs=0.015)
    assert on_time["closed"] == 1


def test_voiceless_sounds_are_as_loud_as_they_say(bench):
    sounds = bench("speech_recordings").voiceless(6.0, seed=2)
    dbfs = {name: 20 * np.log10(track.std()) for name, track in sounds.items()}
    assert dbfs["room"] == pytest.approx(-55, abs=1)
    assert dbfs["music"] == pytest.approx(-26, abs=1)
    assert np.abs(sounds["keyboard"]).max() == pytest.approx(0.2, abs=0.15)
    np.testing.assert_array_equal(sounds["music"], bench("speech_recordings").voiceless(6.0, seed=2)["music"])


def vowel(first: float, second: float) -> np.ndarray:
    """Return one second of a voice with two formants, Hz."""
    pulses = np.zeros(RATE)
    pulses[:: RATE // 120] = 1
    for hz in (first, second, 2600):
        r = np.exp(-np.pi * 80 / RATE)
        pulses = scipy.signal.lfilter([1], [1, -2 * r * np.cos(2 * np.pi * hz / RATE), r * r], pulses)
    fading = np.concatenate([np.zeros(RATE // 2), np.ones(RATE // 2)])
    return (0.2 * np.asarray(pulses) / np.abs(pulses).max() * fading).astype(np.float32)


def test_formant_baseline_hears_open_and_spread_vowels(bench):
    baselines = bench("speech_baselines")
    aa, iy = (baselines.by_formants(vowel(*pair)).channels[70:90] for pair in ((750, 1150), (280, 2300)))
    assert aa[:, 0].mean() > iy[:, 0].mean() + 0.3
    assert iy[:, 3].mean() > aa[:, 3].mean() + 0.3


def test_energy_baseline_opens_with_sound_and_shuts_without(bench):
    mouth = bench("speech_baselines").by_energy(vowel(750, 1150))
    assert mouth.gap[60:95].mean() > 8
    assert mouth.gap[:40].max() < 1
    assert np.isnan(mouth.channels[:, 1]).all()


def test_live_driver_is_judged_hop_by_hop(bench):
    systems = bench("speech_systems")
    mouth = systems.SYSTEMS[systems.JUDGED](vowel(750, 1150))
    assert mouth.channels.shape == (100, len(phone_tables.TARGETS))
    assert mouth.code.shape == (100, 52)


def test_forced_alignment_finds_words_where_they_are(bench, shared_data, tmp_path):
    pytest.importorskip("pocketsphinx", reason="transcripts are aligned by pocketsphinx, of the extra 'quality'")
    audio = import_module("studio.core.media.audio")
    samples = audio.load_audio(shared_data / "speech_more" / "en_read_cards_003.flac")
    phones = phone_tables.align_phones(samples, "<s> seven of clubs </s>", tmp_path / "kept.json")
    said = [label for *_, label in phones if label]
    assert said == ["S", "EH", "V", "AH", "N", "AH", "V", "K", "L", "AH", "B", "Z"]
    assert phone_tables.align_phones(samples, "", tmp_path / "kept.json") == phones
    # The first sound is a hiss: louder above 4 kHz than the vowel behind it.
    hiss, vowel_sound = (samples[round(a * RATE) : round(b * RATE)] for a, b, x in phones[1:3])
    above = scipy.signal.butter(4, 4000, "highpass", fs=RATE, output="sos")
    assert np.std(scipy.signal.sosfilt(above, hiss)) > 3 * np.std(scipy.signal.sosfilt(above, vowel_sound))
    with pytest.raises(UserError, match="xyzzy"):
        phone_tables.align_phones(samples, "seven xyzzy", tmp_path / "other.json")


def test_report_has_every_figure_with_its_interval(bench, tmp_path):
    report = bench("speech_report").Report()
    found = mouth_measures.figures(mouth_measures.tally(mouth_with_closures(bench, [(0.6, 0.7)]), PHONES))
    report.phones("read", "clean", "80 ms", found)
    report.note("made by a test")
    report.write(tmp_path)
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "| 80 ms" in text
    assert "made by a test" in text
    rows = (tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "where,system,figure,value,low,high"
    assert any(row.startswith('"read, clean",80 ms,R,0.333') for row in rows)


def test_bars_are_those_of_the_slowest_setting(bench):
    report = bench("speech_report").Report()
    for system, score in (("80 ms", 0.7), ("50 ms", 0.6), ("energy", 0.1)):
        report.figure("read, clean", system, "F1", score)
    report.figure("read, clean", "80 ms", "onset", -0.02)
    report.figure("spontaneous, clean", "80 ms", "vowel r", 0.4)
    words = [bar.partition(":")[0] for bar in report.bars()]
    assert words == ["reached", "missed", "reached", "missed"]
    assert "behind by +0.10" in report.bars()[3]


def test_judging_says_what_it_costs(bench, tmp_path, capsys, monkeypatch):
    sync = bench("speech_sync")
    monkeypatch.setattr("sys.argv", ["speech_sync.py", "--split", "judge", "--data", str(tmp_path)])
    with pytest.raises(SystemExit):
        sync.main()
    assert sync.JUDGING in capsys.readouterr().out


def test_nothing_is_chosen_on_what_is_judged(bench):
    recordings = bench("speech_recordings")
    judged, developed = (
        {pattern for patterns in recordings.ALIGNED[split].values() for pattern in patterns}
        | set(recordings.UNALIGNED[split])
        | set(recordings.CLIPS[split])
        for split in ("judge", "develop")
    )
    assert not judged & developed


def test_every_synthesised_phone_has_an_articulation(bench):
    synthetic = bench("speech_synthetic")
    symbols = import_module("tools.train_speech.articulation").SYMBOLS
    assert [symbol for symbol in symbols if symbol and symbol not in synthetic.ARPABET] == []
    assert set(synthetic.ARPABET.values()) <= {*phone_tables.VOWELS, *phone_tables.CONSONANTS}
