"""A row of the bench: what one contender reached in one case, and its files, by which the next run knows it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.evaluate.suite import Measured
from studio.core.media.files import atomic_path


@dataclass(frozen=True)
class Row:
    """One line of a suite's table.

    Attributes
    ----------
    figures
        By `Figure.key`; what cannot be told is left out.
    seconds
        s that measuring took, building and tracking included where they were not kept.
    failure
        Why there are no figures; "" where there are.
    key
        Hash of all that it depends on: names its files.
    """

    suite: str
    case: str
    contender: str
    key: str
    figures: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    failure: str = ""
    notes: tuple[str, ...] = ()


class Rows:
    """The folder of rows that were measured.

    A row is kept with its pictures; one that failed is not, and is tried again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Row | None:
        """Return the row of a key, or None where it is not there or from another version."""
        try:
            facts = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
            return Row(**{**facts, "notes": tuple(facts["notes"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, row: Row, measured: Measured) -> None:
        """Write a row and its pictures; the row last, so that one that is there is whole."""
        for name, picture in (("strip", measured.strip), ("truth", measured.truth)):
            if picture is not None:
                with atomic_path(self._folder / f"{row.key}.{name}.png") as temporary:
                    Image.fromarray(picture).save(temporary)
        with atomic_path(self._folder / f"{row.key}.json") as temporary:
            temporary.write_text(json.dumps(asdict(row), allow_nan=False), encoding="utf-8")

    def picture(self, key: str, name: str) -> NDArray[np.uint8] | None:
        """Return a row's ``strip`` or ``truth``; None where it has none."""
        path = self._folder / f"{key}.{name}.png"
        return np.asarray(Image.open(path)) if path.is_file() else None
