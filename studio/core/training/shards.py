"""Shards read for training: WebDataset tars by index, in an order that the seed alone decides.

A shard is a plain tar whose members stand next to one another by sample, ``KEY.safetensors`` and ``KEY.json``: any
WebDataset reader streams them. Here the places of all members are listed once, and samples are read where they lie:
the whole set is shuffled, not a buffer of it; a run resumed at any step goes on with the very sample that would have
come; and every number of processes and reading workers sees the same order.
"""

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from studio.core.errors import UserError
from studio.core.training.recipe import Recipe, Settings
from studio.core.training.scene import MAX_BYTES, MAX_TEXT, Scene

VALIDATION_SHARE = 0.1
"""Of the identities, by their names alone: whoever is validated on is so in every set and every stage."""


@dataclass(frozen=True)
class Entry:
    """Where one sample lies, and what its JSON says of it.

    Attributes
    ----------
    places
        Offset and length in the tar by suffix, bytes.
    """

    shard: Path
    key: str
    places: dict[str, tuple[int, int]]
    identity: str
    source: str
    ships: bool

    def read(self) -> Scene:
        """Read the scene.

        Raises
        ------
        UserError
            If it is damaged.
        """
        members = {}
        with self.shard.open("rb") as file:
            for suffix, (offset, length) in self.places.items():
                file.seek(offset)
                members[suffix] = file.read(length)
        return Scene.from_members(self.key, members)


@dataclass(frozen=True)
class Shards:
    """The samples of a folder.

    Attributes
    ----------
    entries
        In the order of the shards' names and of their members.
    digest
        sha256 of all names, sizes and JSON files; another set has another.
    """

    entries: tuple[Entry, ...]
    digest: str

    def split(self, held_out: Sequence[Entry] | None = None) -> tuple[list[Entry], list[Entry]]:
        """Return what to learn from and what to validate on; no identity is in both.

        Parameters
        ----------
        held_out
            What to validate on; if None, the part of this set that `is_held_out`.
        """
        if held_out is not None:
            people = {entry.identity for entry in held_out}
            return [entry for entry in self.entries if entry.identity not in people], list(held_out)
        sides: tuple[list[Entry], list[Entry]] = [], []
        for entry in self.entries:
            sides[is_held_out(entry.identity)].append(entry)
        return sides


def is_held_out(identity: str) -> bool:
    """Tell whether an identity is for validation: by its name alone."""
    return hashlib.sha256(identity.encode()).digest()[0] < VALIDATION_SHARE * 256


def open_shards(folder: Path, *, shipping: bool = False) -> Shards:
    """List the samples of all ``*.tar`` of a folder and the folders in it.

    Parameters
    ----------
    shipping
        Leave out what weights that are shipped must not learn from.

    Raises
    ------
    UserError
        If there are none, or a shard is damaged or compressed.
    """
    entries, digest = [], hashlib.sha256()
    for shard in sorted(folder.glob("**/*.tar")):
        listed = _listed(shard)
        digest.update(json.dumps([shard.relative_to(folder).as_posix(), listed[1]]).encode())
        entries += [entry for entry in listed[0] if entry.ships or not shipping]
    if not entries:
        wanted = "no samples that weights may be shipped of" if shipping and folder.is_dir() else "no shards (*.tar)"
        raise UserError(f"'{folder.name}' holds {wanted}; make some with avatar-studio dataset make.")
    return Shards(tuple(entries), digest.hexdigest())


def _listed(shard: Path) -> tuple[list[Entry], list[list[str | int]]]:
    """Return the samples of a shard, and what names, sizes and JSON files its digest is made of."""
    places: dict[str, dict[str, tuple[int, int]]] = {}
    seen: list[list[str | int]] = []
    try:
        with tarfile.open(shard, "r:") as tar, shard.open("rb") as file:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                if not member.isreg() or suffix not in ("safetensors", "json"):
                    continue
                places.setdefault(key, {})[suffix] = (member.offset_data, member.size)
                seen.append([member.name, member.size])
            return [_entry(shard, key, place, file, seen) for key, place in places.items()], seen
    except (tarfile.TarError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"The shard '{shard.name}' is damaged or compressed ({error}); make the data set again."
        ) from error


def _entry(shard: Path, key: str, places: dict[str, tuple[int, int]], file, seen: list) -> Entry:
    offset, length = places["json"]
    if length > MAX_TEXT or places["safetensors"][1] > MAX_BYTES:
        raise ValueError(f"sample '{key[:80]}' is too large")
    file.seek(offset)
    text = file.read(length)
    facts = json.loads(text)
    seen.append(hashlib.sha256(text).hexdigest())
    return Entry(shard, key, places, str(facts["identity"]), str(facts["source"]), facts["ships"] is True)


def place_in_order(number: int, entries: int, seed: int) -> int:
    """Return which of the entries the sample of a number is: every epoch is another permutation of all of them."""
    return int(_permutation(seed, number // entries, entries)[number % entries])


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, entries: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, epoch]).permutation(entries)


class Samples(Dataset):
    """The samples a recipe makes of scenes, by their number since the beginning of the run."""

    def __init__(self, recipe: Recipe, entries: list[Entry], seed: int) -> None:
        self._sample: Callable[[Scene, np.random.Generator], dict[str, Tensor]] = recipe.sample
        self._entries, self._seed = entries, seed

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        entry = self._entries[place_in_order(number, len(self._entries), self._seed)]
        return self._sample(entry.read(), np.random.default_rng([self._seed, number, 1]))


def parts(settings: Settings, step: int, rank: int, processes: int) -> Iterator[list[int]]:
    """Yield the numbers of the samples of every part of every step from `step` on that a process computes."""
    size = settings.batch // (processes * settings.accumulate)
    for now in count(step):
        for part in range(settings.accumulate):
            first = now * settings.batch + (part * processes + rank) * size
            yield list(range(first, first + size))
