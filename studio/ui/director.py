"""`Director`: turns what the user wants into jobs and into changes of the `Session`."""

import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QImage

from studio.core.avatar import Avatar, follows_sound, style_of
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.kernels import compile_elsewhere
from studio.core.motion.motion import Motion
from studio.core.orbit import PRESETS, Orbit
from studio.core.project.document import Document, ProjectState
from studio.ui import building_tasks, tasks
from studio.ui.binding import Binding
from studio.ui.builds import Builds
from studio.ui.camera_work import CameraWork
from studio.ui.exports import Exports
from studio.ui.face_choice import FaceChoice
from studio.ui.heads import Heads
from studio.ui.library import SUFFIX, Entry, Library, entry_of
from studio.ui.live import Live
from studio.ui.live_out import LiveOut
from studio.ui.performances import Performances
from studio.ui.personalizing import Personalizing
from studio.ui.playback import Playback
from studio.ui.project import SUFFIX as PROJECT_SUFFIX
from studio.ui.project import ProjectDesk
from studio.ui.session import Session
from studio.ui.viewport.frame_loop import FrameLoop
from studio.ui.workers import JobQueue, Urgency

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif")
VIDEOS = (".mp4", ".mov", ".mkv", ".webm")
SOUNDS = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".mp4", ".mov", ".mkv", ".webm")
KEPT_IN_MEMORY = 3
SWITCH = 0.001  # s
RECENT = 8


