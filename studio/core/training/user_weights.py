"""Networks that others trained and a user may bring: where they are looked for, and how they are read.

None comes with the program or is downloaded by it. Files are read as tensors alone (``weights_only``): no code that
might be pickled into them runs.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from platformdirs import user_data_path
from safetensors.torch import load_file
from torch import Tensor

from studio.core.errors import UserError


@dataclass(frozen=True)
class UserWeights:
    """A file a user may bring.

    Attributes
    ----------
    names
        Names it may have, as it is published; a pattern may stand for what varies.
    what
        What it is, for a sentence.
    """

    names: tuple[str, ...]
    what: str


KNOWN: dict[str, UserWeights] = {
    "vgg19": UserWeights(("vgg19-*.pth", "vgg19.pth", "vgg19.safetensors"), "torchvision's VGG-19 of ImageNet"),
    "vggface": UserWeights(
        ("vgg_face*.pth", "vggface*.pth", "vggface.safetensors"), "VGG-Face (VGG-16) converted to torch"
    ),
    "alexnet": UserWeights(
        ("alexnet-*.pth", "alexnet.pth", "alexnet.safetensors"), "torchvision's AlexNet of ImageNet"
    ),
    "lpips-alex": UserWeights(
        ("lpips_alex*.pth", "alex.pth", "lpips_alex.safetensors"), "the weights of LPIPS 0.1 for AlexNet"
    ),
}


def weights_folder() -> Path:
    """Return where such files are looked for: ``AVATAR_STUDIO_WEIGHTS``, or the user's data folder."""
    chosen = os.environ.get("AVATAR_STUDIO_WEIGHTS")
    return Path(chosen) if chosen else user_data_path("avatar-studio", appauthor=False) / "weights"


def find_weights(name: str) -> Path | None:
    """Return the file of one of `KNOWN`, or None."""
    folder = weights_folder()
    for pattern in KNOWN[name].names:
        found = sorted(folder.glob(pattern))
        if found:
            return found[0]
    return None


def why_missing(*names: str) -> str | None:
    """Say which of these files are not there and where they are looked for; None if all are."""
    lacking = [KNOWN[name] for name in names if find_weights(name) is None]
    if not lacking:
        return None
    files = " and ".join(f"{known.what} ({known.names[0]})" for known in lacking)
    return f"needs {files} in {weights_folder()}"


def load_user_weights(name: str) -> dict[str, Tensor]:
    """Read a state dict.

    Raises
    ------
    UserError
        If it is not there or is no state dict.
    """
    path = find_weights(name)
    if path is None:
        raise UserError(f"The weights of {KNOWN[name].what} are missing; put {KNOWN[name].names[0]} in the folder "
                        f"{weights_folder()}.")  # fmt: skip
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or hostile file makes the unpickler raise
        raise UserError(f"'{path.name}' cannot be read as weights ({type(error).__name__}); get it again.") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise UserError(f"'{path.name}' is no state dict of tensors; get the published file again.")
    return tensors
