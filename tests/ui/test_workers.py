import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.ui.workers import JobQueue, Urgency


@pytest.fixture
def queue(qapp: object) -> Iterator[JobQueue]:
    made = JobQueue()
    yield made
    made.stop()


class Recorded:
    """A job that waits for a gate between yields and remembers its threads and its end."""

    def __init__(self, name: str, log: list[str], steps: int = 2) -> None:
        self.name, self.log, self.steps = name, log, steps
        self.gate = threading.Event()
        self.threads: set[int] = set()

    def __call__(self) -> Job[str]:
        ended = "closed"
        try:
            for step in range(self.steps):
                self.threads.add(threading.get_ident())
                self.log.append(self.name)
                yield Progress(step / self.steps, "working", preview="look")
                self.gate.wait()
            ended = "done"
            return self.name
        finally:
            self.threads.add(threading.get_ident())
            self.log.append(f"{self.name} {ended}")


def test_job_runs_on_the_worker_and_answers_on_the_window_thread(qtbot: QtBot, queue: JobQueue) -> None:
    job, here, heard = Recorded("a", []), threading.get_ident(), []
    ticket = queue.submit(
        "A",
        job,
        on_result=lambda result: heard.append((result, threading.get_ident())),
        on_progress=lambda progress: heard.append((progress.message, threading.get_ident())),
    )
    with qtbot.waitSignal(ticket.ended):
        job.gate.set()
    assert heard == [("working", here), ("working", here), ("a", here)]
    assert here not in job.threads
    qtbot.waitUntil(lambda: queue.idle)


def test_cancel_closes_the_job_on_its_own_thread(qtbot: QtBot, queue: JobQueue) -> None:
    log: list[str] = []
    job = Recorded("a", log, steps=9)
    ticket = queue.submit("A", job)
    qtbot.waitUntil(lambda: log == ["a"])
    ticket.cancel()
    with qtbot.waitSignal(ticket.cancelled):
        job.gate.set()
    # The step in hand goes on to its yield; there the job ends.
    assert log == ["a", "a", "a closed"]
    assert len(job.threads) == 1
    assert threading.get_ident() not in job.threads


def test_cancelling_a_waiting_job_never_starts_it(qtbot: QtBot, queue: JobQueue) -> None:
    log: list[str] = []
    first, second = Recorded("a", log), Recorded("b", log)
    queue.submit("A", first)
    ticket = queue.submit("B", second)
    ticket.cancel()
    with qtbot.waitSignal(ticket.cancelled):
        first.gate.set()
    assert "b" not in log


def test_a_build_overtakes_a_running_export(qtbot: QtBot, queue: JobQueue) -> None:
    log: list[str] = []
    export, build = Recorded("export", log, steps=3), Recorded("build", log)
    build.gate.set()
    heavy = queue.submit("Export", export, Urgency.HEAVY)
    qtbot.waitUntil(lambda: log == ["export"])
    queue.submit("Build", build, Urgency.BUILD)
    with qtbot.waitSignal(heavy.finished):
        export.gate.set()
    assert log.index("build done") < log.index("export done")
    assert log.count("export") == 3


def test_a_user_error_arrives_as_its_sentence(qtbot: QtBot, queue: JobQueue) -> None:
    def job() -> Job[None]:
        yield Progress(0, "trying")
        raise UserError("The disk is full; free some space.")

    heard: list[str] = []
    queue.submit("A", job, on_failure=lambda error, sentence: heard.append(sentence))
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["The disk is full; free some space."]


def test_a_fault_is_reported_and_the_queue_lives_on(
    qtbot: QtBot, queue: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Job[None]:
        yield Progress(0, "trying")
        raise ValueError("shape")

    heard: list[str] = []
    queue.submit("Building Ada", broken, on_failure=lambda error, sentence: heard.append(sentence))
    qtbot.waitUntil(lambda: bool(heard))
    assert "ValueError: shape" in heard[0]
    assert "Ada" not in caplog.text
    job = Recorded("next", [])
    ticket = queue.submit("Next", job)
    with qtbot.waitSignal(ticket.finished):
        job.gate.set()
