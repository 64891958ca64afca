"""Clips: a performance of an avatar, drawn, written, read back, and only then in its place."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from os import PathLike
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

import numpy as np

from studio.core.avatar import Avatar, Background, style_of
from studio.core.errors import UserError
from studio.core.export import credentials_of
from studio.core.frame_stream import Picture, allocate, batch_size, drawn_fastest, stream
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.background_writer import BackgroundWriter, PictureWriter
from studio.core.media.clip_format import QUALITIES, ClipFormat, Quality, format_of
from studio.core.media.credentials import sign
from studio.core.media.files import atomic_folder, atomic_path
from studio.core.media.mixdown import Laid, channels_of, mixdown
from studio.core.media.picture_folder import FolderWriter, checking
from studio.core.media.video import ClipInfo, probing
from studio.core.media.video_writer import Sound, VideoWriter
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.performance import Performance, speech
from studio.core.sample import CONSENT
from studio.core.speech.settings import SpeechSettings
from studio.core.unfinished import noted, sweep
from studio.core.visible_label import stamp, word_coverage

MIN_SIZE = 64
# What H.264 at level 5.1 plays everywhere.
MAX_CLIP_SIZE = 2048
MAX_FPS = 120
LEAST_DB = 20.0
"""What a clip read back must be like its pictures: less is a fault, not a matter of compression."""

R = TypeVar("R")

log = logging.getLogger(__name__)

_PREVIEW_EVERY = 0.25  # s
_SURVEYED = 0.02  # share of the whole when the recording is known
_RENDERED = 0.92  # share of the whole when the last frame is rendered; the rest is reading back


@dataclass(frozen=True)
class ClipOptions:
    """How a clip is written.

    Attributes
    ----------
    width, height
        px.
    fps
        Frames per second; a `Fraction` for 30000/1001.
    begin, end
        s of the performance; None is its end.
    view
        Where the viewer stands while the performance leaves that open.
    label
        Whether the word "synthetic" is shown; clips of the sample portrait always show it.
    depth
        Bits of the pictures of a folder, 8 or 16.
    """

    width: int = 512
    height: int = 512
    fps: float | Fraction = 25
    background: Background = "plate"
    quality: Quality = "standard"
    begin: float = 0.0
    end: float | None = None
    view: Orbit = field(default_factory=Orbit)
    label: bool = False
    depth: int = 8

    @property
    def rate(self) -> Fraction:
        """Frames per second, exactly."""
        return Fraction(self.fps).limit_denominator(1001)


@dataclass(frozen=True)
class ClipReport:
    """A finished, verified clip.

    Attributes
    ----------
    duration
        s of clip.
    seconds
        s it took.
    steps
        s of each step, by its message.
    psnr
        dB of three of its frames, read back, against the studio's own: over black and over white, the worst.
    notes
        Sentences about what is wrong with the recording, though it was used.
    signed
        Whether it carries Content Credentials; its plain metadata says "synthetic" in any case.
    """

    path: Path
    form: str
    frames: int
    fps: float
    width: int
    height: int
    duration: float
    bytes: int
    psnr: float
    seconds: float
    steps: dict[str, float]
    notes: tuple[str, ...] = ()
    signed: bool = False

    @property
    def real_time_factor(self) -> float:
        """Seconds of clip made per second; at least 1 keeps up with real time."""
        return self.duration / self.seconds


def speak_clip(
    avatar: Avatar,
    audio_path: str | PathLike[str],
    out_path: str | PathLike[str],
    options: ClipOptions = ClipOptions(),
    settings: SpeechSettings | None = None,
    seed: int = 0,
) -> Job[ClipReport]:
    """Write a clip of an avatar that speaks a recording, as long as the recording.

    The recording is read three times, block by block: to survey it, for the motion and for the clip's sound.
    So the length of a clip is known before its first frame, and hours need no more memory than seconds.

    Raises
    ------
    UserError
        As `write_clip`, or if the recording cannot be used.
    """
    check_options(options, format_of(out_path, options.depth))
    watch = Stopwatch()
    performance = yield from share(speech(audio_path, settings, seed, style_of(avatar)), watch, 0.0, _SURVEYED)
    return (yield from _written(avatar, performance, out_path, options, watch, _SURVEYED))


def write_clip(
    avatar: Avatar, performance: Performance, out_path: str | PathLike[str], options: ClipOptions = ClipOptions()
) -> Job[ClipReport]:
    """Write a clip of a performance; its suffix says the format, see `format_of`.

    The clip is written to a temporary file, decoded from end to end, counted and compared with what was drawn, and
    only then takes its place; closing the job leaves nothing behind.

    Raises
    ------
    UserError
        If an option is out of range, or the clip cannot be written.
    """
    return (yield from _written(avatar, performance, out_path, options, Stopwatch(), 0.0))


def _written(
    avatar: Avatar,
    performance: Performance,
    out_path: str | PathLike[str],
    options: ClipOptions,
    watch: Stopwatch,
    known: float,
) -> Job[ClipReport]:
    """Write a clip from the share `known` of the whole on."""
    form, rate = format_of(out_path, options.depth), options.rate
    check_options(options, form)
    sweep()
    begin, end = stretch_of(performance, options)
    frames = frames_of(begin, end, options)
    cameras = cameras_of(avatar, performance, options, begin, frames)
    camera = cameras if isinstance(cameras, Camera) else options.view.camera(avatar, options.width, options.height)
    said = ["preparing the renderer"]
    fast = yield from _meanwhile(
        watch, known, lambda: said[-1], lambda: prepared(avatar, camera, options.background, said.append)
    )
    # Before the encoder opens: where there is not enough, nothing is left open.
    kind = np.uint8 if form.depth == 8 else np.float32
    memory = allocate(fast, camera, 3 * batch_size(fast, camera) + 1, kind)
    label = _label(avatar, options)
    kept: dict[int, Picture] = dict.fromkeys((0, frames // 2, frames - 1))  # pyright: ignore[reportAssignmentType]
    laid = performance.heard()
    with (
        _sound(laid, form, begin, end) as sound,
        _place(form, out_path) as temporary,
        noted(temporary),
    ):
        encoder = encoder_for(temporary, form, options, sound, f"{avatar.name} (synthetic)")
        with BackgroundWriter(encoder, memory) as writer:
            wanted = performance.frames(begin, frames, float(rate))
            began_at, shown = watch.elapsed, -_PREVIEW_EVERY
            for i, rgba in enumerate(stream(fast, wanted, cameras, options.background, writer.borrow)):
                if label is not None:
                    stamp(rgba, label)
                if i in kept:
                    kept[i] = rgba.copy()
                if watch.elapsed - shown > _PREVIEW_EVERY:
                    shown = watch.elapsed
                    done = (i + 1) / frames
                    # By the speed of rendering alone: getting ready took as long for a short clip as for a long one.
                    left = (shown - began_at) * (1 / _RENDERED - done) / done
                    share_done = known + (_RENDERED - known) * done
                    yield replace(watch.progress(share_done, "rendering", _preview(rgba)), eta=left)
                    began_at += watch.elapsed - shown  # a clip that waited for others, or was paused, did not render
                writer.write(rgba)
        info = yield from share(read_back(temporary, form, rate, kept, frames), watch, _RENDERED, 1.0)
        _verify(info, frames, options, end - begin, bool(laid))
        signed = sign(temporary, credentials_of(avatar))
        size = size_of(temporary)
    yield watch.progress(1.0, "done")
    return ClipReport(
        Path(out_path), form.name, frames, float(rate), options.width, options.height, float(frames / rate), size,
        info.psnr, watch.elapsed, watch.steps, performance.notes, signed,
    )  # fmt: skip


def check_options(options: ClipOptions, form: ClipFormat) -> None:
    """Raise UserError if a clip cannot be written so."""
    for name, value in (("width", options.width), ("height", options.height)):
        if not MIN_SIZE <= value <= MAX_CLIP_SIZE:
            raise UserError(f"The {name} {value:g} is out of range; use {MIN_SIZE} to {MAX_CLIP_SIZE} pixels.")
        if form.even and value % 2:
            raise UserError(f"A clip needs an even {name}; use {value - 1} or {value + 1}.")
    if not 1 <= float(options.fps) <= MAX_FPS:  # also refuses NaN
        raise UserError(f"The fps {float(options.fps):g} is out of range; use 1 to {MAX_FPS} frames per second.")
    if options.quality not in QUALITIES:
        raise UserError(f"There is no quality '{options.quality}'; use {', '.join(QUALITIES)}.")
    if is_transparent(options.background) and not form.alpha:
        raise UserError("An MP4 cannot be transparent; use .mov, .webm or a folder of pictures, or a background.")


def stretch_of(performance: Performance, options: ClipOptions) -> tuple[float, float]:
    """Return from which to which second of a performance a clip goes.

    Raises
    ------
    UserError
        If nothing lies there.
    """
    end = performance.seconds if options.end is None else min(options.end, performance.seconds)
    if not options.begin < end:
        raise UserError(f"Nothing lies between {options.begin:g} s and {end:g} s; choose another range.")
    return options.begin, end


def frames_of(begin: float, end: float, options: ClipOptions) -> int:
    """Return how many frames a clip from `begin` to `end` s has."""
    return max(1, ceil((end - begin) * float(options.rate) - 1e-6))


def is_transparent(background: Background) -> bool:
    """Return whether nothing lies behind the head."""
    return isinstance(background, str) and background == "transparent"


def cameras_of(
    avatar: Avatar, performance: Performance, options: ClipOptions, begin: float, frames: int
) -> Camera | Iterator[Camera]:
    """Return the one camera of a clip, or one for each frame where the view moves."""
    times = (begin + i / float(options.rate) for i in range(frames))
    views = [performance.view_at(time) or options.view for time in times]
    if views.count(views[0]) == frames:
        return views[0].camera(avatar, options.width, options.height)
    return (view.camera(avatar, options.width, options.height) for view in views)


def prepared(avatar: Avatar, camera: Camera, background: Background, say: Callable[[str], None] = log.info) -> Avatar:
    """Return what renders the clip, warm: the first frame compiles or loads every kernel, which takes a while."""
    fast = drawn_fastest(avatar, say)
    memory = allocate(fast, camera, 1)
    list(stream(fast, [Motion.neutral()], camera, background, memory.pop))
    return fast


def _label(avatar: Avatar, options: ClipOptions) -> Picture | None:
    shown = options.label or avatar.consent == CONSENT
    return word_coverage("synthetic", min(options.width, options.height)) if shown else None


def _preview(rgba: Picture) -> Picture:
    step = max(1, len(rgba) // 192)
    small = rgba[::step, ::step, :3]
    return small / np.float32(255) if rgba.dtype == np.uint8 else small.copy()


class _sound(AbstractContextManager):  # noqa: N801 - used as a function
    """The sound of a clip, or None; its files are closed at the end."""

    def __init__(self, laid: tuple[Laid, ...], form: ClipFormat, begin: float, end: float) -> None:
        rates = [item.recording.rate for item in laid if item.recording.rate in form.sound_rates]
        self._rate = rates[0] if rates else form.sound_rates[-1]
        self._laid = laid
        self._blocks = mixdown(laid, self._rate, begin, end)

    def __enter__(self) -> Sound | None:
        return Sound(self._blocks, self._rate, channels_of(self._laid)) if self._laid else None

    def __exit__(self, *_: object) -> None:
        self._blocks.close()


def _place(form: ClipFormat, out_path: str | PathLike[str]) -> AbstractContextManager[Path]:
    return atomic_path(out_path) if form.suffix else atomic_folder(out_path)


def encoder_for(path: Path, form: ClipFormat, options: ClipOptions, sound: Sound | None, title: str) -> PictureWriter:
    """Return what writes a clip to `path`; for a folder, one that is there."""
    if not form.suffix:
        return FolderWriter(path, options.rate, form=form, audio=sound, metadata={"Title": title})
    return VideoWriter(
        path, options.width, options.height, options.rate, form=form, quality=options.quality, audio=sound,
        metadata={"title": title},
    )  # fmt: skip


def read_back(path: Path, form: ClipFormat, rate: Fraction, kept: dict[int, Picture], frames: int) -> Job[ClipInfo]:
    """Decode a clip that was written, and compare the frames that were `kept`."""
    if not form.suffix:
        return (yield from checking(path, rate, kept, frames))
    return (yield from probing(path, kept if form.alpha else {i: rgb[..., :3] for i, rgb in kept.items()}))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the files of a folder."""
    return sum(item.stat().st_size for item in (path.iterdir() if path.is_dir() else [path]))


