"""`Playback`: the timeline of the document as something that is played, scrubbed, looped and recorded into."""

import secrets
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from studio.core.avatar import style_of
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.document import Document, Media, ProjectState
from studio.core.project.timeline import MOTION_LANES, Block, Lane
from studio.ui import tasks
from studio.ui.session import Session
from studio.ui.viewport.drive_loop import DriveLoop
from studio.ui.viewport.frame_loop import FrameLoop
from studio.ui.workers import JobQueue, Urgency

if TYPE_CHECKING:
    from studio.core.media.decoded_sound import DecodedSound
    from studio.core.project.take_recorder import RecordedTake
    from studio.ui.viewport.timeline_source import Score

AT_END = 0.05  # s before the end from which on a play begins anew


class Playback(QObject):
    """Turns what the timeline's panel wants into what the drive thread does, and what was made into edits."""

    sound_ready = Signal(str, object)
    """Key of a sound of the document, and its `DecodedSound`."""

    def __init__(
        self,
        session: Session,
        document: Document,
        jobs: JobQueue,
        frames: FrameLoop,
        say: Callable[[str], None],
        folder: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._document, self._jobs, self._frames = session, document, jobs, frames
        self._say = say
        self.folder = folder
        """Where recordings are kept."""
        self.drive = DriveLoop(self._publish, self)
        self.drive.took.connect(self._took)
        self._at = 0.0
        self._taken_from = 0.0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._sounds: dict[str, DecodedSound] = {}
        self._unready: set[tuple[str, str]] = set()
        """Sounds that are being decoded, or cannot be: key and path."""
        self._states: dict[str, NDArray[np.float32]] = {}
        """What the speech network hears of sounds."""
        self._unheard: set[tuple[str, str]] = set()
        """Sounds that are being heard, or cannot be."""
        self._tells_heard = False
        self._score: Score | None = None
        self._leading = threading.Lock()
        self._leads = False  # whether the timeline moves the camera
        self._view: Orbit | None = None
        document.changed.connect(self._changed)

    def stop(self) -> None:
        """End the drive thread and remove what was decoded."""
        self.drive.stop()
        if self._scratch is not None:
            self._scratch.cleanup()

    # Playing

    @property
    def position(self) -> float:
        """Second at which the playhead stands."""
        if (taken := self.drive.taken) is not None:
            return self._taken_from + taken
        if self._session.playing and (heard := self.drive.position) is not None:
            self._at = heard
        return self._at

    def play(self, on: bool, at: float | None = None) -> None:
        """Play from a second, or from where the playhead stands; or stand still."""
        if not on:
            if self._session.playing:
                self._at = self.position
                self._session.playing = False
                self.drive.pause()
            return
        timeline = self._document.state.timeline
        if not timeline.duration:
            self._say(self.tr("There is nothing to play yet; drop a sound, or record a take."))
            return
        if at is not None:
            self._at = at
        elif timeline.loop is None and self._at > timeline.duration - AT_END:
            self._at = 0.0
        self._end_live()
        self._lead(True)
        self._session.playing = True
        self.drive.play(self._scored(), self._at)

    def seek(self, at: float) -> None:
        """Put the playhead on a second; the head follows."""
        if self._session.recording:
            return  # the playhead goes with the take
        self._at = max(at, 0.0)
        if self._session.listening:
            return  # the head is live; a take would begin here
        if not self._session.playing:
            self._lead(True)
        self.drive.seek(self._scored(), self._at)

    def ended(self) -> None:
        """Let the playhead stand where the play ended."""
        if self._session.playing:
            self._at = min(self._at, self._document.state.timeline.duration)
            self._session.playing = False

    # The camera

    def take_camera(self, orbit: Orbit) -> None:
        """Let the user have the camera, until the next play or scrub."""
        self._lead(False)
        self._session.orbit = orbit

    def _lead(self, on: bool) -> None:
        with self._leading:
            self._leads = on

    @property
    def view(self) -> Orbit | None:
        """What the timeline's camera shows now, None where the camera is the user's."""
        return self._view if self._leads else None

    def _publish(self, motion: Motion, captured: float, filmed: float, view: Orbit | None) -> None:
        """Show a frame; called by the drive thread."""
        with self._leading:
            self._view = view
            if view is not None and self._leads:
                self._frames.show(motion=motion, captured=captured, filmed=filmed, orbit=view)
                return
        self._frames.show(motion=motion, captured=captured, filmed=filmed)

    # Sounds

    def open_sound(self, path: Path) -> None:
        """Put a sound at the end of those on the timeline, and the motion of a head that says it beneath."""

        def decoded(sound: "DecodedSound") -> None:
            key = secrets.token_hex(8)
            self._sounds[key] = sound
            block = self._add_sound(key, path, sound.seconds, self._sounds_end(), self.tr("Add {name}"))
            self.sound_ready.emit(key, sound)
            if not self._session.playing:
                self._at = block.start
            opened = self.tr("Added {name}, {seconds:.1f} s. Press Space to play. {notes}")
            self._say(opened.format(name=path.name, seconds=sound.seconds, notes=" ".join(sound.notes)).strip())
            self._hear(path, block)

        title = self.tr("Opening {name}").format(name=path.name)
        start = partial(tasks.open_sound, path, self._scratch_folder())
        self._jobs.submit(title, start, Urgency.QUICK, decoded, self._failed)

    def _hear(self, path: Path, block: Block) -> None:
        """Make takes of a sound: one for every lane, so that each can be changed or dropped by itself."""

        def heard(motion: Motion) -> None:
            state = self._document.state
            now = next((sound for sound in state.timeline.sounds if sound.id == block.id), None)
            if now is None:
                return  # taken away meanwhile
            key = self._document.store(motion)
            takes = tuple(
                replace(now, id=secrets.token_hex(8), source=key, lanes=(lane,), gain=1.0) for lane in MOTION_LANES
            )
            timeline = replace(state.timeline, takes=(*state.timeline.takes, *takes))
            label = self.tr("Add the lips of {name}").format(name=now.name)
            self._document.edit(label, replace(state, timeline=timeline))

        title = self.tr("Reading the lips of {name}").format(name=path.name)
        start = partial(tasks.hear_sound, path, self._session.drive.speech, style_of(self._session.avatar))
        self._jobs.submit(title, start, Urgency.BUILD, heard, self._failed)

    def _sounds_end(self) -> float:
        return max((sound.stop for sound in self._document.state.timeline.sounds), default=0.0)

    def _add_sound(self, key: str, path: Path, seconds: float, start: float, label: str) -> Block:
        state = self._document.state
        block = Block(secrets.token_hex(8), key, path.stem, start, 0.0, seconds, ("audio",))
        media = {**state.media, key: Media(str(path), path.name, seconds)}
        timeline = replace(state.timeline, sounds=(*state.timeline.sounds, block))
        self._document.edit(label.format(name=path.name), replace(state, media=media, timeline=timeline))
        return block

    @property
    def first_sound(self) -> Media | None:
        """The file of the earliest sound, None where there is none."""
        state = self._document.state
        known = [block for block in state.timeline.sounds if block.source in state.media]
        return state.media[min(known, key=lambda block: block.start).source] if known else None

    def sound(self, key: str) -> "DecodedSound | None":
        """Return a sound of the document as it is played, None while it is being decoded."""
        return self._sounds.get(key)

    def _prepare_sounds(self, state: ProjectState) -> None:
        """Decode what is on the timeline and not yet there: of a project that was opened, or after a redo."""
        for key in {block.source for block in state.timeline.sounds}:
            if key in self._sounds or key not in state.media or (key, state.media[key].path) in self._unready:
                continue
            self._unready.add((key, state.media[key].path))

            def decoded(sound: "DecodedSound", key: str = key) -> None:
                self._sounds[key] = sound
                self.sound_ready.emit(key, sound)
                self._changed_score()

            path = Path(state.media[key].path)
            title = self.tr("Opening {name}").format(name=path.name)
            start = partial(tasks.open_sound, path, self._scratch_folder())
            self._jobs.submit(title, start, Urgency.QUICK, decoded, self._failed)

    def tell_heard(self, heard: bool) -> None:
        """Say with every frame, live or of the timeline, what was heard: for avatars of the space "audio"."""
        self.drive.tell_heard(heard)
        if heard != self._tells_heard:
            self._tells_heard = heard
            self._hear_sounds(self._document.state)
            self._changed_score()

    def _hear_sounds(self, state: ProjectState) -> None:
        """Let the speech network hear what is on the timeline, if that is told and was not heard yet."""
        sounds = {block.source for block in state.timeline.sounds} if self._tells_heard else set()
        for key in sounds & state.media.keys() - self._states.keys():
            path = Path(state.media[key].path)
            if (key, str(path)) in self._unheard:
                continue
            self._unheard.add((key, str(path)))

            def heard(states: NDArray[np.float32], key: str = key) -> None:
                self._states[key] = states
                self._changed_score()

            title = self.tr("Listening to {name}").format(name=path.name)
            self._jobs.submit(title, partial(tasks.hear_states, path), Urgency.BUILD, heard, self._failed)

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="avatar-studio-", ignore_cleanup_errors=True)
        return Path(self._scratch.name)

    # Recording

    def record(self, on: bool) -> None:
        """Write what drives the head into a new take from the playhead on, or end it."""
        if on == self._session.recording:
            return
        if on:
            self.play(False)
            if not self._session.listening:
                self.drive.rest()  # sliders and idle life are recorded, not a frame of the timeline
            self._taken_from = self._at
            self._session.recording = True
            self.drive.begin_take(self.folder, max(self._at, 0.0))
            self._say(self.tr("Recording a take; press Record again to end it."))
        else:
            self.drive.end_take()

    def pause_recording(self, paused: bool) -> None:
        """Leave out what comes from now on, or go on."""
        self.drive.pause_take(paused)

    def _took(self, take: "RecordedTake") -> None:
        self._session.recording = False
        start = self._taken_from
        self._at = start + take.seconds
        if take.frames == 0:
            self._say(take.complaint or self.tr("Nothing was recorded; record while the head moves."))
            return

        def read(motion: Motion) -> None:
            self.add_motion(self._next_name(), motion, take.sound, start, take.seconds)
            take.motion.unlink(missing_ok=True)
            said = self.tr("Recorded {seconds:.1f} s.").format(seconds=take.seconds)
            self._say(f"{take.complaint} {said}".strip())

        start_reading = partial(tasks.read_take, take.motion)
        self._jobs.submit(self.tr("Keeping the take"), start_reading, Urgency.QUICK, read, self._failed)

    def put_back(self) -> None:
        """Put the takes that a crash cut off on the timeline, where they were recorded."""

        def found(takes: "list[tuple[RecordedTake, Motion, float]]") -> None:
            for take, motion, start in takes:
                self.add_motion(self._next_name(), motion, take.sound, start, take.seconds)
                take.motion.unlink(missing_ok=True)
                said = self.tr("The take that was being recorded is on the timeline: {seconds:.1f} s.")
                self._say(said.format(seconds=take.seconds))

        start = partial(tasks.find_cut_off, self.folder)
        self._jobs.submit(self.tr("Looking for takes"), start, Urgency.QUICK, found, self._failed)

    def add_motion(
        self,
        name: str,
        motion: Motion,
        sound: Path | None = None,
        start: float | None = None,
        seconds: float | None = None,
    ) -> Block:
        """Put a motion on the timeline as a take of every lane, its sound beneath; return the take.

        Parameters
        ----------
        motion
            ``arkit``; it begins at its own second 0.
        start
            s of the timeline; None is the playhead.
        seconds
            How long the sound is; None is as long as the motion.
        """
        start = self.position if start is None else start
        document, state = self._document, self._document.state
        length = float(motion.times[-1])
        if len(motion) > 1:
            length += float(np.median(np.diff(motion.times)))
        lanes: tuple[Lane, ...] = MOTION_LANES
        take = Block(secrets.token_hex(8), document.store(motion), name, start, 0.0, length, lanes)
        timeline, media = replace(state.timeline, takes=(*state.timeline.takes, take)), state.media
        if sound is not None:
            key = secrets.token_hex(8)
            heard = length if seconds is None else seconds
            block = Block(secrets.token_hex(8), key, name, start, 0.0, heard, ("audio",))
            timeline = replace(timeline, sounds=(*timeline.sounds, block))
            media = {**media, key: Media(str(sound), sound.name, heard)}
        label = self.tr("Add {name}").format(name=name)
        document.edit(label, replace(state, media=media, timeline=timeline))
        return take

    def _next_name(self) -> str:
        numbers = [0]
        for take in self._document.state.timeline.takes:
            word, _, number = take.name.rpartition(" ")
            if word == self.tr("Take") and number.isdigit():
                numbers.append(int(number))
        return f"{self.tr('Take')} {max(numbers) + 1}"

    # Following the document

    def _changed(self, now: ProjectState, before: ProjectState) -> None:
        if now.timeline is before.timeline and now.media is before.media:
            return
        self._prepare_sounds(now)
        self._hear_sounds(now)
        self._changed_score()

    def _changed_score(self) -> None:
        self._score = None
        if not self._document.state.timeline.duration and not self._session.listening:
            self.drive.rest()  # nothing is left to stand on: the head lives again
        elif self._session.playing or not (self._session.listening or self._session.recording):
            self.drive.follow(self._scored())

    def _scored(self) -> "Score":
        if self._score is None:
            # Loads scipy and what plays sound, for which a window without a timeline need not wait.
            from studio.core.project.evaluation import Evaluation
            from studio.core.project.sound_mix import SoundMix
            from studio.ui.viewport.timeline_source import Score

            timeline = self._document.state.timeline
            heard = None
            if self._states and self._tells_heard:
                from studio.core.project.heard_sounds import HeardSounds

                heard = HeardSounds(timeline, self._states)
            evaluation = Evaluation(timeline, self._document.motions, heard)
            self._score = Score(evaluation, SoundMix(timeline, self._sounds))
        return self._score

    def _end_live(self) -> None:
        if self._session.recording:
            self.drive.end_take()
        self._session.listening = False

    def _failed(self, error: Exception, sentence: str) -> None:
        self._say(sentence)
