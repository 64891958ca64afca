import json
import os
import sys
from pathlib import Path

import pytest

from studio.core import jobs
from studio.core.errors import UserError
from studio.core.kernels import RENDERER, compile_elsewhere
from studio.core.render import kernel_cache


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))


def compiler(*messages: str, then: str = "") -> list[str]:
    """Return a command that reports these messages and ends with some Python."""
    told = [json.dumps({"fraction": 0.1 * i, "message": message, "eta": None}) for i, message in enumerate(messages)]
    return [sys.executable, "-c", f"import os, sys, time\nfor line in {told}: print(line, flush=True)\n{then}"]


def test_the_cache_is_complete_once_it_was_marked_and_until_a_library_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not kernel_cache.is_complete()
    kernel_cache.mark_complete()
    assert kernel_cache.is_complete()
    monkeypatch.setattr(kernel_cache, "version", lambda name: "another")
    assert not kernel_cache.is_complete()


def test_the_renderer_may_begin_when_its_part_is_compiled() -> None:
    said: list[str] = []
    command = compiler(RENDERER, "the build", "the clip")
    jobs.run(compile_elsewhere(lambda: said.append("ready"), command), lambda report: said.append(report.message))
    told = [sentence for sentence in dict.fromkeys(said) if RENDERER not in sentence or "compiling" in sentence]
    assert told == [
        f"compiling for this computer: {RENDERER}",
        "ready",
        "compiling for this computer: the build",
        "compiling for this computer: the clip",
    ]


def test_nothing_is_started_where_all_was_compiled() -> None:
    kernel_cache.mark_complete()
    said: list[str] = []
    jobs.run(compile_elsewhere(lambda: said.append("ready"), ["no such program"]))
    assert said == ["ready"]


def test_a_compiler_that_fails_is_told_with_what_happens_instead() -> None:
    command = compiler(RENDERER, then="sys.exit('no space left')")
    with pytest.raises(UserError, match="done while you work"):
        jobs.run(compile_elsewhere(lambda: None, command))


def test_closing_the_job_ends_the_compiler() -> None:
    command = [
        sys.executable,
        "-c",
        "import json, os, time\n"
        'print(json.dumps({"fraction": 0, "message": str(os.getpid()), "eta": None}), flush=True)\n'
        "time.sleep(600)",
    ]
    job = compile_elsewhere(lambda: None, command)
    number = 0
    for report in job:
        last = report.message.rsplit(" ", 1)[-1]
        if last.isdecimal():
            number = int(last)
            break
    os.kill(number, 0)  # it lives
    job.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
