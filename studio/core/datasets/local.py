"""Shards made on this machine: one after another, or several at once in processes of one thread each.

A kernel of two threads waits at the end of every view for the slower one; two processes never wait.
"""

import multiprocessing
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.synchronize import Event
from pathlib import Path

import cv2

from studio.core.datasets.maker import Maker, Plan
from studio.core.datasets.writer import Record, write_shard

_TELL_EVERY = 0.5  # s

# In a worker: its own copy of the maker, and what tells it to stop.
_given: tuple[Maker, Path, Event] | None = None


def made_here(maker: Maker, plans: list[Plan], folder: Path, workers: int) -> Iterator[Record | None]:
    """Yield the records of shards as they are made, in any order, and None at least every second meanwhile."""
    if workers == 1:
        for plan in plans:
            yield (yield from write_shard(maker, plan, folder))
        return
    # Threads of numba and locks of libraries do not survive a fork.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (maker, folder, stop))
    try:
        running: set[Future[Record | None]] = {pool.submit(_make, plan) for plan in plans}
        while running:
            done, running = wait(running, _TELL_EVERY, FIRST_COMPLETED)
            for future in done:
                yield future.result()
            yield None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begin(maker: Maker, folder: Path, stop: Event) -> None:
    global _given
    one_thread()
    _given = maker, folder, stop


def one_thread() -> None:
    """Keep this process to one thread; several of it share the machine."""
    os.environ["AVATAR_STUDIO_THREADS"] = "1"
    cv2.setNumThreads(1)


def _make(plan: Plan) -> Record | None:
    assert _given is not None
    maker, folder, stop = _given
    return drained(write_shard(maker, plan, folder), stop.is_set)


def drained(writing: Generator[None, None, Record], stopped: Callable[[], bool]) -> Record | None:
    """Run to the end, or give up when `stopped` says so, and return None."""
    while True:
        try:
            next(writing)
        except StopIteration as stop:
            return stop.value
        if stopped():
            writing.close()
            return None
