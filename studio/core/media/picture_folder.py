"""Clips as folders: one PNG a frame, straight alpha, and their sound as a WAV beside them."""

import struct
import time
import wave
import zlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import inf
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.core.media.alpha import psnr
from studio.core.media.clip_format import PNG, ClipFormat
from studio.core.media.files import opened
from studio.core.media.provenance import provenance
from studio.core.media.video import ClipInfo
from studio.core.media.video_writer import Sound

SOUND = "sound.wav"
_COMPRESSION = 3  # of zlib: 512 px take a third of the time of the usual 6 and grow by a twentieth
_TELL_EVERY = 0.25  # s


def png_bytes(picture: NDArray, metadata: Mapping[str, str]) -> bytes:
    """Return a picture ``[H,W,3|4]``, uint8 or uint16, as PNG with text chunks (ISO/IEC 15948, 11.3.4)."""
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    written, data = cv2.imencode(".png", cv2.cvtColor(picture, order), [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    if not written:
        raise RuntimeError(f"a picture of shape {picture.shape} could not be written as PNG")
    plain = data.tobytes()
    header = 8 + 12 + 13  # signature and the header chunk
    return plain[:header] + b"".join(_text(key, value) for key, value in metadata.items()) + plain[header:]


def _text(key: str, value: str) -> bytes:
    """Return one ``iTXt`` chunk, not compressed."""
    body = b"iTXt" + key.encode("latin-1") + b"\0\0\0\0\0" + value.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


class FolderWriter:
    """Writes ``00000.png``, ``00001.png`` and so on into a folder that is there, and ``sound.wav``.

    Use as a context manager, as `VideoWriter`; the folder is the caller's (`atomic_folder`).

    Parameters
    ----------
    form
        `PNG` takes bytes, `PNG16` floats 0..1.
    audio
        What is heard, or None; written when the pictures are.
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        fps: float | Fraction,
        *,
        form: ClipFormat = PNG,
        audio: Sound | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._folder, self._form, self._sound = Path(folder), form, audio
        self._rate = Fraction(fps).limit_denominator(1001)
        self._metadata = {**provenance(), "Frame rate": str(self._rate), **(metadata or {})}
        self._frames = 0

    def write(self, picture: NDArray) -> None:
        """Append one frame ``[H,W,4]``.

        Raises
        ------
        ValueError
            If it is not of the format's depth.
        """
        if picture.dtype != (np.uint8 if self._form.depth == 8 else np.float32):
            raise ValueError(f"a frame of {picture.dtype} has another depth than {self._form.name}")
        if self._form.depth == 16:
            picture = np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)
        (self._folder / f"{self._frames:05d}.png").write_bytes(png_bytes(picture, self._metadata))
        self._frames += 1

    def __enter__(self) -> "FolderWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or self._sound is None:
            return
        left = round(self._frames / self._rate * self._sound.rate)
        with wave.open(str(self._folder / SOUND), "wb") as file:
            file.setparams((self._sound.channels, 2, self._sound.rate, 0, "NONE", ""))
            for block in self._sound.blocks:
                file.writeframes(np.rint(np.clip(block[:left], -1, 1) * 32767).astype("<i2").tobytes())
                left -= len(block[:left])


def read_folder(folder: str | PathLike[str]) -> Iterator[NDArray]:
    """Yield the pictures of a folder in order: ``[H,W,4]`` uint8 or uint16.

    Raises
    ------
    UserError
        If one is missing or cannot be read.
    """
    folder = Path(folder)
    names = sorted(path.name for path in folder.glob("*.png"))
    for number, name in enumerate(names):
        if name != f"{number:05d}.png":
            raise UserError(f"Frame {number} is missing in '{folder.name}'; export it again.")
        with opened(folder / name) as file:
            picture = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
            raise UserError(f"'{name}' is damaged or no frame of a clip; export it again.")
        yield cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def checking(folder: Path, fps: Fraction, wanted: Mapping[int, NDArray], expected: int) -> Job[ClipInfo]:
    """Read a folder from end to end, count, and compare; as `studio.core.media.video.probing`."""
    frames, likeness, told, shape = 0, inf, time.monotonic(), (0, 0)
    for picture in read_folder(folder):
        shape = picture.shape[:2]
        if frames in wanted:
            likeness = min(likeness, psnr(picture, wanted[frames]))
        frames += 1
        if time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            yield Progress(min(1.0, frames / max(1, expected)), "checking the clip")
    heard = 0.0
    if (folder / SOUND).is_file():
        with wave.open(str(folder / SOUND), "rb") as file:
            heard = file.getnframes() / file.getframerate()
    return ClipInfo(frames, fps, shape[1], shape[0], float(frames / fps), heard, provenance(), True, likeness)
