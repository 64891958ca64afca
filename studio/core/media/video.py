"""Clips in and out; the only module that knows PyAV, and it imports it when first used."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress, run
from studio.core.media.files import opened
from studio.core.media.provenance import PROGRAM, STATEMENT

if TYPE_CHECKING:
    import av

CRF = "18"
# Of one core's time a 512 px frame takes 3 ms at "veryfast" and 5 at "faster", beside 18 ms of rendering;
# "superfast" takes 2 and makes files of nearly three times the size.
PRESET = "veryfast"
ENCODER_THREADS = min(8, os.cpu_count() or 1)
AUDIO_BIT_RATE = 160_000
# The rates every player takes; an AAC frame of 1024 samples is then shorter than a picture at 40 fps.
AAC_RATES = (44_100, 48_000)

_TELL_EVERY = 0.25  # s
USE = "use WAV, FLAC, MP3, OGG, M4A or MP4"


@dataclass(frozen=True)
class ClipInfo:
    """What a clip holds, counted by decoding it rather than believed from its header.

    Attributes
    ----------
    frames
        Pictures that decode.
    fps
        Nominal frames per second.
    width, height
        px.
    duration, audio_duration
        s; `audio_duration` is 0 where there is no sound.
    metadata
        The container's tags, lower-case keys.
    """

    frames: int
    fps: Fraction
    width: int
    height: int
    duration: float
    audio_duration: float
    metadata: dict[str, str]


@dataclass(frozen=True)
class Sound:
    """What is laid under a clip's frames, from time zero.

    Attributes
    ----------
    blocks
        ``[S,C]`` float32 −1..1, taken as the frames need them.
    rate
        Hz, one of `AAC_RATES`.
    channels
        1 or 2.
    """

    blocks: Iterable[NDArray[np.float32]]
    rate: int
    channels: int


class VideoWriter:
    """Writes H.264 + AAC MP4 with the index in front; frames in, sound beside them.

    Use as a context manager; leaving the block finishes the file, or abandons it on an exception.

    Parameters
    ----------
    path
        A file to overwrite; atomic replacement is the caller's (`atomic_path`).
    width, height
        px, even (4:2:0 chroma).
    fps
        Frames per second; a `Fraction` for 30000/1001.
    audio
        What is heard, or None; read on the thread that writes, and no further than the frames.
    metadata
        Tags (``title``, ``description``, ...) beside the ``comment`` that calls every clip synthetic.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        width: int,
        height: int,
        fps: float | Fraction,
        *,
        audio: Sound | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        import av

        if width % 2 or height % 2:
            raise ValueError(f"a clip of {width}x{height} px has odd sides; 4:2:0 chroma needs even ones")
        self._rate = Fraction(fps).limit_denominator(1001)
        self._container = av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"})
        # MP4 keeps a fixed set of tags and the muxer signs "encoder" itself: "comment" is what survives.
        comment = f"{STATEMENT}; made with {PROGRAM}"
        self._container.metadata.update({"comment": comment, **(metadata or {})})
        self._video = self._add_video(width, height)
        self._audio = None
        if audio is not None:
            self._audio = self._add_audio(audio)
            self._blocks = iter(audio.blocks)
            self._waiting = np.zeros((0, audio.channels), np.float32)  # samples read, not written
        self._frames = 0
        self._sent = 0

    def _add_video(self, width: int, height: int) -> "av.VideoStream":
        options = {"crf": CRF, "preset": PRESET, "profile": "high"}
        stream: Any = self._container.add_stream("libx264", rate=self._rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.thread_count = ENCODER_THREADS
        context.gop_size = max(1, round(2 * self._rate))
        # BT.709, studio range: what players assume for anything they show large.
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        return stream

    def _add_audio(self, sound: Sound) -> "av.AudioStream":
        layout = "mono" if sound.channels == 1 else "stereo"
        stream: Any = self._container.add_stream("aac", rate=sound.rate, layout=layout)
        stream.bit_rate = AUDIO_BIT_RATE
        return stream

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Append one frame ``[H,W,3]`` or, its alpha ignored, ``[H,W,4]`` uint8.

        Raises
        ------
        ValueError
            If it is not of the clip's size.
        """
        if picture.shape[:2] != (self._video.height, self._video.width) or picture.shape[2] not in (3, 4):
            raise ValueError(
                f"a frame has shape {picture.shape}, expected {(self._video.height, self._video.width)} and 3 or 4"
            )
        import av

        from studio.core.media.yuv import to_planes

        yuv = av.VideoFrame(self._video.width, self._video.height, "yuv420p")
        to_planes(picture, *(_rows(plane) for plane in yuv.planes))
        yuv.pts, yuv.time_base = self._frames, 1 / self._rate
        self._container.mux(self._video.encode(yuv))
        self._frames += 1
        self._write_audio_until(float(self._frames / self._rate))

    def _write_audio_until(self, time: float) -> None:
        if self._audio is None:
            return
        import av

        rate = self._audio.rate
        count = round(time * rate) - self._sent
        while len(self._waiting) < count and (block := next(self._blocks, None)) is not None:
            self._waiting = np.concatenate([self._waiting, block])
        chunk, self._waiting = np.ascontiguousarray(self._waiting[:count].T), self._waiting[count:]
        if chunk.shape[1] == 0:
            return
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout=self._audio.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, self._sent, Fraction(1, rate)
        self._container.mux(self._audio.encode(frame))
        self._sent += chunk.shape[1]

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
        finally:
            self._container.close()


def _rows(plane: Any) -> NDArray[np.uint8]:
    """Return a frame's plane as ``[H,W]``, its padding left out."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def probe_clip(path: str | PathLike[str]) -> ClipInfo:
    """Decode a clip from end to end and count; see `probing`."""
    return run(probing(path))


def probing(path: str | PathLike[str]) -> Job[ClipInfo]:
    """Decode a clip from end to end and count, as a job.

    Raises
    ------
    UserError
        If it cannot be opened or decoded, or holds no pictures.
    """
    path = Path(path)
    with open_container(path) as container:
        if not container.streams.video:
            raise UserError(f"'{path.name}' holds no pictures; choose a video clip.")
        video = container.streams.video[0]
        video.thread_type = "AUTO"
        frames, audio, told = 0, 0.0, time.monotonic()
        expected = max(1, video.frames)
        chosen = [video, *container.streams.audio[:1]]
        for frame in _decoded(container, chosen, path):
            if hasattr(frame, "samples"):
                audio += frame.samples / frame.sample_rate
            else:
                frames += 1
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                yield Progress(min(1.0, frames / expected), "checking the clip")
        rate = Fraction(video.average_rate or 0)
        return ClipInfo(
            frames,
            rate,
            video.width,
            video.height,
            float(frames / rate) if rate else 0.0,
            audio,
            {key.lower(): value for key, value in container.metadata.items()},
        )


@dataclass(frozen=True)
class Footing:
    """What a clip says of itself before it is decoded.

    Attributes
    ----------
    width, height
        px, upright: a phone held upright writes its pictures lying down.
    fps
        Frames per second on average.
    frames
        As the header counts them; 0 where it does not.
    sound
        Whether there is a sound track.
    """

    width: int
    height: int
    fps: Fraction
    frames: int
    sound: bool


def clip_footing(path: str | PathLike[str]) -> Footing:
    """Read a clip's header and its first frame.

    Raises
    ------
    UserError
        If the clip cannot be opened or decoded, or holds no pictures.
    """
    path = Path(path)
    with open_container(path) as container:
        if not container.streams.video:
            raise UserError(f"'{path.name}' holds no pictures; choose a video clip.")
        video = container.streams.video[0]
        for frame in _decoded(container, [video], path):
            size = (frame.width, frame.height)
            width, height = size[::-1] if frame.rotation % 180 else size
            rate = Fraction(video.average_rate or video.guessed_rate or 25)
            return Footing(width, height, rate, video.frames, bool(container.streams.audio))
    raise UserError(f"'{path.name}' holds no pictures; choose a video clip.")


def read_frames(
    path: str | PathLike[str], max_frames: int = 100_000, long_side: int | None = None
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield (time s, ``[H,W,3]`` uint8) of up to `max_frames` frames, upright.

    Parameters
    ----------
    long_side
        px; larger pictures are shrunk to it while they are converted, which a 4K clip needs.

    Raises
    ------
    UserError
        If the clip cannot be opened or decoded, or holds no pictures.
    """
    path = Path(path)
    with open_container(path) as container:
        if not container.streams.video:
            raise UserError(f"'{path.name}' holds no pictures; choose a video clip.")
        container.streams.video[0].thread_type = "AUTO"
        for i, frame in enumerate(_decoded(container, container.streams.video[:1], path)):
            if i == max_frames:
                return
            shrink = 1.0 if long_side is None else min(1.0, long_side / max(frame.width, frame.height))
            size = {"width": round(frame.width * shrink), "height": round(frame.height * shrink)} if shrink < 1 else {}
            picture = frame.to_ndarray(format="rgb24", interpolation="AREA" if size else "BILINEAR", **size)
            yield float(frame.time or 0.0), np.ascontiguousarray(np.rot90(picture, frame.rotation // 90))


def missing_codecs() -> list[str]:
    """Return those of the encoders clips need that this PyAV was built without."""
    import av

    missing = []
    for name in ("libx264", "aac"):
        try:
            av.Codec(name, "w")
        except ValueError:
            missing.append(name)
    return missing


def open_container(path: Path) -> Any:
    """Open a recording or clip with PyAV.

    Raises
    ------
    UserError
        If it is missing, may not be read, or is neither.
    """
    import av
    from av.error import FFmpegError

    with opened(path) as file:  # says better than FFmpeg why a file cannot be opened
        start = file.read(8)
        try:
            return av.open(f"file:{path}")  # "12:30.wav" is no URL
        except (FFmpegError, ValueError) as error:
            if start[4:] == b"ftyp":  # MP4 and its kin, most of which are indexed at their end
                raise UserError(f"'{path.name}' is cut short: its index is missing; get a whole copy of it.") from error
            raise UserError(f"'{path.name}' is not a recording or clip that can be read; {USE}.") from error


def _decoded(container: Any, streams: list, path: Path) -> Iterator[Any]:
    from av.error import FFmpegError

    try:
        yield from container.decode(*streams)
    except FFmpegError as error:
        raise UserError(f"'{path.name}' is cut short or damaged; get a whole copy of it.") from error
