"""Shards made on a Ray cluster: the one of ``RAY_ADDRESS``, or one on this machine.

Every node must see the folder and the pictures under the same path (a shared file system). A shard whose worker or
node is lost is made again elsewhere; what was finished is found by its record, also by the next run. One process for
each processor, each with one thread. This module owns ray.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.core.datasets.local import drained, one_thread
from studio.core.datasets.maker import Maker, Plan
from studio.core.datasets.writer import Record, write_shard
from studio.core.errors import UserError

_TELL_EVERY = 0.5  # s
_RETRIES = 4


def made_on_ray(maker: Maker, plans: list[Plan], folder: Path, **cluster: Any) -> Iterator[Record | None]:
    """Yield the records of shards as they are made, in any order, and None at least every second meanwhile.

    Parameters
    ----------
    cluster
        Passed to ``ray.init``, unless ray runs in this process already.

    Raises
    ------
    UserError
        If ray is not installed, or a shard's worker was lost too often.
    """
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise UserError('Ray is missing; install it with: pip install -e ".[farm]"') from error
    ours = not ray.is_initialized()
    if ours:
        # What is sent to Anyscale about a cluster is none of its business.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(log_to_driver=False, **cluster)
    shared = ray.put((maker, folder.resolve()))
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_make)
    waiting = {task.remote(shared, plan): plan for plan in plans}
    try:
        while waiting:
            done, _ = ray.wait(list(waiting), timeout=_TELL_EVERY)
            for reference in done:
                plan = waiting.pop(reference)
                try:
                    yield ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from error
                except (ray.exceptions.RayError, OSError) as error:
                    raise UserError(
                        f"The shard '{plan.name}' was lost {_RETRIES + 1} times with its worker; look at the cluster's "
                        "memory, then run the same command again: it goes on where it stopped."
                    ) from error
            yield None
    finally:
        for reference in waiting:
            ray.cancel(reference)
        if ours:
            ray.shutdown()


def _make(shared: tuple[Maker, Path], plan: Plan) -> Record | None:
    maker, folder = shared
    one_thread()
    return drained(write_shard(maker, plan, folder), lambda: False)
