"""What leaves the program: clips with sound, stills and view sheets, all through `frame_stream`."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from os import PathLike
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from studio.core.avatar import Avatar, Background, on_fastest_device
from studio.core.errors import UserError
from studio.core.frame_stream import allocate, batch_size, stream
from studio.core.framing import orbit, portrait_camera, square_camera
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import read_audio_blocks, read_channels, survey
from studio.core.media.background_writer import BackgroundWriter
from studio.core.media.files import atomic_path
from studio.core.media.video import AAC_RATES, ClipInfo, Sound, VideoWriter, probing
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import choose_backend, warm_up
from studio.core.sample import CONSENT
from studio.core.speech.recording import motion_frames
from studio.core.speech.settings import SpeechSettings

SHEET_YAWS = (-45, -30, -15, 0, 15, 30, 45)
SHEET_ROWS: dict[str, dict[str, float]] = {
    "neutral": {},
    "jawOpen": {"jawOpen": 0.7},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}

MIN_SIZE, MAX_SIZE = 64, 4096
# What H.264 at level 5.1 plays everywhere.
MAX_CLIP_SIZE = 2048
SPEECH_RATE = 16_000

R = TypeVar("R")

log = logging.getLogger(__name__)

_PREVIEW_EVERY = 0.25  # s
_SURVEYED = 0.02  # share of the whole when the recording is known
_RENDERED = 0.92  # share of the whole when the last frame is rendered; the rest is reading back


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
    notes
        Sentences about what is wrong with the recording, though it was used.
    """

    path: Path
    frames: int
    fps: float
    size: int
    duration: float
    seconds: float
    steps: dict[str, float]
    notes: tuple[str, ...] = ()

    @property
    def real_time_factor(self) -> float:
        """Seconds of clip made per second; at least 1 keeps up with real time."""
        return self.duration / self.seconds


