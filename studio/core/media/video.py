"""Clips in; knows PyAV and imports it when first used."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress, run
from studio.core.media.alpha import psnr
from studio.core.media.files import opened
from studio.core.media.video_writer import ENCODERS

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
    alpha
        Whether its pictures have transparency.
    psnr
        dB of the pictures it was compared with, the worst of them; see `alpha.psnr`. Infinite where there were none.
    """

    frames: int
    fps: Fraction
    width: int
    height: int
    duration: float
    audio_duration: float
    metadata: dict[str, str]
    alpha: bool = False
    psnr: float = inf


def probe_clip(path: str | PathLike[str]) -> ClipInfo:
    """Decode a clip from end to end and count; see `probing`."""
    return run(probing(path))


def probing(path: str | PathLike[str], wanted: Mapping[int, NDArray] | None = None) -> Job[ClipInfo]:
    """Decode a clip from end to end, count, and compare, as a job.

    Parameters
    ----------
    wanted
        What some of its frames should look like: ``[H,W,4]`` bytes or 0..1, straight alpha, by their number.

    Raises
    ------
    UserError
        If it cannot be opened or decoded, or holds no pictures.
    """
    path, wanted = Path(path), wanted or {}
    with open_container(path) as container:
        video = _pictures_of(container, path)
        frames, audio, told, likeness = 0, 0.0, time.monotonic(), inf
        expected = max(1, video.frames)
        for frame in _decoded(container, [video, *container.streams.audio[:1]], path):
            if hasattr(frame, "samples"):
                audio += frame.samples / frame.sample_rate
            else:
                if frames in wanted:
                    likeness = min(likeness, psnr(to_rgba(frame), wanted[frames]))
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
            _has_alpha(video),
            likeness,
        )


def read_rgba(path: str | PathLike[str]) -> Iterator[NDArray[np.uint16]]:
    """Yield every picture of a clip as ``[H,W,4]`` uint16, straight alpha; opaque clips have alpha 65535.

    Raises
    ------
    UserError
        If the clip cannot be opened or decoded, or holds no pictures.
    """
    path = Path(path)
    with open_container(path) as container:
        for frame in _decoded(container, [_pictures_of(container, path)], path):
            yield to_rgba(frame)


def clip_tags(path: str | PathLike[str]) -> dict[str, str]:
    """Return the tags in a clip's header, lower-case keys.

    Raises
    ------
    UserError
        If it cannot be opened.
    """
    with open_container(Path(path)) as container:
        return {key.lower(): value for key, value in container.metadata.items()}


def picture_bytes(path: str | PathLike[str]) -> tuple[int, int]:
    """Return how many bytes the first picture of a clip takes, and all of them together.

    Raises
    ------
    UserError
        If it cannot be opened or holds no pictures.
    """
    path = Path(path)
    with open_container(path) as container:
        sizes = [packet.size for packet in container.demux(_pictures_of(container, path)) if packet.size]
    return sizes[0], sum(sizes)


def to_rgba(frame: Any) -> NDArray[np.uint16]:
    """Return a decoded frame as ``[H,W,4]`` uint16, BT.709."""
    return frame.reformat(format="rgba64le", src_colorspace="ITU709").to_ndarray()


def _pictures_of(container: Any, path: Path) -> Any:
    if not container.streams.video:
        raise UserError(f"'{path.name}' holds no pictures; choose a video clip.")
    video = container.streams.video[0]
    video.thread_type = "AUTO"
    return video


def _has_alpha(video: Any) -> bool:
    return video.metadata.get("alpha_mode") == "1" or "yuva" in (video.pix_fmt or "")


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
        video = _pictures_of(container, path)
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
        video = _pictures_of(container, path)
        for i, frame in enumerate(_decoded(container, [video], path)):
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
    for name in ENCODERS:
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
    import av
    from av.error import FFmpegError

    # FFmpeg's own VP9 decoder leaves the alpha out, which lies beside the pictures.
    seeing = None
    video = next((stream for stream in streams if stream.type == "video"), None)
    if video is not None and video.metadata.get("alpha_mode") == "1" and video.codec_context.name == "vp9":
        seeing = av.CodecContext.create("libvpx-vp9", "r")
    try:
        if seeing is None:
            yield from container.decode(*streams)
            return
        for packet in container.demux(*streams):
            if packet.stream is video:
                yield from seeing.decode(packet if packet.size else None)
            else:
                yield from packet.decode()
    except FFmpegError as error:
        raise UserError(f"'{path.name}' is cut short or damaged; get a whole copy of it.") from error
