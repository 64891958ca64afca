"""The window's jobs: each gets everything it needs as arguments and knows no widget."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.ui.library import Entry, Library
from studio.ui.loading import loading

if TYPE_CHECKING:
    from studio.core.doctor import Report
    from studio.core.heads.library import HeadInfo
    from studio.core.media.decoded_sound import DecodedSound
    from studio.core.media.image import LoadedPicture
    from studio.core.motion.motion import Motion
    from studio.core.personalize import Personalized
    from studio.core.project.pyramid import Pyramid
    from studio.core.project.take_recorder import RecordedTake
    from studio.core.speech.settings import SpeechSettings
    from studio.core.speech.style import SpeakingStyle
    from studio.core.tracking.gains import FaceGains
    from studio.core.tracking.performance import Performance

log = logging.getLogger(__name__)

TAKE_FPS = 60.0
BACKGROUND = 2048  # px
DRAWN_OF = 25  # samples that are drawn as two

Learner = Callable[..., Job["Personalized"]]
"""`core_learner`, or a fake of it: avatar, paths, same_person=, kept_in=, face=."""


def warm_up() -> Job[None]:
    """Load what the first build needs, so that its imports hold up nobody who is already at work."""
    yield Progress(0.0, "loading the engine")
    with loading():
        import studio.core.build
        from studio.core.engines.registry import load_engine

        load_engine("lift")
    yield Progress(0.3, "loading the face finder")
    nobody = np.zeros((96, 96, 3), np.uint8)
    with loading():
        from studio.core.perception.landmarks import find_faces
        from studio.core.perception.mediapipe_models import person_mask

        find_faces(nobody)
    yield Progress(0.8, "loading the matte")
    with loading():
        person_mask(nobody)
    yield Progress(0.9, "loading what exports")
    with loading():
        # The window asks these for a clip's options; loading them then would hold it up.
        import studio.core.export_clip
        import studio.core.performance  # noqa: F401


def look_at_machine() -> Job["Report"]:
    """Find out what this machine can do."""
    yield Progress(0.0, "starting")
    from studio.core.doctor import reporting

    return (yield from reporting())


def load_charts() -> Job[None]:
    """Load what draws charts, which would hold the window for as long."""
    yield Progress(0.0, "starting")
    with loading():
        import pyqtgraph  # noqa: F401


def read_log() -> Job[str]:
    """Return the newest of the log, scrubbed of names and paths, "" where nothing was logged."""
    yield Progress(0.0, "reading the log")
    from studio.core.logs import newest

    return newest()


def list_heads() -> Job[list["HeadInfo"]]:
    """List the heads that were added."""
    yield Progress(0.0, "looking for heads")
    from studio.core.heads import library

    return library.installed()


def add_head(path: Path) -> Job["HeadInfo"]:
    """Add a FLAME file, or ICT-FaceKit by any file of its folder."""
    yield Progress(0.0, "reading the head")
    from studio.core.heads import library

    return (yield from library.add(path.parent if path.name.startswith(library.NEUTRAL) else path))


def core_learner(
    avatar: Avatar, paths: Sequence[Path], *, same_person: bool, kept_in: Path, face: int
) -> Job["Personalized"]:
    """Learn with the avatar's own engine."""
    yield Progress(0.0, "starting")
    from studio.core.personalize import personalize_avatar

    return (yield from personalize_avatar(avatar, paths, same_person=same_person, kept_in=kept_in, face=face))


def personalize(
    learner: Learner, library: Library, key: str, avatar: Avatar, paths: Sequence[Path], same_person: bool, face: int
) -> Job[tuple[Entry | None, "Personalized"]]:
    """Learn a clip, or pictures, of a head's person and keep the better head beside it; None where none came of it."""
    kept_in = learning_file(library, key, paths)
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    done = yield from learner(avatar, paths, same_person=same_person, kept_in=kept_in, face=face)
    if done.avatar is avatar:
        return None, done
    yield Progress(0.99, "keeping it in the library")
    if not avatar.name.endswith(_PERSONAL):
        done.avatar.name = avatar.name + _PERSONAL
    return library.keep(done.avatar), done


