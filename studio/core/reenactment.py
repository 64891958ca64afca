"""An avatar driven by a clip: its face tracked, its motion retargeted, a clip written; nothing but motion passes."""

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from os import PathLike
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Background, FrameBuffers, follows_sound, render_bytes
from studio.core.errors import UserError
from studio.core.export_clip import MAX_CLIP_SIZE, MIN_SIZE
from studio.core.frame_stream import drawn_fastest
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import read_channels, survey
from studio.core.media.background_writer import BackgroundWriter
from studio.core.media.clip_format import MP4
from studio.core.media.files import atomic_path
from studio.core.media.video import clip_footing, probing
from studio.core.media.video_writer import Sound, VideoWriter
from studio.core.motion.track import Track, load_track
from studio.core.sample import CONSENT
from studio.core.speech.recording import heard_recording
from studio.core.tracking.avatar_face import on_host
from studio.core.tracking.clip import track_clip
from studio.core.tracking.gains import FaceGains
from studio.core.tracking.refine import refine_track
from studio.core.tracking.retarget import Framing, Retarget, Shot, with_sound
from studio.core.visible_label import stamp, word_coverage

Sounding = Literal["keep", "none"]
FRAMINGS: tuple[str, ...] = get_args(Framing)
SOUNDS: tuple[str, ...] = get_args(Sounding)

_TRACKED, _HEARD, _RENDERED = 0.4, 0.43, 0.94  # shares of the whole
_PREVIEW_EVERY = 0.25  # s
_IN_FLIGHT = 4  # pictures between renderer and encoder
_FASTEST = 60  # frames a second; more is shown by few screens


@dataclass(frozen=True)
class ReenactReport:
    """A finished, verified clip.

    Attributes
    ----------
    seconds
        s it took, tracking included.
    rendering
        s of them that drawing and encoding took.
    notes
        Sentences about what was not as it should be.
    """

    path: Path
    frames: int
    fps: float
    width: int
    height: int
    duration: float
    seconds: float
    rendering: float
    notes: tuple[str, ...]


