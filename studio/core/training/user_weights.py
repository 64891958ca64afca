"""Networks that others trained and a user may bring: where they are looked for, and how they are read.

None comes with the program or is downloaded by it. State dicts are read as tensors alone (``weights_only``): no code
that might be pickled into them runs. The two TorchScript files are programs by their nature: bring them from those who
publish them.
"""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    "syncnet": UserWeights(("syncnet_v2.model", "syncnet_v2.safetensors"), "the published weights of SyncNet"),
    "inception": UserWeights(("inception-2015-12-05.pt",), "NVIDIA's TorchScript of FID's Inception"),
    "i3d": UserWeights(("i3d_torchscript.pt",), "the TorchScript of FVD's I3D"),
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


def _found(name: str) -> Path:
    path = find_weights(name)
    if path is None:
        known = KNOWN[name]
        raise UserError(f"The weights of {known.what} are missing; put {known.names[0]} into {weights_folder()}.")
    return path


def load_user_weights(name: str) -> dict[str, Tensor]:
    """Read a state dict.

    Raises
    ------
    UserError
        If it is not there or is no state dict.
    """
    path = _found(name)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or hostile file makes the unpickler raise
        raise UserError(f"'{path.name}' cannot be read as weights ({type(error).__name__}); get it again.") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise UserError(f"'{path.name}' is no state dict of tensors; get the published file again.")
    return tensors


def load_torchscript(name: str) -> Any:
    """Read a TorchScript program, ready to be called.

    Raises
    ------
    UserError
        If it is not there or is none.
    """
    path = _found(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch would rather have it exported anew
            return torch.jit.load(path, map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        raise UserError(f"'{path.name}' is no TorchScript program; get the published file again.") from error
