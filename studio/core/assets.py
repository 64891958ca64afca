"""Find and check the files of the top-level `assets/` folder, which `assets/manifest.json` describes."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from studio.core.errors import UserError

# The package runs from its checkout (plain or `pip install -e`), so the folder lies beside it.
ASSETS = Path(__file__).resolve().parents[2] / "assets"


def asset_bytes(name: str) -> bytes:
    """Return the content of ``assets/<name>``, checked against the manifest's SHA-256.

    Raises
    ------
    UserError
        If the file is missing or differs from its manifest entry.
    """
    try:
        entry = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))[name]
        content = (ASSETS / name).read_bytes()
    except (OSError, KeyError, ValueError) as error:
        raise UserError(f"The asset {name} is missing; install the studio again from a fresh clone.") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise UserError(f"The asset {name} is damaged; restore it with: git checkout assets/{name}")
    return content


def load_weights(name: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """Read float32 tensors from ``assets/<name>`` (safetensors) and check them against `shapes`.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    ValueError
        If a tensor is absent, superfluous, not finite, or of another shape than `shapes` says.
    """
    tensors = safetensors.numpy.load(asset_bytes(name))
    found = {key: value.shape for key, value in tensors.items()}
    if found != dict(shapes):
        raise ValueError(f"{name} holds {found}, expected {dict(shapes)}")
    for key, value in tensors.items():
        if value.dtype != np.float32 or not np.isfinite(value).all():
            raise ValueError(f"{name}: {key} must be finite float32")
    return tensors