def reenact_clip(
    avatar: Avatar,
    source: str | PathLike[str],
    out_path: str | PathLike[str],
    framing: Framing = "avatar",
    sound: Sounding = "keep",
    size: int = 512,
    background: Background = "plate",
    gains: FaceGains = FaceGains(),
    track: Track | None = None,
    refine: bool = False,
    face: int = 1,
) -> Job[ReenactReport]:
    """Render an avatar that moves as the face in `source` does: a video, or a track of one (``.npz``).

    Parameters
    ----------
    framing
        ``"avatar"``: a square picture of `size` px in which the avatar moves from its own rest. ``"video"``: a picture
        of the video's size, the head placed as the driving one is.
    sound
        Whether the video's sound is laid under the clip; a track has none. A head that follows sound hears it anyway.
    gains
        How much of the driving face arrives.
    track
        Of the video, where it was tracked before.
    refine
        Whether every frame is corrected by the avatar's own looks; see `refine_track`.
    face
        Which of several faces of a video drives, counted by size.

    Raises
    ------
    UserError
        If the source cannot be used or shows no face, an option is out of range, or the clip cannot be written.
    """
    watch, source = Stopwatch(), Path(source)
    if framing not in FRAMINGS or sound not in SOUNDS:
        raise UserError(f"Use {' or '.join(FRAMINGS)} as framing and {' or '.join(SOUNDS)} as audio.")
    if not MIN_SIZE <= size <= MAX_CLIP_SIZE or size % 2:
        raise UserError(f"The size {size} cannot be used; use an even number from {MIN_SIZE} to {MAX_CLIP_SIZE}.")
    notes: tuple[str, ...] = ()
    sounds, follows = False, follows_sound(avatar)
    refining = 0.5 * _TRACKED if refine else _TRACKED
    if source.suffix.lower() == ".npz":
        if refine:
            raise UserError("A track has no pictures to be refined by; give the video, or refine it as it is tracked.")
        if face != 1:
            raise UserError("A track is of one face; choose among several with track --face, or give the video.")
        track = load_track(source)
    else:
        sounds = (sound == "keep" or follows) and clip_footing(source).sound
        if track is None:
            tracked = yield from share(track_clip(source, face=face), watch, 0.0, refining)
            track, notes = tracked.track, tracked.notes
    if refine:
        track = yield from share(refine_track(avatar, track, source), watch, refining, _TRACKED)
    began = watch.elapsed
    yield watch.progress(_TRACKED, "preparing the renderer")
    fast = drawn_fastest(avatar)
    retarget = Retarget(fast, track, framing, size, gains)
    camera = retarget.camera
    if not MIN_SIZE <= min(camera.width, camera.height) <= max(camera.width, camera.height) <= MAX_CLIP_SIZE:
        raise UserError(
            f"The video is {track.width}x{track.height} px and clips may have {MIN_SIZE} to {MAX_CLIP_SIZE}; "
            "use the avatar's own framing."
        )
    rate = min(track.fps, Fraction(_FASTEST)).limit_denominator(1001)
    frames = max(1, ceil((track.motion.times[-1] + float(1 / track.fps)) * rate - 0.01))
    recording = None
    if sounds:
        try:
            recording = yield from share(survey(source), watch, _TRACKED, _TRACKED + 0.01)
        except UserError as error:  # the face is enough
            notes = (*notes, f"The clip has no sound: {error}")
    shots = retarget.shots(np.arange(frames) / float(rate))
    if follows and recording is not None:
        states = yield from share(heard_recording(recording), watch, _TRACKED + 0.01, _HEARD)
        shots = with_sound(shots, states)
    elif follows:
        notes = (*notes, "This head's mouth follows sound, and none was heard; give a video with sound.")
    if sound == "none":
        recording = None
    sound_rate = recording.rate if recording is not None and recording.rate in MP4.sound_rates else 48_000
    heard = nullcontext(()) if recording is None else closing(read_channels(recording, sound_rate))
    memory = list(np.empty((_IN_FLIGHT, camera.height, camera.width, 4), np.uint8))
    label = word_coverage("synthetic", camera.height) if avatar.consent == CONSENT else None
    with heard as blocks, atomic_path(out_path) as temporary:
        audio = None if recording is None else Sound(blocks, sound_rate, recording.clip_channels)
        title = {"title": f"{avatar.name} (synthetic)"}
        encoder = VideoWriter(temporary, camera.width, camera.height, rate, audio=audio, metadata=title)
        with BackgroundWriter(encoder, memory) as writer:
            shown = -_PREVIEW_EVERY
            for i, rgba in enumerate(draw(fast, shots, background, writer.borrow)):
                if label is not None:
                    stamp(rgba, label)
                if watch.elapsed - shown > _PREVIEW_EVERY:
                    shown = watch.elapsed
                    step = max(1, camera.height // 192)
                    done = _HEARD + (_RENDERED - _HEARD) * (i + 1) / frames
                    yield watch.progress(done, "rendering", rgba[::step, ::step, :3] / np.float32(255))
                writer.write(rgba)
        rendering = watch.elapsed - began
        info = yield from share(probing(temporary), watch, _RENDERED, 1.0)
        if info.frames != frames or (info.width, info.height) != (camera.width, camera.height):
            raise RuntimeError(f"the clip reads back as {info}, expected {frames} frames of {camera}")
    yield watch.progress(1.0, "done")
    return ReenactReport(
        Path(out_path), frames, float(rate), camera.width, camera.height, float(frames / rate), watch.elapsed,
        rendering, notes,
    )  # fmt: skip


def draw(
    avatar: Avatar, shots: Iterator[Shot], background: Background, borrow: Callable[[], NDArray[np.uint8]]
) -> Iterator[NDArray[np.uint8]]:
    """Yield each shot as a picture ``[H,W,4]`` in borrowed memory; every one may have its own view."""
    buffers = FrameBuffers()
    for shot in shots:
        memory = borrow()
        picture = render_bytes(avatar, shot.motion, shot.camera, background, buffers=buffers)
        memory[:] = on_host(picture)
        yield memory
