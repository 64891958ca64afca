"""The sound of a file, decoded block by block: a recording of hours needs no more memory than one of seconds."""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.media.video import USE, open_container

# Looked at before anything is decoded: 1 Hz taken to 16 kHz would grow sixteen thousand times.
RATES = (4_000, 384_000)  # Hz
MAX_CHANNELS = 32
MAX_SECONDS = 12 * 3600.0

_BLOCK = 1 << 14  # samples
_MOSTLY = 0.98  # of what the header states: less is a copy cut short, more is an encoder's padding
# Containers whose header counts what they hold. Others state nothing, or an estimate from the bit rate.
_COUNTED = {"flac", "mov", "matroska", "aiff", "caf", "w64"}
_MP3_FRAME = 1441  # bytes at most


class SoundTrack:
    """The first sound track of a file, read once from front to end: iterate for its blocks.

    Each block is ``[S,C]`` float32, full scale −1..1, at the rate and in the channels of the first one: where
    they change midway (recordings laid end to end) the rest is converted. What is damaged is left out.

    Attributes
    ----------
    rate
        Hz; 0 until the first block.
    share_read
        0..1 of the file's bytes: true also where no duration is known.
    seconds
        s of sound so far.
    missing
        Why this is not the whole recording, as the end of a sentence; empty where nothing is known to be missing.
        Complete after the last block.

    Raises
    ------
    UserError
        By iterating: if the file cannot be decoded, holds no sound, or its format or length is out of bounds.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.rate = 0
        self.share_read = 0.0
        self.seconds = 0.0
        self.missing = ""
        self._damaged = 0
        self._start: int | None = None  # of the first packet in the file

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        name = self.path.name
        with open_container(self.path) as container:
            if not container.streams.audio:
                what = "pictures but no sound" if container.streams.video else "no sound"
                raise UserError(f"'{name}' holds {what}; choose a recording of speech.")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise UserError(f"'{name}' is compressed in a way that is not known here; {USE}.")
            # Zero is a header that leaves it to the sound itself.
            self._check(stream.rate or RATES[0], stream.codec_context.channels or 1)
            count = 0
            for frame in _in_one_format(self._frames(container, stream)):
                self.rate = frame.sample_rate
                count += frame.samples
                self.seconds = count / self.rate
                if self.seconds > MAX_SECONDS:
                    raise UserError(
                        f"'{name}' is longer than {MAX_SECONDS / 3600:g} hours; cut it into shorter pieces."
                    )
                yield frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
            if count == 0:
                if self._damaged:
                    raise UserError(f"'{name}' is damaged: none of it can be read; get a whole copy of it.")
                raise UserError(f"'{name}' holds no sound; choose a recording of speech.")
            self.missing = self._what_is_missing(container, stream)

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decode what can be decoded: one bad packet does not end a recording, a broken container does."""
        from av.error import FFmpegError

        size = max(container.size, 1)
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                packet = None
                self._damaged += 1
            if packet is None:
                return
            if packet.pos is not None:
                self._start = packet.pos if self._start is None else self._start
                self.share_read = min(max(self.share_read, packet.pos / size), 1.0)
            try:
                frames = packet.decode()
            except FFmpegError:
                self._damaged += 1
                continue
            for frame in frames:
                self._check(frame.sample_rate, frame.layout.nb_channels)
                yield frame

    def _check(self, rate: int, channels: int) -> None:
        low, high = RATES
        if not low <= rate <= high:
            raise UserError(f"'{self.path.name}' has a sample rate of {rate} Hz; save it at 16000 to 48000 Hz.")
        if not 1 <= channels <= MAX_CHANNELS:
            raise UserError(f"'{self.path.name}' has {channels} sound channels; save it as mono or stereo.")

    def _what_is_missing(self, container: Any, stream: Any) -> str:
        stated = self._stated_seconds(container, stream)
        if stated is not None and self.seconds < _MOSTLY * stated:
            return f"is cut short: of {_clock(stated)} the first {_clock(self.seconds)} are there"
        if self._damaged:
            return f"is damaged: {_clock(self.seconds)} of it can be read"
        return ""

    def _stated_seconds(self, container: Any, stream: Any) -> float | None:
        """Return how long the header says that the sound lasts, s, or None where it cannot know."""
        kind = container.format.name.split(",")[0]
        if kind == "wav":
            # FFmpeg believes the size of the file rather than the header's.
            with self.path.open("rb") as file:
                header = file.read(8)
            stated = int.from_bytes(header[4:8], "little") + 8
            known = header[:4] == b"RIFF" and 8 < stated < 1 << 32 - 1  # recorders that stream write 0 or all ones
            return self.seconds * stated / container.size if known else None
        if kind not in _COUNTED and not (kind == "mp3" and self._has_mp3_header()):
            return None
        if stream.duration is not None:
            return float(stream.duration * stream.time_base)
        return None if container.duration is None else container.duration / 1_000_000

    def _has_mp3_header(self) -> bool:
        """Return whether a frame before the sound counts its frames; without one FFmpeg estimates."""
        with self.path.open("rb") as file:
            file.seek(max((self._start or 0) - _MP3_FRAME, 0))
            before = file.read(_MP3_FRAME)
        return b"Xing" in before or b"Info" in before


def _in_one_format(frames: Iterator[Any]) -> Iterator[Any]:
    """Give every frame the layout and rate of the first one, as interleaved float32, in larger pieces.

    The first frame, not the header: decoders may know better (HE-AAC doubles its rate). Interleaved,
    because PyAV reads beyond its planes where a recording has eight of them.
    """
    import av

    target: Any = None
    resampler, source = av.AudioResampler(), None
    for frame in frames:
        if target is None:
            target = frame.layout, frame.sample_rate
        if source != (frame.format.name, frame.layout.name, frame.sample_rate):  # a resampler takes one only
            if source is not None:
                yield from resampler.resample(None)
            source = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = av.AudioResampler(format="flt", layout=target[0], rate=target[1], frame_size=_BLOCK)
        yield from resampler.resample(frame)
    if source is not None:
        yield from resampler.resample(None)


def _clock(seconds: float) -> str:
    """Return a duration as people say it: ``7.3 s``, ``12:05 min``."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02d} min"
