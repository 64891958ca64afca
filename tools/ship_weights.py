"""Put the weights of a training run into `assets/`, as float16, with the manifest entry that says how they came about.

usage: python tools/ship_weights.py RUN NAME.safetensors --what "what they are" --trained-on "what they learnt from"

RUN is the folder of an `avatar-studio train`, whose own manifest tells the rest: command, data, time, machine and
curve. A run that learnt from anything that may not be learnt from for release is refused, and so is a large file.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from studio.core.assets import ASSETS
from studio.core.errors import UserError
from studio.core.media.files import atomic_path
from studio.core.training.checkpoint import WEIGHTS

MOST_BYTES = 15_000_000
LICENCE = "Apache-2.0, as the project."
CURVE = 40
"""Points of the loss that are told."""


def ship(run: Path, name: str, what: str, trained_on: str, assets: Path = ASSETS) -> dict[str, Any]:
    """Write ``assets/<name>`` and its entry; returns the entry.

    Raises
    ------
    UserError
        If the run must not ship, is not there, or its weights are too large.
    """
    try:
        told = json.loads((run / "manifest.json").read_text("utf-8"))
        weights = (run / WEIGHTS).read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"'{run.name}' is no training run; give the folder of avatar-studio train -o.") from error
    if hashlib.sha256(weights).hexdigest() != told["sha256"]:
        raise UserError(f"The weights in '{run.name}' are not those of its manifest; resume the run to write both.")
    if not told["data"]["may_ship"]:
        raise UserError(f"The run '{run.name}' learnt from scenes that must not ship; train it again with --shipping.")
    tensors = load_file(run / WEIGHTS)
    content = save({key: t.half() if t.dtype == torch.float32 else t for key, t in tensors.items()})
    if len(content) > MOST_BYTES:
        raise UserError(
            f"{len(content) / 1e6:.1f} MB are more than the {MOST_BYTES / 1e6:.0f} that ship; train less wide."
        )
    curve = told["loss_curve"]
    entry = {
        "what": what,
        "made_by": told["command"],
        "trained_on": trained_on,
        "licence": LICENCE,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "seed": told["settings"]["seed"],
        "steps": told["step"],
        "seconds": told["seconds"],
        "machine": told["machine"],
        "data": told["data"],
        "validation": told["validation"],
        "loss_curve": curve[:: -(-len(curve) // CURVE)],
    }
    with atomic_path(assets / name) as temporary:
        temporary.write_bytes(content)
    manifest = assets / "manifest.json"
    entries = json.loads(manifest.read_text("utf-8")) | {name: entry}
    with atomic_path(manifest) as temporary:
        temporary.write_text(json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return entry


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--what", required=True)
    parser.add_argument("--trained-on", required=True)
    arguments = parser.parse_args()
    try:
        entry = ship(arguments.run, arguments.name, arguments.what, arguments.trained_on)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"assets/{arguments.name}: {entry['bytes'] / 1e6:.2f} MB, {entry['sha256'][:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
