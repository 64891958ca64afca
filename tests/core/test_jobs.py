import pytest

from studio.core import jobs
from studio.core.jobs import Cancelled, Job, Progress, Stopwatch, run


class Recorder:
    """A job that says what became of it."""

    def __init__(self, steps: int = 4, fail: Exception | None = None) -> None:
        self.steps, self.fail, self.events = steps, fail, []

    def job(self) -> Job[str]:
        try:
            for step in range(self.steps):
                self.events.append(step)
                yield Progress(step / self.steps, "working")
            if self.fail is not None:
                raise self.fail
            self.events.append("done")
            return "result"
        finally:
            self.events.append("cleaned")


def test_a_job_runs_to_its_result_and_reports_everything() -> None:
    recorder, seen = Recorder(), []
    assert run(recorder.job(), seen.append) == "result"
    assert [report.fraction for report in seen] == [0, 0.25, 0.5, 0.75]
    assert recorder.events == [0, 1, 2, 3, "done", "cleaned"]


def test_a_job_without_reports_gives_its_result() -> None:
    assert run(Recorder(steps=0).job()) == "result"


def test_cancelling_closes_the_job_between_two_reports() -> None:
    recorder, seen = Recorder(), []
    with pytest.raises(Cancelled):
        run(recorder.job(), seen.append, cancelled=lambda: len(seen) == 2)
    assert recorder.events == [0, 1, "cleaned"]


def test_an_error_of_the_job_is_the_callers() -> None:
    recorder = Recorder(fail=RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        run(recorder.job())
    assert recorder.events[-1] == "cleaned"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a clock to set by hand."""
    now = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_follows_from_the_time_used(clock: list[float]) -> None:
    watch = Stopwatch()
    assert watch.progress(0.0, "starting").eta is None
    clock[0] += 3
    assert watch.elapsed == 3
    assert watch.progress(0.01, "starting").eta is None  # too early to tell
    assert watch.progress(0.25, "working").eta == pytest.approx(9)
    clock[0] += 3
    assert watch.progress(0.5, "working").eta == pytest.approx(6)
    assert watch.progress(1.0, "working").eta == 0


def test_a_stopwatch_keeps_what_each_step_took(clock: list[float]) -> None:
    watch = Stopwatch()
    for seconds, message in [(0, "reading"), (2, "reading"), (1, "fitting"), (4, "sharpening"), (1, "fitting")]:
        clock[0] += seconds
        watch.progress(0.5, message)
    clock[0] += 5
    watch.progress(1.0, "done")
    assert watch.steps == {"reading": 3, "fitting": 9, "sharpening": 1}


def test_a_preview_is_handed_on() -> None:
    preview = object()
    assert Stopwatch().progress(0.5, "working", preview).preview is preview
