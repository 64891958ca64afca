"""What the speech benchmark found, as tables in Markdown and CSV."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PHONE_COLUMNS = (
    "F1", "P", "R", "F1 onset", "F1 luck", "F1 channel", "jaw r", "gap r", "close r", "round r", "spread r", "fv r",
    "vowel r", "vowel middle r", "onset", "onset p90", "offset",
)  # fmt: skip
_WITH_INTERVAL = ("F1", "jaw r", "vowel r", "onset")
_MILLISECONDS = ("onset", "onset p90", "offset")


# Where, figure, bound, and whether it is a least value; of the 80-ms setting.
_BARS = (
    ("read, clean", "F1", 0.65),
    ("spontaneous, clean", "F1", 0.45),
    ("read, 10 dB", "F1", 0.45),
    *((f"{group}, clean", "jaw r", 0.82) for group in ("read", "spontaneous")),
    *((f"{group}, clean", "vowel r", 0.62) for group in ("read", "spontaneous")),
)
_ONSET = 0.02  # s, either way
_BEHIND = 0.05  # F1 by which the 50-ms setting may be worse
_SETTING, _FASTER = "80 ms", "50 ms"


@dataclass
class Report:
    """Collects sections and rows; `text` is what is printed and written."""

    notes: list[str] = field(default_factory=list)
    sections: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Add a sentence below the tables."""
        self.notes.append(sentence)

    def row(self, section: str, **cells: str) -> None:
        """Add a row to a section's table."""
        self.sections.setdefault(section, []).append(cells)

    def phones(self, group: str, noise: str, system: str, found: dict[str, NDArray[np.float64]]) -> None:
        """Add what `studio.core.evaluate.mouth.figures` found for one system."""
        shown = {name: _cell(name, found[name]) for name in _PHONE_COLUMNS}
        self.row(f"{group}, {noise}, {found['n'][0]:.0f} bilabials", system=system, **shown)
        for name, (value, low, high) in found.items():
            self.figure(f"{group}, {noise}", system, name, value, low, high)

    def figure(
        self, where: str, system: str, name: str, value: float, low: float = np.nan, high: float = np.nan
    ) -> None:
        """Add one figure, in its SI unit, to the CSV."""
        ends = {"low": f"{low:.4g}", "high": f"{high:.4g}"} if np.isfinite(low) else {}
        self.rows.append({"where": where, "system": system, "figure": name, "value": f"{value:.4g}", **ends})

    def bars(self) -> list[str]:
        """Say of each bar that was measured whether the point estimate reaches it."""
        known = {(row["where"], row["system"], row["figure"]): float(row["value"]) for row in self.rows}
        said = []

        def say(reached: bool, what: str) -> None:
            said.append(f"{'reached' if reached else 'missed'}: {what}")

        for where, figure, least in _BARS:
            value = known.get((where, _SETTING, figure), np.nan)
            if np.isfinite(value):
                say(value >= least, f"{where}: {figure} {value:.2f}, at least {least:.2f}")
        for group in ("read, clean", "spontaneous, clean"):
            onset = known.get((group, _SETTING, "onset"), np.nan)
            behind = known.get((group, _SETTING, "F1"), np.nan) - known.get((group, _FASTER, "F1"), np.nan)
            if np.isfinite(onset):
                say(abs(onset) <= _ONSET + 1e-9, f"{group}: onset {onset * 1e3:+.0f} ms, within ±{_ONSET * 1e3:.0f} ms")
            if np.isfinite(behind):
                say(behind <= _BEHIND, f"{group}: {_FASTER} F1 behind by {behind:+.2f}, at most {_BEHIND:.2f}")
        return said

    def text(self) -> str:
        """Return the whole report as Markdown."""
        parts = [f"### {title}\n\n{_table(rows)}" for title, rows in self.sections.items()]
        if bars := self.bars():
            parts.append("### Bars\n\n" + "\n".join(f"- {bar}" for bar in bars))
        return "\n\n".join([*parts, "\n".join(f"- {note}" for note in self.notes)])

    def write(self, folder: Path) -> None:
        """Write ``table.md`` and ``table.csv``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "table.md").write_text(self.text() + "\n", encoding="utf-8")
        with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["where", "system", "figure", "value", "low", "high"])
            writer.writeheader()
            writer.writerows(self.rows)


def _cell(name: str, figure: NDArray[np.float64]) -> str:
    value, low, high = figure
    if not np.isfinite(value):
        return "-"
    if name in _MILLISECONDS:
        text, ends = (
            f"{value * 1e3:+.0f}" if name != "onset p90" else f"{value * 1e3:.0f}",
            f"{low * 1e3:+.0f} {high * 1e3:+.0f}",
        )
    else:
        text, ends = f"{value:.2f}", f"{low:.2f} {high:.2f}"
    return f"{text} [{ends}]" if name in _WITH_INTERVAL and np.isfinite(low) else text


def _table(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([row.get(name, "") for name in names] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
