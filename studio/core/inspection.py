"""What a file says about where it came from: its Content Credentials and its plain metadata."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from studio.core.errors import UserError
from studio.core.media import credentials
from studio.core.media.files import opened
from studio.core.media.provenance import STATEMENT
from studio.core.media.video import clip_tags

_PICTURES = (".png", ".jpg", ".jpeg")
_CLIPS = (".mp4", ".mov", ".webm")


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes
    ----------
    credentials
        What is signed; without the packages for it, `unread` says why it was not looked for.
    tags
        Plain metadata, lower-case keys; anybody can change it.
    """

    credentials: credentials.Found
    tags: dict[str, str]
    unread: str = ""

    @property
    def says_synthetic(self) -> bool:
        """Whether the plain metadata, or credentials that are whole, call it synthetic."""
        signed = self.credentials.intact and self.credentials.source_type == credentials.SOURCE_TYPE
        return signed or any(STATEMENT.partition(":")[0] in value for value in self.tags.values())

    def lines(self) -> list[str]:
        """Return it as lines to read."""
        found = self.credentials
        if self.unread:
            told = [f"credentials  not looked for: {self.unread}"]
        elif not found.credentials:
            told = ["credentials  none"]
        else:
            whole = "whole, as signed" if found.intact else f"NOT whole: {'; '.join(found.problems)}"
            told = [f"credentials  {whole}"]
            signer = found.signed_by if found.known else f"{found.signed_by}, whom this installation does not know"
            stated = "" if found.consent is None else _consent(found.consent)
            values = {
                "signed by": signer, "made with": found.program, "title": found.title,
                "source type": found.source_type.rpartition("/")[2], "statement": found.statement, "consent": stated,
            }  # fmt: skip
            told += [f"{key:<13}{value}" for key, value in values.items() if value]
        told += [f"{key:<13}{value}" for key, value in self.tags.items() if key in ("title", "comment", "software")]
        return [*told, f"synthetic    {'it says so' if self.says_synthetic else 'it does not say so'}"]


def _consent(consent: dict) -> str:
    return f"stated ({consent.get('by', '')}, {consent.get('at', '')})" if consent.get("stated") else "not stated"


def inspect_file(path: Path) -> Inspection:
    """Read what a clip, a picture, or a folder of pictures says.

    Raises
    ------
    UserError
        If it cannot be read or is none of them.
    """
    if path.is_dir():
        pictures = sorted(path.glob("*.png"))
        if not pictures:
            raise UserError(f"'{path.name}' is a folder without PNG pictures; give a clip, a picture or such a folder.")
        path = pictures[0]
    if path.suffix.lower() in _PICTURES:
        with opened(path) as file:
            try:
                with Image.open(file, formats=("PNG", "JPEG")) as image:
                    tags = {str(key).lower(): value for key, value in image.info.items() if isinstance(value, str)}
            except Exception as error:  # as in `image`: a decoder on damaged bytes
                raise UserError(f"'{path.name}' is damaged or no picture; get a whole copy of it.") from error
    elif path.suffix.lower() in _CLIPS:
        tags = clip_tags(path)
    else:
        raise UserError(f"'{path.name}' cannot be inspected; give an MP4, MOV, WebM, PNG or JPEG.")
    if reason := credentials.missing():
        return Inspection(credentials.Found(False), tags, reason)
    return Inspection(credentials.read(path), tags)
