"""What a clip can be written as: containers, codecs, and what each can hold."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from studio.core.errors import UserError

Quality = Literal["draft", "standard", "high"]
QUALITIES: tuple[Quality, ...] = ("draft", "standard", "high")


@dataclass(frozen=True)
class ClipFormat:
    """One way to write a clip.

    Attributes
    ----------
    suffix
        Of the file; "" is a folder of pictures.
    alpha
        Whether it holds transparency: straight, never premultiplied.
    depth
        Bits of the pictures it is given: 8 (bytes) or 16 (float32 0..1).
    sound_rates
        Hz it takes.
    lossless
        Whether pictures read back as they were given.
    even
        Whether its sides must be even (4:2:0 chroma).
    graded
        Whether `Quality` changes anything.
    """

    name: str
    suffix: str
    said: str
    alpha: bool
    depth: Literal[8, 16]
    sound_rates: tuple[int, ...]
    lossless: bool
    even: bool
    graded: bool


# The sound rates that every player takes; an AAC frame of 1024 samples is then shorter than a picture at 40 fps.
MP4 = ClipFormat("mp4", ".mp4", "MP4, H.264 with AAC sound", False, 8, (44_100, 48_000), False, True, True)
PRORES = ClipFormat(
    "prores", ".mov", "ProRes 4444 with alpha and PCM sound", True, 16, (44_100, 48_000), False, True, False
)
WEBM = ClipFormat("webm", ".webm", "WebM, VP9 with alpha and Opus sound", True, 8, (48_000,), False, True, True)
PNG = ClipFormat("png", "", "a folder of 8-bit PNG pictures and a WAV", True, 8, (44_100, 48_000), True, False, False)
PNG16 = ClipFormat(
    "png16", "", "a folder of 16-bit PNG pictures and a WAV", True, 16, (44_100, 48_000), True, False, False
)
FORMATS = {form.name: form for form in (MP4, PRORES, WEBM, PNG, PNG16)}


def format_of(path: str | PathLike[str], depth: int = 8) -> ClipFormat:
    """Return the format that a name asks for: .mp4, .mov, .webm, or none for a folder of pictures.

    Raises
    ------
    UserError
        If there is no such format.
    """
    path = Path(path)
    if depth not in (8, 16) or (depth == 16 and path.suffix):
        raise UserError(f"{depth} bits are not to be had there; 16 bits are for folders of pictures.")
    for form in (MP4, PRORES, WEBM, PNG16 if depth == 16 else PNG):
        if path.suffix.lower() == form.suffix:
            return form
    raise UserError(
        f"'{path.name}' is no clip that can be written; end it with .mp4, .mov or .webm, or with nothing for a folder "
        "of pictures."
    )
