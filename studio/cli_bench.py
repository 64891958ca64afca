"""The command `avatar-studio bench`: engines judged beside baselines, on a folder of data."""

from pathlib import Path
from typing import Annotated

import typer

from studio import console
from studio.console import JsonFlag

bench_app = typer.Typer()


@bench_app.command()
def bench(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Folder with talking/, driving/, portraits/ and speech/; suites that find nothing in it say so.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Gets report.md, rows.csv, sheets/ and what is kept.")
    ],
    suite: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE]...",
            help="self, cross, lifted-views, rendered-views, geometry, lips, personal, cost; all by default.",
        ),
    ] = None,
    engines: Annotated[str, typer.Option(metavar="NAME,...", help="What is judged.")] = "lift",
    variants: Annotated[
        bool,
        typer.Option(
            "--variants",
            help="Judge engines with trained networks three times: trained, trained + refined, random + refined.",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few cases and frames: whether it works, not how well.")
    ] = False,
    only: Annotated[
        str, typer.Option(metavar="TEXT,...", help="Leave out the cases whose names hold none of these.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Judge engines beside a still frame and a 2-D warp; goes on where it was stopped."""
    from studio.core.evaluate.bench import bench as run_bench
    from studio.core.evaluate.suites import SUITES

    names = [name.strip() for name in engines.split(",") if name.strip()]
    parts = [part.strip() for part in only.split(",")]
    job = run_bench(data, out, suite or list(SUITES), names, variants=variants, quick=quick, seed=seed, only=parts)
    with console.native_messages_in_log(), console.progress(as_json) as show:
        report = console.finish(job, show)
    for note in report.notes:
        console.note(note, as_json)
    failed = sum(bool(row.failure) for row in report.rows)
    result = {"report": str(report.path), "rows": len(report.rows), "kept": report.kept, "failed": failed}
    said = (
        f"Wrote {report.path}: {len(report.rows)} rows, {report.kept} of them measured before, {failed} without figures"
    )
    console.answer(result, said, as_json)
