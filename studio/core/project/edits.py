"""Edits of a timeline: each takes one and returns the next; nothing else is touched."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Item:
    """What can be selected.

    Attributes
    ----------
    name
        Id of a block; channel of a curve's key.
    time
        s of a camera key, marker or curve's key.
    """

    kind: Literal["block", "camera", "marker", "key"]
    name: str = ""
    time: float = 0.0
