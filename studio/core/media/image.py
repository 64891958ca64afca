"""Pictures in and out: bounded before decoding, upright, RGB float32; PNG with provenance."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin

from studio.core.errors import UserError
from studio.core.media.credentials import Claimed, sign
from studio.core.media.files import atomic_path, opened
from studio.core.media.provenance import provenance

MAX_PIXELS = 100_000_000
MIN_SIDE = 16
# Nothing downstream sees more detail than this; a 100-megapixel scan would cost 1.2 GB as float32.
LONG_SIDE = 4096

# The formats that are opened; Pillow's dozens of others are old, rare and less fuzzed.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
_USE = "use a JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF picture"


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """A decoded picture, turned upright as its EXIF orientation asks.

    Attributes
    ----------
    rgb
        ``[H,W,3]`` float32 0..1. Where `alpha` is 0 it holds what the file holds there.
    alpha
        ``[H,W]`` float32 0..1, or None where the file is opaque.
    scale
        px of this picture per px of the file; below 1 where the file was larger than `LONG_SIDE`.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32] | None
    scale: float = 1.0


def load_picture(path: str | PathLike[str]) -> LoadedPicture:
    """Decode a picture; its content decides the format, not its name, and an animation gives its first frame.

    Raises
    ------
    UserError
        If the file cannot be read, is no picture, is truncated, has over `MAX_PIXELS` (told by its header,
        before decoding) or a side under `MIN_SIDE` px.
    """
    path = Path(path)
    # Pillow warns about oddities that the person at the window can do nothing about.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with opened(path) as file, _open(file, path.name) as image:
            _check_size(image, path.name)
            file_size = max(image.size)
            upright = _decode(image, path.name)
            rgb, alpha = _to_float(upright)
    return LoadedPicture(rgb, alpha, max(upright.size) / file_size)


def save_png(
    path: str | PathLike[str],
    pixels: NDArray[np.uint8],
    metadata: Mapping[str, str] | None = None,
    claimed: Claimed | None = None,
) -> None:
    """Write ``[H,W,3]`` or ``[H,W,4]`` uint8 atomically; text chunks say that it is synthetic.

    Parameters
    ----------
    claimed
        What its Content Credentials say; without it, it carries none.

    Raises
    ------
    UserError
        If it cannot be written there.
    """
    text = PngImagePlugin.PngInfo()
    for key, value in {**provenance(), **(metadata or {})}.items():
        text.add_text(key, value)
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG", pnginfo=text, compress_level=4)
        if claimed is not None:
            sign(temporary, claimed)


def _open(file: BinaryIO, name: str) -> Image.Image:
    try:
        return Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UserError(_too_large(name)) from error
    except Image.UnidentifiedImageError as error:
        raise UserError(f"'{name}' is {_guess(file)}; {_USE}.") from error
    except Exception as error:  # Pillow's parsers raise whatever a damaged header made them stumble over.
        raise UserError(f"'{name}' is damaged and cannot be read; {_USE}.") from error


def _guess(file: BinaryIO) -> str:
    """Name the common things people drop that are not pictures we open."""
    file.seek(0)
    head = file.read(512)
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "a HEIC picture, which is not supported"
    if b"<svg" in head.lower():
        return "an SVG drawing, which is not supported"
    return "not a picture this program can read"


def _too_large(name: str) -> str:
    return f"'{name}' has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller and try again."


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UserError(_too_large(name))
    if min(width, height) < MIN_SIDE:
        raise UserError(
            f"'{name}' is only {width}×{height} pixels; use a picture whose face is at least 64 pixels high."
        )


def _decode(image: Image.Image, name: str) -> Image.Image:
    """Decode the first frame, reduced to `LONG_SIDE` and upright."""
    try:
        if max(image.size) > LONG_SIDE:
            image.draft(None, (LONG_SIDE, LONG_SIDE))  # a JPEG then decodes at 1/2, 1/4 or 1/8
        image.load()
        if max(image.size) > LONG_SIDE:
            exif = image.getexif().tobytes()  # reduced pictures lose it, and with it which side is up
            image = _to_eight_bits(_halved(image))
            image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
            image.info["exif"] = exif
        return ImageOps.exif_transpose(image)
    except Exception as error:  # as in _open: a decoder on damaged bytes
        raise UserError(f"'{name}' is cut short or damaged; get a whole copy of it and try again.") from error


def _halved(image: Image.Image) -> Image.Image:
    """Reduce greys of more than 8 bits to at least `LONG_SIDE`: as float32 in full they would cost gigabytes."""
    factor = max(image.size) // LONG_SIDE
    if factor == 1 or not image.mode.startswith(("I", "F")):
        return image
    plain = image if image.mode == "F" else image.convert("I")  # Pillow reduces no I;16
    return plain.reduce(factor)


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture as RGB or RGBA with 8 bits a channel."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float32)
        # 16-bit scans say I;16; 32-bit integers hold 16-bit greys in practice; floats run to 1 or to 255.
        top = 65535.0 if image.mode.startswith("I") else (1.0 if values.max(initial=0.0) <= 1 else 255.0)
        grey = np.nan_to_num(np.clip(values / top, 0, 1))
        return Image.fromarray((grey * 255 + 0.5).astype(np.uint8)).convert("RGB")
    transparent = "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBA", "RGBa")
    return image.convert("RGBA" if transparent else "RGB")


def _to_float(image: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    pixels = np.asarray(_to_eight_bits(image))
    rgb = pixels[..., :3] * np.float32(1 / 255)
    if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
        return rgb, None
    return rgb, pixels[..., 3] * np.float32(1 / 255)
