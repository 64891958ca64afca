"""What a clip shows and lets hear: speech, a motion, a timeline, or a head that turns."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.jobs import Job, Progress
from studio.core.media.audio import Recording, read_audio_blocks, survey
from studio.core.media.mixdown import Laid
from studio.core.motion.mixer import blend
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.evaluation import Evaluation
from studio.core.project.heard_sounds import HeardSounds
from studio.core.project.sound_mix import FADE
from studio.core.project.timeline import Timeline
from studio.core.speech.recording import heard_recording, motion_frames
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.style import SpeakingStyle

SPEECH_RATE = 16_000


class Performance(Protocol):
    """What happens from second 0 to `seconds`."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is wrong with its recordings, though they are used."""
        ...

    def frames(self, begin: float, count: int, fps: float) -> Generator[Motion, None, None]:
        """Yield `count` frames (T=1), the first of second `begin`."""
        ...

    def view_at(self, time: float) -> Orbit | None:
        """Return where the viewer stands, or None where the performance leaves that open."""
        ...

    def heard(self) -> tuple[Laid, ...]:
        """Return its recordings."""
        ...


@dataclass(frozen=True)
class Spoken:
    """A recording that is spoken; `speech` makes one from a file."""

    recording: Recording
    settings: SpeechSettings = field(default_factory=SpeechSettings)
    seed: int = 0
    view: Orbit | None = None
    style: SpeakingStyle = field(default_factory=SpeakingStyle)

    @property
    def seconds(self) -> float:
        """Of the recording."""
        return self.recording.seconds

    @property
    def notes(self) -> tuple[str, ...]:
        """Of the recording."""
        return self.recording.notes

    def frames(self, begin: float, count: int, fps: float) -> Generator[Motion, None, None]:
        """Listen from the front: what is said before a moment shows in the mouth of it."""
        blocks = read_audio_blocks(self.recording, SPEECH_RATE)
        try:
            frames = motion_frames(blocks, fps, self.settings, self.seed, heard=True, style=self.style)
            last = Motion.neutral()
            for last in islice(frames, round(begin * fps), round(begin * fps) + count):
                yield last
                count -= 1
            for _ in range(count):  # where rounding of sample rates left the last one out
                yield last
        finally:
            blocks.close()

    def view_at(self, time: float) -> Orbit | None:
        """Return the one view, if there is one."""
        return self.view

    def heard(self) -> tuple[Laid, ...]:
        """Return the recording."""
        return (Laid(self.recording, 0.0, 0.0, self.recording.seconds),)


def speech(
    path: str | PathLike[str],
    settings: SpeechSettings | None = None,
    seed: int = 0,
    style: SpeakingStyle = SpeakingStyle(),
) -> Job[Spoken]:
    """Survey a recording to be spoken, in the `style` of the avatar that speaks it.

    Raises
    ------
    UserError
        If the recording cannot be used, or the seed is negative.
    """
    if seed < 0:
        raise UserError(f"The seed {seed} is out of range; use 0 or more.")
    recording = yield from survey(path)
    return Spoken(recording, settings or SpeechSettings(), seed, style=style)


@dataclass(frozen=True)
class Played:
    """A motion, such as that of a tracked clip or of a take, with sounds."""

    motion: Motion
    sounds: tuple[Laid, ...] = ()
    view: Orbit | None = None

    @property
    def seconds(self) -> float:
        """To the end of the last frame: it is shown as long as the one before."""
        times = self.motion.times
        step = float(times[-1] - times[-2]) if len(times) > 1 else 0.0
        return max([float(times[-1]) + step, *(sound.stop for sound in self.sounds)])

    @property
    def notes(self) -> tuple[str, ...]:
        """Of the sounds."""
        return tuple(note for sound in self.sounds for note in sound.recording.notes)

    def frames(self, begin: float, count: int, fps: float) -> Generator[Motion, None, None]:
        """Interpolate."""
        return (self.motion.at(begin + i / fps) for i in range(count))

    def view_at(self, time: float) -> Orbit | None:
        """Return the one view, if there is one."""
        return self.view

    def heard(self) -> tuple[Laid, ...]:
        """Return the sounds."""
        return self.sounds


