"""The report of the bench: ``report.md``, ``rows.csv`` and ``sheets/``, from rows alone."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio import __version__
from studio.core.doctor import machine
from studio.core.evaluate.brought import absent_measures
from studio.core.evaluate.rows import Row, Rows
from studio.core.evaluate.strips import sheet
from studio.core.evaluate.suite import Contender, Figure, Suite
from studio.core.evaluate.workshop import Workshop
from studio.core.media.files import atomic_path

PUBLISHED = Path(__file__).with_name("published.md")
"""The papers' own tables, copied."""
_NONE = "–"


def write_report(
    folder: Path,
    suites: Sequence[Suite],
    contenders: Sequence[Contender],
    rows: Sequence[Row],
    kept: Rows,
    notes: Sequence[str],
    shop: Workshop,
) -> None:
    """Write everything into `folder`, over what an earlier run wrote there.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    sheets = _write_sheets(folder / "sheets", rows, kept)
    text = _head(shop, contenders, notes)
    for suite in suites:
        own = [row for row in rows if row.suite == suite.name]
        if own:
            text += _section(suite, own, [name for name in sheets if name.startswith(f"{suite.name}_")])
    text += [*_absent(), PUBLISHED.read_text(encoding="utf-8")]
    with atomic_path(folder / "report.md") as temporary:
        temporary.write_text("\n".join(text) + "\n", encoding="utf-8")
    with atomic_path(folder / "rows.csv") as temporary:
        temporary.write_text(_csv(suites, rows), encoding="utf-8")


def mean_figures(suite: Suite, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return each contender's figures, mean over the cases in which every contender that has figures at all has them.

    A contender that failed in one case would otherwise be compared on other cases than the rest.
    """
    names = list(dict.fromkeys(row.contender for row in rows))
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    for figure in suite.figures:
        by_name = {
            name: {
                row.case: row.figures[figure.key] for row in rows if row.contender == name and figure.key in row.figures
            }
            for name in names
        }
        common = (
            set.intersection(*(set(values) for values in by_name.values() if values))
            if any(by_name.values())
            else set()
        )
        for name, values in by_name.items():
            if values and common:
                found[name][figure.key] = float(np.mean([values[case] for case in common]))
    return found


def table(header: Sequence[str], lines: Sequence[Sequence[str]], numbers: bool = True) -> list[str]:
    """Return a Markdown table; `numbers` stand at the right of all columns but the first."""
    rule = ["---", *["---:" if numbers else "---"] * (len(header) - 1)]
    return ["| " + " | ".join(cells) + " |" for cells in (header, rule, *lines)] + [""]


def _head(shop: Workshop, contenders: Sequence[Contender], notes: Sequence[str]) -> list[str]:
    text = [
        "# Bench", "",
        f"Avatar Studio {__version__}; {', '.join(one.name for one in contenders)}; seed {shop.seed}"
        f"{'; quick: few cases and frames, which say whether it works and not how well' if shop.quick else ''}.", "",
        f"Machine: {machine()}.", "",
    ]  # fmt: skip
    return [*text, *(f"- {note}" for note in notes), *([""] if notes else [])]


def _section(suite: Suite, rows: Sequence[Row], sheets: Sequence[str]) -> list[str]:
    cases = list(dict.fromkeys(row.case for row in rows))
    told = [figure for figure in suite.figures if any(figure.key in row.figures for row in rows)]
    means = mean_figures(suite, rows)
    text = [f"## {suite.title}", "", suite.about, ""]
    if told:
        header = [f"mean of {len(cases)}" if len(cases) > 1 else cases[0], *(figure.title for figure in told)]
        text += table(header, [[name, *(_cell(found, f) for f in told)] for name, found in means.items()])
        if len(cases) > 1:
            lines = [
                [f"{row.case}, {row.contender}", *(_cell(row.figures, f) for f in told)] for row in rows if row.figures
            ]
            text += ["<details><summary>Each case</summary>", "", *table(["", *(f.title for f in told)], lines)]
            text += ["</details>", ""]
    failures = list(dict.fromkeys((row.contender, row.failure) for row in rows if row.failure))
    for contender, failure in failures:
        where = [row.case for row in rows if (row.contender, row.failure) == (contender, failure)]
        text.append(f"- {contender} has no figures in {_listed(where, len(cases))}: {failure}")
    text += [f"- {row.case}, {row.contender}: {note}" for row in rows for note in row.notes]
    absent = [figure.heading for figure in suite.figures if figure not in told]
    if absent and told:
        text.append(f"- Not told: {', '.join(absent)}.")
    return [*text, "", *(f"![{name}](sheets/{name})" for name in sheets), ""]


def _listed(cases: Sequence[str], of: int) -> str:
    return "any case" if len(cases) == of else ", ".join(cases)


def _cell(figures: dict[str, float], figure: Figure) -> str:
    return f"{figures[figure.key]:.{figure.digits}f}" if figure.key in figures else _NONE


def _absent() -> list[str]:
    lines = [[name, reason] for name, reason in absent_measures().items()]
    if not lines:
        return []
    return ["## Not measured here", "", *table(["", "why"], lines, numbers=False)]


def _csv(suites: Sequence[Suite], rows: Sequence[Row]) -> str:
    keys = list(dict.fromkeys(figure.key for suite in suites for figure in suite.figures))
    keys += sorted({key for row in rows for key in row.figures} - set(keys))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["suite", "case", "contender", *keys, "seconds", "failure", "notes"])
    writer.writeheader()
    for row in rows:
        figures = {key: f"{value:.6g}" for key, value in row.figures.items()}
        writer.writerow({
            "suite": row.suite, "case": row.case, "contender": row.contender, **figures,
            "seconds": f"{row.seconds:.1f}", "failure": row.failure, "notes": " ".join(row.notes),
        })  # fmt: skip
    return out.getvalue()


def _write_sheets(folder: Path, rows: Sequence[Row], kept: Rows) -> list[str]:
    """Write a contact sheet of each case; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suite, case in dict.fromkeys((row.suite, row.case) for row in rows):
        own = [row for row in rows if (row.suite, row.case) == (suite, case)]
        strips = {row.contender: kept.picture(row.key, "strip") for row in own}
        truths = [kept.picture(row.key, "truth") for row in own]
        labelled = {"truth": next((one for one in truths if one is not None), None), **strips}
        shown = {label: picture for label, picture in labelled.items() if picture is not None}
        if not shown:
            continue
        name = f"{suite}_{case}.jpg".replace("/", "_").replace(" ", "_")
        with atomic_path(folder / name) as temporary:
            sheet(shown).save(temporary, quality=90)
        written.append(name)
    return written
