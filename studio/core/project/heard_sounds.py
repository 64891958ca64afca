"""`HeardSounds`: what the speech network hears of a timeline's sounds, for heads that follow that and no code."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from studio.core.project.timeline import Timeline
from studio.core.speech.hidden import rows_at, silence, window_times


class HeardSounds:
    """The sounds of a timeline as `Motion.heard`; silence where none lies. It never changes.

    Each recording is heard by itself and as a whole: so an edit asks for nothing to be heard again.

    Parameters
    ----------
    states
        Rows ``[T,160]`` of whole recordings by their key in the document's media, see `studio.core.speech.hidden`. A
        block whose recording is not among them is silence.
    """

    def __init__(self, timeline: Timeline, states: Mapping[str, NDArray[np.float32]]) -> None:
        # A mouth that is switched off does not speak either.
        speaks = timeline.heard("audio") and timeline.heard("mouth")
        sounds = timeline.sounds if speaks else ()
        self._blocks = [(block, states[block.source]) for block in sounds if block.gain and block.source in states]

    def window(self, time: float) -> NDArray[np.float32]:
        """Return the window ``[16,160]`` about a second of the timeline; of overlapping sounds the later one."""
        times = window_times(time)
        rows = np.tile(silence(), (len(times), 1))
        for block, states in self._blocks:
            inside = (block.start <= times) & (times < block.stop)
            if inside.any():
                rows[inside] = rows_at(states, times[inside] - block.start + block.begin)
        return rows
