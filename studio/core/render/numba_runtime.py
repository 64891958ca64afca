"""How every numba kernel of the renderer is compiled and cached, and on how many threads it runs."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

# OpenMP threads that spin while they wait take the cores from the window, the microphone and the
# speech network. Read once, when the OpenMP library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numba
import numpy as np
from llvmlite import ir
from numba.core import config, extending, types
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.render import cpu_machine
from studio.core.render.kernel_cache import cache_folder

SAFE_MATH = {"nsz", "arcp", "contract", "afn", "reassoc"}
"""Comparisons with NaN stay honest: for kernels that decide what is drawn."""

FAST_MATH = SAFE_MATH | {"nnan", "ninf"}
"""For kernels that only see the finite numbers the projection let through."""

EXACT_KERNEL: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}
"""Rounded as written: for kernels in which order or sign of a sum decides."""
SAFE_KERNEL: dict[str, Any] = EXACT_KERNEL | {"fastmath": SAFE_MATH}
KERNEL: dict[str, Any] = SAFE_KERNEL | {"fastmath": FAST_MATH}

_one_at_a_time = threading.Lock()


if not os.environ.get("NUMBA_CACHE_DIR"):
    config.CACHE_DIR = cache_folder()  # pyright: ignore[reportAttributeAccessIssue]


@dataclass(frozen=True)
class ThreadLimit:
    """How many threads a kernel uses, and what limits them to that number."""

    threads: int
    reason: str


def thread_limit() -> ThreadLimit:
    """Return the least of what limits the threads of a kernel, or ``AVATAR_STUDIO_THREADS``.

    A quota of processor time is rounded down: a thread more than it grants would be stopped in the middle of frames.

    Raises
    ------
    UserError
        If ``AVATAR_STUDIO_THREADS`` is not a positive whole number, or more than numba can run.
    """
    most: int = config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]
    wanted = os.environ.get("AVATAR_STUDIO_THREADS")
    if wanted is not None:
        if not wanted.isdecimal() or int(wanted) < 1:
            raise UserError(f"AVATAR_STUDIO_THREADS is '{wanted}'; set it to a number of threads, such as 4.")
        if int(wanted) > most:
            raise UserError(
                f"AVATAR_STUDIO_THREADS is {wanted}, but numba runs at most {most} here; set it to {most} or less."
            )
        return ThreadLimit(int(wanted), "AVATAR_STUDIO_THREADS")
    usable, quota = cpu_machine.affinity(), cpu_machine.cpu_quota()
    limits = [
        ThreadLimit(cpu_machine.cores(range(os.cpu_count() or 1)), "one per physical core"),
        ThreadLimit(cpu_machine.cores(usable), "one per physical core this process may run on"),
        ThreadLimit(most, "numba's own limit"),
    ]
    if quota is not None:
        limits.append(ThreadLimit(max(1, int(quota)), f"the control group grants {quota:.3g} processors"))
    return min(limits, key=lambda limit: limit.threads)  # of equal ones the first


@cache
def thread_count() -> int:
    """Return how many threads a kernel uses; see `thread_limit`."""
    return thread_limit().threads


@contextmanager
def kernel_threads() -> Iterator[int]:
    """Hold the kernel threads while parallel kernels run; yields their number.

    One frame uses every thread, so two at once gain nothing, and not every threading layer that numba
    may pick (``workqueue``) survives concurrent callers.
    """
    with _one_at_a_time:
        threads = thread_count()
        numba.set_num_threads(threads)
        yield threads


# Its callers do not pass the typing context, which type checkers cannot know.
_intrinsic: Any = extending.intrinsic


@_intrinsic
def take_ticket(typing, tickets):
    """Return the count in an int64 array ``[1]`` and raise it by one, in one step for all threads.

    Workers that take their next piece of work by ticket finish together, however unequal the pieces and
    whatever else needs a core meanwhile. Kernels only.
    """

    def code(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(tickets), code


def kernel_array(array: NDArray) -> NDArray[np.float32]:
    """Return the array, or a copy, as float32, contiguous and writeable.

    A read-only or strided array is another type to numba and would be compiled for anew.
    """
    return np.require(array, np.float32, ["C", "A", "W"])
