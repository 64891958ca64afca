"""What every source of a data set offers: plans of shards, and the scenes of a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from studio.core.training.scene import Scene


@dataclass(frozen=True)
class Plan:
    """One shard to be made.

    Attributes
    ----------
    name
        Of the shard, without suffix: letters, digits, ``_`` and ``-``.
    about
        What it is made of, as JSON values: with the same `about` the same bytes come out, so that a shard made before
        need not be made again.
    """

    name: str
    about: dict[str, Any]


class Refused(Exception):  # noqa: N818 - not a fault
    """Something a scene cannot be made of; the text is a reason that can be counted, as "no face"."""


class Maker(Protocol):
    """One source of scenes. It travels to other processes and machines, so it is small and can be pickled."""

    @property
    def settings(self) -> dict[str, Any]:
        """What applies to the whole set, as JSON values, for its manifest."""
        ...

    def plans(self) -> list[Plan]:
        """Return the shards in a fixed order."""
        ...

    def scenes(self, plan: Plan) -> Iterator[Scene | Refused]:
        """Make the scenes of one shard; what cannot be made is told and left out."""
        ...
