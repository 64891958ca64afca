"""The bench: every contender in every case of every suite; a job that can be cancelled and goes on where it was."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from studio.core.doctor import machine
from studio.core.engines.base import VARIANTS, Trained
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.evaluate.brought import brought_weights
from studio.core.evaluate.fingerprint import file_hash, fingerprint, source_hash
from studio.core.evaluate.report import write_report
from studio.core.evaluate.rows import Row, Rows
from studio.core.evaluate.suite import Case, Contender, Measured, Suite
from studio.core.evaluate.suites import SUITES, load_suite
from studio.core.evaluate.workshop import Workshop
from studio.core.jobs import Job, Stopwatch, share

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BenchReport:
    """What a run of the bench gave.

    Attributes
    ----------
    rows
        Of all suites, those that were measured before included.
    kept
        How many of them had been measured before.
    notes
        Sentences about what was left out.
    """

    path: Path
    rows: tuple[Row, ...]
    kept: int
    notes: tuple[str, ...]


def bench(
    data: Path,
    folder: Path,
    suites: Sequence[str] = tuple(SUITES),
    engines: Sequence[str] = ("lift",),
    *,
    variants: bool = False,
    quick: bool = False,
    seed: int = 0,
    only: Sequence[str] = ("",),
) -> Job[BenchReport]:
    """Judge engines beside the baselines and write ``report.md``, ``rows.csv`` and ``sheets/`` into `folder`.

    Rows that were measured before with the same code, weights, data and settings are not measured again. A row that
    fails says why, and the others go on.

    Parameters
    ----------
    data
        Folder with ``talking/``, ``driving/``, ``portraits/`` and ``speech/``; suites that find nothing say so.
    variants
        Whether engines with trained networks are judged three times: as trained, refined, and refined from random
        weights.
    quick
        Few cases and few frames: whether it works, not how well.
    only
        Parts of names: cases whose names hold none of them are left out.

    Raises
    ------
    UserError
        If there is no such suite or engine, or `folder` cannot be written.
    """
    watch = Stopwatch()
    yield watch.progress(0.0, "looking at the data")
    chosen = [load_suite(name) for name in suites]
    contenders, notes = _contenders(engines, variants)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"'{folder.name}' cannot be made ({error.strerror}); choose another folder.") from error
    shop, rows = Workshop(folder / "kept", seed, quick), Rows(folder / "kept" / "rows")
    planned: list[tuple[Suite, Case, Contender]] = []
    for suite in chosen:
        try:
            cases = [case for case in suite.cases(data, quick) if any(part in case.name for part in only)]
            planned += _planned(suite, cases, contenders)
        except UserError as error:
            notes.append(f"{suite.title}: {error}")
    done: list[Row] = []
    kept = 0
    for k, (suite, case, contender) in enumerate(planned):
        start, stop = k / len(planned), (k + 1) / len(planned)
        yield watch.progress(start, f"{suite.name}: {case.name}, {contender.name}")
        row = rows.find(key := row_key(suite, case, contender, shop))
        if row is not None:
            kept += 1
        else:
            row = yield from share(_measure(suite, case, contender, shop, rows, key), watch, start, stop)
        done.append(row)
    write_report(folder, chosen, contenders, done, rows, notes, shop)
    yield watch.progress(1.0, "done")
    return BenchReport(folder / "report.md", tuple(done), kept, tuple(notes))


def row_key(suite: Suite, case: Case, contender: Contender, shop: Workshop) -> str:
    """Return the hash of all that a row depends on: code, weights, data, settings, and the machine where timed."""
    return fingerprint(
        {
            "suite": suite.name, "case": case.name, "settings": dict(case.settings), "contender": contender.name,
            "variant": contender.variant, "files": {name: file_hash(path) for name, path in case.files.items()},
            "judge": source_hash(suite.module), "engine": shop.depends_on(contender), "seed": shop.seed,
            "quick": shop.quick,
            "brought": brought_weights(), "machine": machine() if suite.timed else "",
        }
    )  # fmt: skip


def _contenders(engines: Sequence[str], variants: bool) -> tuple[list[Contender], list[str]]:
    found: list[Contender] = []
    notes: list[str] = []
    for name in engines:
        trained = isinstance(load_engine(name), Trained)
        if variants and trained:
            found += [Contender(f"{name}, {variant}", name, variant) for variant in VARIANTS]
            continue
        if variants:
            notes.append(f"{name} has no trained weights: it has one row, not {len(VARIANTS)}.")
        found.append(Contender(name, name))
    return found, notes


def _planned(suite: Suite, cases: list[Case], contenders: list[Contender]) -> Iterator[tuple[Suite, Case, Contender]]:
    for case in cases:
        for contender in [*(Contender(name) for name in suite.baselines), *contenders]:
            yield suite, case, contender


def _measure(suite: Suite, case: Case, contender: Contender, shop: Workshop, rows: Rows, key: str) -> Job[Row]:
    """Measure one row; whatever goes wrong is what it says."""
    began = time.monotonic()
    try:
        measured = yield from suite.measure(case, contender, shop)
    except UserError as error:
        return Row(suite.name, case.name, contender.name, key, failure=str(error))
    except Exception as error:
        # One engine's bug must not cost the others hours of measuring: the row tells it, the log has its traceback.
        _log.exception("the bench failed in %s", suite.name)
        return Row(suite.name, case.name, contender.name, key, failure=f"a bug: {type(error).__name__}: {error}")
    row = _row_of(measured, suite, case, contender, key, time.monotonic() - began)
    rows.keep(row, measured)
    return row


def _row_of(measured: Measured, suite: Suite, case: Case, contender: Contender, key: str, seconds: float) -> Row:
    figures = {name: float(value) for name, value in measured.figures.items() if isfinite(value)}
    return Row(suite.name, case.name, contender.name, key, figures, seconds, notes=measured.notes)