_PERSONAL = " (personal)"
"""What sets the name of a head apart from that of the one it was learnt from."""


def learning_file(library: Library, key: str, paths: Sequence[Path]) -> Path:
    """Return where is kept what a head has learnt of a clip so far."""
    told = "\n".join([key, *(str(path.absolute()) for path in paths)])
    return library.folder / "learning" / hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:16]


def other_person_error() -> type[Exception]:
    """Return the error of footage that shows somebody else; what raises it is not imported with the window."""
    from studio.core.personalize import OtherPersonError

    return OtherPersonError


def open_avatar(path: Path) -> Job[Avatar]:
    """Read an avatar file."""
    yield Progress(0.0, "reading the avatar")
    from studio.core.project.archive import load_avatar

    return load_avatar(path)


def save(avatar: Avatar, path: Path) -> Job[Path]:
    """Write an avatar file."""
    yield Progress(0.0, "writing the avatar")
    from studio.core.project.archive import save_avatar

    save_avatar(avatar, path)
    return path


def save_copy(source: Path, path: Path) -> Job[Path]:
    """Write the avatar of one file to another."""
    return (yield from save((yield from open_avatar(source)), path))


def open_sound(path: Path, scratch: Path) -> Job["DecodedSound"]:
    """Decode a sound into a scratch folder, from which it is played."""
    yield Progress(0.0, "reading the sound")
    from studio.core.media.decoded_sound import decode_sound

    return (yield from decode_sound(path, scratch))


def draw_sound(sound: "DecodedSound") -> Job["Pyramid"]:
    """Return what a timeline draws of a sound, in which no peak is lost."""
    from studio.core.media.decoded_sound import RATE
    from studio.core.project.pyramid import build_pyramid

    # The least and the most of every few samples stand for them: 14 kB for a second.
    peaks = [np.zeros(0, np.float32)]
    for first in range(0, max(sound.samples, 1), RATE):
        yield Progress(0.8 * first / max(sound.samples, 1), "drawing the sound")
        second = sound.read(first, RATE).mean(axis=1).reshape(-1, DRAWN_OF)
        peaks.append(np.stack([second.min(axis=1), second.max(axis=1)], axis=1).ravel())
    return (yield from build_pyramid(np.concatenate(peaks), 2 * RATE / DRAWN_OF))


def open_background(path: Path) -> Job[NDArray[np.float32]]:
    """Return a picture ``[H,W,3]`` of at most `BACKGROUND` px on its longer side, over black."""
    picture = yield from _opened(path)
    import cv2

    rgb = picture.rgb if picture.alpha is None else picture.rgb * picture.alpha[..., None]
    shrink = BACKGROUND / max(rgb.shape[:2])
    if shrink < 1:
        size = round(rgb.shape[1] * shrink), round(rgb.shape[0] * shrink)
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    return rgb


def hear_sound(path: Path, settings: "SpeechSettings", style: "SpeakingStyle") -> Job["Motion"]:
    """Return the motion of a head that says a recording, for takes."""
    yield Progress(0.0, "reading the sound")
    from studio.core.media.audio import survey
    from studio.core.speech.recording import recorded_motion

    recording = yield from survey(path)
    return (yield from recorded_motion(recording, TAKE_FPS, settings, style=style))


def hear_states(path: Path) -> Job[NDArray[np.float32]]:
    """Return what the speech network hears of a recording, for heads that follow that."""
    yield Progress(0.0, "reading the sound")
    from studio.core.media.audio import survey
    from studio.core.speech.recording import heard_recording

    recording = yield from survey(path)
    return (yield from heard_recording(recording))


def find_cut_off(folder: Path) -> Job[list[tuple["RecordedTake", "Motion", float]]]:
    """Read the takes that a crash cut off, each with the second of the timeline from which on it was recorded."""
    yield Progress(0.0, "looking for takes")
    from studio.core.project.take_recorder import cut_off, read_recorded_motion

    found = []
    for take, start in cut_off(folder):
        try:
            found.append((take, read_recorded_motion(take.motion), start))
        except UserError:
            log.warning("a take that was cut off cannot be read")
        yield Progress(0.5, "looking for takes")
    return found


