"""What a command says: answers on standard output; progress, notes and errors on standard error.

With ``--json`` every answer, error, note and report of progress is one JSON object on a line of its own.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.core.jobs import Job, Progress, T, run

if TYPE_CHECKING:
    from studio.core.avatar import Avatar

# As in `studio.cli`: what is heavy is imported where it is needed.

JsonFlag = Annotated[bool, typer.Option("--json", help="Answer with JSON, for machines.")]


def finish(job: Job[T], show: Callable[[Progress], None]) -> T:
    """Run a job; whatever interrupts it, the job is closed on the way out."""
    try:
        return run(job, show)
    finally:
        job.close()


@contextmanager
def native_messages_in_log() -> Iterator[None]:
    """Send what C++ libraries print to standard error (mediapipe's is dozens of lines) to the log file."""
    from studio.core.logs import log_file, log_folder

    sys.stderr.flush()
    terminal, ours = os.dup(2), sys.stderr
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        log = os.open(log_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        log = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(terminal, "w", buffering=1) as sys.stderr:
        os.dup2(log, 2)
        os.close(log)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            sys.stderr = ours


@contextmanager
def progress(as_json: bool) -> Iterator[Callable[[Progress], None]]:
    """Give out a function that shows `Progress`: a bar on a terminal, JSON lines, or one line a step."""
    if as_json:
        yield lambda report: print(  # noqa: T201
            json.dumps({"fraction": report.fraction, "message": report.message, "eta": report.eta}),
            file=sys.stderr,
            flush=True,
        )
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        told: list[str] = []

        def line(report: Progress) -> None:
            if report.message not in told[-1:]:
                told.append(report.message)
                console.print(report.message, highlight=False, markup=False)

        yield line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[eta]}"),
    )
    with Bars(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        task = bars.add_task("", total=1.0, eta="")

        def draw(report: Progress) -> None:
            bars.update(task, completed=report.fraction, description=report.message, eta=_left(report.eta))

        yield draw


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s left" if seconds < 120 else f"{seconds / 60:.0f} min left"


def answer(result: dict[str, Any], text: str, as_json: bool) -> None:
    """Print what a command found or made."""
    # File names may hold bytes that are no text, which a terminal's encoding would refuse.
    print(json.dumps(result, default=str) if as_json else text.encode(errors="backslashreplace").decode())  # noqa: T201


def note(text: str, as_json: bool) -> None:
    """Print a sentence beside the answer."""
    print(json.dumps({"note": text}) if as_json else text, file=sys.stderr)  # noqa: T201


def tell_consent(avatar: "Avatar", as_json: bool) -> None:
    """Say so where the person shown was not said to consent."""
    if not avatar.consent.stated:
        note("This avatar was built without stated consent.", as_json)


def error(text: str, kind: str, as_json: bool) -> None:
    """Print why there is no answer; `kind` is ``input``, ``usage``, ``bug`` or ``interrupted``."""
    if as_json:
        print(json.dumps({"error": text, "kind": kind}))  # noqa: T201
    else:
        print(text, file=sys.stderr)  # noqa: T201


def bug(error: Exception) -> str:
    """Write the traceback of a bug to the log and return the sentence that says where."""
    from studio.core.logs import log_file, start_logging

    start_logging()
    logging.getLogger(__name__).error("unexpected error", exc_info=error)
    kind = type(error).__name__
    return f"Something went wrong inside the program ({kind}); please report it with the log: {log_file()}"
