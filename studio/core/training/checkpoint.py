"""Checkpoints: all that a run goes on from, in one file written at once; and the weights that come of it."""

import json
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.core.errors import UserError
from studio.core.media.files import atomic_path

WEIGHTS = "weights.safetensors"
_NAME = re.compile(r"step-(\d{8})\.safetensors")
_MODEL, _AVERAGE, _OPTIMIZER = "model.", "average.", "optimizer."


def save_checkpoint(
    folder: Path, state: dict[str, Any], modules: nn.Module, average: nn.Module | None, optimizer: Optimizer, keep: int
) -> Path:
    """Write ``checkpoints/step-N.safetensors`` of a run's folder and remove all but the newest `keep`.

    Parameters
    ----------
    state
        What JSON holds of the run, "step" among it.
    """
    tensors = _prefixed(_MODEL, modules.state_dict())
    if average is not None:
        tensors |= _prefixed(_AVERAGE, average.state_dict())
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= _prefixed(f"{_OPTIMIZER}{index}.", {k: torch.as_tensor(v) for k, v in values.items()})
    path = new_folder(folder / "checkpoints") / f"step-{state['step']:08d}.safetensors"
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, {"state": json.dumps(state)})
    for old in list_checkpoints(folder)[:-keep]:
        old.unlink()
    return path


def new_folder(folder: Path) -> Path:
    """Make a folder of a run, unless it is there.

    Raises
    ------
    UserError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder '{folder}' cannot be made ({error.strerror}); choose another one.") from error
    return folder


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a run's folder, the oldest first."""
    return sorted(path for path in (folder / "checkpoints").glob("step-*") if _NAME.fullmatch(path.name))


def read_state(path: Path) -> dict[str, Any]:
    """Read what JSON holds of a checkpoint.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            return {"step": int(state["step"]), "seconds": float(state["seconds"]), "facts": dict(state["facts"])}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"The checkpoint '{path.name}' is damaged; delete it and resume from the one before."
        ) from error


def load_checkpoint(path: Path, modules: nn.Module, average: nn.Module | None, optimizer: Optimizer) -> None:
    """Put a checkpoint back into what was made anew.

    Raises
    ------
    UserError
        If it is damaged or of other networks.
    """
    try:
        tensors = load_file(path)
        modules.load_state_dict(_under(_MODEL, tensors))
        if average is not None:
            average.load_state_dict(_under(_AVERAGE, tensors))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise UserError(
            f"The checkpoint '{path.name}' is damaged or of other networks; delete it or train in a new folder."
        ) from error
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(_OPTIMIZER, tensors).items():
        index, _, field = name.partition(".")
        moments.setdefault(int(index), {})[field] = tensor
    optimizer.load_state_dict(optimizer.state_dict() | {"state": moments})


def save_weights(path: Path, modules: nn.Module, facts: dict[str, str]) -> None:
    """Write a network's weights alone; `facts` stand in the file's header."""
    with atomic_path(path) as temporary:
        save_file(_prefixed("", modules.state_dict()), temporary, facts)


def load_weights(path: Path, modules: nn.Module) -> None:
    """Put weights that `save_weights` wrote, whole or as float16, into a network of the same sizes.

    Raises
    ------
    UserError
        If there are none, or they are of another network.
    """
    try:
        modules.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise UserError(f"There are no weights '{path.name}'; train them with avatar-studio train.") from error
    except (SafetensorError, OSError, RuntimeError) as error:
        raise UserError(f"The weights '{path.name}' are damaged or of another network; train them again.") from error


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # Copied, because safetensors refuses tensors that share memory.
    return {prefix + name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
