"""One picture per recording: its sound, the closures and jaw that the phones ask for, and what the mouth did."""

from pathlib import Path

import matplotlib.figure  # mediapipe brings it
import numpy as np
from speech_recordings import Recording

from studio.core.evaluate.mouth import LIPS_MEET, Mouth, closures_seen, match
from studio.core.evaluate.phones import TARGETS, bilabials, target_tracks
from studio.core.speech.features import HOP, HOP_SECONDS

_ROW_SECONDS = 6.0
_SHOWN = ("jaw", "close")


def draw(recording: Recording, mouth: Mouth, path: Path) -> None:
    """Write a PNG: rows of `_ROW_SECONDS`, each with sound and lips' gap above jaw and close.

    Bilabials are grey with their phones named; closures on the face are green where they hit one, red where they are
    false.
    """
    hops = len(mouth.code)
    times = np.arange(hops) * HOP_SECONDS
    targets = target_tracks(recording.phones, hops)
    wanted = bilabials(recording.phones)
    found, excused = closures_seen(mouth.gap < LIPS_MEET, recording.phones)
    hits = {j for _, j in match(wanted, found)}
    rows = max(int(np.ceil(times[-1] / _ROW_SECONDS)), 1)
    figure = matplotlib.figure.Figure(figsize=(16, 4.2 * rows), layout="constrained")
    axes = figure.subplots(3 * rows, 1, squeeze=False, height_ratios=[1, 1, 1] * rows)[:, 0]
    sound = recording.samples[: hops * HOP].reshape(hops, -1)
    for row in range(rows):
        upper, *lower = axes[3 * row : 3 * row + 3]
        begin, end = row * _ROW_SECONDS, (row + 1) * _ROW_SECONDS
        seen = (times >= begin) & (times < end)
        upper.fill_between(times[seen], sound.min(1)[seen], sound.max(1)[seen], color="0.6", lw=0)
        gap = upper.twinx()
        gap.plot(times[seen], mouth.gap[seen], "C0", lw=1)
        gap.set(ylabel="lips, mm", ylim=(-2, 20))
        for panel, name in zip(lower, _SHOWN, strict=True):
            column = TARGETS.index(name)
            panel.plot(times[seen], targets[seen, column], "k--", lw=1, label=f"{name} asked")
            panel.plot(times[seen], mouth.channels[seen, column], "C0", lw=1, label=name)
            panel.set_ylim(-0.02, 1.02)
            panel.legend(loc="upper right", fontsize=7)
        for a, b, label in recording.phones:
            if label and begin <= (a + b) / 2 < end:
                lower[1].text((a + b) / 2, 1.04, label, fontsize=6, ha="center")
        for panel in (upper, *lower):
            panel.set_xlim(begin, end)
            for a, b in wanted:
                panel.axvspan(a, b, color="0.85", zorder=0)
        for k, (a, b) in enumerate(found):
            colour = "C2" if k in hits else "0.5" if k in excused else "C3"
            gap.plot([a, b], [-1, -1], colour, lw=5, solid_capstyle="butt")
    figure.suptitle(recording.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=70)
