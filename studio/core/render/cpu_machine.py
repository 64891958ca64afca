"""How much of this machine's processor and memory the process may use.

A container has all of the machine's cores in sight, but may be given less of their time and of the memory: its
control groups (cgroups, version 1 or 2) tell.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

GROUPS = Path("/proc/self/cgroup")
MOUNTS = Path("/sys/fs/cgroup")
TOPOLOGY = Path("/sys/devices/system/cpu")


def affinity() -> set[int]:
    """Return the numbers of the logical processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def cores(cpus: Iterable[int]) -> int:
    """Count the physical cores of logical processors; hyper-threads are counted apart where the system is silent."""
    found = set()
    for cpu in cpus:
        try:
            found.add((TOPOLOGY / f"cpu{cpu}/topology/thread_siblings_list").read_text())
        except OSError:
            found.add(cpu)
    return len(found)


def cpu_quota() -> float | None:
    """Return how many processors' time the control groups grant, None if no group limits it.

    The least of ``cpu.max`` (version 2) and of ``cpu.cfs_quota_us`` over ``cpu.cfs_period_us`` (version 1) of the
    process's own group and those above it.
    """
    quotas = []
    for folder in _control_groups("cpu"):
        quota, period = (_read(folder / "cpu.max").split() + ["", ""])[:2]
        if not quota:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):  # not "max", and not -1
            quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def memory() -> int:
    """Return how many bytes of memory this process may fill, at most: the machine's, or those of its control group."""
    sizes = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for folder in _control_groups("memory"):
        sizes += [int(size) for name in _MEMORY if (size := _read(folder / name)).isdecimal()]
    return min(sizes, default=_UNKNOWN_MEMORY)


_MEMORY = ("memory.max", "memory.limit_in_bytes")
_UNKNOWN_MEMORY = 4 << 30  # what the program asks for, where the system does not tell


def _control_groups(controller: str) -> Iterator[Path]:
    """Name the folders of the process's group and of those above it, of version 2 and of one controller of version 1.

    In a container the group's path may be the host's: then only the folders above exist, the container's own among
    them.
    """
    for line in _read(GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mounts = [MOUNTS, MOUNTS / "unified"]
        elif controller in controllers.split(","):
            mounts = [MOUNTS / controllers, MOUNTS / controller]
        else:
            continue
        group = PurePosixPath(path.lstrip("/"))
        yield from (mount / part for mount in mounts for part in (group, *group.parents))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