@dataclass(frozen=True)
class TimelinePlayed:
    """A timeline as it plays; `timeline_played` makes one with its sounds."""

    evaluation: Evaluation
    sounds: tuple[Laid, ...] = ()
    expression: Motion = field(default_factory=Motion.neutral)
    """Added to every frame: what the sliders ask for."""
    gains: NDArray[np.float32] | None = None
    """``[52]``: by what the channels of the timeline are multiplied."""

    @property
    def seconds(self) -> float:
        """Until nothing happens any more."""
        return self.evaluation.duration

    @property
    def notes(self) -> tuple[str, ...]:
        """Of the sounds, each once."""
        return tuple(dict.fromkeys(note for sound in self.sounds for note in sound.recording.notes))

    def frames(self, begin: float, count: int, fps: float) -> Generator[Motion, None, None]:
        """Evaluate takes and curves."""
        for i in range(count):
            frame = self.evaluation.motion_at(begin + i / fps)
            yield blend({"timeline": frame, "user": self.expression}, gains=self.gains)

    def view_at(self, time: float) -> Orbit | None:
        """Follow the camera keys."""
        return self.evaluation.view_at(time)

    def heard(self) -> tuple[Laid, ...]:
        """Return the sounds that are not muted."""
        return self.sounds


def timeline_played(
    timeline: Timeline,
    motions: Mapping[str, Motion],
    files: Mapping[str, str | PathLike[str]],
    expression: Motion | None = None,
    gains: Mapping[str, float] | None = None,
    *,
    heard: bool = False,
) -> Job[TimelinePlayed]:
    """Survey the sounds of a timeline.

    Parameters
    ----------
    files
        Where each sound lies, by the key that its blocks name.
    gains
        By what ARKit channels of the timeline are multiplied, where it is not 1.
    heard
        Whether frames also carry `Motion.heard`, for avatars of the space "audio".

    Raises
    ------
    UserError
        If nothing happens on the timeline, a sound is not among `files`, or it cannot be used.
    """
    if timeline.duration <= 0:
        raise UserError("The timeline is empty; record a take or lay a sound on it first.")
    surveyed: dict[str, Recording] = {}
    laid: list[Laid] = []
    yield Progress(0.0, "reading the sounds")
    for block in timeline.sounds if timeline.heard("audio") else ():
        if block.source not in files:
            raise UserError(f"The sound '{block.name}' is missing; open it again or take it off the timeline.")
        if block.source not in surveyed:
            surveyed[block.source] = yield from survey(files[block.source])
        laid.append(Laid(surveyed[block.source], block.start, block.begin, block.end, block.gain, FADE))
    sounds = None
    if heard:
        states = {}
        for key, recording in surveyed.items():
            states[key] = yield from heard_recording(recording)
        sounds = HeardSounds(timeline, states)
    evaluation = Evaluation(timeline, motions, sounds)
    factors = np.array([gains.get(name, 1.0) for name in ARKIT_NAMES], np.float32) if gains else None
    return TimelinePlayed(evaluation, tuple(laid), expression or Motion.neutral(), factors)


@dataclass(frozen=True)
class Turntable:
    """A head that is seen from side to side and back, so that the end meets the beginning.

    Attributes
    ----------
    sweep
        Degrees to either side; 180 goes all the way round instead.
    pitch
        Degrees; positive raises the viewer.
    """

    seconds: float = 6.0
    sweep: float = 45.0
    pitch: float = 0.0
    frame: Motion = field(default_factory=Motion.neutral)
    notes: tuple[str, ...] = ()

    def frames(self, begin: float, count: int, fps: float) -> Generator[Motion, None, None]:
        """Hold the one frame."""
        return (self.frame for _ in range(count))

    def view_at(self, time: float) -> Orbit | None:
        """Turn."""
        part = time / self.seconds
        yaw = 360 * part if self.sweep == 180 else self.sweep * float(np.sin(2 * np.pi * part))
        return Orbit(yaw, self.pitch)

    def heard(self) -> tuple[Laid, ...]:
        """Return nothing."""
        return ()


def as_motion(performance: Performance, fps: float, begin: float = 0.0, end: float | None = None) -> Motion:
    """Return a performance as one ARKit track whose times begin at 0 s."""
    stop = performance.seconds if end is None else end
    count = max(1, int(np.ceil((stop - begin) * fps - 1e-6)))
    frames = list(performance.frames(begin, count, fps))
    return Motion(
        "arkit",
        np.arange(count) / fps,
        np.concatenate([frame.code for frame in frames]),
        np.concatenate([frame.head_pose for frame in frames]),
        np.concatenate([frame.confidence for frame in frames]),
    )
