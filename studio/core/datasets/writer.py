"""Scenes to shards: WebDataset tars, a record of each, and the set's manifest.

A folder holds ``NAME.tar`` and ``records/NAME.json`` for every shard and, when all are there, ``manifest.json``. A
tar's bytes depend on its plan alone: members have no times and no owners. Each file appears whole or not at all, and
a shard whose record says that it was made from the same plan is left as it is: so a set that was interrupted goes on,
on the same machine or on others.
"""

import hashlib
import io
import json
import tarfile
from collections import Counter
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from studio.core.datasets.maker import Maker, Plan, Refused
from studio.core.errors import UserError
from studio.core.media.files import atomic_path, opened
from studio.core.training.scene import SCHEMA, Source

FORMAT, VERSION = "avatar-studio-dataset", 1
MANIFEST, RECORDS = "manifest.json", "records"
_MAX_BYTES = 1 << 26
_AT_ONCE = 1 << 22  # bytes written


@dataclass(frozen=True)
class Record:
    """One shard as it was made.

    Attributes
    ----------
    plan
        sha256 of what it was made of.
    sha256, bytes
        Of the tar; empty and 0 where nothing could be made.
    ships
        How many of the scenes weights that are shipped may learn from.
    refused
        How often what could not be made, by reason.
    """

    name: str
    plan: str
    sha256: str = ""
    bytes: int = 0
    scenes: int = 0
    views: int = 0
    ships: int = 0
    identities: list[str] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


def digest(maker: Maker, plan: Plan) -> str:
    """Return the sha256 of all that a shard's bytes depend on."""
    whole = {"schema": SCHEMA, "version": VERSION, "settings": maker.settings, "name": plan.name, "about": plan.about}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def finished(maker: Maker, plan: Plan, folder: Path) -> Record | None:
    """Return the record of a shard that is there already; None if it must be made."""
    path = folder / RECORDS / f"{plan.name}.json"
    if not path.is_file():
        return None
    try:
        record = Record(**json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        return None
    tar = folder / f"{plan.name}.tar"
    there = not record.scenes or (tar.is_file() and tar.stat().st_size == record.bytes)
    return record if there and record.plan == digest(maker, plan) else None


def write_shard(maker: Maker, plan: Plan, folder: Path) -> Generator[None, None, Record]:
    """Make one shard and return its record, unless it is there; yields after every scene.

    Closed in between it leaves nothing behind.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    if (record := finished(maker, plan, folder)) is not None:
        return record
    # It is called a tar only when it is whole: readers take every tar of the folder.
    unnamed = folder / RECORDS / f"{plan.name}.shard"
    scenes: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    identities: set[str] = set()
    with (
        atomic_path(unnamed) as temporary,
        tarfile.TarFile(temporary, "w", format=tarfile.USTAR_FORMAT, copybufsize=_AT_ONCE) as tar,
    ):
        for scene in maker.scenes(plan):
            yield
            if isinstance(scene, Refused):
                refused[str(scene)] += 1
                continue
            for suffix, data in scene.members().items():
                info = tarfile.TarInfo(f"{scene.key}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            scenes.update(scenes=1, views=len(scene), ships=scene.ships)
            scenes[scene.source] += 1
            identities.add(scene.identity)
    tar_path = folder / f"{plan.name}.tar"
    sums = _sums(unnamed) if identities else {}
    if identities:
        unnamed.replace(tar_path)
    else:
        unnamed.unlink()
        tar_path.unlink(missing_ok=True)
    sources = {source: scenes[source] for source in get_args(Source) if scenes[source]}
    record = Record(
        plan.name, digest(maker, plan), **sums, scenes=scenes["scenes"], views=scenes["views"],
        ships=scenes["ships"], identities=sorted(identities), sources=sources, refused=dict(sorted(refused.items())),
    )  # fmt: skip
    with atomic_path(folder / RECORDS / f"{plan.name}.json") as temporary:
        temporary.write_text(json.dumps(asdict(record), indent=1, sort_keys=True) + "\n")
    return record


def _sums(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def write_manifest(maker: Maker, records: list[Record], folder: Path) -> dict[str, Any]:
    """Write what a finished set consists of, and return it."""
    refused: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for record in records:
        refused.update(record.refused)
        sources.update(record.sources)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "schema": SCHEMA,
        "settings": maker.settings,
        "scenes": sum(record.scenes for record in records),
        "views": sum(record.views for record in records),
        "ships": sum(record.ships for record in records),
        "identities": len({identity for record in records for identity in record.identities}),
        "bytes": sum(record.bytes for record in records),
        "sources": dict(sorted(sources.items())),
        "refused": dict(sorted(refused.items())),
        "shards": [
            {"file": f"{record.name}.tar", "sha256": record.sha256, "bytes": record.bytes, "scenes": record.scenes}
            for record in records
            if record.scenes
        ],
    }
    with atomic_path(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a finished set's manifest.

    Raises
    ------
    UserError
        If there is none, or it is of another version.
    """
    with opened(folder / MANIFEST) as file:
        data = file.read(_MAX_BYTES)
    try:
        manifest = json.loads(data)
        if manifest["format"] == FORMAT and manifest["version"] == VERSION:
            return manifest
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UserError(f"'{folder.name}/{MANIFEST}' is no manifest of a data set; make the set again.")
