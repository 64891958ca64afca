"""The figures of a run in a CSV file, a row per step, which a resumed run goes on with."""

import csv
from pathlib import Path

from studio.core.media.files import atomic_path

Row = dict[str, float]


class Curve:
    """A CSV file whose first column is ``step``.

    Rows of a step that is not behind us any more (a run resumed from an older checkpoint) are removed. A column that
    comes later is added to all rows.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        self._rows: list[Row] = []
        self._columns: list[str] = ["step"]
        rows = [row for row in read_curve(path) if row["step"] < step] if path.exists() else []
        if rows:
            self._columns = list(rows[0])
        self._write(rows)

    def add(self, row: Row) -> None:
        """Add a row; it is in the file after the next `flush`."""
        self._rows.append(row)

    def flush(self) -> None:
        """Write what was added."""
        rows, self._rows = self._rows, []
        later = [name for row in rows for name in row if name not in self._columns]
        if later:
            self._columns += dict.fromkeys(later)
            self._write(read_curve(self._path))
        with self._path.open("a", newline="") as file:
            self._writer(file).writerows(_shortened(row) for row in rows)

    def _write(self, rows: list[Row]) -> None:
        with atomic_path(self._path) as temporary, temporary.open("w", newline="") as file:
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(_shortened(row) for row in rows)

    def _writer(self, file) -> csv.DictWriter:
        return csv.DictWriter(file, self._columns, restval="")


def read_curve(path: Path) -> list[Row]:
    """Return the rows of a file; what a row lacks is not in it."""
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def thinned(rows: list[Row], column: str, most: int = 200) -> list[tuple[int, float]]:
    """Return (step, mean of `column`) of at most so many stretches of the curve."""
    values = [(int(row["step"]), row[column]) for row in rows if column in row]
    size = max(1, -(-len(values) // most))
    chunks = [values[k : k + size] for k in range(0, len(values), size)]
    return [(chunk[-1][0], sum(value for _, value in chunk) / len(chunk)) for chunk in chunks]


def _shortened(row: Row) -> dict[str, str]:
    return {name: str(int(value)) if name == "step" else f"{value:.6g}" for name, value in row.items()}
