"""How well a mouth follows speech: real recordings against their phones, beside simpler ways to move a mouth.

python benchmarks/speech_sync.py [--data ../shared/data] [--split develop|judge] [--out FOLDER]
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from speech_alignment import TARGETS
from speech_measures import Mouth, figures, tally
from speech_recordings import Recording, in_rooms, recordings

from studio.core.speech.features import HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.network import CHANNELS
from studio.core.speech.stream import LOOK_AHEADS, SpeechDriver

System: TypeAlias = Callable[[NDArray[np.float32]], Mouth]

_OWN = [CHANNELS.index(name) for name in TARGETS]
_SHOWN = (
    "n",
    "P",
    "R",
    "F1",
    "F1 onset",
    "F1 luck",
    "F1 channel",
    "jaw r",
    "close r",
    "round r",
    "spread r",
    "fv r",
    "vowel r",
    "onset",
    "onset p90",
)


def live(look_ahead: float) -> System:
    """Return the speech driver as the window uses it, gates and all, at one of its look-aheads."""

    def move(samples: NDArray[np.float32]) -> Mouth:
        driver = SpeechDriver(look_ahead=look_ahead)
        driver.push(np.concatenate([samples, np.zeros(SAMPLE_RATE // 5, np.float32)]))
        times = np.arange(round(len(samples) / SAMPLE_RATE / HOP_SECONDS)) * HOP_SECONDS
        channels = np.stack([driver.channels(t) for t in times])[:, _OWN]
        return Mouth(channels, np.concatenate([driver.read(t).code for t in times]))

    return move


def judge(system: System, found: list[Recording]) -> dict[str, NDArray]:
    return figures([one for r in found for one in tally(system(r.samples), r.phones)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", choices=("develop", "judge"), default="develop")
    parser.add_argument("--out", type=Path, default=Path("out/speech_sync"))
    options = parser.parse_args()
    console = Console(width=200)
    if options.split == "judge":
        console.print(
            "Recordings of the judging set are looked at once per reported figure: nothing may be chosen by them."
        )
    found, left_out = recordings(options.data, options.split, options.out / "alignments")
    for name, reason in left_out.items():
        console.print(f"{name} left out: {reason}", markup=False)
    for noise in ("clean", 20, 10, 5):
        heard = found if noise == "clean" else in_rooms(found, options.data, float(noise))
        for group in ("read", "spontaneous"):
            for look_ahead in LOOK_AHEADS:
                rows = judge(live(look_ahead), [r for r in heard if r.group == group])
                print(
                    group,
                    noise,
                    look_ahead,
                    "  ".join(f"{k} {rows[k][0]:.2f} [{rows[k][1]:.2f},{rows[k][2]:.2f}]" for k in _SHOWN),
                    flush=True,
                )


if __name__ == "__main__":
    main()
