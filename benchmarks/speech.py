"""Speech to mouth: cost per hop, speed on a minute of sound, and how well it hears lips close.

    python benchmarks/speech.py [--data ../shared/data]

The reference is a forced alignment (TextGrid) of real speech that trained and tuned nothing: closures are
the p, b, m it marks; the reference jaw comes from the vowel table below, smoothed. They are not measured lips.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media.audio import load_audio
from studio.core.speech.features import HOP, HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.network import CHANNELS
from studio.core.speech.recording import speech_motion
from studio.core.speech.stream import LOOK_AHEADS, SpeechDriver

JUDGED = ("speech/s01_en_male_phones_27s", "speech_more/en_spontaneous_cold3")

Phone = tuple[float, float, str]  # from s, to s, ARPAbet without stress, "" for silence
Span = tuple[float, float]

# How far the jaw opens (0..1) on ARPAbet phones; consonants not listed are nearly closed.
JAW = {
    "AA": 0.85, "AE": 0.75, "AH": 0.55, "AO": 0.55, "AW": 0.7, "AY": 0.7, "EH": 0.5, "ER": 0.38,
    "EY": 0.38, "IH": 0.25, "IY": 0.15, "OW": 0.4, "OY": 0.5, "UH": 0.3, "UW": 0.2,
    "HH": 0.35, "L": 0.3, "K": 0.28, "G": 0.28, "NG": 0.28, "R": 0.25,
    "B": 0.1, "P": 0.1, "M": 0.1, "F": 0.1, "V": 0.1, "S": 0.07, "Z": 0.07, "": 0.0,
}  # fmt: skip
# A closure is found where the channel exceeds this, for less than MAX_CLOSURE s, within SLACK s of it.
THRESHOLD = 0.35
MAX_CLOSURE = 0.35
SLACK = 0.05


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


def bilabials(phones: list[Phone]) -> list[Span]:
    """Return the spans of p, b, m, neighbours merged."""
    spans: list[Span] = []
    for start, end, label in phones:
        if label not in ("P", "B", "M"):
            continue
        if spans and start - spans[-1][1] < 0.01:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def closures(track: NDArray[np.float32], threshold: float = THRESHOLD) -> list[Span]:
    """Return the spans in which a 10 ms track exceeds the threshold, long ones left out."""
    above = np.concatenate([[0], (track > threshold).astype(int), [0]])
    starts, ends = np.flatnonzero(np.diff(above) == 1), np.flatnonzero(np.diff(above) == -1)
    spans = [(a * HOP_SECONDS, b * HOP_SECONDS) for a, b in zip(starts, ends, strict=True)]
    return [span for span in spans if span[1] - span[0] < MAX_CLOSURE]


def match(reference: list[Span], found: list[Span]) -> Iterator[float]:
    """Pair spans one to one in time order; yield found minus reference onset, s."""
    free = list(found)
    for start, end in reference:
        for span in free:
            if span[0] < end + SLACK and span[1] > start - SLACK:
                free.remove(span)
                yield span[0] - start
                break


def jaw_track(phones: list[Phone], hops: int) -> NDArray[np.float64]:
    times = np.arange(hops) * HOP_SECONDS
    track = np.zeros(hops)
    for start, end, label in phones:
        track[(times >= start) & (times < end)] = JAW.get(label, 0.2)
    kernel = np.hanning(15)
    return np.convolve(track, kernel / kernel.sum(), mode="same")


def lag(track: NDArray, reference: NDArray, reach: int = 20) -> float:
    """Return by how many s `track` comes after `reference` (peak of their correlation)."""
    scores = [
        np.corrcoef(track[reach + k : len(track) - reach + k], reference[reach : len(reference) - reach])[0, 1]
        for k in range(-reach, reach + 1)
    ]
    return (int(np.argmax(scores)) - reach) * HOP_SECONDS


def judge(samples: NDArray[np.float32], phones: list[Phone], look_ahead: float) -> dict[str, float]:
    """Compare one recording with its alignment; live is offline, so one push stands for both."""
    driver = SpeechDriver(look_ahead=look_ahead)
    driver.push(np.concatenate([samples, np.zeros(SAMPLE_RATE // 5, np.float32)]))
    hops = len(samples) // HOP
    times = np.arange(hops) * HOP_SECONDS
    channels = np.array([driver.channels(t) for t in times])
    code = np.concatenate([driver.read(t).code for t in times])

    reference, jaw = bilabials(phones), jaw_track(phones, hops)
    found = closures(channels[:, CHANNELS.index("close")])
    onsets = np.array(list(match(reference, found)))
    opening = code[:, ARKIT_INDEX["jawOpen"]] - code[:, ARKIT_INDEX["mouthClose"]]
    silent = np.zeros(hops, bool)
    for start, end, label in phones:
        if not label and end - start > 0.4:
            silent |= (times > start + 0.15) & (times < end - 0.15)
    return {
        "bilabials": len(reference),
        "found": len(found),
        "hits": len(onsets),
        "onset": float(np.median(onsets)),
        "onset_p90": float(np.percentile(np.abs(onsets), 90)),
        "jaw_r": float(np.corrcoef(opening, jaw)[0, 1]),
        "jaw_lag": lag(opening, jaw),
        "silent_opening": float(opening[silent].mean()) if silent.any() else 0.0,
    }


def cost_per_hop(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return µs of every 10 ms push, as the drive thread makes them."""
    driver = SpeechDriver()
    took = []
    for start in range(0, len(samples) - HOP, HOP):
        begin = time.perf_counter()
        driver.push(samples[start : start + HOP])
        driver.read(start / SAMPLE_RATE)
        took.append((time.perf_counter() - begin) * 1e6)
    return np.array(took[100:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", nargs="*", default=JUDGED, help="stems of recordings with a TextGrid")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    minute = (0.05 * rng.standard_normal(60 * SAMPLE_RATE)).astype(np.float32)
    took = cost_per_hop(minute[: 20 * SAMPLE_RATE])
    print(f"push + read of a 10 ms hop: median {np.median(took):.0f} µs, p99 {np.percentile(took, 99):.0f} µs")
    begin = time.perf_counter()
    speech_motion(minute, 25)
    print(f"speech_motion of 60 s at 25 fps: {60 / (time.perf_counter() - begin):.0f} x real time")

    for clip in options.clips:
        files = sorted(options.data.glob(clip + ".*"))
        sound = [path for path in files if path.suffix in (".wav", ".flac")]
        if not sound:
            print(f"{clip}: not in {options.data}")
            continue
        samples = load_audio(sound[0])
        phones = read_phones(sound[0].with_suffix(".TextGrid"))
        for look_ahead in LOOK_AHEADS:
            s = judge(samples, phones, look_ahead)
            f1 = 2 * s["hits"] / max(s["bilabials"] + s["found"], 1)
            print(
                f"{clip.split('/')[-1]} at {look_ahead * 1e3:.0f} ms: closure F1 {f1:.2f} "
                f"(precision {s['hits'] / max(s['found'], 1):.2f}, recall {s['hits'] / s['bilabials']:.2f}, "
                f"n={s['bilabials']:.0f}), onset {s['onset'] * 1e3:+.0f} ms (p90 {s['onset_p90'] * 1e3:.0f}), "
                f"jaw r {s['jaw_r']:.2f} lag {s['jaw_lag'] * 1e3:+.0f} ms, "
                f"opening in silence {s['silent_opening']:.3f}"
            )


if __name__ == "__main__":
    main()
