"""The ways of moving a mouth that are compared: the studio's own, live and from files."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from speech_baselines import by_energy, by_formants, by_recognised_phones, mouth_of
from speech_recordings import Recording

from studio.core.evaluate.mouth import Mouth
from studio.core.evaluate.phones import TARGETS, target_tracks
from studio.core.speech.features import HOP, HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.network import CHANNELS
from studio.core.speech.recording import speech_motion
from studio.core.speech.stream import LOOK_AHEADS, SpeechDriver

System: TypeAlias = Callable[[NDArray[np.float32]], Mouth]

JUDGED = "80 ms"
"""The system that the bars are for."""

_OWN = [CHANNELS.index(name) for name in TARGETS]
_BEHIND = SAMPLE_RATE // 5  # silence that lets the last hops out


def live(look_ahead: float) -> System:
    """Return the speech driver as the window uses it, voice gate and all; how sound is cut into pushes is the same."""

    def move(samples: NDArray[np.float32]) -> Mouth:
        driver = SpeechDriver(look_ahead=look_ahead)
        driver.push(np.concatenate([samples, np.zeros(_BEHIND, np.float32)]))
        times = np.arange(len(samples) // HOP) * HOP_SECONDS
        channels = np.stack([driver.channels(t) for t in times])[:, _OWN]
        return Mouth(channels, np.concatenate([driver.read(t).code for t in times]))

    return move


def from_file(samples: NDArray[np.float32]) -> Mouth:
    """Move the mouth as for a clip; blinks and gaze, which come with it, are not looked at."""
    code = speech_motion(samples, 1 / HOP_SECONDS).code[: len(samples) // HOP]
    return Mouth(np.full((len(code), len(TARGETS)), np.nan, np.float32), code)


def as_asked(recording: Recording) -> Mouth:
    """Return what the phones of a recording ask for, put on the face as channels of a network would be."""
    tracks = target_tracks(recording.phones, len(recording.samples) // HOP)
    return mouth_of(**dict(zip(TARGETS, tracks.T, strict=True)))


SYSTEMS: dict[str, System] = {
    **{f"{round(seconds * 1e3)} ms": live(seconds) for seconds in LOOK_AHEADS},
    "file": from_file,
    "energy": by_energy,
    "formants": by_formants,
    **({"recognised": by_recognised_phones} if find_spec("pocketsphinx") else {}),
}
"""What the tables compare; ``recognised`` is PocketSphinx' phone recognition, offline and for English alone."""