def read_take(path: Path) -> Job["Motion"]:
    """Read what a recorder wrote."""
    yield Progress(0.0, "reading the take")
    from studio.core.project.take_recorder import read_recorded_motion

    return read_recorded_motion(path)


@dataclass(frozen=True, eq=False)
class Performed:
    """A video that drives: what its face does, and how the head on show does it; whether it can be heard."""

    performance: "Performance"
    motion: "Motion"
    sounds: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class VideoFaces:
    """A frame ``[H,W,3]`` 0..1 of a video and the boxes ``[B,4]`` px of its faces, the largest first."""

    rgb: NDArray[np.float32]
    boxes: NDArray[np.float32]


def faces_of_video(path: Path) -> Job[VideoFaces]:
    """Find the faces that a video shows first."""
    yield Progress(0.0, "looking for faces")
    with loading():
        from studio.core.tracking.footage import faces_first_seen

    rgb, faces = faces_first_seen(path)
    boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
    return VideoFaces(rgb.astype(np.float32) / 255, boxes)


def perform(path: Path, avatar: Avatar | None, gains: "FaceGains", face: int = 1) -> Job[Performed]:
    """Track a face in a video, the `face`-th largest, and fit its motion to the head on show, if that has a face."""
    yield Progress(0.0, "opening the video")
    from studio.core.media.audio import survey
    from studio.core.media.video import clip_footing
    from studio.core.tracking.performance import played_by, played_plainly, watch_performance

    sounds, notes = clip_footing(path).sound, []
    performance = yield from watch_performance(path, face)
    motion = played_plainly(performance.track, gains)
    if avatar is not None and avatar.motion_space == "arkit":
        try:
            motion = yield from played_by(avatar, performance.track, gains)
        except UserError as error:
            notes.append(str(error))
    if sounds:
        try:
            yield from survey(path)
        except UserError as error:  # the face is enough
            sounds = False
            notes.append(f"It plays without sound: {error}")
    return Performed(performance, motion, sounds, (*performance.notes, *notes))


def find_microphones() -> Job[list[str]]:
    """List the input devices by name."""
    yield Progress(0.0, "looking for microphones")
    from studio.core.media.sound_devices import input_devices

    return [device.name for device in input_devices()]


def find_outputs() -> Job[list[str]]:
    """List the sound outputs by name."""
    yield Progress(0.0, "looking for sound outputs")
    from studio.core.media.sound_devices import output_devices

    return [device.name for device in output_devices()]


def find_cameras() -> Job[list[str]]:
    """List the webcams by name."""
    yield Progress(0.0, "looking for cameras")
    from studio.core.media.webcam import webcams

    return webcams()


def calibrate(device: str, samples: NDArray[np.float32]) -> Job[bool]:
    """Learn a voice from samples ``[S]`` at 16 kHz and keep it for a microphone; return True."""
    yield Progress(0.0, "listening to what was said")
    from studio.core.speech import calibration

    learnt = calibration.calibrate(samples)
    yield Progress(0.9, "keeping it")
    calibration.save_calibration(device, learnt)
    return True


def forget_calibration(device: str) -> Job[bool]:
    """Drop what was learnt for a microphone; return False."""
    yield Progress(0.0, "forgetting it")
    from studio.core.speech.calibration import forget_calibration

    forget_calibration(device)
    return False


def has_calibration(device: str) -> Job[bool]:
    """Return whether a voice was learnt for a microphone."""
    yield Progress(0.0, "looking for it")
    from studio.core.speech.calibration import load_calibration

    return load_calibration(device) is not None


def load_preview(path: Path) -> Job[NDArray[np.float32]]:
    """Decode a picture for showing; ``[H,W,3]`` float32."""
    return (yield from _opened(path)).rgb


def _opened(path: Path) -> Job["LoadedPicture"]:
    yield Progress(0.0, "reading the picture")
    from studio.core.media.image import load_picture

    return load_picture(path)
