"""What a suite of the bench is: cases from a folder of data, contenders, and how one is judged on the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.engines.base import Variant
from studio.core.jobs import Job

if TYPE_CHECKING:
    from studio.core.evaluate.workshop import Workshop


@dataclass(frozen=True)
class Contender:
    """What is judged: a baseline, or an engine, as it is or in one of the variants of trained ones."""

    name: str
    engine: str = ""
    """As in `registry.ENGINES`; "" for a baseline."""
    variant: Variant | None = None
    """None: as anybody gets it who builds an avatar."""


@dataclass(frozen=True)
class Figure:
    """One column of a suite: its heading with the unit, which way is better, and how many digits it is told with."""

    key: str
    heading: str
    better: Literal["up", "down", "one", "zero", ""] = "up"
    digits: int = 2

    @property
    def title(self) -> str:
        """The heading with an arrow; figures that should be one or zero say so."""
        return self.heading + {"up": " ↑", "down": " ↓", "one": " →1", "zero": " →0", "": ""}[self.better]


@dataclass(frozen=True)
class Case:
    """One thing to be judged on.

    Attributes
    ----------
    files
        What it is made of, by the names that the suite gives them.
    settings
        What else it is made of: numbers and strings.
    """

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    settings: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Measured:
    """What one contender reached in one case.

    Attributes
    ----------
    figures
        By `Figure.key`; NaN, or left out, where it cannot be told.
    strip
        ``[h,w,3]`` uint8: a row of the case's contact sheet, or None.
    truth
        ``[h,w,3]`` uint8: what the strip should show, where it is known.
    notes
        Sentences about this row.
    """

    figures: Mapping[str, float]
    strip: NDArray[np.uint8] | None = None
    truth: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """One family of measures.

    Attributes
    ----------
    about
        What is done, and what the figures mean: a paragraph of the report.
    baselines
        Names of what every engine is judged beside.
    cases
        From the folder of data and whether it should be quick; raises `UserError` where the folder has nothing for it.
    measure
        Judges one contender on one case; a `UserError` is the reason why it has no figures.
    module
        Whose source, and all it imports, a row depends on.
    timed
        Whether its figures are this machine's.
    """

    name: str
    title: str
    about: str
    figures: tuple[Figure, ...]
    baselines: tuple[str, ...]
    cases: "Callable[[Path, bool], list[Case]]"
    measure: "Callable[[Case, Contender, Workshop], Job[Measured]]"
    module: str
    timed: bool = False


def files_in(data: Path, folder: str, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files of ``data/folder`` with these suffixes by name; none where there is no such folder."""
    if not (data / folder).is_dir():
        return []
    return sorted(path for path in (data / folder).iterdir() if path.suffix.lower() in suffixes)


PICTURES = (".png", ".jpg", ".jpeg", ".webp")
CLIPS = (".mp4", ".mov", ".webm", ".mkv")
