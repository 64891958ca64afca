"""What a data set looks like: a contact sheet as PNG and a page of Markdown beside the shards."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.media.files import atomic_path
from studio.core.media.image import save_png
from studio.core.training.scene import Scene

SHEET, PAGE = "contact_sheet.png", "README.md"
_ROWS, _COLUMNS, _TILE = 24, 10, 128


def scenes_of(shard: Path) -> Iterator[Scene]:
    """Read the scenes of a shard in their order."""
    with tarfile.open(shard, "r:") as tar:
        members: dict[str, bytes] = {}
        for info in tar:
            key, _, suffix = info.name.partition(".")
            file = tar.extractfile(info)
            assert file is not None
            members[suffix] = file.read()
            if {"safetensors", "json"} <= members.keys():
                yield Scene.from_members(key, members)
                members = {}


def contact_sheet(scenes: list[Scene]) -> NDArray[np.uint8]:
    """Return a row for each scene ``[H,W,3]``: its views, its plate, and the depth of the first view."""
    rows = []
    for scene in scenes:
        tiles = [scene.picture(view) for view in range(min(len(scene), _COLUMNS - 2))]
        depth = scene.depth[0].astype(np.float32)
        known = depth[depth > 0]
        low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
        nearness = np.where(depth > 0, 1 - (depth - low) / max(high - low, 1e-3), 0)
        tiles += [np.ones_like(tiles[0])] * (_COLUMNS - 2 - len(tiles))
        tiles += [scene.plate.astype(np.float32) / 255, np.repeat(nearness[..., None], 3, -1)]
        rows.append(np.hstack([cv2.resize(tile, (_TILE, _TILE), interpolation=cv2.INTER_AREA) for tile in tiles]))
    return np.round(np.clip(np.vstack(rows), 0, 1) * 255).astype(np.uint8)


def write_report(manifest: dict[str, Any], folder: Path) -> None:
    """Write `SHEET`, with scenes from all over the set, and `PAGE`."""
    shards = manifest["shards"]
    picked = [shards[i] for i in np.unique(np.linspace(0, len(shards) - 1, _ROWS).round().astype(int))]
    each = -(-_ROWS // len(picked))
    shown = []
    for shard in picked:
        every = max(1, shard["scenes"] // each)
        scenes = (scene for k, scene in enumerate(scenes_of(folder / shard["file"])) if k % every == 0)
        shown += [scene for scene, _ in zip(scenes, range(each), strict=False)]
    save_png(folder / SHEET, contact_sheet(shown[:_ROWS]))
    with atomic_path(folder / PAGE) as temporary:
        temporary.write_text(page(manifest))


def page(manifest: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    ships = manifest["ships"]
    rows = {
        "scenes": manifest["scenes"],
        "views": manifest["views"],
        "identities": manifest["identities"],
        "of them may be learnt from for weights that ship": f"{ships} scenes",
        "shards": len(manifest["shards"]),
        "size": f"{manifest['bytes'] / 1e6:.1f} MB",
        **{f"source: {source}": f"{count} scenes" for source, count in manifest["sources"].items()},
    }
    lines = ["# Data set", "", "| what | how much |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())]
    if manifest["refused"]:
        lines += ["", "| left out because | how often |", "|---|---|"]
        lines += [f"| {reason} | {count} |" for reason, count in manifest["refused"].items()]
    settings = ", ".join(f"{k} {v}" for k, v in manifest["settings"].items() if not isinstance(v, list))
    lines += [
        "",
        f"Settings: {settings}.",
        "",
        "A row is a scene: its views, the plate, the first view's depth.",
        "",
    ]
    lines += [f"![contact sheet]({SHEET})", ""]
    return "\n".join(lines)