def speak_clip(
    avatar: Avatar,
    audio_path: str | PathLike[str],
    out_path: str | PathLike[str],
    fps: float | Fraction = 25,
    size: int = 512,
    seed: int = 0,
    background: Background = "plate",
    settings: SpeechSettings | None = None,
) -> Job[ClipReport]:
    """Render an avatar speaking a recording into a square clip as long as the recording.

    The recording is read three times, block by block: to survey it, for the motion and for the clip's sound.
    So the length of a clip is known before its first frame, and hours need no more memory than seconds.

    The clip is written to a temporary file, decoded from end to end and counted, and only then takes its
    place; closing the job leaves nothing behind. Clips of the sample portrait show the word "synthetic".

    Raises
    ------
    UserError
        If the recording cannot be used, an option is out of range, or the clip cannot be written.
    """
    _check_clip_options(fps, size, seed, background)
    rate = Fraction(fps).limit_denominator(1001)
    watch = Stopwatch()
    recording = yield from share(survey(audio_path), watch, 0.0, _SURVEYED)
    frames = max(1, ceil(recording.samples * rate / recording.rate))
    camera = square_camera(avatar, size)
    label = word_coverage("synthetic", size) if avatar.consent == CONSENT else None
    said = ["preparing the renderer"]
    fast = yield from _meanwhile(
        watch,
        _SURVEYED,
        lambda: said[-1],
        lambda: _prepared(avatar, Motion.neutral(), camera, background, said.append),
    )

    # Before the encoder opens: where there is not enough, nothing is left open.
    memory = allocate(fast, camera, 3 * batch_size(fast, camera) + 1)
    sound_rate = recording.rate if recording.rate in AAC_RATES else 48_000
    with (
        closing(read_audio_blocks(recording, SPEECH_RATE)) as speech,
        closing(read_channels(recording, sound_rate)) as heard,
        atomic_path(out_path) as temporary,
    ):
        encoder = VideoWriter(
            temporary,
            size,
            size,
            rate,
            audio=Sound(heard, sound_rate, recording.clip_channels),
            metadata={"title": f"{avatar.name} (synthetic)"},
        )
        with BackgroundWriter(encoder, memory) as writer:
            wanted = _held(motion_frames(speech, float(rate), settings, seed), frames)
            began, shown = watch.elapsed, -_PREVIEW_EVERY
            for i, rgba in enumerate(stream(fast, wanted, camera, background, writer.borrow)):
                if label is not None:
                    stamp(rgba, label)
                if watch.elapsed - shown > _PREVIEW_EVERY:
                    shown = watch.elapsed
                    step = max(1, size // 192)
                    share_done = (_RENDERED - _SURVEYED) * (i + 1) / frames
                    report = watch.progress(
                        _SURVEYED + share_done, "rendering", rgba[::step, ::step, :3] / np.float32(255)
                    )
                    # By the speed of rendering alone: getting ready took as long for a short clip as for a long one.
                    yield replace(report, eta=(shown - began) * (1 - report.fraction) / share_done)
                writer.write(rgba)
        info = yield from share(probing(temporary), watch, _RENDERED, 1.0)
        _verify(info, frames, size, recording.seconds, rate)
    yield watch.progress(1.0, "done")
    return ClipReport(
        Path(out_path), frames, float(rate), size, float(frames / rate), watch.elapsed, watch.steps, recording.notes
    )


def view_picture(
    avatar: Avatar,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    zoom: float = 1.0,
    size: int = 512,
    expression: Mapping[str, float] | None = None,
    background: Background = "plate",
    show_guessed: bool = False,
) -> NDArray[np.uint8]:
    """Render one still in the portrait's own framing, turned by degrees and magnified.

    Returns
    -------
    ``[H,W,4]`` uint8, the longer side `size` px.

    Raises
    ------
    UserError
        If `size`, `zoom` or an angle is out of range, or what is guessed is to be shown and not known.
    """
    _check_range("size", size, MIN_SIZE, MAX_SIZE, "pixels")
    _check_range("yaw", yaw, -180, 180, "degrees")
    _check_range("pitch", pitch, -90, 90, "degrees")
    _check_range("zoom", zoom, 0.1, 10, "times")
    camera = orbit(avatar, portrait_camera(avatar, size), yaw, pitch, zoom)
    fast = drawn_fastest(avatar)
    frame = Motion.arkit(0.0, None, **(expression or {}))
    memory = allocate(fast, camera, 1)
    (picture,) = stream(fast, [frame], camera, background, memory.pop, show_guessed=show_guessed)
    return picture


def view_sheet(
    avatar: Avatar, size: int = 320, background: Background = "plate", *, show_guessed: bool = False
) -> NDArray[np.uint8]:
    """Render yaw −45…45° × neutral, open jaw, smile and blink as one labelled picture.

    Parameters
    ----------
    size
        px of one square cell.

    Returns
    -------
    ``[H,W,3]`` uint8.

    Raises
    ------
    UserError
        If `size` is out of range, the background is transparent, or what is guessed is to be shown and not known.
    """
    _check_range("size", size, MIN_SIZE, MAX_SIZE // 4, "pixels")
    if isinstance(background, str) and background == "transparent":
        raise UserError("A sheet cannot be transparent; use the background plate or a colour.")
    margin = max(14, size // 12)
    left = 5 * margin
    sheet = Image.new("RGB", (left + size * len(SHEET_YAWS), margin + size * len(SHEET_ROWS)), "#16181d")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(margin * 0.7)
    home = square_camera(avatar, size)
    fast = drawn_fastest(avatar)
    frames = [Motion.arkit(0.0, None, **expression) for expression in SHEET_ROWS.values()]
    for column, yaw in enumerate(SHEET_YAWS):
        x = left + column * size
        draw.text((x + size / 2, margin / 2), f"{yaw:+d}°" if yaw else "0°", "#d8dbe2", font, anchor="mm")
        camera = orbit(avatar, home, yaw, 0.0)
        memory = allocate(fast, camera, len(frames))
        cells = stream(fast, frames, camera, background, memory.pop, show_guessed=show_guessed)
        for row, cell in enumerate(cells):
            sheet.paste(Image.fromarray(np.ascontiguousarray(cell[..., :3])), (x, margin + row * size))
    for row, label in enumerate(SHEET_ROWS):
        draw.text((left / 2, margin + (row + 0.5) * size), label, "#d8dbe2", font, anchor="mm")
    return np.asarray(sheet)


def _prepared(
    avatar: Avatar, frame: Motion, camera: Camera, background: Background, say: Callable[[str], None]
) -> Avatar:
    """Return what renders the clip, warm: the first frame compiles or loads every kernel, which takes a while."""
    fast = drawn_fastest(avatar, say)
    memory = allocate(fast, camera, 1)
    list(stream(fast, [frame], camera, background, memory.pop))
    return fast


def drawn_fastest(avatar: Avatar, say: Callable[[str], None] = log.info) -> Avatar:
    """Return what stands for an avatar where frames are drawn fastest, known to draw there."""
    if choose_backend().name == "gsplat":
        warm_up(say)  # where gsplat does not compile, its last message says so, and numba draws
    return on_fastest_device(avatar)


def _meanwhile(watch: Stopwatch, fraction: float, message: str | Callable[[], str], work: Callable[[], R]) -> Job[R]:
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
        yield watch.progress(fraction, message if isinstance(message, str) else message())
        try:
            result = results.get(timeout=_PREVIEW_EVERY)
        except Empty:
            continue
        if isinstance(result, BaseException):
            raise result
        return result


def word_coverage(text: str, size: int) -> NDArray[np.float32]:
    """Return the coverage ``[h,w,1]`` 0..1 of a small word for a picture of `size` px."""
    font = ImageFont.load_default(max(10, size / 28))
    left, top, right, bottom = font.getbbox(text)
    word = Image.new("L", (ceil(right - left) + 2, ceil(bottom - top) + 2))
    ImageDraw.Draw(word).text((1 - left, 1 - top), text, 255, font)
    return np.asarray(word, np.float32)[..., None] / 255


def stamp(rgba: NDArray[np.uint8], label: NDArray[np.float32]) -> None:
    """Write a word into the lower right corner, light with a dark edge, so that it shows on anything."""
    height, width = label.shape[:2]
    margin = max(4, len(rgba) // 50)
    for shift, grey in ((1, 0.0), (0, 1.0)):
        bottom, right = len(rgba) - margin + shift, rgba.shape[1] - margin + shift
        corner = rgba[bottom - height : bottom, right - width : right, :3]
        corner[:] = np.rint(corner + label * (255 * grey - corner) * np.float32(0.85))


def _held(frames: Iterator[Motion], count: int) -> Iterator[Motion]:
    """Yield exactly `count` frames, the last one again where rounding of sample rates left it out."""
    last = Motion.neutral()
    for _ in range(count):
        last = next(frames, last)
        yield last


def _verify(info: ClipInfo, frames: int, size: int, seconds: float, rate: Fraction) -> None:
    """Raise RuntimeError (a bug, not the user's doing) if the clip is not what was written."""
    if info.frames != frames or (info.width, info.height) != (size, size) or info.fps != rate:
        raise RuntimeError(f"the clip reads back as {info}, expected {frames} frames of {size} px at {rate}")
    # AAC rounds up to its own frames of 1024 samples.
    if abs(info.audio_duration - seconds) > max(1 / rate, Fraction(1024, min(AAC_RATES))):
        raise RuntimeError(f"the clip's sound lasts {info.audio_duration:.3f} s, expected {seconds:.3f} s")


def _check_clip_options(fps: float | Fraction, size: int, seed: int, background: Background) -> None:
    _check_range("size", size, MIN_SIZE, MAX_CLIP_SIZE, "pixels")
    _check_range("fps", float(fps), 1, 120, "frames per second")
    if seed < 0:
        raise UserError(f"The seed {seed} is out of range; use 0 or more.")
    if size % 2:
        raise UserError(f"A clip needs an even size; use {size - 1} or {size + 1}.")
    if isinstance(background, str) and background == "transparent":
        raise UserError("A clip cannot be transparent; use the background plate or a colour.")


def _check_range(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise UserError(f"The {name} {value:g} is out of range; use {low:g} to {high:g} {unit}.")