class Director(QObject):
    """Owns session, jobs and threads; panels call its methods and listen to its signals."""

    listed = Signal(object)
    """An `Entry` for the avatar list."""
    unlisted = Signal(str)
    recent_changed = Signal()

    def __init__(
        self,
        library: Library,
        settings: QSettings,
        builder: building_tasks.Builder = building_tasks.core_builder,
        face_finder: building_tasks.FaceFinder = building_tasks.core_face_finder,
        inspector: building_tasks.Inspector = building_tasks.core_inspector,
        parent: QObject | None = None,
        learner: tasks.Learner = tasks.core_learner,
    ) -> None:
        super().__init__(parent)
        self.session = Session()
        self.document = Document()
        """What is saved of the project; the GUI thread is its only editor."""
        self.library = library
        self.settings = settings
        self.entries: dict[str, Entry] = {}
        self._avatars: OrderedDict[str, Avatar] = OrderedDict()
        self._wanted = ""
        self._coming_back: set[str] = set()
        self.jobs = JobQueue(self)
        self.builds = Builds(self.session, library, self.jobs, self.say, builder, face_finder, inspector, self)
        self.builds.built.connect(self._built)
        self.document.changed.connect(self._bring_back)  # before the binding shows them
        self.binding = Binding(self.session, self.document, self.entries, self._show_key, self)
        self.project = ProjectDesk(self.document, settings, library.folder, self.say, self)
        self.project.listed.connect(self._list)
        self.project.opened.connect(self._note_recent)
        self.faces = FaceChoice(self.jobs, self.say, self)
        self.builds.face_wanted.connect(self.faces.drop)
        self.personalizing = Personalizing(self.session, library, self.jobs, self.say, learner, self.faces, self)
        self.personalizing.learnt.connect(self._learnt)
        self.heads = Heads(self.session, settings, self.jobs, self.say, self)
        self.exports = Exports(self.session, self.document, self.jobs, self.say, self)
        self.frames = FrameLoop(self)
        media = library.folder.parent / "media"
        self.playback = Playback(self.session, self.document, self.jobs, self.frames, self.say, media, self)
        self.drive = self.playback.drive
        self.project.recovered.connect(self.playback.put_back)
        self.camera_work = CameraWork(self.session, self.document, self.playback, self.jobs, self.say, self)
        self.live = Live(self.session, settings, self.jobs, self.drive, self.say, self)
        self.performances = Performances(self.session, self.document, self.playback, self.jobs, self.say, self)
        self.live_out = LiveOut(self.drive, self.say, self)
        self.jobs.idle_changed.connect(self._set_idle)
        self.renderer_said = ""
        """The newest sentence about preparing the renderer."""
        self.frames.message.connect(self._say_of_renderer)
        self.frames.failed.connect(self.say)
        self.drive.stopped.connect(self._source_stopped)
        self.drive.failed.connect(self._source_failed)
        events = self.session.events
        events.avatar.connect(lambda avatar: self.frames.show(avatar=avatar))
        events.avatar.connect(lambda avatar: self.playback.tell_heard(follows_sound(avatar)))
        events.avatar.connect(lambda avatar: self.drive.tell_style(style_of(avatar)))
        # While the timeline leads the camera, its frames bring their view along.
        events.orbit.connect(lambda orbit: None if self.playback.view else self.frames.show(orbit=orbit))
        events.background.connect(lambda background: self.frames.show(background=background))
        events.render_size.connect(lambda size: self.frames.show(size=size))
        events.show_guessed.connect(lambda on: self.frames.show(show_guessed=on))
        for event in (events.drive, events.expression):
            event.connect(self._configure_drive)
        events.layers_off.connect(self._weigh)
        self.document.changed.connect(lambda now, before: self._weigh() if now.gains != before.gains else None)
        self.session.show_guessed = bool(settings.value("show_guessed", False, type=bool))

    def start(self) -> None:
        """Start the threads and list the library."""
        # A painting window gives the interpreter away many times, and gets it back from a thread that calculates only
        # this much later each time: with Python's own 5 ms it would paint ten times as long while anything is built.
        sys.setswitchinterval(SWITCH)
        self.frames.start()
        self.drive.start()
        self._configure_drive()
        self.frames.prepared.connect(lambda *_: self.heads.look())
        self.exports.clear_away()
        self.jobs.submit(self.tr("Library"), self.library.scan, Urgency.QUICK, self._list_all, self._say_failure)

    def warm_up(self) -> None:
        """Have compiled what never was, before the renderer prepares itself; then load what the first build needs."""
        self.frames.hold()
        compiling = self.jobs.submit(
            self.tr("Compiling for this computer, once"),
            partial(compile_elsewhere, self.frames.release),
            Urgency.FIRST,
            on_failure=self._not_compiled,
            on_progress=lambda told: self._say_of_renderer(told.message),
        )
        compiling.cancelled.connect(self.frames.release)  # then drawing compiles
        prepare = partial(self.jobs.submit, self.tr("Warming up"), tasks.warm_up, Urgency.UNASKED)
        self.frames.prepared.connect(lambda *_: prepare())

    def _not_compiled(self, error: Exception, sentence: str) -> None:
        self.say(sentence)
        self.frames.release()  # drawing compiles

    def stop(self) -> None:
        """End every thread; unfinished jobs are cancelled and clean up after themselves."""
        self.frames.stop()  # first: a renderer that waits for its kernels would compile them when the jobs have ended
        self.jobs.stop()
        self.project.stop()
        self.live_out.stop()
        self.playback.stop()

    def _say_of_renderer(self, sentence: str) -> None:
        if self.session.selected and self.session.status != self.renderer_said:
            return  # what was said of the head on show says more
        self.say(sentence)
        self.renderer_said = self.session.status

    def say(self, sentence: str) -> None:
        """Put a sentence in the status line."""
        self.session.status = sentence[:1].upper() + sentence[1:]

    # What comes in: files, pictures, sounds

    def open_paths(self, paths: list[Path]) -> None:
        """Open any mix of pictures, sounds and avatars."""
        pictures = []
        for path in paths:
            suffix = path.suffix.lower()
            if suffix == SUFFIX:
                self.open_avatar(path)
            elif suffix in VIDEOS:
                self.performances.asked.emit(path)
            elif suffix == PROJECT_SUFFIX:
                self.project.open(path)
            elif suffix in SOUNDS:
                self.playback.open_sound(path)
            elif suffix in PICTURES:
                pictures.append(path)
            else:
                unknown = self.tr("'{name}' is no picture, sound or avatar; drop a JPEG, PNG, WAV or .avatar file.")
                self.say(unknown.format(name=path.name))
        if pictures:
            self.builds.open(pictures)

    def open_image(self, image: QImage) -> None:
        """Build from a picture out of the clipboard."""
        folder = self.library.folder / "pasted"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"pasted {len(list(folder.iterdir())) + 1}.png"
        image.save(str(path))
        self.open_paths([path])

    def open_sample(self) -> None:
        """Build the public-domain sample, which needs no consent."""
        from studio.core.sample import CONSENT, sample_portrait

        self.builds.build(sample_portrait(), CONSENT)

    def open_avatar(self, path: Path) -> None:
        """Read an avatar file and show it."""

        def opened(avatar: Avatar) -> None:
            entry = entry_of(str(path), path, avatar)
            self._remember(entry, avatar)
            self.listed.emit(entry)
            self._note_recent(path)
            self._show(entry.key, avatar)
            self.binding.keep(entry.key)

        title = self.tr("Opening {name}").format(name=path.name)
        self.jobs.submit(title, partial(tasks.open_avatar, path), Urgency.QUICK, opened, self._say_failure)

    def _built(self, entry: Entry, avatar: Avatar, waited_for: bool) -> None:
        self._remember(entry, avatar)
        self.listed.emit(entry)
        if waited_for:
            orbit = self.session.orbit  # whoever turned the preview keeps that view
            self._show(entry.key, avatar)
            self.binding.keep(entry.key)
            self.session.orbit = orbit
            ready = self.tr("“{name}” is ready. Press the microphone and speak.").format(name=avatar.name)
            self.say(" ".join((ready, *avatar.notes)))

    def personalize(self, paths: list[Path]) -> None:
        """Learn a clip, or several pictures, of the person on show; what comes of it joins the list."""
        self.personalizing.start(paths)

    def _learnt(self, entry: Entry, avatar: Avatar, learnt_from: str) -> None:
        self._remember(entry, avatar)
        self.listed.emit(entry)
        if self.session.selected == learnt_from:
            orbit = self.session.orbit
            self._show(entry.key, avatar)
            self.session.orbit = orbit

    # Choosing and keeping

    def select(self, key: str) -> None:
        """Show an avatar of the list."""
        if key == self.session.selected:
            return
        self.builds.step_back()
        if key in self._avatars:
            self._show(key, self._avatars[key])
            return
        entry = self.entries[key]

        def opened(avatar: Avatar) -> None:
            self._remember(entry, avatar)
            if wanted == self._wanted:
                self._show(key, avatar)

        wanted = self._wanted = key
        title = self.tr("Opening {name}").format(name=entry.name)
        self.jobs.submit(title, partial(tasks.open_avatar, entry.path), Urgency.QUICK, opened, self._say_failure)

    def remove(self, key: str) -> None:
        """Take an avatar off the list and out of the library."""
        entry = self.entries.pop(key)
        self._avatars.pop(key, None)
        self.library.forget(entry)
        self.unlisted.emit(key)
        self.binding.forget(key)
        if self.session.selected == key:
            self.session.selected = ""
            self.session.avatar = None
        self.say(self.tr("“{name}” was removed.").format(name=entry.name))

    def save(self, path: Path, key: str = "") -> None:
        """Write an avatar of the list, or the one on show, to a file."""
        avatar = self._avatars.get(key) if key else self.session.avatar
        if avatar is not None:
            start = partial(tasks.save, avatar, path)
        elif key:
            start = partial(tasks.save_copy, self.entries[key].path, path)
        else:
            return

        def saved(path: Path) -> None:
            self._note_recent(path)
            self.say(self.tr("Saved {name}.").format(name=path.name))

        title = self.tr("Saving {name}").format(name=path.name)
        self.jobs.submit(title, start, Urgency.QUICK, saved, self._say_failure)

    def recent(self) -> list[Path]:
        """Return the avatar files opened or saved last, newest first."""
        value = self.settings.value("recent", [])
        names = [value] if isinstance(value, str) else list(value or [])  # pyright: ignore[reportArgumentType]
        return [Path(name) for name in names]

    def _note_recent(self, path: Path) -> None:
        names = [str(path), *(str(p) for p in self.recent() if p != path)]
        self.settings.setValue("recent", names[:RECENT])
        self.recent_changed.emit()

    def _list_all(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._list(entry)

    def _list(self, entry: Entry) -> None:
        self.entries.setdefault(entry.key, entry)
        self.listed.emit(entry)

    def _remember(self, entry: Entry, avatar: Avatar) -> None:
        self.entries[entry.key] = entry
        self._avatars[entry.key] = avatar
        self._avatars.move_to_end(entry.key)
        while len(self._avatars) > KEPT_IN_MEMORY:
            self._avatars.popitem(last=False)

    def _show_key(self, key: str) -> None:
        """Show the avatar that the project shows now."""
        if key in self.entries:
            self.select(key)
            return
        if key in self._coming_back:
            return  # it is shown when it is there
        self.builds.step_back()
        self._wanted = ""
        self.session.selected, self.session.avatar = "", None
        if key:
            self.say(self.tr("The file of the avatar that was shown is missing; choose another avatar."))

    def _bring_back(self, new: ProjectState, old: ProjectState) -> None:
        """Have the avatars again that an undo put back into the project."""
        before = {ref.key for ref in old.avatars}
        back = {ref.path: ref.key for ref in new.avatars if ref.key not in before and ref.key not in self.entries}

        def came(entries: list[Entry]) -> None:
            for entry in entries:
                self._list(replace(entry, key=back[str(entry.path)]))
            self._coming_back -= set(back.values())
            if (shown := self.document.state.shown) in back.values():
                self._show_key(shown)

        if back:
            self._coming_back |= set(back.values())
            start = partial(self.library.bring_back, [Path(path) for path in back])
            self.jobs.submit(self.tr("Avatars"), start, Urgency.QUICK, came, self._say_failure)

    def _show(self, key: str, avatar: Avatar) -> None:
        self._wanted = key
        self.session.orbit = Orbit()
        self.session.avatar = avatar
        self.session.selected = key

    # Looking and moving

    def look_from(self, preset: str) -> None:
        """Turn to "front", "left" or "right"."""
        self.playback.take_camera(self.session.orbit.turned_to(*PRESETS[preset]))

    def add_motion(self, name: str, motion: Motion, sound: Path | None = None) -> None:
        """Put a motion on the timeline as a take from the playhead on; see `Playback.add_motion`."""
        self.playback.add_motion(name, motion, sound)

    def look_home(self) -> None:
        """Go back to the view that was there first."""
        self.playback.take_camera(Orbit())

    def show_guessed(self, on: bool) -> None:
        """Tint what the portrait did not show, or stop; remembered."""
        self.settings.setValue("show_guessed", on)
        self.session.show_guessed = on

    def set_channel(self, index: int, value: float) -> None:
        """Ask for an ARKit channel, 0..1, on top of what drives it."""
        code = self.session.expression.code.copy()
        code[0, index] = value
        self.session.expression = replace(self.session.expression, code=code)

    def set_expression(self, values: Mapping[str, float]) -> None:
        """Put the sliders to an expression: ARKit name to value."""
        code = np.zeros((1, len(ARKIT_NAMES)), np.float32)
        code[0, [ARKIT_INDEX[name] for name in values]] = list(values.values())
        self.session.expression = replace(Motion.neutral(), code=code)

    def set_gain(self, index: int, gain: float) -> None:
        """Let so much of what drives an ARKit channel be seen; 1 is all of it."""
        name, state = ARKIT_NAMES[index], self.document.state
        gains = {other: value for other, value in state.gains.items() if other != name}
        if round(gain, 3) != 1:
            gains[name] = round(gain, 3)
        label = self.tr("Gain of {name}").format(name=name)
        self.document.edit(label, replace(state, gains=gains), f"gain {name}", time.monotonic())

    def reset_expression(self) -> None:
        """Let go of every slider."""
        self.session.expression = Motion.neutral()

    def choose_face(self, index: int) -> None:
        """Take a face of the picture on the stage, counted from 0, or -1 for none: a video's or a portrait's."""
        (self.faces.choose if self.faces.asking else self.builds.choose_face)(index)

    def use_video(self, path: Path, use: str) -> None:
        """Do with a video what was answered: "drive", "personalize", "sound", or "" for nothing."""
        if use == "drive":
            self.faces.ask(path, partial(self.performances.drive, path))
        elif use == "personalize":
            self.personalize([path])
        elif use == "sound":
            self.playback.open_sound(path)

    @property
    def uses_of_videos(self) -> tuple[str, ...]:
        """What a video may be used for now."""
        learns = self.session.avatar is not None
        return ("drive", "personalize", "sound") if learns else ("drive", "sound")

    def _source_stopped(self, sentence: str) -> None:
        # "" is the echo of our own request; by now the session may already want another source.
        if sentence:
            self._source_failed(sentence)

    def _source_failed(self, sentence: str) -> None:
        self.playback.ended()
        self.session.listening = False
        self.say(sentence)

    def _weigh(self) -> None:
        found = self.document.state.gains
        gains = np.array([found.get(name, 1.0) for name in ARKIT_NAMES], np.float32) if found else None
        self.drive.weigh(self.session.layers_off, gains)

    def _configure_drive(self) -> None:
        self.drive.configure(self.session.drive, self.session.expression)

    def _set_idle(self, idle: bool) -> None:
        self.drive.busy = not idle

    def _say_failure(self, error: Exception, sentence: str) -> None:
        self.say(sentence)
