"""The public-domain portrait and the synthesised speech that the demo and the first start show."""

from importlib.util import find_spec
from pathlib import Path

from studio.core.assets import ASSETS
from studio.core.avatar import Consent
from studio.core.errors import UserError

# NASA's portrait of Eileen Collins; it ships inside scikit-image. Nobody asked her, so what an avatar with
# this consent says carries the word "synthetic" in the picture (see `studio.core.export`).
CONSENT = Consent(stated=True, by="public domain")


def sample_portrait() -> Path:
    """Return scikit-image's astronaut photograph (found without importing the package).

    Raises
    ------
    UserError
        If scikit-image is not installed whole.
    """
    package = find_spec("skimage")
    if package is not None and package.origin is not None:
        picture = Path(package.origin).parent / "data" / "astronaut.png"
        if picture.is_file():
            return picture
    raise UserError("The sample portrait is missing; install scikit-image again with: make setup")


def sample_speech() -> Path:
    """Return six seconds of synthesised speech (`tools/make_sample_speech.py`).

    Raises
    ------
    UserError
        If the asset is missing.
    """
    speech = ASSETS / "sample_speech.flac"
    if not speech.is_file():
        raise UserError("The sample speech is missing; restore it with: git checkout assets")
    return speech
