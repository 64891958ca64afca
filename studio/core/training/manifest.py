"""What a run says of its weights: how, from what, when and on what they were made, and how the losses fell."""

import hashlib
import json
import os
import platform
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from studio.core.media.files import atomic_path
from studio.core.training.checkpoint import WEIGHTS
from studio.core.training.curve import read_curve, thinned
from studio.core.training.recipe import Settings
from studio.core.training.shards import Entry


def write_manifest(
    folder: Path, settings: Settings, state: dict[str, Any], command: str, learnt: list[Entry], held_out: list[Entry]
) -> None:
    """Write ``manifest.json`` beside the weights of a run, from its state and its curves."""
    facts, weights = state["facts"], folder / WEIGHTS
    validation = read_curve(folder / "validation.csv")
    manifest = {
        "engine": facts["engine"],
        "config": facts["config"],
        "command": command,
        "step": state["step"],
        "seconds": round(state["seconds"], 1),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": asdict(settings),
        "data": {
            "sha256": facts["data"],
            "scenes": dict(Counter(entry.source for entry in learnt)),
            "identities": len({entry.identity for entry in learnt}),
            "held_out_identities": len({entry.identity for entry in held_out}),
            "may_ship": all(entry.ships for entry in learnt),
        },
        "validation": validation[-1] if validation else None,
        "loss_curve": thinned(read_curve(folder / "metrics.csv"), "total"),
        "bytes": weights.stat().st_size,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    with atomic_path(folder / "manifest.json") as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n")


def machine() -> str:
    """Say on what this runs: "16 cores x86_64, NVIDIA H200, torch 2.13.0"."""
    parts = [f"{os.cpu_count()} cores {platform.machine()}", f"torch {torch.__version__}"]
    if torch.cuda.is_available():
        parts.insert(1, torch.cuda.get_device_name())
    return ", ".join(parts)
