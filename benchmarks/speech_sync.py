"""How well a mouth follows speech: real recordings against their phones, beside simpler ways to move a mouth.

    python benchmarks/speech_sync.py [--data ../shared/data] [--split develop|judge] [--out FOLDER] [--parts phones ...]

The mouth is judged as the window shows it: the speech driver with its voice gate, and for closures the lips of the
template head posed by its ARKit code. FOLDER gets ``table.md``, ``table.csv`` and a sheet of each recording. All times
are on the clock of the sound: what a look-ahead of 80 ms shows 80 ms later is not late here.

phones    against TextGrids or aligned transcripts (`evaluate.phones`), and other languages said by espeak-ng in
          voices that trained nothing (`speech_synthetic.py`), clean and in real noise:
          P R F1     lip closures seen (lips of the template head less than 1 mm apart) against p, b, m, one to one
                     within ±60 ms; ``onset`` where onsets must lie that near; ``luck``: the same closures at random
                     times; ``channel``: those of the `close` channel above 0.35
          r          of channels with the articulation that the phones ask for; ``gap``: of the lips on the face
          vowel r    of the jaw's mean in each vowel, whole or its middle half, with the vowel's openness
          onset      of hits, median and 90th percentile of the distance, ms; offset: of the jaw, by cross-correlation
          brackets   95 % intervals: 1000 draws of segments of speech (at least 2 s, cut in pauses) with replacement
          ceiling    what the phones ask for, on the face: no system can be better
silence   how long after the end of speech the lips are shut and stay so (`speech_quiet.py`), and how they move over
          sound without a voice: made by rule, and real rooms at −40 dBFS (in which people talk at other tables)
activity  recordings without words: the lips' gap against the level of the sound (``energy`` follows it by nature)
lips      clips of people talking: the gap that a landmark tracker sees against the predicted one
cost      of a hop on the drive thread, reading included, and of files
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
from pathlib import Path

import numpy as np
from machine import machine_line
from rich.console import Console
from speech_cost import cost_of_a_hop, file_speed
from speech_quiet import IN_TIME, activity, closing_times, flutter, with_room_after
from speech_recordings import CLIPS, Recording, in_rooms, recordings, room_noise, unaligned, voiceless
from speech_report import Report
from speech_sheet import draw
from speech_synthetic import synthesised
from speech_systems import JUDGED, SYSTEMS, as_asked

from studio.core.errors import UserError
from studio.core.evaluate.mouth import correlation, figures, lagged, offset, tally
from studio.core.evaluate.seen_lips import measured_gap
from studio.core.media.audio import load_audio
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE

NOISES = (None, 20, 10, 5)
"""dB that speech is above the noise; None for none."""

PARTS = ("phones", "silence", "activity", "lips", "cost", "sheets")

JUDGING = "The judging set is looked at once per reported figure: choose nothing by what it shows."

_COMPARED = (JUDGED, "energy")  # where nothing but the lips' gap is looked at
_ROOM_DBFS = -40.0


def judge_phones(found: list[Recording], data: Path, report: Report) -> None:
    """Compare every system with the phones, in each group and noise."""
    for snr_db in NOISES:
        noise = "clean" if snr_db is None else f"{snr_db} dB"
        heard = found if snr_db is None else in_rooms(found, data, snr_db)
        for group in dict.fromkeys(one.group for one in found):
            members = [one for one in heard if one.group == group]
            systems = {name: [system(one.samples) for one in members] for name, system in SYSTEMS.items()}
            if snr_db is None:
                systems["ceiling"] = [as_asked(one) for one in members]
            for name, mouths in systems.items():
                tallies = [part for m, one in zip(mouths, members, strict=True) for part in tally(m, one.phones)]
                report.phones(group, noise, name, figures(tallies))


def judge_silence(found: list[Recording], data: Path, report: Report) -> None:
    """Measure how soon the mouth closes, and whether it stays closed where nobody speaks."""
    longer = [with_room_after(one, seed=k) for k, one in enumerate(found)]
    for noise, heard in (("clean", longer), ("10 dB", in_rooms(longer, data, 10))):
        for name in SYSTEMS:
            times = np.array([t for one in heard for t in closing_times(SYSTEMS[name](one.samples), one.phones)])
            middle, slow = np.percentile(times, [50, 90], method="higher")
            report.row(
                f"the end of speech, {noise}, {len(times)} pauses",
                system=name,
                **{"median ms": f"{middle * 1e3:.0f}", "p90 ms": f"{slow * 1e3:.0f}"},
                **{f"within {IN_TIME * 1e3:.0f} ms": f"{np.mean(times <= IN_TIME):.0%}"},
            )
            report.figure(f"end of speech, {noise}", name, "closed after, median", float(middle))
            report.figure(f"end of speech, {noise}", name, "closed in time", float(np.mean(times <= IN_TIME)))
    rooms = {
        f"{room} (real)": noise * (10 ** (_ROOM_DBFS / 20) / np.std(noise)) for room, noise in room_noise(data).items()
    }
    for sound, samples in {**voiceless(20.0), **rooms}.items():
        for name in _COMPARED:
            moved = flutter(SYSTEMS[name](samples.astype(np.float32)))
            report.row(
                "sound without a voice",
                sound=sound,
                system=name,
                **{"std mm": f"{moved['std']:.2f}", "max mm": f"{moved['max']:.1f}", "open": f"{moved['open']:.0%}"},
            )
            for figure, value in moved.items():
                report.figure(f"no voice, {sound}", name, figure, value)


def judge_activity(heard: list[Recording], report: Report) -> None:
    """Measure whether the mouth moves with speech of which only the sound is known."""
    for one in heard:
        for name in _COMPARED:
            seen = activity(SYSTEMS[name](one.samples), one.samples)
            report.row(
                "mouth activity",
                recording=one.name,
                system=name,
                r=f"{seen['r']:.2f}",
                offset=f"{seen['offset'] * 1e3:+.0f}",
                moving=f"{seen['moving']:.0%}",
                **{"closed in pauses": "-" if np.isnan(seen["closed"]) else f"{seen['closed']:.0%}"},
            )
            for figure, value in seen.items():
                report.figure(f"activity, {one.name}", name, figure, value)


def judge_lips(data: Path, split: str, cache: Path, report: Report) -> None:
    """Compare the predicted gap of the lips with the one that a tracker sees."""
    for clip in CLIPS[split]:
        path = data / "talking" / f"{clip}.mp4"
        if not path.exists():
            report.note(f"{clip} is not in {path.parent.name}/")
            continue
        gap = measured_gap(path, cache / f"{clip}.json")
        samples = load_audio(path)
        for name in _COMPARED:
            predicted = SYSTEMS[name](samples).gap
            both = min(len(gap), len(predicted))
            lags = lagged(predicted[:both], gap[:both])
            r = correlation(lags)
            report.row(
                "measured lips",
                clip=clip,
                system=name,
                r=f"{r[len(r) // 2]:.2f}",
                **{"best r": f"{r.max():.2f}", "at offset ms": f"{float(offset(lags)) * 1e3:+.0f}"},
                **{"worst r": f"{r.min():.2f}"},
            )
            report.figure(f"lips, {clip}", name, "r", float(r[len(r) // 2]))
            report.figure(f"lips, {clip}", name, "offset", float(offset(lags)))
    report.note(
        "Measured lips: the clips' sound is not known to be that of their pictures; offsets beyond ±80 ms, or a best r "
        "near the r at zero, say that a clip judges nothing."
    )


def measure_cost(report: Report) -> None:
    """Time the live driver as the drive thread uses it, and a minute as a file."""
    minute = np.resize(load_audio(sample_speech()), 60 * SAMPLE_RATE)
    cost = cost_of_a_hop(minute[: 20 * SAMPLE_RATE])
    speed = file_speed(minute)
    report.row(
        "cost",
        **{"10 ms hop, median": f"{cost['median'] * 1e3:.2f} ms", "p99": f"{cost['p99'] * 1e3:.2f} ms"},
        **{"of one core": f"{cost['core']:.1%}", "a minute as a file": f"{speed:.0f} x real time"},
    )
    for figure, value in {**cost, "file speed": speed}.items():
        report.figure("cost", JUDGED, figure, value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", choices=("develop", "judge"), default="develop")
    parser.add_argument("--out", type=Path, default=Path("out/speech_sync"))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    console = Console(width=300, highlight=False)
    if options.split == "judge":
        console.print(JUDGING)
    found, left_out = recordings(options.data, options.split, options.out / "alignments")
    if not found:
        parser.error(f"no recording of the {options.split} split in {options.data}")
    report = Report()
    for name, reason in left_out.items():
        report.note(f"{name} left out: {reason}")
    if "recognised" not in SYSTEMS:
        report.note("No phones recognised and no transcripts aligned: pip install -e '.[quality]' brings PocketSphinx.")
    if "phones" in options.parts:
        try:
            made = synthesised(options.split)
        except UserError as error:
            made = []
            report.note(f"No synthesised languages: {error}")
        judge_phones([*found, *made], options.data, report)
    if "silence" in options.parts:
        judge_silence(found, options.data, report)
    if "activity" in options.parts:
        judge_activity(unaligned(options.data, options.split), report)
    if "lips" in options.parts:
        judge_lips(options.data, options.split, options.out / "lips", report)
    if "cost" in options.parts:
        measure_cost(report)
    if "sheets" in options.parts:
        for one in found:
            draw(one, SYSTEMS[JUDGED](one.samples), options.out / f"{one.name}.png")
    report.note(machine_line())
    report.write(options.out)
    console.print(report.text(), markup=False)


if __name__ == "__main__":
    main()
