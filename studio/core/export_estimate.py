"""How long a clip will take and how large it will be: measured on some of its frames, before it is written."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from studio.core.avatar import Avatar
from studio.core.export_clip import (
    ClipOptions,
    cameras_of,
    check_options,
    encoder_for,
    frames_of,
    prepared,
    read_back,
    size_of,
    stretch_of,
)
from studio.core.frame_stream import allocate, batch_size, stream
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Job, Progress
from studio.core.media.background_writer import BackgroundWriter
from studio.core.media.clip_format import ClipFormat
from studio.core.media.mixdown import channels_of
from studio.core.media.video import picture_bytes
from studio.core.media.video_writer import AUDIO_BIT_RATE, GROUP_SECONDS
from studio.core.performance import Performance

SAMPLED = 12
_WITHIN = 2.0  # s: from here at most on, because speech is listened to from the front


@dataclass(frozen=True)
class Estimate:
    """What a clip will be.

    Attributes
    ----------
    seconds
        s that it will take.
    duration
        s of clip.
    """

    frames: int
    duration: float
    seconds: float
    bytes: float


def estimate_clip(avatar: Avatar, performance: Performance, form: ClipFormat, options: ClipOptions) -> Job[Estimate]:
    """Draw, write and read back `SAMPLED` frames of a clip in a temporary folder, and take the rest to be alike.

    Raises
    ------
    UserError
        As `write_clip`.
    """
    check_options(options, form)
    begin, end = stretch_of(performance, options)
    frames, rate = frames_of(begin, end, options), float(options.rate)
    count = min(frames, SAMPLED)
    begin += min(_WITHIN, (end - begin - count / rate) / 3) if frames > count else 0.0
    cameras = cameras_of(avatar, performance, options, begin, count)
    camera = cameras if isinstance(cameras, Camera) else options.view.camera(avatar, options.width, options.height)
    yield Progress(0.0, "preparing the renderer")
    fast = prepared(avatar, camera, options.background)
    yield Progress(0.3, "listening")
    started = time.monotonic()
    with closing(performance.frames(begin, count, rate)) as motion:
        wanted = list(motion)
    moving = (time.monotonic() - started) / (begin * rate + count) * frames
    yield Progress(0.5, "drawing some frames")
    memory = allocate(fast, camera, 3 * batch_size(fast, camera) + 1, np.uint8 if form.depth == 8 else np.float32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{form.suffix}"
        if not form.suffix:
            path.mkdir()
        started = 0.0
        with BackgroundWriter(encoder_for(path, form, options, None, ""), memory) as writer:
            for picture in stream(fast, wanted, cameras, options.background, writer.borrow):
                started = started or time.monotonic()
                writer.write(picture)
        drawing = (time.monotonic() - started) / max(1, count - 1) * frames
        yield Progress(0.8, "reading them back")
        started = time.monotonic()
        yield from read_back(path, form, options.rate, {}, count)
        checking = (time.monotonic() - started) / count * frames
        size = size_of(path)
        first, all_of_them = picture_bytes(path) if form.suffix else (size / count, size)
    first *= size / all_of_them  # what the container adds, and alpha, which lies beside the pictures
    groups = frames if first * count <= size * 1.01 and count > 1 and not form.suffix else frames / rate / GROUP_SECONDS
    others = (size - first) / max(1, count - 1)
    pictures = groups * first + (frames - groups) * others if frames > count else float(size)
    return Estimate(frames, frames / rate, moving + drawing + checking, pictures + _sound_bytes(performance, form, end))


def _sound_bytes(performance: Performance, form: ClipFormat, seconds: float) -> float:
    laid = performance.heard()
    if not laid:
        return 0.0
    if form.name in ("mp4", "webm"):
        return seconds * AUDIO_BIT_RATE / 8
    return seconds * form.sound_rates[-1] * 2 * channels_of(laid)
