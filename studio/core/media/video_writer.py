"""Clips out: H.264, ProRes 4444 and VP9; knows PyAV and imports it when first used."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studio.core.media.alpha import extended
from studio.core.media.clip_format import MP4, ClipFormat, Quality
from studio.core.media.provenance import PROGRAM, STATEMENT

if TYPE_CHECKING:
    import av

ENCODER_THREADS = min(8, os.cpu_count() or 1)
AUDIO_BIT_RATE = 160_000
GROUP_SECONDS = 2
"""A key frame stands at least so often."""
# Of one core's time a 512 px frame takes 3 ms at "veryfast" and 5 at "faster", beside 18 ms of rendering;
# "superfast" takes 2 and makes files of nearly three times the size.
_H264 = {"preset": "veryfast", "profile": "high"}
_VP9 = {"b": "0", "deadline": "realtime", "cpu-used": "5", "row-mt": "1", "auto-alt-ref": "0"}
_PRORES = {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}
_GRADES: dict[str, dict[Quality, dict[str, str]]] = {
    "mp4": {"draft": {"crf": "25"}, "standard": {"crf": "18"}, "high": {"crf": "12"}},
    "webm": {"draft": {"crf": "34"}, "standard": {"crf": "22"}, "high": {"crf": "12"}},
}


@dataclass(frozen=True)
class Sound:
    """What is laid under a clip's frames, from time zero.

    Attributes
    ----------
    blocks
        ``[S,C]`` float32 −1..1, taken as the frames need them.
    rate
        Hz, one of the format's `sound_rates`.
    channels
        1 or 2.
    """

    blocks: Iterable[NDArray[np.float32]]
    rate: int
    channels: int


@dataclass(frozen=True)
class _Codecs:
    container: str
    video: str
    pixels: str
    audio: str
    samples: str
    video_options: Mapping[str, str]
    container_options: Mapping[str, str]


_CODECS = {
    "mp4": _Codecs("mp4", "libx264", "yuv420p", "aac", "fltp", _H264, {"movflags": "+faststart"}),
    "prores": _Codecs("mov", "prores_ks", "yuva444p10le", "pcm_s16le", "s16", _PRORES, {"movflags": "+faststart"}),
    "webm": _Codecs("webm", "libvpx-vp9", "yuva420p", "libopus", "flt", _VP9, {}),
}
ENCODERS = tuple(name for codecs in _CODECS.values() for name in (codecs.video, codecs.audio))


class VideoWriter:
    """Writes a clip: frames in, sound beside them.

    Use as a context manager; leaving the block finishes the file, or abandons it on an exception.

    Parameters
    ----------
    path
        A file to overwrite; atomic replacement is the caller's (`atomic_path`).
    width, height
        px, even (4:2:0 chroma).
    fps
        Frames per second; a `Fraction` for 30000/1001.
    form
        Any but a folder of pictures.
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
        form: ClipFormat = MP4,
        quality: Quality = "standard",
        audio: Sound | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        import av

        if form.even and (width % 2 or height % 2):
            raise ValueError(f"a clip of {width}x{height} px has odd sides; 4:2:0 chroma needs even ones")
        self._form, self._codecs = form, _CODECS[form.name]
        self._rate = Fraction(fps).limit_denominator(1001)
        options = dict(self._codecs.container_options)
        self._container = av.open(f"file:{path}", "w", format=self._codecs.container, options=options)
        # MP4 keeps a fixed set of tags and the muxer signs "encoder" itself: "comment" is what survives.
        comment = f"{STATEMENT}; made with {PROGRAM}"
        self._container.metadata.update({"comment": comment, **(metadata or {})})
        self._video = self._add_video(width, height, quality)
        self._audio = None
        if audio is not None:
            self._audio = self._add_audio(audio)
            self._blocks = iter(audio.blocks)
            self._waiting = np.zeros((0, audio.channels), np.float32)  # samples read, not written
        self._frames = 0
        self._sent = 0

    def _add_video(self, width: int, height: int, quality: Quality) -> "av.VideoStream":
        options = {**self._codecs.video_options, **_GRADES.get(self._form.name, {}).get(quality, {})}
        stream: Any = self._container.add_stream(self._codecs.video, rate=self._rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, self._codecs.pixels
        context = stream.codec_context
        context.thread_count = ENCODER_THREADS
        context.gop_size = max(1, round(GROUP_SECONDS * self._rate))
        # BT.709, studio range: what players assume for anything they show large.
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        return stream

    def _add_audio(self, sound: Sound) -> "av.AudioStream":
        layout = "mono" if sound.channels == 1 else "stereo"
        stream: Any = self._container.add_stream(self._codecs.audio, rate=sound.rate, layout=layout)
        if self._codecs.audio != "pcm_s16le":
            stream.bit_rate = AUDIO_BIT_RATE
        return stream

    def write(self, picture: NDArray) -> None:
        """Append one frame ``[H,W,3]`` or ``[H,W,4]`` of the format's depth; MP4 ignores its alpha.

        Raises
        ------
        ValueError
            If it is not of the clip's size or depth.
        """
        if picture.shape[:2] != (self._video.height, self._video.width) or picture.shape[2] not in (3, 4):
            raise ValueError(
                f"a frame has shape {picture.shape}, expected {(self._video.height, self._video.width)} and 3 or 4"
            )
        if picture.dtype != (np.uint8 if self._form.depth == 8 else np.float32):
            raise ValueError(f"a frame of {picture.dtype} has another depth than {self._form.name}")
        frame = self._frame(picture)
        frame.pts, frame.time_base = self._frames, 1 / self._rate
        self._container.mux(self._video.encode(frame))
        self._frames += 1
        self._write_audio_until(float(self._frames / self._rate))

    def _frame(self, picture: NDArray) -> Any:
        import av

        from studio.core.media.yuv import to_planes

        if self._form.alpha and picture.shape[2] == 4:
            picture = extended(picture)
        if self._form.depth == 16:
            if picture.shape[2] == 3:
                picture = np.concatenate([picture, np.ones_like(picture[..., :1])], -1)
            deep = np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)
            frame = av.VideoFrame.from_ndarray(deep, format="rgba64le")
            return frame.reformat(format=self._codecs.pixels, dst_colorspace="ITU709")
        yuv = av.VideoFrame(self._video.width, self._video.height, self._codecs.pixels)
        planes = [_rows(plane) for plane in yuv.planes]
        to_planes(picture, *planes[:3])
        if self._form.alpha:
            planes[3][:] = picture[..., 3] if picture.shape[2] == 4 else 255
        return yuv

    def _write_audio_until(self, time: float) -> None:
        if self._audio is None:
            return
        import av

        rate = self._audio.rate
        count = round(time * rate) - self._sent
        while len(self._waiting) < count and (block := next(self._blocks, None)) is not None:
            self._waiting = np.concatenate([self._waiting, block])
        chunk, self._waiting = self._waiting[:count], self._waiting[count:]
        if len(chunk) == 0:
            return
        layout, kind = self._audio.layout.name, self._codecs.samples
        samples: Any = chunk.T if kind.endswith("p") else chunk.reshape(1, -1)
        if kind == "s16":
            samples = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=kind, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, self._sent, Fraction(1, rate)
        self._container.mux(self._audio.encode(frame))
        self._sent += len(chunk)

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
