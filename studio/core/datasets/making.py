"""A whole data set as one job: shards, manifest, contact sheet and report."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from studio.core.datasets.local import made_here
from studio.core.datasets.maker import Maker, Plan
from studio.core.datasets.report import write_report
from studio.core.datasets.writer import RECORDS, Record, finished, write_manifest
from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch
from studio.core.render.cpu_machine import affinity

Runner = Callable[[Maker, list[Plan], Path], Iterator[Record | None]]
"""Makes shards anywhere; yields their records as they come, and None at least every second meanwhile."""


def locally(workers: int | None = None) -> Runner:
    """Return what makes shards on this machine, in one process for each core by default."""
    count = workers or len(affinity())
    return lambda maker, plans, folder: made_here(maker, plans, folder, min(count, len(plans)))


def make_dataset(maker: Maker, folder: Path, runner: Runner) -> Job[dict[str, Any]]:
    """Make what of a data set is not there yet; return its manifest.

    Raises
    ------
    UserError
        If the folder cannot be written, or nothing could be made.
    """
    try:
        (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"'{folder}' cannot be created ({error.strerror}); choose another folder.") from error
    plans, watch = maker.plans(), Stopwatch()
    records = {plan.name: record for plan in plans if (record := finished(maker, plan, folder))}
    left = [plan for plan in plans if plan.name not in records]
    yield watch.progress(0.0, f"making {len(left)} shards")
    made, before = 0, len(records)
    if left:
        for record in runner(maker, left, folder):
            if record is not None:
                records[record.name] = record
                made += 1
            views = sum(r.views for r in records.values())
            told = f"making shards: {before + made} of {len(plans)}, {views} views"
            yield watch.progress(0.97 * made / len(left), told)
    manifest = write_manifest(maker, [records[plan.name] for plan in plans], folder)
    if not manifest["scenes"]:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in manifest["refused"].items())
        raise UserError(f"Nothing could be made of what was given: {reasons or 'it is empty'}; give other files.")
    yield watch.progress(0.98, "drawing the contact sheet")
    write_report(manifest, folder)
    return manifest
