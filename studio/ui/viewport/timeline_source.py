"""`TimelineSource`: the timeline as what drives the head: held at a second, or played in step with what is heard."""

import time
from collections import deque
from dataclasses import dataclass

from studio.core.errors import UserError
from studio.core.media.decoded_sound import RATE
from studio.core.media.player import Output, Player, SilentOutput
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.evaluation import Evaluation
from studio.core.project.sound_mix import SoundMix

STALLED = 4.0  # s; a sound server that wakes up takes two
_AHEAD = 0.3  # s of sound that wait to be played; so late is an edit heard


@dataclass(frozen=True, eq=False)
class Score:
    """All that is needed to play a timeline as it is after an edit."""

    evaluation: Evaluation
    sounds: SoundMix

    @property
    def end(self) -> float:
        """Second at which a play ends."""
        return self.evaluation.duration

    @property
    def loop(self) -> tuple[float, float] | None:
        """Seconds that play again and again; None also where they are too short to be heard."""
        loop = self.evaluation.timeline.loop
        return loop if loop is not None and loop[1] - loop[0] > 2 * _AHEAD / 3 else None


class TimelineSource:
    """A playhead on a timeline. One thread uses it, but for `position`.

    Parameters
    ----------
    at
        s of the timeline.
    plays
        Whether it moves; else it stands where it is put, and no device is opened.
    output
        Name of what it is heard on; None is the system's.

    Attributes
    ----------
    silent_because
        Why there is no sound, as a sentence; "" where there is.
    """

    def __init__(self, score: Score, at: float, plays: bool, output: str | None = None) -> None:
        self.score = score
        self.plays = plays
        self.silent_because = ""
        self._at = at
        self._output: Output | None = None
        # Where pieces of the timeline lie in what was put out: number of a sample, and its sample on the timeline.
        self._pieces: deque[tuple[int, int]] = deque()
        self._next = 0  # sample of the timeline that is put out next
        self._put = 0
        self._moved = (0.0, time.monotonic())
        if plays:
            self._open(at, output)

    def _open(self, at: float, name: str | None) -> None:
        player = Player(RATE, name)
        self._output = player
        self._go_to(at, 0)
        self._fill()  # before the device asks
        try:
            player.start()
        except UserError as error:
            self.silent_because = str(error)
            self._output = SilentOutput(RATE)
            self._go_to(at, 0)

    @property
    def position(self) -> float:
        """Second of the timeline that is being heard, or at which it stands."""
        output = self._output
        if output is None:
            return self._at
        heard, pieces = output.heard, list(self._pieces)
        since, here = next((piece for piece in reversed(pieces) if piece[0] <= heard), pieces[0])
        return (here + max(heard - since, 0.0)) / RATE

    @property
    def ended(self) -> bool:
        """True once the last sample of the timeline was heard."""
        output = self._output
        return output is not None and self._over and output.heard >= self._put

    @property
    def _over(self) -> bool:
        return self._next >= round(self.score.end * RATE) and not self._turns_back

    @property
    def _turns_back(self) -> bool:
        loop = self.score.loop
        return loop is not None and self._next <= round(loop[1] * RATE)

    @property
    def lost(self) -> bool:
        """True when the sound output has not gone on for `STALLED` s."""
        return self._output is not None and time.monotonic() - self._moved[1] > STALLED

    def follow(self, score: Score) -> None:
        """Go on with the timeline as it is after an edit."""
        self.score = score

    def seek(self, at: float) -> None:
        """Go to a second, playing on if it plays."""
        self._at = at
        if self._output is not None:
            self._go_to(at, self._output.drop())

    def advance(self) -> None:
        """See to it that there is sound to be played; call it for every frame."""
        if self._output is not None:
            self._fill()
            heard = self._output.heard
            if heard > self._moved[0]:
                self._moved = (heard, time.monotonic())

    def frame(self) -> tuple[Motion, Orbit | None]:
        """Return the motion (T=1) at `position`, and where the viewer stands if the timeline says so."""
        here = self.position
        return self.score.evaluation.motion_at(here), self.score.evaluation.view_at(here)

    def stop(self) -> None:
        """Fall silent."""
        if self._output is not None:
            self._output.stop()

    def _go_to(self, at: float, number: int) -> None:
        self._next, self._put = round(at * RATE), number
        self._pieces = deque([(number, self._next)])

    def _fill(self) -> None:
        output = self._output
        assert output is not None
        wanted = min(round(_AHEAD * RATE) - output.queued, output.room)
        while wanted > 0 and not self._over:
            stop = round(self.score.end * RATE)
            if self._turns_back and self.score.loop is not None:
                begin, stop = (round(second * RATE) for second in self.score.loop)
                if self._next >= stop:
                    self._next = begin
                    self._pieces.append((self._put, begin))
                    self._forget(output.heard)
            count = min(wanted, stop - self._next)
            output.put(self.score.sounds.read(self._next, count))
            self._next += count
            self._put += count
            wanted -= count

    def _forget(self, heard: float) -> None:
        while len(self._pieces) > 1 and self._pieces[1][0] <= heard:
            self._pieces.popleft()