def _meanwhile(watch: Stopwatch, fraction: float, message: Callable[[], str], work: Callable[[], R]) -> Job[R]:
    """Do work that cannot be divided in a thread of its own, reporting that it goes on.

    Closing the job abandons the work, so it may read files but must not write any.
    """
    results: SimpleQueue[R | BaseException] = SimpleQueue()

    def do() -> None:
        try:
            results.put(work())
        except BaseException as error:
            results.put(error)

    Thread(target=do, name="export", daemon=True).start()
    while True:
        yield watch.progress(fraction, message())
        try:
            result = results.get(timeout=_PREVIEW_EVERY)
        except Empty:
            continue
        if isinstance(result, BaseException):
            raise result
        return result


def _verify(info: ClipInfo, frames: int, options: ClipOptions, seconds: float, sounds: bool) -> None:
    """Raise RuntimeError (a bug, not the user's doing) if the clip is not what was written."""
    rate = options.rate
    if info.frames != frames or (info.width, info.height) != (options.width, options.height):
        raise RuntimeError(f"the clip reads back as {info}, expected {frames} frames of {options}")
    if abs(info.fps - rate) > rate / 1000:  # Matroska counts whole milliseconds
        raise RuntimeError(f"the clip reads back at {info.fps} frames per second, expected {rate}")
    if is_transparent(options.background) and not info.alpha:
        raise RuntimeError("the clip reads back without its transparency")
    if info.psnr < LEAST_DB:
        raise RuntimeError(f"the clip reads back unlike its pictures: {info.psnr:.1f} dB")
    # AAC rounds up to its own frames of 1024 samples; Opus to 20 ms.
    if sounds and abs(info.audio_duration - seconds) > max(1 / rate, Fraction(1024, 44_100)) + Fraction(1, 200):
        raise RuntimeError(f"the clip's sound lasts {info.audio_duration:.3f} s, expected {seconds:.3f} s")
