"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest

from studio.core.engines import registry

STALL = "stall"
"""A property of a test: s that its window stood still, s of them that it was busy itself, and with what."""
REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell in which tests the window was busy for longest; how long it stood still depends on all the machine does."""
    found = [
        (busy, seconds, report.nodeid, where)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, (seconds, busy, where) in getattr(report, "user_properties", ())
        if name == STALL and report.when == "teardown"
    ]
    if found:
        terminalreporter.section(f"{len(found)} times the window stood still for over 50 ms")
        for busy, seconds, test, where in sorted(found, reverse=True)[:10]:
            terminalreporter.line(f"{1000 * busy:4.0f} of {1000 * seconds:5.0f} ms busy  {test}  {where}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real portraits, speech and clips; without it the test is skipped."""
    folder = Path(os.environ.get("AVATAR_STUDIO_SHARED", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "portraits").is_dir():
        pytest.skip("real material is absent: no ../shared/data beside the checkout")
    return folder


@pytest.fixture
def tiny_engine(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register the tiny engine of `fakes` and return its name."""
    monkeypatch.setitem(registry.ENGINES, "tiny", "fakes:TinyEngine")
    return "tiny"


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep logs and the library of avatars out of the home of whoever runs the tests."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
