"""How many threads draw: what containers and machines grant, laid out in folders as Linux does."""

from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.render import cpu_machine, numba_runtime
from studio.core.render.numba_runtime import ThreadLimit, thread_limit

V2 = "0::/user.slice/app.scope"
V1 = "4:cpu,cpuacct:/docker/abc\n9:memory:/docker/abc\n0::/"
OWN = "cpu,cpuacct/docker/abc"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four cores of two hyper-threads each, on all of which the process may run, and no control groups."""
    monkeypatch.setattr(cpu_machine, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpu_machine, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(cpu_machine, "TOPOLOGY", tmp_path / "cpus")
    monkeypatch.setattr(cpu_machine, "affinity", lambda: set(range(8)))
    monkeypatch.setattr(numba_runtime.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(numba_runtime.config, "NUMBA_NUM_THREADS", 8)
    monkeypatch.delenv("AVATAR_STUDIO_THREADS", raising=False)
    for cpu in range(8):
        write(tmp_path / f"cpus/cpu{cpu}/topology/thread_siblings_list", f"{cpu % 4},{cpu % 4 + 4}")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.mark.usefixtures("machine")
def test_a_thread_per_physical_core() -> None:
    assert thread_limit() == ThreadLimit(4, "one per physical core")


@pytest.mark.usefixtures("machine")
def test_cores_the_process_may_not_run_on_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_machine, "affinity", lambda: {0, 1, 4, 5})
    assert thread_limit() == ThreadLimit(2, "one per physical core this process may run on")


@pytest.mark.usefixtures("machine")
def test_numbas_own_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_runtime.config, "NUMBA_NUM_THREADS", 3)
    assert thread_limit() == ThreadLimit(3, "numba's own limit")


def test_where_the_topology_is_not_told_every_processor_counts(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_machine, "TOPOLOGY", machine / "none")
    assert thread_limit().threads == 8


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        (V2, {"user.slice/app.scope/cpu.max": "200000 100000"}, 2.0),
        (V2, {"user.slice/app.scope/cpu.max": "max 100000"}, None),
        (V2, {"user.slice/app.scope/cpu.max": "max 100000", "user.slice/cpu.max": "150000 100000"}, 1.5),
        (V2, {"user.slice/app.scope/cpu.max": "300000 100000", "user.slice/cpu.max": "250000 100000"}, 2.5),
        ("0::/", {"cpu.max": "50000 100000"}, 0.5),
        ("0::/../host/path", {"cpu.max": "100000 100000"}, 1.0),
        (V1, {f"{OWN}/cpu.cfs_quota_us": "250000", f"{OWN}/cpu.cfs_period_us": "100000"}, 2.5),
        (V1, {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2.0),
        (V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        (V1, {"unified/cpu.max": "100000 100000"}, 1.0),
        ("", {}, None),
    ],
)  # fmt: skip
def test_control_groups_tell_their_quota(
    machine: Path, groups: str, files: dict[str, str], quota: float | None
) -> None:
    write(machine / "cgroup", groups)
    for name, text in files.items():
        write(machine / "mounts" / name, text)
    assert cpu_machine.cpu_quota() == quota
    limit = thread_limit()
    assert limit.threads == (4 if quota is None else max(1, int(quota)))
    assert limit.reason == (
        "one per physical core" if quota is None else f"the control group grants {quota:g} processors"
    )


def test_a_generous_quota_is_not_what_limits(machine: Path) -> None:
    write(machine / "cgroup", V2)
    write(machine / "mounts/cpu.max", "1600000 100000")
    assert thread_limit() == ThreadLimit(4, "one per physical core")


@pytest.mark.parametrize(
    ("groups", "name"),
    [
        (V2, "user.slice/memory.max"),
        (V1, "memory/docker/abc/memory.limit_in_bytes"),
        (V1, "memory/memory.limit_in_bytes"),
    ],
)
def test_control_groups_tell_their_memory(machine: Path, groups: str, name: str) -> None:
    whole = cpu_machine.memory()
    write(machine / "cgroup", groups)
    write(machine / "mounts" / name, "max")
    assert cpu_machine.memory() == whole
    write(machine / "mounts" / name, str(1 << 28))
    assert cpu_machine.memory() == 1 << 28 < whole


@pytest.mark.usefixtures("machine")
def test_more_threads_than_numba_runs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", "8")
    assert thread_limit() == ThreadLimit(8, "AVATAR_STUDIO_THREADS")
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", "9")
    with pytest.raises(UserError, match="at most 8 here; set it to 8 or less"):
        thread_limit()
